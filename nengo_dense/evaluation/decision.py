"""From logits over time to a decision at every step."""

import numpy as np

from nengo_dense.heads import HEADS
from nengo_dense.layers.readout import WINDOW, window_start

#: Memory in bytes for the sums of the samples that are looked at together.
BLOCK_BYTES = 2**23
#: Heads that leave the largest logit the largest, so that there is no need to compute them.
KEEP_ORDER = ("linear", "softmax", "log_softmax", "sigmoid", "tanh")


def decide_over_time(
    logits: np.ndarray, window: float = WINDOW, head: str = "linear"
) -> np.ndarray:
    """Decide for a class after every step, from the mean logits of the latest part of the time.

    The first steps say little, as spikes still travel through the layers, while a mean smooths
    what single spikes do; see `nengo_dense.layers.readout`. The class is the one with the largest
    output, and the first of several, as the source model's own decision.

    Parameters
    ----------
    logits : (batch, n_steps, n_classes) ndarray
    window : float, optional
        Above 0 and at most 1 (all the time so far).
    head : str, optional
        What makes the output of mean logits, a key of `nengo_dense.heads.HEADS`.

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
    end = np.arange(1, n_steps + 1)
    start = window_start(end, window)
    classes = np.empty((n, n_steps), dtype=answer_type(n_classes))
    block = max(1, BLOCK_BYTES // (8 * (n_steps + 1) * n_classes))
    for first in range(0, n, block):
        part = slice(first, first + block)
        total = np.zeros((len(logits[part]), n_steps + 1, n_classes))
        np.cumsum(logits[part], axis=1, out=total[:, 1:])
        mean = (total[:, 1:] - total[:, start]) / (end - start)[:, np.newaxis]
        outputs = mean if head in KEEP_ORDER else HEADS[head](mean)
        classes[part] = outputs.argmax(axis=-1)
    return classes


def answer_type(n_classes: int) -> np.dtype:
    """Return the smallest type that holds the index of a class."""
    return np.min_scalar_type(n_classes - 1)
