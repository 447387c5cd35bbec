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
    x = np.asarray(x, dtype=np.float64) / temperature
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def relu(x: np.ndarray) -> np.ndarray:
    """Replace negative values by zero."""
    rectified: np.ndarray = np.maximum(x, 0.0)
    return rectified


def linear(x: np.ndarray) -> np.ndarray:
    """Return the values unchanged."""
    return np.asarray(x)


def log_sum_exp(x: np.ndarray) -> np.ndarray:
    """Compute ``log(sum(exp(x)))`` over the last axis, without overflow."""
    top = x.max(axis=-1, keepdims=True)
    sums: np.ndarray = np.log(np.exp(x - top).sum(axis=-1)) + top[..., 0]
    return sums


def half_square(x: np.ndarray) -> np.ndarray:
    """Compute ``sum(x**2) / 2`` over the last axis."""
    halves: np.ndarray = (x**2).sum(axis=-1) / 2
    return halves


#: Name of a head -> its function of (..., n_out) logits.
HEADS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "softmax": softmax,
    "linear": linear,
    "relu": relu,
}

#: Name of a head -> the convex function of (..., n_out) logits whose gradient is the head: (...)
#: values. `distillation` makes a loss from it.
POTENTIALS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "softmax": log_sum_exp,
    "linear": half_square,
    "relu": lambda x: half_square(relu(x)),
}
