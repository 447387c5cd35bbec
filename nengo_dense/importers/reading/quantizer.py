"""Uniform quantizers: weights are rounded as the source rounds them, activations are limited.

A rectifier cannot jump. Of a quantizer between layers its limits are kept, which are exact in
rectifiers, and its rounding is left out. That changes a value by half a step at most; the source
says so (`warn_of_rounding`), and the comparison with the model allows for it. Where so few levels
are left that the rounding is the function, it is refused.
"""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nengo_dense.importers.form.operation import Activation, Operation, Problem, Scaling
from nengo_dense.importers.reading.arithmetic_call import clip

#: With fewer levels than a signed quantizer of two bits has, a quantizer is a jump.
LEAST_LEVELS = 4

#: Name of a way of rounding -> the function.
ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "ROUND": np.round,
    "HALF_EVEN": np.round,
    "ROUND_HALF_EVEN": np.round,
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "ROUND_TO_ZERO": np.trunc,
    "DOWN": np.trunc,
}

#: Ways of rounding that are off to one side -> by how many steps on average.
OFFSETS = {"FLOOR": -0.5, "CEIL": 0.5}


@dataclass(frozen=True, eq=False)
class Quantizer:
    """What rounds values to the nearest of equally spaced levels.

    Parameters
    ----------
    step : float or ndarray
        Distance of the levels, above 0.
    low, high : float or ndarray
        The lowest and the highest level, in steps, before `zero` is taken away.
    zero : float or ndarray, optional
        What is added before the rounding and taken away after it, in steps.
    rounding : str, optional
        A key of `ROUNDINGS`.
    """

    step: Any
    low: Any
    high: Any
    zero: Any = 0.0
    rounding: str = "ROUND"

    def __post_init__(self) -> None:
        if not np.all(np.isfinite(self.step)) or np.any(np.less_equal(self.step, 0)):
            raise ValueError(f"its step must be above 0, got {np.ravel(self.step)[:3]}")
        if self.rounding not in ROUNDINGS:
            raise ValueError(f"it rounds by {self.rounding!r}; known are {', '.join(ROUNDINGS)}")

    def rounded(self, values: np.ndarray) -> np.ndarray:
        """Return values as the quantizer gives them, computed in their own precision."""
        values = np.asarray(values)
        step, low, high, zero = (
            np.asarray(each, dtype=values.dtype)
            for each in (self.step, self.low, self.high, self.zero)
        )
        steps = np.clip(values / step + zero, low, high)
        result: np.ndarray = (ROUNDINGS[self.rounding](steps) - zero) * step
        return result

    def spread(self, spread: Callable[[Any], Any]) -> "Quantizer":
        """Return the same with numbers, or arrays of one a feature, that `spread` makes."""
        numbers = (self.step, self.low, self.high, self.zero)
        step, low, high, zero = (spread(np.asarray(each)) for each in numbers)
        return replace(self, step=step, low=low, high=high, zero=zero)

    def is_same(self, other: "Quantizer") -> bool:
        """Tell whether another one rounds to the same levels."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return all(np.array_equal(ours, theirs) for ours, theirs in pairs)

    def operations(self, label: str, spread: Callable[[Any], Any] = np.asarray) -> list[Operation]:
        """Return what it does between layers: its limits, without the rounding.

        Parameters
        ----------
        label : str
        spread : callable, optional
            Makes of a number, or of an array of any shape, a number or one a feature.
        """
        if np.any(np.less(np.subtract(self.high, self.low) + 1, LEAST_LEVELS)):
            return [jump(label)]
        if self.rounding in ("ROUND_TO_ZERO", "DOWN") and np.any(np.less(self.low, 0)):
            return [towards_zero(label)]
        step, low, high = (
            spread(np.asarray(value, dtype=np.float64))
            for value in (
                self.step,
                np.multiply(np.subtract(self.low, self.zero), self.step),
                np.multiply(np.subtract(self.high, self.zero), self.step),
            )
        )
        down = self.rounding in ("ROUND_TO_ZERO", "DOWN")
        offset = OFFSETS["FLOOR"] if down else OFFSETS.get(self.rounding, 0.0)
        shift: list[Operation] = [Scaling(1.0, offset * step, label)] if offset else []
        limits = clip(low, high, label)
        return [*shift, *(_with_rounding(each, step / 2) for each in limits)]


def jump(label: str, what: str = "rounds to fewer than four levels") -> Problem:
    """Refuse what jumps from one value to another."""
    return Problem(
        f"layer {label!r} {what}, so that it jumps like a sign, and sums of rectifiers are "
        "continuous; train with activations of two bits or more, or with 'relu'"
    )


def towards_zero(label: str) -> Problem:
    """Refuse what makes every value smaller."""
    return Problem(
        f"layer {label!r} rounds towards zero on both sides, which no rectifier does; "
        "train it with rounding to the nearest level"
    )


def _with_rounding(operation: Operation, error: Any) -> Operation:
    if not isinstance(operation, Activation) or operation.function is None:
        return operation
    return replace(operation, function=replace(operation.function, rounding=error))


def bipolar(values: np.ndarray, scale: Any = 1.0) -> np.ndarray:
    """Return the scale with the sign of each value, 0 counting as positive."""
    signs: np.ndarray = np.where(np.asarray(values) >= 0, 1.0, -1.0) * scale
    return signs


def _rounding_of(operation: Operation) -> ArrayLike:
    """Return by how much the source's values may differ after an operation."""
    if isinstance(operation, Scaling):
        return operation.rounding
    function = operation.function if isinstance(operation, Activation) else None
    return 0.0 if function is None else function.rounding


def warn_of_rounding(
    name: str, operations: Iterable[Operation], inputs: Iterable[str] = ()
) -> None:
    """Say which activations of a model are rounded in the source and not here, and by how much.

    Parameters
    ----------
    name : str
        The model's.
    operations : iterable of Operation
    inputs : iterable of str, optional
        Labels of the quantizers of inputs, which are left out.

    Warns
    -----
    UserWarning
        There are some.
    """
    labels = ", ".join(dict.fromkeys(inputs))
    if labels:
        warnings.warn(
            f"{name}: the quantizer of its inputs ({labels}) is left out: the source rounds them "
            "and cuts them off at its limits; where they reach beyond those, cut them off before",
            stacklevel=2,
        )
    errors: dict[str, float] = {}
    for step in operations:
        error = float(np.max(_rounding_of(step)))
        if error and not isinstance(step, Problem):
            errors[step.label] = max(error, errors.get(step.label, 0.0))
    if errors:
        listed = ", ".join(f"{label} {error:.3g}" for label, error in errors.items())
        warnings.warn(
            f"{name}: the weights are rounded as in the source, the activations are not: their "
            "quantizers' limits are kept, and each value may differ from the source's by up to "
            f"half a step: {listed}",
            stacklevel=2,
        )
