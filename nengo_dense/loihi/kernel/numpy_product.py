"""Slopes of weights, and of the spikes before them, in NumPy; `.compiled_product` has the twins.

A spike arrives in the step after it was fired. So slopes with respect to what arrived belong to
the spikes of the step before.
"""

from typing import Any

import numpy as np


def correlate(arrived: np.ndarray, sent: np.ndarray, dtype: Any = np.float64) -> np.ndarray:
    """Sum slopes over the spikes that they belong to.

    Parameters
    ----------
    arrived : (lanes, n_steps, n) float32 array
        Slopes with respect to what arrived in each step.
    sent : (lanes, n_steps, n_senders) uint8 array
        Whether each sender spiked.
    dtype : float64 or float32, optional
        To compute in.

    Returns
    -------
    weight_slopes : (n, n_senders) array
    """
    after = arrived[:, 1:].reshape(-1, arrived.shape[2]).astype(dtype, copy=False)
    return np.asarray(after.T @ sent[:, :-1].astype(dtype).reshape(-1, sent.shape[2]))


def send_back(arrived: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Take slopes back through weights, to the step before.

    Parameters
    ----------
    arrived : (lanes, n_steps, n) float32 array
        Slopes with respect to what arrived in each step.
    weights : (n, n_senders) float32 array

    Returns
    -------
    spike_slopes : (lanes, n_steps, n_senders) float32 array
        With respect to the senders' spikes; nothing hangs on those of the last step.
    """
    spike_slopes = np.zeros((*arrived.shape[:2], weights.shape[1]), dtype=np.float32)
    spike_slopes[:, :-1] = arrived[:, 1:] @ weights
    return spike_slopes
