"""Arithmetic between what flows through a model and its constants -> operations."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nengo_dense.importers.form.condition import COMPARISONS, compared
from nengo_dense.importers.form.operation import (
    Activation,
    Affine,
    Operation,
    Problem,
    Scaling,
    UnfitError,
    activation,
    per_feature,
    unsupported,
)


class _Flowing:
    """What depends on a model's input, among the arguments of a call."""

    def __repr__(self) -> str:
        return "what flows"


FLOWING = _Flowing()

#: Names that frameworks have for arithmetic -> its kind.
ARITHMETIC = {
    **dict.fromkeys(("add", "iadd", "bias_add"), "add"),
    **dict.fromkeys(("sub", "isub", "subtract"), "subtract"),
    **dict.fromkeys(("mul", "imul", "multiply", "scalar_mul"), "multiply"),
    **dict.fromkeys(("div", "divide", "itruediv", "true_divide", "truediv"), "divide"),
}


def arithmetic(
    kind: str, first: Any, second: Any, label: str, factor: float = 1.0
) -> list[Operation]:
    """Read a sum, a difference, a product or a quotient.

    Parameters
    ----------
    kind : {"add", "subtract", "multiply", "divide"}
    first, second : array_like
        One of them `FLOWING`, the other a number or one a feature.
    label : str
    factor : float, optional
        Of the second.
    """
    if first is FLOWING and second is FLOWING:
        return [unsupported(label, f"{kind} of two values that both depend on the input", "pow")]
    if kind == "divide" and second is FLOWING:
        return [Problem(f"layer {label!r} divides by its input; only products are linear")]
    constant = per_feature(first if second is FLOWING else second)
    if kind == "multiply":
        return [Scaling(constant, 0.0, label)]
    if kind == "divide":
        return [Scaling(1 / constant, 0.0, label)]
    factor = -factor if kind == "subtract" else factor
    if second is FLOWING:
        return [Scaling(factor, constant, label)]
    return [Scaling(1.0, factor * constant, label)]


def constant(values: ArrayLike, label: str) -> list[Operation]:
    """Give the same numbers for every input, in the place of what flows.

    Raises
    ------
    UnfitError
        They are not finite.
    """
    if not np.isfinite(values).all():
        raise UnfitError("it may give numbers that are not finite")
    return [Scaling(0.0, per_feature(values), label)]


def compare(kind: str, first: Any, second: Any, label: str) -> list[Operation]:
    """Read a comparison, a key of `COMPARISONS`, of what flows with a constant."""
    if first is FLOWING and second is FLOWING:
        return [unsupported(label, "a comparison of two values of the model", "where")]
    number = per_feature(first if second is FLOWING else second)
    ours, theirs = COMPARISONS[kind] if first is FLOWING else COMPARISONS[kind][::-1]
    return [Scaling(ours, theirs * number, label), *compared(kind, label)]


def power(first: Any, second: Any, label: str) -> list[Operation]:
    """Read what flows to the power of a number."""
    if first is not FLOWING or second is FLOWING or np.size(second) != 1:
        return [unsupported(label, "a power that depends on the input", "pow")]
    return activation("power", label, exponent=float(np.ravel(second)[0]))


def maximum(first: Any, second: Any, label: str) -> list[Operation]:
    """Read the larger of two values, one of which is a constant."""
    limit = first if second is FLOWING else second
    if limit is None or limit is FLOWING:
        return [unsupported(label, "the larger of two values of the model", "maximum")]
    return clip(limit, None, label)


def minimum(first: Any, second: Any, label: str) -> list[Operation]:
    """Read the smaller of two values, one of which is a constant."""
    limit = first if second is FLOWING else second
    if limit is None or limit is FLOWING:
        return [unsupported(label, "the smaller of two values of the model", "minimum")]
    return clip(None, limit, label)


def clip(low: Any, high: Any, label: str) -> list[Operation]:
    """Read limits below and above, of which one may be None or infinite."""
    if low is FLOWING or high is FLOWING:
        return [unsupported(label, "a limit that depends on the input", "maximum")]
    low, high = (None if value is None else per_feature(value) for value in (low, high))
    low = None if low is None or np.all(np.isneginf(low)) else low
    high = None if high is None or np.all(np.isposinf(high)) else high
    if low is None and high is None:
        return []
    if low is not None and high is not None and np.any(low >= high):
        return [Problem(f"layer {label!r} clips to {low}..{high}, where nothing is left")]
    return activation("clip", label, low=low, high=high)


def crelu(n: int | None, label: str) -> list[Operation]:
    """Read the concatenation of ``relu(x)`` and ``relu(-x)``, of `n` features."""
    if n is None:
        return [Problem(f"layer {label!r}: a crelu of an unknown number of features")]
    one = np.eye(n)
    return [Affine(np.concatenate([one, -one]), None, label), Activation("relu", label)]


def product(first: Any, second: Any, label: str) -> list[Operation]:
    """Read ``x @ weights``, a matrix or a vector."""
    if first is not FLOWING or second is FLOWING:
        return [Problem(f"layer {label!r} multiplies from the left; use x @ weights")]
    return [Affine(np.atleast_2d(np.transpose(second)), None, label)]


def affine(weights: ArrayLike, bias: ArrayLike | None, label: str) -> list[Operation]:
    """Read ``weights @ x + bias``, the bias a number or one an output."""
    n_out = np.shape(weights)[0]
    vector = None if bias is None else np.broadcast_to(per_feature(bias), n_out)
    return [Affine(weights, vector, label)]
