import numpy as np
import pytest

from nengo_dense.importers.form.activation import FUNCTIONS
from nengo_dense.importers.form.piecewise_fit import fit

SMOOTH = [name for name, make in FUNCTIONS.items() if name != "clip" and make().exact is None]


@pytest.mark.parametrize("name", SMOOTH)
def test_a_fit_is_as_close_as_was_asked_for(name, rng):
    function = FUNCTIONS[name]()
    z = rng.normal(size=2000)
    found = fit(function, z, 0.05)
    off = found.form(z) - function(z)
    assert np.sqrt(np.mean(off**2)) <= 0.05 * function(z).std()
    np.testing.assert_allclose(
        found.error, np.sqrt(np.mean(off**2)) / function(z).std(), rtol=1e-6
    )
    np.testing.assert_allclose(found.largest, np.abs(off).max(), rtol=1e-6)


def test_a_smaller_error_takes_more_pieces(rng):
    z = rng.normal(size=2000)
    coarse, fine = (fit(FUNCTIONS["tanh"](), z, error) for error in (0.1, 0.01))
    assert len(coarse.form.knots) < len(fine.form.knots)
    assert fine.error <= 0.01 < coarse.error <= 0.1


def test_far_out_a_bounded_function_stays_bounded(rng):
    found = fit(FUNCTIONS["tanh"](), rng.normal(size=500), 0.05)
    far = found.form(np.array([-100.0, 100.0]))
    np.testing.assert_allclose(far, [-1, 1], atol=0.1)
    assert found.form.slopes[0] == found.form.slopes[-1] == 0


def test_knots_lie_where_the_weighted_inputs_do(rng):
    near = fit(FUNCTIONS["silu"](), rng.normal(size=2000) * 0.2 - 1.0, 0.02)
    wide = fit(FUNCTIONS["silu"](), rng.normal(size=2000) * 3.0, 0.02)
    assert np.ptp(near.form.knots) < np.ptp(wide.form.knots)


def test_without_inputs_a_fixed_range_is_fitted():
    found = fit(FUNCTIONS["tanh"](), None, 0.03)
    z = np.linspace(-4, 4, 101)
    assert np.abs(found.form(z) - np.tanh(z)).max() < 0.1
    assert found.error <= 0.03


def test_inputs_that_are_all_the_same_are_fitted_too():
    found = fit(FUNCTIONS["tanh"](), np.full(100, 0.3), 0.05)
    np.testing.assert_allclose(found.form(np.array([0.3])), np.tanh(0.3), atol=0.01)
