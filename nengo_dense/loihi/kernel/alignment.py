"""Where arrays of the compiled kernel begin in memory."""

import numpy as np

#: Bytes that the processor's caches move at once.
CACHE_LINE = 64


def aligned(array: np.ndarray) -> np.ndarray:
    """Copy a vector to where a line of the processor's cache begins.

    A register of a line's size is then loaded and stored in one go.
    """
    room = np.empty(array.nbytes + CACHE_LINE, dtype=np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    copy = room[start : start + array.nbytes].view(array.dtype)
    copy[...] = array
    return copy
