"""Choices by a comparison, ``where(a > b, first, second)``: rectifiers where nothing jumps.

A comparison is a step of the difference of what it compares: 1 above 0, else 0. Where first and
second differ by a multiple of that difference, the choice is ``second + factor * relu(a - b)``.
Any other choice is a function of one weighted input (`.product`), and must be continuous. Which
side a tie takes makes no difference then, unless nothing is compared but ties.
"""

from collections.abc import Mapping

import numpy as np

from nengo_dense.importers.form.activation import Function
from nengo_dense.importers.form.expression import ROUNDING, Expression, picked, with_rows
from nengo_dense.importers.form.graph_form import Population
from nengo_dense.importers.form.operation import Activation, Operation
from nengo_dense.importers.form.piecewise import PiecewiseLinear

#: What a comparison makes of a difference. It is no activation that a model may name.
STEP = Function("step", lambda z: np.greater(z, 0.0).astype(np.float64), (0.0, 0.0))

#: Names that frameworks have for comparisons -> factors of the two values in the difference that
#: is positive where the comparison holds. Ties do not count.
COMPARISONS = {
    **dict.fromkeys(("gt", "ge", "greater", "greater_equal", "greaterorequal"), (1.0, -1.0)),
    **dict.fromkeys(("lt", "le", "less", "less_equal", "lessorequal"), (-1.0, 1.0)),
}

#: Those that hold for a tie.
OR_EQUAL = ("ge", "greater_equal", "greaterorequal", "le", "less_equal", "lessorequal")
#: The kind of what they make of a difference.
TIED = "step at a tie"

#: Factor and bias of a comparison, and of its opposite.
TRUTHS = ((1.0, 0.0), (-1.0, 1.0))

#: What to do about a jump.
REMEDY = (
    "sums of rectifiers are continuous: choose between values that agree where the choice "
    "changes, as in where(x > 0, x, 0.1 * x), and train again"
)


def compared(kind: str, label: str) -> list[Operation]:
    """Return what makes a comparison, a key of `COMPARISONS`, of a difference."""
    return [Activation(TIED if kind in OR_EQUAL else STEP.name, label, STEP)]


def above_ties(difference: Expression) -> Expression:
    """Return a difference with 1 for features that are always 0, of a value with itself."""
    used = [
        term != 0 if term.ndim == 1 else term.any(axis=1) for term in difference.terms.values()
    ]
    is_tie = (difference.bias == 0) & ~np.any([*used, np.zeros(difference.n, bool)], axis=0)
    return Expression(difference.terms, np.where(is_tie, 1.0, difference.bias))


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
