"""Memory alignment of the compiled kernel's arrays."""

import numpy as np

#: Bytes in one line of the processor's caches.
CACHE_LINE = 64


def aligned(array: np.ndarray) -> np.ndarray:
    """Copy a vector to memory that begins at a cache line.

    A vector register of that size is then loaded and stored in one access.
    """
    room = np.empty(array.nbytes + CACHE_LINE, dtype=np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    copy = room[start : start + array.nbytes].view(array.dtype)
    copy[...] = array
    return copy
