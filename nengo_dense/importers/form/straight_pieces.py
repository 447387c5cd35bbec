"""Functions known by their values alone: where they bend, cross a level or jump.

Products and choices of functions (`.product`) come as something to call. What is made of straight
pieces is found to be so, and is exact.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np

from nengo_dense.importers.form.activation_pattern import SAME
from nengo_dense.importers.form.condition import REMEDY
from nengo_dense.importers.form.expression import ROUNDING
from nengo_dense.importers.form.piecewise import PiecewiseLinear

Compute = Callable[[np.ndarray], np.ndarray]

#: Halvings that bring an interval down to the rounding of double precision.
BISECTIONS = 60


def crossings(compute: Compute, knots: np.ndarray, levels: Iterable[float]) -> np.ndarray:
    """Return where a function of straight pieces takes one of some values.

    Parameters
    ----------
    compute : callable
    knots : (m,) ndarray
        Where its pieces meet, in any order.
    levels : iterable of float
    """
    found = []
    for left, right, points in _pieces(knots):
        y = compute(points)
        slope = (y[2] - y[0]) / (points[2] - points[0])
        at = [points[0] + (level - y[0]) / slope for level in levels if slope]
        found += [z for z in at if left <= z <= right]
    return np.array(found)


def sign_changes(compute: Compute, points: np.ndarray) -> np.ndarray:
    """Return where a smooth function changes its sign between ascending points, by bisection."""
    with np.errstate(over="ignore", invalid="ignore"):
        at = np.flatnonzero(np.diff(np.sign(compute(points))))
        low, high = points[at], points[at + 1]
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            is_low = np.sign(compute(middle)) == np.sign(compute(low))
            low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    return np.asarray(high)


def straight(compute: Compute, knots: np.ndarray) -> PiecewiseLinear | None:
    """Return a function as its straight pieces, if it is made of such between the knots.

    Parameters
    ----------
    compute : callable
        Continuous.
    knots : (m,) ndarray
        In any order.
    """
    slopes: list[float] = []
    ends: list[float] = []
    start = (0.0, 0.0)  # a point of the first piece
    for left, _, points in _pieces(knots):
        with np.errstate(over="ignore", invalid="ignore"):
            y = compute(points)
        if not np.abs(y[0] - 2 * y[1] + y[2]) <= ROUNDING * np.abs(y).max():
            return None
        slope = float((y[2] - y[0]) / (points[2] - points[0]))
        if not slopes:
            start = float(points[0]), float(y[0])
        elif abs(slope - slopes[-1]) <= ROUNDING * max(abs(slope), abs(slopes[-1])):
            continue  # it does not bend there
        else:
            ends.append(left)
        slopes.append(slope)
    if not ends:
        ends, slopes = [0.0], slopes * 2
    return PiecewiseLinear(ends, slopes, start[1] + slopes[0] * (ends[0] - start[0]))


def check_continuous(compute: Compute, places: np.ndarray) -> None:
    """Raise a ValueError where a function jumps.

    Parameters
    ----------
    compute : callable
    places : ndarray
        Where it may.
    """
    for at in np.unique(places):
        near = 1e-7 * max(1.0, abs(at))
        y = compute(at + near * np.array([-1.0, -0.5, 0.5, 1.0]))
        jump = 2 * (y[2] - y[1]) - (y[3] - y[0])  # a slope does not count
        if not abs(jump) <= SAME * max(1.0, np.abs(y).max()):
            raise ValueError(f"it jumps by {abs(jump):.3g} where its comparison changes; {REMEDY}")


def _pieces(knots: np.ndarray) -> Iterable[tuple[float, float, np.ndarray]]:
    """Yield the ends of each piece and three points in it, equally far apart."""
    ends = np.unique(knots)
    if ends.size:  # of knots that only rounding keeps apart, one
        apart = np.diff(ends) > ROUNDING * np.maximum(1.0, np.abs(ends[1:]))
        ends = ends[np.append(True, apart)]
    if not ends.size:
        yield -np.inf, np.inf, np.array([-1.0, 0.0, 1.0])
        return
    far = 4 * max(1.0, np.abs(ends).max())
    yield -np.inf, ends[0], ends[0] - far * np.array([1.0, 0.625, 0.25])
    for left, right in pairwise(ends):
        yield left, right, left + (right - left) * np.array([0.25, 0.5, 0.75])
    yield ends[-1], np.inf, ends[-1] + far * np.array([0.25, 0.625, 1.0])
