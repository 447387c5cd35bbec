"""Functions known by their values: straight pieces, crossings, changes of sign and jumps."""

import numpy as np
import pytest

from nengo_dense.importers.form.condition import STEP
from nengo_dense.importers.form.straight_pieces import (
    check_continuous,
    crossings,
    sign_changes,
    straight,
)


def test_straight_pieces_are_found_from_values():
    form = straight(lambda z: np.clip(z, -1.0, 2.0) + 0.5, np.array([2.0, -1.0, 0.0, -1.0]))
    np.testing.assert_array_equal(form.knots.ravel(), [-1.0, 2.0])
    np.testing.assert_allclose(form.slopes.ravel(), [0.0, 1.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(form(np.array([-3.0, 0.0, 5.0])), [-0.5, 0.5, 2.5])
    assert straight(np.square, np.array([0.0])) is None
    line = straight(lambda z: 2 * z + 1, np.array([3.0]))
    np.testing.assert_allclose(line(np.array([-5.0, 5.0])), [-9.0, 11.0])


def test_levels_are_crossed_between_knots_and_beyond():
    found = crossings(np.abs, np.array([0.0]), [1.0, 2.0, -1.0])
    np.testing.assert_allclose(np.sort(found), [-2.0, -1.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="it jumps by 1 where its comparison changes"):
        check_continuous(STEP, np.array([0.0]))
    check_continuous(lambda z: 1e3 * z, np.array([0.0]))


def test_a_smooth_function_changes_its_sign_where_bisection_says():
    points = np.linspace(-2.0, 4.0, 8)
    np.testing.assert_allclose(sign_changes(np.sin, points), [0.0, np.pi], atol=1e-15)
    assert sign_changes(np.exp, points).size == 0
