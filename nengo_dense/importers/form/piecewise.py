"""Piecewise linear functions, which are sums of rectifiers."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Rectifier(NamedTuple):
    """One term of a sum, ``height * relu(sign * (z - knot))``.

    Attributes
    ----------
    sign : int
        1 or -1.
    knot, height : (n,) or (1,) ndarray
        One a unit, or one for all.
    """

    sign: int
    knot: np.ndarray
    height: np.ndarray


@dataclass(frozen=True, eq=False)
class PiecewiseLinear:
    """A continuous function of straight pieces, the same for all units or one for each.

    Parameters
    ----------
    knots : (m, n) or (m,) array_like
        Where pieces meet, in ascending order; at least one. A column a unit, or one for all.
    slopes : (m + 1, n) or (m + 1,) array_like
        Of the pieces, from left to right.
    value : (n,) array_like or float
        At the first knot.

    Examples
    --------
    >>> PiecewiseLinear([0.0, 6.0], [0.0, 1.0, 0.0], 0.0)(np.array([-1.0, 2.0, 7.0]))
    array([0., 2., 6.])
    """

    knots: np.ndarray
    slopes: np.ndarray
    value: np.ndarray

    def __init__(self, knots: ArrayLike, slopes: ArrayLike, value: ArrayLike = 0.0) -> None:
        for name, values in (("knots", knots), ("slopes", slopes)):
            array = np.asarray(values, dtype=np.float64)
            object.__setattr__(self, name, array.reshape(len(array), -1))
        object.__setattr__(self, "value", np.atleast_1d(np.asarray(value, dtype=np.float64)))

    @property
    def width(self) -> int | None:
        """(int or None) Number of units, None where one function holds for all."""
        size = max(self.knots.shape[1], self.slopes.shape[1], len(self.value))
        return None if size == 1 else size

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Compute the function of (..., n) values, without differences of large terms."""
        z = np.asarray(z, dtype=np.float64)
        y: np.ndarray = self.value
        if self.slopes[0].any():  # most functions are flat there, and called often
            y = y + self.slopes[0] * np.minimum(z - self.knots[0], 0.0)
        for knot, following, slope in zip(
            self.knots, self.knots[1:], self.slopes[1:], strict=False
        ):
            y = y + slope * np.clip(z - knot, 0.0, following - knot)
        result: np.ndarray = y + self.slopes[-1] * np.maximum(z - self.knots[-1], 0.0)
        return result

    def rectifiers(self) -> tuple[np.ndarray, list[Rectifier]]:
        """Return a constant and the fewest rectifiers that add up to the function.

        At each knot the slope changes by a rectifier that is zero on one side, whichever that is.
        Those left of a flat piece look to the left, the others to the right, and none is left for
        the flat piece itself. Where no piece is flat, one knot gets two rectifiers.
        """
        n_knots = len(self.knots)
        flat = [i for i, slope in enumerate(self.slopes) if not slope.any()]
        distance = np.abs(self.knots).mean(axis=1)
        if flat:
            start = min(flat, key=lambda i: distance[max(i - 1, 0) : i + 1].min())
            constant = self(self.knots[min(start, n_knots - 1)])
            both: list[Rectifier] = []
            left, right = range(start), range(start, n_knots)
        else:
            start = int(distance.argmin())
            knot, constant = self.knots[start], self(self.knots[start])
            both = [
                Rectifier(1, knot, self.slopes[start + 1]),
                Rectifier(-1, knot, -self.slopes[start]),
            ]
            left, right = range(start), range(start + 1, n_knots)
        change = np.diff(self.slopes, axis=0)
        terms = [
            *both,
            *(Rectifier(1, self.knots[i], change[i]) for i in right),
            *(Rectifier(-1, self.knots[i], change[i]) for i in left),
        ]
        # of a constant function one is left, as a layer has units
        return constant, [term for term in terms if term.height.any()] or terms[:1]
