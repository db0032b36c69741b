"""Memory that a process has freed and keeps for later. Workers, which do the same piece of work again and again, keep theirs: to ask for
it again costs a tenth of their time. The process that gives them work does not: what it keeps, they cannot have.
"""

import ctypes
import os
from contextlib import suppress

POOL = "ARROW_DEFAULT_MEMORY_POOL"
"""Variable of the environment that says what Arrow takes memory from."""
LARGE = 2**20
"""Bytes from which memory is given back as soon as it is freed."""
_MMAP_THRESHOLD = -3  # the number of that setting in glibc


def be_frugal() -> None:
    """Have Arrow take memory from the C library, unless the environment says otherwise, and not from a pool of its own, which keeps what
    it had. To be called before Arrow is loaded; later it does nothing.
    """
    os.environ.setdefault(POOL, "system")


def give_back() -> None:
    """Give back memory of the C library that is free, and from now on what is freed, as far as it is large: left alone, this process
    keeps twice what it has at work, and the more the more articles there are. Does nothing where there is another library than glibc.
    """
    with suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, LARGE)
        library.malloc_trim(0)
