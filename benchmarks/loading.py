"""Benchmark of loading a release, each way in a process of its own: ``python -m benchmarks.loading WAY RELEASE TABLE CACHE ANSWER``.

ANSWER is a file that gets the seconds from after the imports until all rows, or the first row, are there.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.bench import Bench, build_command

TABLES = ("documents", "events")


def load(bench: Bench, bundles: int, repeat: int) -> None:
    """``load_dataset`` with an empty and with a full cache, and streaming up to the first row, against ``pyarrow.parquet``."""
    raw, release, cache, answer = bench.corpus(bundles), bench.work / "release", bench.work / "hf", bench.work / "answer.json"
    bench.run("make the release", build_command(raw, release), release, bundles=bundles)
    for i in range(repeat):
        for table in TABLES:
            shutil.rmtree(cache, ignore_errors=True)
            for case in ("cold", "warm", "streaming", "pyarrow"):
                way = "load_dataset" if case in ("cold", "warm") else case
                command: list[str | Path] = [sys.executable, "-m", "benchmarks.loading", way, release, table, cache, answer]
                bench.run(case, command, bundles=bundles, round=i, table=table)
                if not bench.dry:
                    bench.results[-1] |= json.loads(answer.read_text(encoding="utf-8"))
    for folder in (release, cache):
        shutil.rmtree(folder, ignore_errors=True)
    answer.unlink(missing_ok=True)


def _load_dataset(release: Path, table: str, cache: Path) -> int:
    loaded = _datasets().load_dataset(str(release), table, split="train", cache_dir=str(cache))
    return len(loaded) if loaded[0] else 0


def _streaming(release: Path, table: str, cache: Path) -> int:
    stream = _datasets().load_dataset(str(release), table, split="train", cache_dir=str(cache), streaming=True)
    return 1 if next(iter(stream)) else 0


def _pyarrow(release: Path, table: str, _: Path) -> int:
    files = sorted((release / "data" / table).glob("train-*.parquet"))
    if not files:  # of which pyarrow would make a table without rows
        raise FileNotFoundError(f"{release} has no table {table}")
    rows: int = pq.read_table(files).num_rows
    return rows


def _datasets() -> Any:
    import datasets

    datasets.disable_progress_bars()
    return datasets


WAYS: dict[str, Callable[[Path, str, Path], int]] = {
    "load_dataset": _load_dataset, "streaming": _streaming, "pyarrow": _pyarrow,
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Load one table one way, and write down how long it took; gives the exit status."""
    way, release, table, cache, answer = arguments
    if way != "pyarrow":
        _datasets()
    begun = time.perf_counter()
    rows = WAYS[way](Path(release), table, Path(cache))
    Path(answer).write_text(json.dumps({"inside": round(time.perf_counter() - begun, 4), "rows": rows}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
