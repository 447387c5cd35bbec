"""Affine maps of named values compute what arithmetic on the values does."""

import numpy as np
import pytest

from nengo_dense.importers.form.expression import Expression, concatenated, with_rows
from nengo_dense.importers.form.graph_form import computed

WIDTHS = {"x": 4, "v": 3}


@pytest.fixture
def values(rng):
    return {name: rng.normal(size=(7, n)) for name, n in WIDTHS.items()}


def expression(rng, n, names=("x", "v")):
    """Return ``n`` random features, of ``x`` by a diagonal where there are as many."""
    terms = {name: rng.normal(size=(n, WIDTHS[name])) for name in names}
    if n == WIDTHS["x"] and "x" in terms:
        terms["x"] = rng.normal(size=n)
    return Expression(terms, rng.normal(size=n))


def assert_computes(found, wanted, values):
    np.testing.assert_allclose(computed(found, values), wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n", [1, 4, 5])
def test_maps_of_one_expression(n, rng, values):
    given = expression(rng, n)
    y = computed(given, values)
    weights, bias, scale = rng.normal(size=(2, n)), rng.normal(size=2), rng.normal(size=n)
    assert_computes(given.affine(weights, bias), y @ weights.T + bias, values)
    assert_computes(given.affine(weights, None), y @ weights.T, values)
    assert_computes(given.scaled(scale, 0.5), scale * y + 0.5, values)
    kept = np.arange(n) % 2 == 0
    assert_computes(given.rows(kept), y[:, kept], values)
    assert given.rows(np.ones(n, dtype=bool)) is given
    columns = np.array([n - 1, 0, 0])
    assert_computes(with_rows(given, columns), y[:, columns], values)
    assert with_rows(given, np.arange(n)) is given


@pytest.mark.parametrize(("n", "m"), [(4, 4), (1, 5), (5, 1)])
def test_sums_are_of_equal_widths_or_one_feature_for_all(n, m, rng, values):
    first, second = expression(rng, n), expression(rng, m, ("v",))
    wanted = computed(first, values) + computed(second, values)
    assert_computes(first.plus(second), wanted, values)
    assert_computes(second.plus(first), wanted, values)
    two = expression(rng, 4), Expression({"x": rng.normal(size=(4, 4))}, np.zeros(4))
    assert_computes(two[0].plus(two[1]), sum(computed(each, values) for each in two), values)
    joined = concatenated([first, second], WIDTHS)
    wanted = np.concatenate([computed(first, values), computed(second, values)], axis=1)
    assert_computes(joined, wanted, values)


def test_other_widths_are_refused(rng):
    first, second = expression(rng, 4), expression(rng, 5)
    with pytest.raises(ValueError, match="4 features and 5 cannot be added"):
        first.plus(second)
    with pytest.raises(ValueError, match="4 features are not 5"):
        first.spread(5)
    assert first.spread(4) is first


def test_what_a_value_has_no_part_in_is_zero(rng):
    given = expression(rng, 4, ("v",))
    np.testing.assert_array_equal(given.matrix("x", 4), np.zeros((4, 4)))
    silent = Expression({"x": np.zeros((4, 4)), **given.terms}, given.bias)
    assert list(silent.without_zeros().terms) == ["v"]
    assert not silent.is_constant
    assert not silent.is_plainly("v")
    assert Expression.of("x", 4).is_plainly("x")
    assert Expression({}, np.ones(2)).is_constant
