"""Sorting of more numbers than memory should hold."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint64]

LIMIT = 1 << 18
"""Numbers of 8 bytes that a Sorter keeps in memory."""
_STRIDE = 256
"""Of each sorted run in the file, one number of so many is kept in memory, to know where in the run a range of numbers stands."""


def scratch(folder: Path) -> IO[bytes]:
    """A nameless file in a folder, gone when it is closed. It is not buffered: numbers are read from anywhere in it."""
    return tempfile.TemporaryFile(dir=folder, buffering=0)


def write(file: IO[bytes], values: npt.NDArray[np.generic], at: int) -> None:
    """Write values at a byte of a scratch file. OSError if not all of them fit on the disk."""
    file.seek(at)
    rest = memoryview(values.tobytes())
    while rest:
        rest = rest[file.write(rest) :]


def read(file: IO[bytes], at: int, count: int) -> Codes:
    """``count`` numbers of 8 bytes from a byte of a scratch file on; several threads can read at a time."""
    return np.frombuffer(os.pread(file.fileno(), 8 * count, at), np.uint64)


class Sorter:
    """Numbers, given in any order, as ascending blocks without repeats.

    At most ``limit`` of them are in memory; then they are sorted and written to a file as one run. To read them back, the range of all
    numbers is cut so that each part holds at most ``limit`` of them, and a part is sorted again from what the runs have of it.
    """

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._folder, self._limit = folder, limit
        self._buffer = np.empty(limit, np.uint64)
        self._used = 0
        self._file: IO[bytes] | None = None
        self._runs: list[tuple[int, int, Codes]] = []  # first byte, length, every _STRIDE-th number
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, codes: Codes) -> None:
        """Take numbers in. Shape (n,)."""
        while len(codes):
            taken = codes[: self._limit - self._used]
            self._buffer[self._used : self._used + len(taken)] = taken
            self._used += len(taken)
            codes = codes[len(taken) :]
            if self._used == self._limit:
                self._spill()

    def blocks(self, size: int = 1 << 15) -> Iterator[Codes]:
        """All numbers, once each, ascending, in arrays of at most ``size``."""
        for part in self._parts():
            for start in range(0, len(part), size):
                yield part[start : start + size]

    def _parts(self) -> Iterator[Codes]:
        if not self._runs:
            yield distinct(self._buffer[: self._used])
            return
        if self._used:
            self._spill()
        samples = np.sort(np.concatenate([run[2] for run in self._runs]))
        # Between two bounds are, of each run, at most one stride more numbers than it has samples there.
        step = max(1, self._limit // _STRIDE - len(self._runs))
        bounds = [0, *samples[step::step].tolist(), None]
        for low, high in itertools.pairwise(bounds):
            if low != high:
                yield distinct(np.concatenate([self._between(run, low, high) for run in self._runs]))

    def _between(self, run: tuple[int, int, Codes], low: int, high: int | None) -> Codes:
        """Numbers of a run from ``low`` on and below ``high``."""
        start, length, samples = run
        first = max(0, int(np.searchsorted(samples, np.uint64(low))) - 1) * _STRIDE
        last = length if high is None else min(length, int(np.searchsorted(samples, np.uint64(high))) * _STRIDE)
        assert self._file is not None
        found = read(self._file, start + 8 * first, max(0, last - first))
        found = found[np.searchsorted(found, np.uint64(low)) :]
        return found if high is None else found[: np.searchsorted(found, np.uint64(high))]

    def _spill(self) -> None:
        run = distinct(self._buffer[: self._used])
        if self._file is None:
            self._file = scratch(self._folder)
        write(self._file, run, self._end)
        self._runs.append((self._end, len(run), run[::_STRIDE].copy()))
        self._end += run.nbytes
        self._used = 0


def distinct(codes: Codes) -> Codes:
    """Sorted in place; without repeats, as a copy."""
    codes.sort()
    return codes[np.concatenate(([True], codes[1:] != codes[:-1]))] if len(codes) else codes
