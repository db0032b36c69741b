"""Memory that a process has freed and keeps for later. Workers, which do the same piece of work again and again, keep theirs: to ask for
it again costs a tenth of their time. The process that gives them work does not: what it keeps, they cannot have.
"""

import ctypes
import os
from collections.abc import Mapping
from contextlib import suppress

POOL = "ARROW_DEFAULT_MEMORY_POOL"
"""Variable of the environment that says what Arrow takes memory from."""
LARGE = 2**20
"""Bytes from which memory is given back as soon as it is freed, by a process that is to keep little."""
KEPT = 2**28
"""Bytes that are free and kept, by a process that is to keep what it has."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # the numbers of these settings in glibc
_MOST = 2**25  # that the second one can be


def be_frugal() -> None:
    """From now on, give back memory that is freed, as far as it is large: left alone, this process keeps twice what it has at work, and
    the more the more articles there are. Arrow, if it is loaded after this and the environment does not say otherwise, has no pool of its
    own then, which would keep what it had.
    """
    os.environ.setdefault(POOL, "system")
    _set({_MMAP_THRESHOLD: LARGE})


def keep() -> None:
    """From now on, keep memory of the C library that is freed. Of the workers of a cluster, Dask asks the contrary."""
    _set({_TRIM_THRESHOLD: KEPT, _MMAP_THRESHOLD: _MOST})


def give_back() -> None:
    """Give back memory of the C library that is free."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _set(settings: Mapping[int, int]) -> None:
    """Set what the C library does with memory; nothing happens where that is not glibc."""
    with suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        for number, value in settings.items():
            library.mallopt(number, value)
