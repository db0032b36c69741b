"""Tasks for executors to do, in a module that workers load quickly."""

import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

LONG = 600
"""Seconds that no test waits."""


def slow_first(number: int) -> int:
    """Every third task is done after those that follow it."""
    time.sleep(0.05 if number % 3 == 0 else 0)
    return number * number


def pid(_: object) -> int:
    return os.getpid()


def nap(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def die_once(folder: Path, number: int) -> int:
    """Every third task kills its worker the first time, the middle one twice."""
    for i in range(2 if number == 6 else number % 3 == 0):
        try:
            (folder / f"{number}.{i}").touch(exist_ok=False)
        except FileExistsError:
            continue
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def die_at(fatal: int, count: Path, number: int) -> int:
    """One task kills its worker each time, which is counted in the size of a file."""
    if number == fatal:
        with count.open("a") as file:
            file.write(".")
        os.kill(os.getpid(), signal.SIGKILL)
    return number


class Odd(Exception):
    """Cannot be pickled: its args are not those of ``__init__``."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__(f"{a} and {b}")


def fail_at(bad: int, error: Exception, number: int) -> int:
    if number == bad:
        raise error
    return number


def be_odd(_: object) -> int:
    raise Odd(1, 2)


def give_a_lock(_: object) -> Any:
    return threading.Lock()


def arrow_threads(_: object) -> tuple[int, int]:
    import pyarrow as pa

    return pa.cpu_count(), pa.io_thread_count()


def has(module: str) -> bool:
    return module in sys.modules


def pages_asked_for(_: object) -> int:
    """Pages that the system has to give while the same room is taken and left a hundred times, after the first ones."""
    room = 4 * 2**20
    for turn in range(110):
        if turn == 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        values = np.ones(room, dtype=np.uint8)
        del values
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
