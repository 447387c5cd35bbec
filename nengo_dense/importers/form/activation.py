r"""Activation functions under every name that frameworks have for them.

Piecewise linear ones have an exact form in rectifiers; smooth ones say how steep they are far out,
and `.piecewise_fit` finds a form for the range that is used.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nengo_dense.heads import sigmoid
from nengo_dense.importers.form.piecewise import PiecewiseLinear

#: Constants of SELU: G. Klambauer et al., "Self-normalizing neural networks", NIPS 2017.
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@dataclass(frozen=True, eq=False)
class Function:
    """What an activation does to each weighted input on its own.

    Parameters
    ----------
    name : str
        For messages, with its settings: ``"leaky_relu(0.1)"``.
    compute : callable
        Of (..., n) values. A `PiecewiseLinear` is exact in rectifiers.
    slopes : (float or None, float or None)
        Of a smooth function far left and far right; None where it has no limit.
    limits : (float or ndarray, float or ndarray), optional
        Of a function that is the identity between them, one of which may be infinite.
    rounding : float or ndarray, optional
        By how much the source's values may differ, where it rounds them to levels of a quantizer
        (`nengo_dense.importers.reading.quantizer`).
    """

    name: str
    compute: Callable[[np.ndarray], np.ndarray]
    slopes: tuple[float | None, float | None] = (0.0, 1.0)
    limits: tuple[Any, Any] | None = None
    rounding: Any = 0.0

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Compute the function of (..., n) values."""
        return self.compute(z)

    @property
    def exact(self) -> PiecewiseLinear | None:
        """(PiecewiseLinear or None) The function itself, if it is made of straight pieces."""
        return self.compute if isinstance(self.compute, PiecewiseLinear) else None


def relu(max_value: Any = None, negative_slope: Any = 0.0, threshold: Any = 0.0) -> Function:
    """Return a rectifier in any of Keras's variants.

    Raises
    ------
    ValueError
        A threshold other than 0, where the function would jump, or a maximum that is not above 0.
    """
    if max_value is not None and np.any(np.less_equal(max_value, 0)):
        raise ValueError(f"its max_value must be above 0, got {max_value}; correct it")
    if np.any(np.not_equal(0.0 if threshold is None else threshold, 0)):
        raise ValueError(
            f"it jumps at its threshold {threshold}, and rectifiers are continuous; train with a "
            "threshold of 0"
        )
    slope = 0.0 if negative_slope is None else negative_slope
    if max_value is None:
        form = PiecewiseLinear([0.0], _rows(slope, 1.0))
        if not np.any(slope):
            return Function("relu", form, limits=(0.0, np.inf))
        return Function(f"leaky_relu({_text(slope)})", form)
    form = PiecewiseLinear(_rows(0.0, max_value), _rows(slope, 1.0, 0.0))
    limits = None if np.any(slope) else (0.0, max_value)
    return Function(f"relu(max_value={_text(max_value)})", form, limits=limits)


def clip(low: Any = None, high: Any = None) -> Function:
    """Return the identity within limits, of which one may be None."""
    if low is None or np.all(np.isneginf(low)):
        form, limits = PiecewiseLinear(_rows(high), [1.0, 0.0], high), (-np.inf, high)
        return Function(f"minimum({_text(high)})", form, limits=limits)
    if high is None or np.all(np.isposinf(high)):
        if not np.any(low):
            return FUNCTIONS["relu"]()
        form, limits = PiecewiseLinear(_rows(low), [0.0, 1.0], low), (low, np.inf)
        return Function(f"maximum({_text(low)})", form, limits=limits)
    form = PiecewiseLinear(_rows(low, high), [0.0, 1.0, 0.0], low)
    return Function(f"clip({_text(low)}, {_text(high)})", form, limits=(low, high))


def composed(first: Function, second: Function) -> Function | None:
    """Return two functions one after the other, if both limit values only and one does it too."""
    if first.limits is None or second.limits is None:
        return None
    low = np.maximum(first.limits[0], second.limits[0])
    high = np.minimum(first.limits[1], second.limits[1])
    if np.any(low >= high):
        return None
    return replace(clip(low, high), rounding=np.maximum(first.rounding, second.rounding))


def hard_sigmoid(slope: float = 1 / 6, offset: float = 0.5) -> Function:
    """Return ``clip(slope * z + offset, 0, 1)``: slope 1/5 in Keras 2, 1/6 elsewhere.

    Raises
    ------
    ValueError
        The slope is not above 0: that is a constant, or another function.
    """
    if not slope > 0:
        raise ValueError(f"its slope must be above 0, got {slope:g}; correct it")
    knots = [-offset / slope, (1 - offset) / slope]
    return Function(f"hard_sigmoid({slope:.4g})", PiecewiseLinear(knots, [0.0, slope, 0.0]))


def soft_shrink(limit: float = 0.5) -> Function:
    """Return what brings values closer to zero by a limit."""
    form = PiecewiseLinear([-limit, limit], [1.0, 0.0, 1.0])
    return Function(f"soft_shrink({limit:.4g})", form)


def softplus(beta: float = 1.0, threshold: float = np.inf) -> Function:
    """Return ``log(1 + exp(beta z)) / beta``, and z where ``beta z`` is above a threshold."""

    def compute(z: np.ndarray) -> np.ndarray:
        z = np.asarray(z, dtype=np.float64)
        return np.where(beta * z > threshold, z, np.logaddexp(0.0, beta * z) / beta)

    return Function("softplus", compute)


def elu(alpha: float = 1.0, scale: float = 1.0, name: str = "elu") -> Function:
    """Return ``scale * (z if z > 0 else alpha * (exp(z) - 1))``."""
    return Function(
        name,
        lambda z: scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0.0))),
        (0, scale),
    )


