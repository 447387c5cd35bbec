import numpy as np
import pytest

from nengo_dense.conversion.tuning.soap import MOST_SIDE, Soap


def test_first_steps_are_relative_to_size_and_free_of_the_gradients_scale():
    parameters = [np.zeros(3), np.zeros(3)]
    steps = Soap(parameters, [1.0, 10.0])
    steps.update([np.array([1.0, -1e-3, 1e3])] * 2, 0.1)
    np.testing.assert_allclose(parameters[0], [-0.1, 0.1, -0.1], rtol=1e-2)
    np.testing.assert_allclose(parameters[1], [-1.0, 1.0, -1.0], rtol=1e-2)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 500.0])
def test_outputs_of_any_unit_take_steps_of_their_own_size(unit, rng):
    """What an output counts in changes nothing but its own numbers."""
    units = np.array([1.0, unit])
    plain, scaled = ([np.zeros((2, 3)), np.zeros(2)] for _ in range(2))
    theirs = Soap(plain, [np.ones((2, 1)), np.ones(2)])
    ours = Soap(scaled, [units[:, np.newaxis], units])
    for _ in range(25):
        of_weight, of_bias = rng.randn(2, 3), rng.randn(2)
        theirs.update([of_weight, of_bias], 0.01)
        ours.update([of_weight / units[:, np.newaxis], of_bias / units], 0.01)
    for one, other in zip(plain, scaled, strict=True):
        np.testing.assert_allclose(other.T, one.T * units, rtol=1e-6)


def turned(n, rng):
    return np.linalg.qr(rng.randn(n, n))[0]


def test_a_valley_askew_is_gone_down_as_fast_as_one_along_the_axes(rng):
    """Where single numbers are steep or flat does not matter, only where their sums are."""
    steepness = np.geomspace(1, 1e4, 8)[:, np.newaxis] * np.geomspace(1, 100, 6)
    left, right, start = turned(8, rng), turned(6, rng), rng.randn(8, 6)

    def loss_after(rows, columns):
        weights = rows @ start @ columns.T
        steps = Soap([weights], [1.0])
        for n in range(400):
            apart = rows.T @ weights @ columns
            steps.update([rows @ (steepness * apart) @ columns.T], 0.1 * (1 - n / 400))
        return 0.5 * np.sum(steepness * (rows.T @ weights @ columns) ** 2)

    first = 0.5 * np.sum(steepness * start**2)
    assert loss_after(np.eye(8), np.eye(6)) < 1e-4 * first
    assert loss_after(left, right) < 1e-4 * first


def test_weights_that_never_had_a_slope_stay(rng):
    weights = rng.randn(4, 5)
    before = weights.copy()
    steps = Soap([weights], [1.0])
    for _ in range(30):
        gradient = rng.randn(4, 5)
        gradient[:, 2] = 0
        steps.update([gradient], 0.1)
    np.testing.assert_allclose(weights[:, 2], before[:, 2], atol=1e-6)
    assert np.all(np.abs(weights - before)[:, [0, 1, 3, 4]] > 1e-3)


def test_no_slope_at_all_changes_nothing():
    weights = np.ones((3, 2))
    Soap([weights], [1.0]).update([np.zeros((3, 2))], 0.1)
    np.testing.assert_array_equal(weights, np.ones((3, 2)))


def test_the_wide_side_of_a_matrix_is_not_turned(rng):
    """Scaled columns of a wide matrix take the same steps, as each has its own size."""
    n = MOST_SIDE + 1
    scale = np.geomspace(1e-2, 1e2, n)
    one, other = np.zeros((1, n)), np.zeros((1, n))
    plain, scaled = Soap([one], [1.0]), Soap([other], [1.0])
    for _ in range(3):
        gradient = rng.uniform(0.5, 1.5, (1, n))  # far from what counts as rounding
        plain.update([gradient], 0.1)
        scaled.update([gradient * scale], 0.1)
    np.testing.assert_allclose(np.abs(other), np.abs(one), rtol=1e-2)
