"""Products of all lanes are those of NumPy, as near as sums in another order can be."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense.loihi.kernel.compiled_matrix import make_panels, multiply_lanes


def multiply(vectors, matrix):
    """Multiply, and hold what is beyond the matrix's rows against zero."""
    product = multiply_lanes(vectors, make_panels(matrix))
    assert not np.nan_to_num(product[:, len(matrix) :]).any()
    return product[:, : len(matrix)]


@pytest.mark.parametrize("lanes", [1, 2, 9, 500])
@pytest.mark.parametrize("n", [1, 15, 16, 40])
@pytest.mark.parametrize("m", [0, 1, 33])
def test_products_of_whole_numbers_are_exact(lanes, n, m, rng):
    matrix = rng.randint(-9, 10, size=(n, m)).astype(float)
    vectors = rng.randint(-9, 10, size=(lanes, m)).astype(float)
    np.testing.assert_array_equal(multiply(vectors, matrix), vectors @ matrix.T)


@pytest.mark.parametrize("lanes", [1, 9, 500])
@pytest.mark.parametrize("m", [1, 33, 64])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5])
def test_numbers_that_are_zero_in_lanes_side_by_side_add_nothing(lanes, m, share, rng):
    matrix = rng.randint(-9, 10, size=(40, m)).astype(float)
    vectors = rng.randint(1, 10, size=(lanes, m)) * (rng.uniform(size=(lanes, m)) < share) * 1.0
    vectors[lanes // 2 :, ::2] = 0
    np.testing.assert_array_equal(multiply(vectors, matrix), vectors @ matrix.T)


def test_rounding_is_within_its_bound(rng):
    matrix, vectors = rng.normal(size=(20, 700)), rng.normal(size=(30, 700))
    bound = 2 * 700 * 2.0**-53 * (np.abs(vectors) @ np.abs(matrix.T))
    found = multiply(vectors, matrix)
    assert (np.abs(found - vectors @ matrix.T) <= bound).all()


def test_vectors_and_matrices_may_be_parts_of_others(rng):
    matrix, vectors = rng.randint(-9, 10, size=(2, 12, 8)).astype(float)
    found = multiply(vectors[::2, 1:6], matrix[1:8, 1:6])
    np.testing.assert_array_equal(found, vectors[::2, 1:6] @ matrix[1:8, 1:6].T)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_stays_in_its_lane_and_row(value, rng):
    matrix, vectors = rng.normal(size=(20, 40)), rng.normal(size=(6, 40))
    vectors[:, 2] = [0, 0, 0, value, 0, 0]
    finite = np.isfinite(multiply(vectors, matrix))
    assert finite[[0, 1, 2, 4, 5]].all()
    assert not finite[3].any()
