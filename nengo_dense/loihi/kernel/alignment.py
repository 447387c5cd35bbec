"""The memory of the compiled kernel's arrays: where it begins, and how it is seen."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

#: Bytes in one line of the processor's caches.
CACHE_LINE = 64


def aligned(array: np.ndarray) -> np.ndarray:
    """Copy an array to memory that begins at a cache line.

    A vector register of that size is then loaded and stored in one access.
    """
    room = np.empty(array.nbytes + CACHE_LINE, dtype=np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def flat_view(values: np.ndarray) -> np.ndarray:
    """View the memory of a (lanes, n_steps, n) array in one dimension.

    Raises
    ------
    ValueError
        The values of one lane and step are not side by side.
    """
    # as they come from a kernel, or from the emulator: the short ways
    by_step = values if values.flags.c_contiguous else values.swapaxes(0, 1)
    if by_step.flags.c_contiguous:
        return np.reshape(by_step, -1)
    if values.shape[2] > 1 and values.strides[2] != values.itemsize:
        raise ValueError("the values of one lane and step must be side by side")
    last = sum((n - 1) * stride for n, stride in zip(values.shape, values.strides, strict=True))
    n, whole = last // values.itemsize + 1, values.base
    if isinstance(whole, np.ndarray) and whole.dtype == values.dtype and whole.flags.c_contiguous:
        before = values.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
        first = before // values.itemsize
        return np.reshape(whole, -1)[first : first + n]  # in half the time of as_strided
    return as_strided(values, (n,), (values.itemsize,))
