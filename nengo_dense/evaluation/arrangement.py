"""Sequences as what a run shows: side by side, or frame after frame where each has an answer."""

import numpy as np

from nengo_dense.batches import Batches, check_batches
from nengo_dense.evaluation.stream import Stream
from nengo_dense.exceptions import invalid
from nengo_dense.sequence import Sequences


def arrange(
    sequences: Sequences, n_steps: int, dt: float, fresh: bool, by_frame: bool
) -> tuple[Batches, int, Stream | None]:
    """Return samples, the steps of each, and how they follow one another.

    Parameters
    ----------
    sequences : Sequences
    n_steps : int
        Of the longest sequence.
    dt : float
    fresh : bool
        Whether every sequence is shown from a fresh start.
    by_frame : bool
        Whether frames are samples.

    Raises
    ------
    nengo.exceptions.ValidationError
        Frames that would not last a whole number of steps, or no fresh start.
    """
    if not fresh:
        raise invalid("must be True for sequences, each of which has a fresh start", "reset")
    steps = sequences.frame_steps(n_steps, dt, 2 if by_frame else 1)
    if not by_frame:
        return sequences, n_steps, None
    frames = sequences.frames()
    return check_batches(frames, frames.shape[1], "x"), steps, _one_after_another(sequences)


def _one_after_another(sequences: Sequences) -> Stream:
    """Return how frames follow one another, each sequence from a fresh start."""
    ends = np.cumsum(sequences.lengths)
    parts = [np.arange(end - n, end) for end, n in zip(ends, sequences.lengths, strict=True)]
    parts.sort(key=len, reverse=True)
    return Stream(0, np.arange(sequences.n_rows), sequences.n, tuple(parts))
