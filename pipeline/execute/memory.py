"""Memory that a process has freed and keeps for later."""

import ctypes
import os
from contextlib import suppress

LARGE = 2**20
"""Bytes from which memory is given back as soon as it is freed."""
_MMAP_THRESHOLD = -3  # the number of that setting in glibc


def give_back() -> None:
    """Give back memory that is free, and from now on what is freed, as far as it is large: what this process keeps, the processes beside
    it cannot have. Left alone, it keeps twice what it has at work, and the more the more articles there are. To ask for it again costs
    time, so that workers that do the same piece of work again and again do better without. Does nothing where there is another library
    than glibc.
    """
    import pyarrow as pa  # here: the server of workers is started before it is loaded

    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ:
        pa.set_memory_pool(pa.system_memory_pool())
    with suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, LARGE)
        library.malloc_trim(0)
