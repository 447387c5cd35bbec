"""Sequences as what a run answers: each of them, or each frame."""

from nengo_dense.batches import Batches, check_batches
from nengo_dense.exceptions import invalid
from nengo_dense.sequence import Sequences


def arrange(
    sequences: Sequences, n_steps: int, dt: float, fresh: bool, by_frame: bool
) -> tuple[Batches, int]:
    """Return what is answered, and the steps of each.

    Parameters
    ----------
    sequences : Sequences
    n_steps : int
        Of the longest sequence.
    dt : float
    fresh : bool
        Whether every sequence is shown from a fresh start.
    by_frame : bool
        Whether each frame has an answer.

    Raises
    ------
    nengo.exceptions.ValidationError
        Frames that would not last a whole number of steps, or no fresh start.
    """
    if not fresh:
        raise invalid("must be True for sequences, each of which has a fresh start", "reset")
    steps = sequences.frame_steps(n_steps, dt)
    if not by_frame:
        return sequences, n_steps
    frames = sequences.frames()
    return check_batches(frames, frames.shape[1], "x"), steps