def celu(alpha: float = 1.0) -> Function:
    """Return ``max(0, z) + min(0, alpha * (exp(z / alpha) - 1))``."""
    return Function(
        "celu", lambda z: np.maximum(z, 0) + alpha * np.expm1(np.minimum(z, 0.0) / alpha)
    )


def _erf(z: ArrayLike) -> np.ndarray:
    """Return the error function of each value."""
    from scipy.special import erf  # slow to import, and few models need it

    values: np.ndarray = erf(z)
    return values


def gelu(approximate: Any = False) -> Function:
    """Return ``z * P(N < z)`` of a standard normal N, or the form with a tanh.

    D. Hendrycks and K. Gimpel, "Gaussian error linear units", arXiv:1606.08415, 2016.
    """
    if approximate in (True, "tanh", b"tanh"):
        return Function(
            "gelu(tanh)",
            lambda z: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
        )
    return Function("gelu", lambda z: 0.5 * z * (1 + _erf(np.asarray(z) / np.sqrt(2))))


def swish(beta: float = 1.0) -> Function:
    """Return ``z * sigmoid(beta z)``."""
    return Function("silu", lambda z: z * sigmoid(beta * np.asarray(z)))


def squareplus(b: float = 4.0) -> Function:
    """Return ``(z + sqrt(z^2 + b)) / 2``."""
    return Function("squareplus", lambda z: (z + np.sqrt(np.square(z) + b)) / 2)


def power(exponent: float = 2.0) -> Function:
    """Return ``z ** exponent``.

    Raises
    ------
    ValueError
        An exponent that is no whole number from 1 on: the power has no value, or no bound.
    """
    if exponent != int(exponent) or exponent < 1:
        raise ValueError(
            f"the power {exponent:.4g} is not continuous over all numbers; only whole exponents "
            "from 1 on are, compute the others before the data enter the model"
        )
    n = int(exponent)
    name = {1: "identity", 2: "square"}.get(n, f"power({n})")
    return Function(name, lambda z: np.asarray(z, dtype=np.float64) ** n, (None, None))


def _sparse_plus(z: np.ndarray) -> np.ndarray:
    """A parabola between -1 and 1, the rectifier elsewhere."""
    return np.asarray(np.where(np.abs(z) < 1, np.square(z + 1) / 4, np.maximum(z, 0.0)))


def _smooth(
    name: str, compute: Callable[[np.ndarray], np.ndarray], *slopes: float | None
) -> Callable[..., Function]:
    left, right = slopes or (0.0, 1.0)
    return lambda: Function(name, compute, (left or 0.0, right))


def _hard_swish(z: np.ndarray) -> np.ndarray:
    return z * np.clip(z / 6 + 0.5, 0.0, 1.0)


#: Name, in lower case without underscores -> what makes the function of its settings.
FUNCTIONS: dict[str, Callable[..., Function]] = {
    "relu": relu,
    "relu6": lambda: clip(0.0, 6.0),
    "leakyrelu": lambda slope=0.01: relu(negative_slope=slope),
    "prelu": lambda slope=0.25: relu(negative_slope=slope),
    "abs": lambda: Function("abs", PiecewiseLinear([0.0], [-1.0, 1.0])),
    "clip": clip,
    "hardtanh": lambda low=-1.0, high=1.0: clip(low, high),
    "hardsigmoid": hard_sigmoid,
    "softshrink": soft_shrink,
    "sparsesigmoid": lambda: hard_sigmoid(0.5),
    "squareplus": squareplus,
    "sparseplus": _smooth("sparse_plus", _sparse_plus),
    "tanh": _smooth("tanh", np.tanh, 0.0, 0.0),
    "sigmoid": _smooth("sigmoid", sigmoid, 0.0, 0.0),
    "softplus": softplus,
    "softsign": _smooth("softsign", lambda z: z / (1 + np.abs(z)), 0.0, 0.0),
    "elu": elu,
    "selu": lambda alpha=SELU_ALPHA, scale=SELU_SCALE: elu(alpha, scale, "selu"),
    "celu": celu,
    "gelu": gelu,
    "silu": swish,
    "mish": _smooth("mish", lambda z: z * np.tanh(np.logaddexp(0.0, z))),
    "hardswish": _smooth("hard_swish", _hard_swish),
    "exponential": _smooth("exponential", np.exp, 0.0, None),
    "logsigmoid": _smooth("log_sigmoid", lambda z: -np.logaddexp(0.0, -np.asarray(z)), 1.0, 0.0),
    "tanhshrink": _smooth("tanh_shrink", lambda z: z - np.tanh(z), 1.0, 1.0),
    "expm1": _smooth("expm1", np.expm1, 0.0, None),
    "erf": _smooth("erf", _erf, 0.0, 0.0),
    "power": power,
    "square": power,
}

#: Other names of the same.
ALIASES = {
    "logistic": "sigmoid",
    "swish": "silu",
    "hardsilu": "hardswish",
    "absolute": "abs",
    "exp": "exponential",
    "hardclip": "hardtanh",
    "clamp": "clip",
    "pow": "power",
}


def key_of(name: str) -> str:
    """Bring a name into the writing of the table."""
    key = name.lower().replace("_", "")
    return ALIASES.get(key, key)


def _rows(*values: Any) -> np.ndarray:
    """Stack numbers or arrays of one a unit as the rows of one array."""
    return np.stack(np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, float)) for v in values)))


def _text(values: ArrayLike) -> str:
    array = np.asarray(values)
    return f"{array.ravel()[0]:.4g}" if array.size == 1 else f"{array.size} values"
