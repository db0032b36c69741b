"""Changes bytes: ``python -m tests.flips --tries 2000``. Each time one byte of one file of a release, and ``verify`` must name the file.

Half of the tries go to files by their number, half by their size, so that small files and large ones are tried.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from pipeline.bag import files as names_of
from pipeline.house import House
from pipeline.verify import verify
from tests.conftest import ROOT


def main() -> int:
    """Change, verify, put back; gives 1 where a change was not found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--release", type=Path, default=House.of(ROOT / "data/raw").newest())
    arguments = parser.parse_args()
    workers = os.cpu_count() or 1
    shares = [len(range(i, arguments.tries, workers)) for i in range(workers)]
    with ProcessPoolExecutor(workers, get_context("forkserver")) as pool:
        jobs = [pool.submit(tried, arguments.release, share, arguments.seed + i) for i, share in enumerate(shares)]
        missed, codes = [], Counter[str]()
        for job in jobs:
            missed += job.result()[0]
            codes += job.result()[1]
    by_rule = ", ".join(f"{code} {number}" for code, number in sorted(codes.items()))
    print(
        f"{arguments.tries} changed bytes (seed {arguments.seed}) of {arguments.release.name}: {len(missed)} not found ({by_rule})"
    )
    for name, at in missed:
        print(f"{name}, byte {at}")
    return 1 if missed else 0


def tried(release: Path, tries: int, seed: int) -> tuple[list[tuple[str, int]], Counter[str]]:
    """Changes that were not found, and how often each rule found one."""
    chance = random.Random(seed)
    missed: list[tuple[str, int]] = []
    codes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(release, Path(folder) / release.name))
        names = names_of(copy)
        sizes = [(copy / name).stat().st_size for name in names]
        for i in range(tries):
            name = chance.choice(names) if i % 2 else chance.choices(names, sizes)[0]
            data = (copy / name).read_bytes()
            at = chance.randrange(len(data))
            (copy / name).write_bytes(spoiled(data, at, chance))
            found = verify(copy).findings.all
            (copy / name).write_bytes(data)
            codes.update({finding.code for finding in found})
            if not named({finding.file for finding in found}, name):
                missed.append((name, at))
    return missed, codes


def spoiled(data: bytes, at: int, chance: random.Random) -> bytes:
    """The bytes with another one in one place."""
    return data[:at] + bytes([data[at] ^ chance.randrange(1, 256)]) + data[at + 1 :]


def named(files: set[str], name: str) -> bool:
    """Whether findings name the file that was changed; for a changed manifest also the file that it then lists wrongly."""
    return name in files or (name.endswith("manifest-sha256.txt") and bool(files))


if __name__ == "__main__":
    sys.exit(main())
