"""Memory of a checking process: what a large table took goes back to the machine when it is done with."""

import ctypes
import sys
from contextlib import suppress

import pyarrow as pa

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of glibc's <malloc.h>
#: Blocks of so many bytes are mappings of their own, which end when they are freed; none is kept for another time.
_BLOCK = 4 << 20


def give_back() -> None:
    """Have this process's large blocks, Arrow's and NumPy's, returned as they are freed."""
    pa.set_memory_pool(pa.system_memory_pool())
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # a C library other than glibc
            ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _BLOCK)
