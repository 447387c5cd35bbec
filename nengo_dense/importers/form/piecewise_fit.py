r"""Smooth activations as a few straight pieces, placed where a layer's weighted inputs lie.

A function :math:`f` of inputs with density :math:`p` is closest to :math:`m` straight pieces, in
the mean square, where knots lie with a density proportional to :math:`(p f''^2)^{1/5}` [1]_. From
there they move a little, and heights are those of least squares. Far out the slopes are the
function's own, so that it stays bounded where it was.

References
----------
.. [1] C. de Boor, "A practical guide to splines", chapter XII, 1978.
"""

from dataclasses import dataclass

import numpy as np

from nengo_dense.importers.form.activation import Function
from nengo_dense.importers.form.piecewise import PiecewiseLinear

#: Root mean square of a fitted function's error, as a share of its values' standard deviation.
#: On letters held back from training (7 seeds, 100 steps), a GELU net answers 2.3 % otherwise than
#: its source so, and 3.1 % at 0.05, with three rectifiers and not four a unit of its first layer.
ACTIVATION_ERROR = 0.04
#: Range and spread of weighted inputs where none are known: those of trained layers, roughly.
BLIND_LIMIT, BLIND_DEVIATION = 4.0, 1.5
#: Points at which a function is fitted, the share of the fit that all of the range has alike, and
#: the part of the range that is added at both ends.
N_POINTS, EVEN_SHARE, BEYOND = 401, 0.05, 0.25
#: Numbers of knots that are tried, how often knots are moved, and weighted inputs that judge.
N_KNOTS, N_MOVES, MOST_INPUTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24), 10, 4096


