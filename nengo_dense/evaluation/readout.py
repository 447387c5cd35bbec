"""From logits over time to a decision at every step."""

import numpy as np

#: Part of the time so far whose logits are averaged, counted back from now.
WINDOW = 0.5


def decide_over_time(logits: np.ndarray, window: float = WINDOW) -> np.ndarray:
    """Decide for a class after every step, from the mean logits of the latest part of the time.

    The first steps say little, as spikes still travel through the layers, while a mean smooths
    what single spikes do; the later half of the time so far serves both.

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
    start = np.floor(end * (1 - window)).astype(int)
    return np.argmax(total[:, end] - total[:, start], axis=-1)  # same sums as means, per step
