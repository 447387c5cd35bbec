"""Vectors begin where a line of the cache does, and memory is seen as it is."""

import numpy as np
import pytest

from nengo_dense.loihi.kernel.alignment import CACHE_LINE, aligned, flat_view


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float64])
@pytest.mark.parametrize("size", [1, 100])
def test_aligned_vectors_are_equal_and_begin_with_a_cache_line(dtype, size):
    array = np.arange(size, dtype=dtype)
    copy = aligned(array)
    np.testing.assert_array_equal(copy, array)
    assert copy.dtype == dtype
    assert copy.ctypes.data % CACHE_LINE == 0


def test_a_flat_view_has_each_value_at_the_distance_of_its_strides():
    values = np.arange(24).reshape(4, 3, 2).swapaxes(0, 1)[1:]
    flat = flat_view(values)
    lane, step = (stride // values.itemsize for stride in values.strides[:2])
    assert [flat[lane + 3 * step + k] for k in (0, 1)] == values[1, 3].tolist()
    flat[0] = -1
    assert values[0, 0, 0] == -1


def test_a_flat_view_of_some_columns_begins_with_them():
    whole = np.arange(60).reshape(3, 4, 5)
    for values in (whole, whole[:, :, 2:], whole[:, :, :1], whole[1:, :, 1:3]):
        flat = flat_view(values)
        assert np.shares_memory(flat, whole)
        first, last = values[0, 0, 0], values[-1, -1, -1]
        assert flat.tolist() == list(range(first, last + 1))


def test_a_flat_view_of_values_apart_is_refused():
    with pytest.raises(ValueError, match="must be side by side"):
        flat_view(np.zeros((2, 3, 8))[..., ::2])