@dataclass(frozen=True, eq=False)
class Fit:
    """A function of straight pieces in the place of a smooth one.

    Attributes
    ----------
    form : PiecewiseLinear
    error : float
        Root mean square over the weighted inputs, as a share of the values' standard deviation.
    largest : float
        Largest error within their range, in the function's own unit.
    """

    form: PiecewiseLinear
    error: float
    largest: float


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be fitted.

    Attributes
    ----------
    z : (n_points,) ndarray
        In ascending order, evenly spaced.
    y : (n_points,) ndarray
        The function's values.
    weight : (n_points,) ndarray
        Share of the weighted inputs near each point.
    slopes : (float, float)
        Far left and far right.
    """

    z: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    slopes: tuple[float, float]

    @classmethod
    def of(cls, function: Function, z: np.ndarray | None) -> "Task":
        """Take the range and the density of weighted inputs, (...) values or None."""
        if z is None:
            low, high = -BLIND_LIMIT, BLIND_LIMIT
        else:
            low, high = float(np.min(z)), float(np.max(z))
        left, right = function.slopes
        margin = BEYOND * max(high - low, 1e-3)
        points = np.linspace(
            low - (0.0 if left is None else margin),
            high + (0.0 if right is None else margin),
            N_POINTS,
        )
        step = points[1] - points[0]
        if z is None:
            density = np.exp(-((points / BLIND_DEVIATION) ** 2) / 2)
        else:
            edges = np.append(points - step / 2, points[-1] + step / 2)
            density = np.histogram(z, edges)[0].astype(np.float64)
            # few inputs make a rough histogram: a Gaussian of ten points' deviation smooths it
            bell = np.exp(-(np.linspace(-2, 2, 81) ** 2) / 2 * 4)
            density = np.convolve(density, bell, mode="same")
        density /= density.sum()
        density = (1 - EVEN_SHARE) * density + EVEN_SHARE / N_POINTS
        # what grows without end goes on as at the end of the range
        if left is None:
            left = float(np.diff(function(points[:2]))[0] / step)
        if right is None:
            right = float(np.diff(function(points[-2:]))[0] / step)
        return cls(points, function(points), density, (left, right))

    def placed(self, n_knots: int) -> np.ndarray:
        """Place knots by the density of [1]_."""
        curvature = np.gradient(np.gradient(self.y, self.z), self.z)
        wanted = (self.weight * curvature**2) ** 0.2 + 1e-12
        total = np.cumsum(wanted)
        shares = (np.arange(n_knots) + 0.5) / n_knots * total[-1]
        places: np.ndarray = np.interp(shares, total, self.z)
        return places

    def solved(self, knots: np.ndarray) -> tuple[np.ndarray, float]:
        """Return slopes of all pieces and the first knot's value, by least squares."""
        left, right = self.slopes
        bends = np.maximum(self.z[:, np.newaxis] - knots, 0.0)
        last = bends[:, -1]
        columns = np.column_stack([np.ones_like(self.z), bends[:, :-1] - last[:, np.newaxis]])
        rest = self.y - left * (self.z - knots[0]) - (right - left) * last
        root = np.sqrt(self.weight)
        found = np.linalg.lstsq(columns * root[:, np.newaxis], rest * root, rcond=None)[0]
        changes = np.append(found[1:], right - left - found[1:].sum())
        slopes = left + np.append(0.0, np.cumsum(changes))
        slopes[-1] = right
        return slopes, float(found[0])

    def form(self, knots: np.ndarray) -> PiecewiseLinear:
        """Return the best function with these knots."""
        slopes, value = self.solved(knots)
        return PiecewiseLinear(knots, slopes, value)

    def improved(self, knots: np.ndarray) -> np.ndarray:
        """Move knots to where the error is smallest."""
        from scipy.optimize import least_squares  # slow to import, and most models need no fit

        root = np.sqrt(self.weight)
        gap = 2 * (self.z[1] - self.z[0])

        def positions(first_and_gaps: np.ndarray) -> np.ndarray:
            gaps = gap + np.exp(np.clip(first_and_gaps[1:], -30.0, 10.0))
            places: np.ndarray = first_and_gaps[0] + np.append(0.0, np.cumsum(gaps))
            return places

        def residuals(first_and_gaps: np.ndarray) -> np.ndarray:
            off: np.ndarray = root * (self.form(positions(first_and_gaps))(self.z) - self.y)
            return off

        start = np.append(knots[0], np.log(np.maximum(np.diff(knots) - gap, 1e-6)))
        result = least_squares(residuals, start, max_nfev=N_MOVES)
        return positions(result.x)


def fit(function: Function, z: np.ndarray | None, error: float) -> Fit:
    """Find as few pieces as bring the error down to the one asked for.

    Parameters
    ----------
    function : Function
        Smooth.
    z : (...) ndarray or None
        Weighted inputs that occur; a fixed range if None.
    error : float
        Root mean square, as a share of the values' standard deviation.
    """
    task = Task.of(function, z)
    occurring = task.z[np.abs(task.z) <= BLIND_LIMIT] if z is None else _some(z)
    weight = np.interp(occurring, task.z, task.weight) if z is None else np.ones(len(occurring))
    values = function(occurring)
    level = np.average(values, weights=weight)
    deviation = np.sqrt(np.average((values - level) ** 2, weights=weight))
    found = None
    for n_knots in N_KNOTS:
        form = task.form(task.improved(task.placed(n_knots)))
        off = form(occurring) - values
        size = float(np.sqrt(np.average(off**2, weights=weight)) / (deviation or 1.0))
        if found is None or size < found.error:
            found = Fit(form, size, float(np.abs(off).max()))
        if found.error <= error:
            break
    assert found is not None  # at least one number of knots was tried
    return found


def _some(z: np.ndarray) -> np.ndarray:
    """Return weighted inputs, of many those from the least to the largest at equal distances."""
    ordered = np.sort(z, axis=None)
    places = np.linspace(0, len(ordered) - 1, min(len(ordered), MOST_INPUTS)).astype(int)
    some: np.ndarray = ordered[places]
    return some
