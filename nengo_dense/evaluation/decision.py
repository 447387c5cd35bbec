"""From logits over time to a decision at every step."""

import numpy as np

from nengo_dense.layers.readout import WINDOW, window_start


def decide_over_time(logits: np.ndarray, window: float = WINDOW) -> np.ndarray:
    """Decide for a class after every step, from the mean logits of the latest part of the time.

    The first steps say little, as spikes still travel through the layers, while a mean smooths
    what single spikes do; see `nengo_dense.layers.readout`.

    Parameters
    ----------
    logits : (batch, n_steps, n_classes) ndarray
    window : float, optional
        Above 0 and at most 1 (all the time so far).

    Returns
    -------
    classes : (batch, n_steps) ndarray of int

    Examples
    --------
    >>> decide_over_time(np.array([[[1.0, 0.0], [0.0, 0.4], [0.0, 0.4], [0.0, 0.4]]]), 1.0)
    array([[0, 0, 0, 1]])
    """
    n_steps = logits.shape[1]
    total = np.concatenate([np.zeros_like(logits[:, :1]), np.cumsum(logits, axis=1)], axis=1)
    end = np.arange(1, n_steps + 1)
    start = window_start(end, window)
    return np.argmax(total[:, end] - total[:, start], axis=-1)  # same sums as means, per step
