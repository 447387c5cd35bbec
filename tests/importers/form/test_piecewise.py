import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nengo_dense.importers.form.piecewise import PiecewiseLinear


def total(form, z):
    constant, terms = form.rectifiers()
    return constant + sum(t.height * np.maximum(t.sign * (z - t.knot), 0.0) for t in terms)


@settings(max_examples=200, deadline=None)
@given(
    n_knots=st.integers(1, 5),
    width=st.sampled_from([1, 3]),
    flat=st.integers(-1, 5),
    seed=st.integers(0, 2**16),
)
def test_rectifiers_add_up_to_the_function(n_knots, width, flat, seed):
    rng = np.random.default_rng(seed)
    slopes = rng.normal(size=(n_knots + 1, width))
    if 0 <= flat <= n_knots:
        slopes[flat] = 0.0
    knots = np.sort(rng.normal(size=(n_knots, width)), axis=0)
    form = PiecewiseLinear(knots, slopes, rng.normal(size=width))
    z = rng.normal(size=(50, 3)) * 3
    np.testing.assert_allclose(total(form, z), form(z), atol=1e-11)
    n_terms = len(form.rectifiers()[1])
    assert n_terms <= n_knots + (not 0 <= flat <= n_knots)


@pytest.mark.parametrize(
    ("form", "function", "n"),
    [
        (PiecewiseLinear([0.0], [0.0, 1.0]), lambda z: np.maximum(z, 0), 1),
        (PiecewiseLinear([0.0], [0.1, 1.0]), lambda z: np.where(z > 0, z, 0.1 * z), 2),
        (PiecewiseLinear([0.0], [-1.0, 1.0]), np.abs, 2),
        (PiecewiseLinear([-1.0, 1.0], [0, 1, 0], -1.0), lambda z: np.clip(z, -1, 1), 2),
        (PiecewiseLinear([2.0], [1.0, 0.0], 2.0), lambda z: np.minimum(z, 2), 1),
    ],
)
def test_known_functions_take_the_fewest_rectifiers(form, function, n):
    z = np.linspace(-5, 5, 101)
    np.testing.assert_allclose(form(z), function(z), atol=1e-15)
    np.testing.assert_allclose(total(form, z), function(z), atol=1e-14)
    assert len(form.rectifiers()[1]) == n


def test_far_from_its_knots_nothing_is_rounded():
    form = PiecewiseLinear([-1.0, 1.0], [0.0, 1.0, 0.0], -1.0)
    np.testing.assert_array_equal(form(np.array([1e9, -1e9])), [1.0, -1.0])


def test_a_unit_may_have_a_function_of_its_own():
    form = PiecewiseLinear([0.0], [[0.1, 0.2], [1.0, 1.0]])
    assert form.width == 2
    np.testing.assert_allclose(form(np.array([[-1.0, -1.0], [3.0, 4.0]])), [[-0.1, -0.2], [3, 4]])
