"""Decisions from mean logits, at every step."""

import numpy as np

from nengo_dense.evaluation.window import RunningWindow
from nengo_dense.heads import HEADS
from nengo_dense.layers.readout import WINDOW

#: Heads that leave the largest logit the largest, so that there is no need to compute them.
KEEP_ORDER = ("linear", "softmax")


def decide(means: np.ndarray, head: str) -> np.ndarray:
    """Decide for the class with the largest output, and the first of several, as models do.

    A single output is for the second of two classes where its logit is above 0.

    Parameters
    ----------
    means : (..., n_classes) ndarray
        Mean logits.
    head : str
        What makes the output of mean logits, a key of `nengo_dense.heads.HEADS`.

    Returns
    -------
    classes : (...) ndarray of int
    """
    if means.shape[-1] == 1:
        return (means[..., 0] > 0).astype(int)
    return deciding(means, head).argmax(axis=-1)


def deciding(means: np.ndarray, head: str) -> np.ndarray:
    """Return what decides: mean logits, or outputs where a head does not keep their order."""
    return means if head in KEEP_ORDER else HEADS[head](means)


def decide_over_time(
    logits: np.ndarray, window: float = WINDOW, head: str = "linear"
) -> np.ndarray:
    """Decide for a class after every step, from the mean logits of the latest part of the time.

    The first steps say little, as spikes still travel through the layers, while a mean smooths
    what single spikes do; see `nengo_dense.layers.readout`.

    Parameters
    ----------
    logits : (batch, n_steps, n_classes) ndarray
    window : float, optional
        Above 0 and at most 1 (all the time so far).
    head : str, optional
        As in `decide`.

    Returns
    -------
    classes : (batch, n_steps) ndarray of int
        Indices, in the smallest unsigned type that holds them.

    Examples
    --------
    >>> decide_over_time(np.array([[[1.0, 0.0], [0.0, 0.4], [0.0, 0.4], [0.0, 0.4]]]), 1.0)
    array([[0, 0, 0, 1]], dtype=uint8)
    """
    n, n_steps, n_classes = logits.shape
    classes = np.empty((n, n_steps), dtype=answer_type(n_classes))
    for lanes, means in RunningWindow(n, n_steps, n_classes, window).add(logits):
        classes[lanes] = decide(means, head)
    return classes


def answer_type(n_classes: int) -> np.dtype:
    """Return the smallest type that holds the index of a class."""
    return np.min_scalar_type(max(n_classes, 2) - 1)
