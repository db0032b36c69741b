"""Kills workers of builds: ``python -m tests.deaths --tries 20``. The release must be the same to the byte, every time.

Builds a generated corpus as a user does, by the command line, on two processes and then on a Dask cluster of two workers, and kills one
worker after a random time in each try; what Dask's nannies and our own server do then, they do by themselves. A build that ends before
its time has come is compared too, but is no try.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import psutil

from benchmarks.generate import generate
from benchmarks.suites import cluster
from tests.conftest import ROOT, files


def main() -> int:
    """Build, kill, compare; gives 1 where a release was another one, or none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--bundles", type=int, default=6_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder / "raw", arguments.bundles, 2, arguments.seed)
        assert build(folder, "whole", "--jobs", "1").wait() == 0
        whole = files(folder / "whole")
        for where in ("processes", "Dask workers"):
            with cluster(folder / "dask") if where == "Dask workers" else nullcontext(("", [])) as (address, own):
                options = ("--scheduler", address) if address else ("--jobs", "2")
                started = time.monotonic()
                assert build(folder, "first", *options).wait() == 0
                duration = time.monotonic() - started
                assert files(folder / "first") == whole, f"another release on {where}, though nobody died"
                killed = builds = 0
                while killed < arguments.tries:
                    process = build(folder, f"{where}-{builds}", *options)
                    workers = partial(of_cluster, own) if address else partial(of_build, process.pid)
                    killed += kill_one(workers, process, chance.uniform(0, duration), chance)
                    if process.wait() != 0 or files(folder / f"{where}-{builds}") != whole:
                        print(f"seed {arguments.seed}, build {builds} on {where}: the release is another one, or there is none")
                        return 1
                    builds += 1
                print(f"{builds} builds on {where}, in {killed} of which a worker was killed: the same bytes every time")
    return 0


def build(folder: Path, out: str, *options: str) -> "subprocess.Popen[bytes]":
    """Start a build that keeps nothing."""
    command = [
        sys.executable,
        ROOT / "build_dataset.py",
        "build",
        "--raw",
        folder / "raw",
        "--out",
        folder / out,
        "--no-cache",
        "--quiet",
    ]
    return subprocess.Popen([*map(str, command), *options], cwd=ROOT)


def of_cluster(processes: list[int]) -> list[psutil.Process]:
    """The workers of a Dask cluster: what nannies have spawned."""
    children = [child for process in processes for child in psutil.Process(process).children()]
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def of_build(process: int) -> list[psutil.Process]:
    """The workers of a build: what its server has forked."""
    return [worker for server in psutil.Process(process).children() for worker in server.children()]


def kill_one(
    workers: Callable[[], list[psutil.Process]], process: "subprocess.Popen[bytes]", after: float, chance: random.Random
) -> bool:
    """Kill a worker after some seconds, or as soon as there is one; False where the build ended before."""
    time.sleep(after)
    while process.poll() is None:
        try:
            if found := workers():
                chance.choice(found).kill()
                return True
        except psutil.Error:  # it has gone by itself
            continue
        time.sleep(0.01)
    return False


if __name__ == "__main__":
    sys.exit(main())
