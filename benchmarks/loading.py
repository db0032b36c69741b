"""Benchmark of loading a release, each way in a process of its own: ``python -m benchmarks.loading WAY RELEASE TABLE CACHE ANSWER``.

ANSWER is a file that gets the seconds until all rows, or the first row, are there: from after the imports, or – with ``first row`` – from
where the stream has been opened, when ``datasets`` has read the card and looked for the files.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.bench import Bench, build_command

TABLES = ("documents", "events")

Timed = Callable[[], int]
"""What is timed; gives the number of rows."""


def load(bench: Bench, bundles: int, repeat: int) -> None:
    """``load_dataset`` with an empty and with a full cache, and streaming up to the first row, against ``pyarrow.parquet``."""
    raw, release, cache, answer = bench.corpus(bundles), bench.work / "release", bench.work / "hf", bench.work / "answer.json"
    bench.run("make the release", build_command(raw, release), release, bundles=bundles)
    for i in range(repeat):
        for table in TABLES:
            shutil.rmtree(cache, ignore_errors=True)
            for case in ("cold", "warm", "streaming", "first row", "pyarrow"):
                way = "load_dataset" if case in ("cold", "warm") else case
                command: list[str | Path] = [sys.executable, "-m", "benchmarks.loading", way, release, table, cache, answer]
                bench.run(case, command, bundles=bundles, round=i, table=table)
                if not bench.dry:
                    bench.results[-1] |= json.loads(answer.read_text(encoding="utf-8"))
    for folder in (release, cache):
        shutil.rmtree(folder, ignore_errors=True)
    answer.unlink(missing_ok=True)


def _load_dataset(release: Path, table: str, cache: Path) -> Timed:
    load_dataset = _load()

    def timed() -> int:
        loaded = load_dataset(str(release), table, split="train", cache_dir=str(cache))
        return len(loaded) if loaded[0] else 0

    return timed


def _streaming(release: Path, table: str, cache: Path) -> Timed:
    load_dataset = _load()
    return lambda: _first(load_dataset(str(release), table, split="train", cache_dir=str(cache), streaming=True))


def _first_row(release: Path, table: str, cache: Path) -> Timed:
    stream = _load()(str(release), table, split="train", cache_dir=str(cache), streaming=True)
    return lambda: _first(stream)


def _pyarrow(release: Path, table: str, _: Path) -> Timed:
    files = sorted((release / "data" / table).glob("train-*.parquet"))
    if not files:  # of which pyarrow would make a table without rows
        raise FileNotFoundError(f"{release} has no table {table}")
    return lambda: pq.read_table(files).num_rows


def _first(stream: Iterable[Any]) -> int:
    return 1 if next(iter(stream)) else 0


def _load() -> Callable[..., Any]:
    import datasets

    datasets.disable_progress_bars()
    return datasets.load_dataset


WAYS: dict[str, Callable[[Path, str, Path], Timed]] = {
    "load_dataset": _load_dataset, "streaming": _streaming, "first row": _first_row, "pyarrow": _pyarrow,
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Load one table one way, and write down how long it took; gives the exit status."""
    way, release, table, cache, answer = arguments
    timed = WAYS[way](Path(release), table, Path(cache))
    begun = time.perf_counter()
    rows = timed()
    Path(answer).write_text(json.dumps({"inside": round(time.perf_counter() - begun, 4), "rows": rows}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
