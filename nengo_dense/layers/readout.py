"""The part of a presentation that the readout averages; conversion tunes for this part."""

from typing import Any

import numpy as np

#: Part of the time so far, counted back from now, whose logits are averaged. The first tenth has
#: least information, because the first spikes have not passed all layers yet. A later start loses
#: spikes: with only the last half, the letter data (docs: parity) lose 11, 4 and 2 points more at
#: 25, 50 and 100 steps.
WINDOW = 0.9


def window_start(n_steps: Any, window: float = WINDOW) -> np.ndarray:
    """Return the first step of the window, for every number of steps so far.

    Parameters
    ----------
    n_steps : (...) array_like of int
        Steps so far, at least 1.
    window : float, optional
        Above 0 and at most 1, which is all the time so far.

    Returns
    -------
    start : (...) ndarray of int
        Below ``n_steps``.

    Examples
    --------
    >>> window_start([1, 25, 100])
    array([ 0,  2, 10])
    """
    # rounded, because 1 - 0.9 is a little below 0.1
    return np.floor(np.round(np.multiply(n_steps, 1 - window), 9)).astype(int)


def frame_shares(start: int, stop: int, frame_steps: int) -> np.ndarray:
    """Return what each frame of a sequence counts in the mean over a window.

    Parameters
    ----------
    start, stop : int
        Steps of the window.
    frame_steps : int
        Steps that a frame lasts.

    Returns
    -------
    shares : (n_frames,) ndarray
        Of the frames up to ``stop``; their sum is 1.

    Examples
    --------
    >>> frame_shares(3, 11, 4)
    array([0.125, 0.5  , 0.375])
    """
    first = np.arange(0, stop, frame_steps)
    steps = np.minimum(first + frame_steps, stop) - np.maximum(first, start)
    return np.asarray(np.maximum(steps, 0) / (stop - start))
