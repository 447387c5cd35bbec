"""Heads: functions of the logits on the host, after the last layer of neurons."""

from collections.abc import Callable

import numpy as np


def softmax(x: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Turn logits into probabilities: ``exp(x / T) / sum(exp(x / T))``.

    Parameters
    ----------
    x : (..., n_classes) array_like
        Logits of any size; the largest is subtracted first, so nothing overflows.
    temperature : float, optional
        Above 1 flattens the probabilities, below 1 sharpens them.

    Returns
    -------
    probabilities : (..., n_classes) ndarray
        Non-negative, summing to 1 over the last axis.

    Examples
    --------
    >>> softmax([1000.0, 1000.0, -1000.0])
    array([0.5, 0.5, 0. ])
    """
    _, powers, sums = _powers(np.asarray(x, dtype=np.float64) / temperature)
    shares: np.ndarray = powers / sums
    return shares


def _powers(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the largest of each row, ``exp`` of the differences from it, and their sum."""
    top = x.max(axis=-1, keepdims=True)
    powers = np.exp(x - top)
    return top, powers, powers.sum(axis=-1, keepdims=True)


def relu(x: np.ndarray) -> np.ndarray:
    """Replace negative values by zero."""
    rectified: np.ndarray = np.maximum(x, 0.0)
    return rectified


def log_softmax(x: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Turn logits into the logarithms of probabilities, none of which is ``-inf``."""
    x = np.asarray(x, dtype=np.float64) / temperature
    logarithms: np.ndarray = x - log_sum_exp(x)[..., np.newaxis]
    return logarithms


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Turn each logit into a probability of its own, ``1 / (1 + exp(-x))``."""
    powers = np.exp(-np.abs(x))  # never overflows
    probabilities: np.ndarray = np.where(np.asarray(x) >= 0, 1.0, powers) / (1.0 + powers)
    return probabilities


def tanh(x: np.ndarray) -> np.ndarray:
    """Bring values into the range -1 to 1."""
    values: np.ndarray = np.tanh(x)
    return values


def linear(x: np.ndarray) -> np.ndarray:
    """Return the values unchanged."""
    return np.asarray(x)


def log_sum_exp(x: np.ndarray) -> np.ndarray:
    """Compute ``log(sum(exp(x)))`` over the last axis, without overflow."""
    top, _, sums = _powers(x)
    logarithms: np.ndarray = (np.log(sums) + top)[..., 0]
    return logarithms


def half_square(x: np.ndarray) -> np.ndarray:
    """Compute ``sum(x**2) / 2`` over the last axis."""
    halves: np.ndarray = (x**2).sum(axis=-1) / 2
    return halves


def soft_plus(x: np.ndarray) -> np.ndarray:
    """Compute ``sum(log(1 + exp(x)))`` over the last axis, without overflow."""
    sums: np.ndarray = np.logaddexp(0.0, x).sum(axis=-1)
    return sums


def log_cosh(x: np.ndarray) -> np.ndarray:
    """Compute ``sum(log(2 cosh(x)))`` over the last axis, without overflow."""
    sums: np.ndarray = np.logaddexp(x, -np.asarray(x)).sum(axis=-1)
    return sums


#: Name of a head -> its function of (..., n_out) logits.
HEADS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "softmax": softmax,
    "log_softmax": log_softmax,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "linear": linear,
    "relu": relu,
}

#: Heads that choose one class: the largest logit stays the largest.
OF_CLASSES = ("softmax", "log_softmax")

#: Name of a head -> the convex function of (..., n_out) logits whose gradient is the head: (...)
#: values. `distillation` makes a loss from it; logarithms of probabilities are compared as the
#: probabilities.
POTENTIALS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "softmax": log_sum_exp,
    "sigmoid": soft_plus,
    "tanh": log_cosh,
    "linear": half_square,
    "relu": lambda x: half_square(relu(x)),
}


def with_potential(head: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the potential of a head, (...) values, and what the head makes of the logits."""
    if head == "softmax":  # both of the same powers, which take the most time
        top, powers, sums = _powers(x)
        return (np.log(sums) + top)[..., 0], powers / sums
    return POTENTIALS[head](x), HEADS[head](x)
