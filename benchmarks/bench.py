"""What all benchmarks share: corpora, commands, and the file that results go to."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from benchmarks.generate import generate
from benchmarks.measure import Measured, measure

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("pyarrow", "pydantic", "datasets", "duckdb", "numpy", "distributed")
JOBS = "2"


class Failed(Exception):
    """A command under measurement did not end well: nothing may be concluded from its time."""


@dataclass
class Bench:
    """One benchmark under way: where it works, and the results so far."""

    name: str
    work: Path
    """Folder for corpora, releases and caches."""
    dry: bool = False
    """Whether to say the commands and run none."""
    timeout: float | None = None
    """Seconds that a command may take."""
    say: Callable[[str], None] = lambda _: None
    results: list[dict[str, Any]] = field(default_factory=list)

    def corpus(self, bundles: int, name: str = "") -> Path:
        """A raw folder with so many generated bundles, about a thousand a shard; written once, unless ``name`` sets it apart."""
        raw = self.work / f"raw{name}-{bundles}"
        if not raw.exists() and not self.dry:
            self.say(f"generate {bundles:,} bundles")
            made = raw.with_name(f".{raw.name}")  # so that one that was stopped halfway is not taken for whole
            shutil.rmtree(made, ignore_errors=True)
            generate(made, bundles, max(2, bundles // 1000) if bundles > 1 else 1, seed=1)
            made.rename(raw)
        return raw

    def run(
        self, case: str, command: Sequence[str | Path], out: Path | None = None, *, also: Sequence[int] = (), fresh: bool = True,
        **facts: Any,
    ) -> None:  # fmt: skip
        """Measure a command and keep the result with some facts. ``out``, its output, is deleted first, unless what is not ``fresh`` is
        to be replaced, and its size is noted.

        Raises Failed for a command that fails or takes too long.
        """
        words = [str(word) for word in command]
        self.say(f"{case}: {' '.join(words)}" if self.dry else f"{case} …")
        if self.dry:
            return
        if out is not None and fresh:
            shutil.rmtree(out, ignore_errors=True)
        measured = measure(words, environment(), self.timeout, also=also)
        if measured.status != 0:
            why = "took too long" if measured.status is None else f"ended with status {measured.status}"
            raise Failed(f"{case} {why}: {' '.join(words)}")
        self.keep(case, measured, **({} if out is None else {"bytes": size(out)}), **facts)

    def keep(self, case: str, measured: Measured, **facts: Any) -> None:
        """Keep a result."""
        row = {"benchmark": self.name, "case": case, "seconds": round(measured.seconds, 3), "cpu": round(measured.cpu, 3)}
        self.results.append(row | {"pss": measured.pss, "rss": measured.rss} | facts)
        self.say(f"{case}: {measured.seconds:.2f} s, CPU {measured.cpu:.2f} s, {measured.pss / 2**20:,.0f} MiB")

    def write(self, folder: Path = RESULTS) -> Path:
        """Write the results as JSON Lines in place of earlier ones; the first line says on what machine they came about."""
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{self.name}.jsonl"
        fresh = target.with_suffix(".new")
        fresh.write_text("".join(json.dumps(row) + "\n" for row in [{"machine": machine()}, *self.results]), encoding="utf-8")
        fresh.replace(target)
        return target


def build_command(
    raw: Path, out: Path, *options: str | Path, cache: Path | None = None, jobs: str | None = JOBS
) -> list[str | Path]:
    """The command that builds a release of a raw folder."""
    own: list[str | Path] = [sys.executable, ROOT / "build_dataset.py", "build", "--raw", raw, "--out", out]
    own += ["--no-cache"] if cache is None else ["--cache", cache]
    return [*own, *([] if jobs is None else ["--jobs", jobs]), *options, "--quiet"]


def peer_command(name: str, raw: Path, out: Path) -> list[str | Path]:
    """The command that runs a peer."""
    return [sys.executable, "-m", "benchmarks.peers", name, raw, out]


def environment() -> dict[str, str]:
    """Variables for commands: the package is found from anywhere, nothing reaches for the network, and what Python compiled it keeps,
    as it does where nobody forbids that.
    """
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return own | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}


def size(path: Path) -> int:
    """Bytes of the Parquet files below a folder."""
    return sum(file.stat().st_size for file in path.rglob("*.parquet"))


def machine() -> dict[str, Any]:
    """What a reader must know of the machine; nothing that tells whose it is."""
    return {
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES if find_spec(name)},
    }
