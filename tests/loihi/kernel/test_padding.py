"""Rows of whole vectors stay where they are; others are copied and filled up with zeros."""

import numpy as np
import pytest

from nengo_dense.loihi.kernel.padding import flat_rows, padded

WIDTH = 4


@pytest.mark.parametrize("n, length", [(1, 4), (4, 4), (5, 8), (0, 0)])
def test_rows_are_filled_up_with_zeros(n, length):
    array = np.arange(1, 1 + 3 * n).reshape(3, n)
    whole = padded(array, WIDTH)
    assert whole.shape == (3, length)
    np.testing.assert_array_equal(whole[:, :n], array)
    assert not whole[:, n:].any()
    assert np.shares_memory(whole, array) == (n == length > 0)


CUBE = np.arange(2 * 3 * 16, dtype=np.float32).reshape(2, 3, 16)


@pytest.mark.parametrize(
    "array, stays, apart",
    [
        (CUBE, True, 16),
        (CUBE[..., 4:12], True, 16),
        (CUBE[..., :5], False, 8),
        (CUBE[..., ::2], False, 8),
        (CUBE[:, :2], False, 16),
        (CUBE[:, ::2], False, 16),
        (CUBE[:0], False, 16),
    ],
    ids=["all", "vectors", "half a vector", "every other", "first rows", "rows apart", "no lanes"],
)
def test_rows_lie_one_behind_the_other(array, stays, apart):
    flat, distance = flat_rows(array, WIDTH)
    assert distance == apart
    assert np.shares_memory(flat, array) == stays
    for row, values in enumerate(array.reshape(-1, array.shape[-1])):
        np.testing.assert_array_equal(flat[row * apart :][: len(values)], values)
