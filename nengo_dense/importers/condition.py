"""Choices by a comparison, ``where(a > b, first, second)``: rectifiers where nothing jumps.

A comparison is a step of the difference of what it compares: 1 above 0, else 0. Where first and
second differ by a multiple of that difference, the choice is ``second + factor * relu(a - b)``.
Any other choice is a function of one weighted input (`nengo_dense.importers.product`), and must be
continuous. Which side a tie takes makes no difference then.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

import numpy as np

from nengo_dense.importers.activation import Function
from nengo_dense.importers.activation_pattern import SAME
from nengo_dense.importers.expression import ROUNDING, Expression, picked, with_rows
from nengo_dense.importers.graph_form import Population
from nengo_dense.importers.operation import Activation, Operation
from nengo_dense.importers.piecewise import PiecewiseLinear

Compute = Callable[[np.ndarray], np.ndarray]

#: What a comparison makes of a difference. It is no activation that a model may name.
STEP = Function("step", lambda z: np.greater(z, 0.0).astype(np.float64), (0.0, 0.0))

#: Names that frameworks have for comparisons -> factors of the two values in the difference that
#: is positive where the comparison holds. Ties do not count.
COMPARISONS = {
    **dict.fromkeys(("gt", "ge", "greater", "greater_equal", "greaterorequal"), (1.0, -1.0)),
    **dict.fromkeys(("lt", "le", "less", "less_equal", "lessorequal"), (-1.0, 1.0)),
}

#: Factor and bias of a comparison, and of its opposite.
TRUTHS = ((1.0, 0.0), (-1.0, 1.0))

#: Halvings that bring an interval down to the rounding of double precision.
BISECTIONS = 60

#: What to do about a jump.
REMEDY = (
    "sums of rectifiers are continuous: choose between values that agree where the choice "
    "changes, as in where(x > 0, x, 0.1 * x), and train again"
)


def compared(label: str) -> list[Operation]:
    """Return what makes a comparison of a difference."""
    return [Activation(STEP.name, label, STEP)]


def jumping(label: str) -> str:
    """Say that a comparison is used for more than a choice."""
    return (
        f"layer {label!r} compares values, and what it gives jumps where they are equal; {REMEDY}"
    )


def is_truth(part: Expression, populations: Mapping[str, Population]) -> bool:
    """Tell whether an expression is a comparison, or the opposite of one, in each feature."""
    found = _comparison(part, populations)
    return found is not None and any(
        found[2] == factor and np.all(part.bias == bias) for factor, bias in TRUTHS
    )


def _comparison(
    part: Expression, populations: Mapping[str, Population]
) -> tuple[Population, np.ndarray, float] | None:
    """Return the only comparison in an expression, the unit for each feature, and their factor."""
    if len(part.terms) != 1:
        return None
    ((name, term),) = part.terms.items()
    found = picked(term) if name in populations and populations[name].function is STEP else None
    return None if found is None else (populations[name], *found)


def rectified_choice(
    condition: Expression, difference: Expression, populations: Mapping[str, Population]
) -> tuple[Expression, np.ndarray, Expression] | None:
    """Return a condition times a difference as a rectifier, if it is one.

    Parameters
    ----------
    condition : Expression
        Affine in a comparison, feature by feature.
    difference : Expression
    populations : mapping
        Name -> population.

    Returns
    -------
    drive : Expression
        Weighted inputs of the rectifiers.
    scale : (n,) ndarray
        Of what they give.
    rest : Expression
        What is added.
    """
    found = _comparison(condition, populations)
    if found is None or condition.n != difference.n:
        return None
    population, columns, factor = found
    drive = with_rows(population.drive, columns)
    scale = _multiple(difference, drive)
    if scale is None:
        return None
    return drive, factor * scale, difference.scaled(condition.bias)


def rectified_function(
    condition: Expression,
    first: Expression,
    second: Expression,
    populations: Mapping[str, Population],
) -> tuple[Expression, Function] | None:
    """Return a choice as a function of what is compared, with other slopes for each feature.

    None if the values are not straight functions of it that meet where the choice changes.
    """
    found = _comparison(condition, populations)
    if found is None:
        return None
    population, columns, factor = found
    drive = with_rows(population.drive, columns)
    pair = (first, second) if factor > 0 else (second, first)
    sides = [side for part in pair if (side := _straight_in(part, drive)) is not None]
    if len(sides) < 2:
        return None
    (above, value), (below, other) = sides
    if np.any(np.abs(value - other) > ROUNDING * np.maximum(1.0, np.abs(value))):
        return None
    return drive, Function("piecewise", PiecewiseLinear([0.0], np.stack([below, above]), value))


def _straight_in(part: Expression, drive: Expression) -> tuple[np.ndarray, np.ndarray] | None:
    """Return slope and offset of each feature as a straight function of that of a drive."""
    zeros = np.zeros(part.n)
    slopes = _multiple(Expression(part.terms, zeros), Expression(drive.terms, zeros))
    return None if slopes is None else (slopes, part.bias - slopes * drive.bias)


def _multiple(part: Expression, drive: Expression) -> np.ndarray | None:
    """Return by what number each feature of a part is that of a drive, if all are."""
    names = {**part.terms, **drive.terms}
    ours, theirs = (
        np.column_stack(
            [*(each.matrix(name, term.shape[-1]) for name, term in names.items()), each.bias]
        )
        for each in (part, drive)
    )
    at = (np.arange(part.n), np.abs(theirs).argmax(axis=1))
    if not theirs[at].all():
        return None
    factors = ours[at] / theirs[at]
    apart = np.abs(ours - factors[:, np.newaxis] * theirs).max(axis=1)
    return factors if np.all(apart <= ROUNDING * np.abs(ours).max(axis=1)) else None


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
