"""Run a command and tell how long it took and how much memory its processes held at once.

Memory of a tree of processes is the sum over them, of their PSS: a page that n processes share counts 1/n for each, so that the sum
is what the machine had to have. RSS counts such a page n times; its sum is given too, since it is what others tend to report.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

EVERY = 0.1
"""Seconds between two looks at the tree: reading the PSS of a process of 1 GB takes the kernel some milliseconds."""


@dataclass(frozen=True)
class Measured:
    """What a command took."""

    seconds: float
    """By the clock on the wall."""
    cpu: float
    """Seconds of CPU of all processes that ended with it and were waited for."""
    pss: int
    """Peak of the summed PSS, in bytes; 0 where the system does not tell."""
    rss: int
    """Peak of the summed RSS, in bytes."""
    status: int | None
    """Exit status; None where it was ended because it took too long."""


def measure(
    command: Sequence[str], env: Mapping[str, str] | None = None, timeout: float | None = None, *, also: Sequence[int] = ()
) -> Measured:
    """Run a command to its end; its standard output is dropped. ``also`` are processes outside it whose trees count as well (a cluster
    that works for it). Raises OSError where it cannot be started.
    """
    before = os.times()
    begun = time.perf_counter()
    process = subprocess.Popen(list(command), env=env, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)  # noqa: S603
    pss = rss = 0
    status = None
    try:
        while True:
            now = [_tree(pid) for pid in (process.pid, *also)]
            pss, rss = max(pss, sum(p for p, _ in now)), max(rss, sum(r for _, r in now))
            try:
                status = process.wait(EVERY)
                break
            except subprocess.TimeoutExpired:
                if timeout is not None and time.perf_counter() - begun > timeout:
                    break
    finally:
        seconds = time.perf_counter() - begun
        if status is None:
            _end(process)
    after = os.times()
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return Measured(seconds, cpu, pss, rss, status)


def _tree(pid: int) -> tuple[int, int]:
    """Summed PSS and RSS of a process and all below it; what is gone by the time it is asked counts nothing."""
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0, 0
    sizes = [_memory(process.pid) for process in processes]
    return sum(p for p, _ in sizes), sum(r for _, r in sizes)


def _memory(pid: int) -> tuple[int, int]:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:  # it is gone, or is another user's, or this is no Linux
        try:
            return 0, psutil.Process(pid).memory_info().rss if sys.platform != "linux" else 0
        except psutil.Error:
            return 0, 0
    sizes = {key: int(rest.split()[0]) * 1024 for key, _, rest in (line.partition(":") for line in lines) if key in ("Pss", "Rss")}
    return sizes.get("Pss", 0), sizes.get("Rss", 0)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all below it, and wait until they are gone, so that they take no time of the next command."""
    try:
        below = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        below = []
    process.kill()
    for child in below:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()
    psutil.wait_procs(below, timeout=10)
