"""Vectors begin where a line of the cache does."""

import numpy as np
import pytest

from nengo_dense.loihi.kernel.alignment import CACHE_LINE, aligned


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float64])
@pytest.mark.parametrize("size", [1, 100])
def test_aligned_vectors_are_equal_and_begin_with_a_cache_line(dtype, size):
    array = np.arange(size, dtype=dtype)
    copy = aligned(array)
    np.testing.assert_array_equal(copy, array)
    assert copy.dtype == dtype
    assert copy.ctypes.data % CACHE_LINE == 0
