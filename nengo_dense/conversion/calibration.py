"""Calibration data: checks, and division into training samples and held-back samples."""

from typing import Any, NamedTuple

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.conversion.request import Data
from nengo_dense.conversion.tuning.answer import Samples
from nengo_dense.duration import check_still
from nengo_dense.notices import notify
from nengo_dense.samples import check_inputs, hold_back
from nengo_dense.sequence import Sequences, hold_last

#: Samples below which nothing can be said of a layer's rates, let alone be held back.
LEAST_SAMPLES = 20
#: Share of the samples that judge, and the most that do.
HELD_BACK, MOST_HELD_BACK = 0.15, 1000


class Calibration(NamedTuple):
    """Calibration data after all checks.

    Attributes
    ----------
    rows : (n_rows, n_in) ndarray
        Samples, or the frames of all sequences.
    n_steps : int
        Steps of a presentation; of the longest sequence.
    sequences : Sequences or None
        Where samples change.
    frame_steps : int or None
        Steps that a frame of theirs lasts.
    by_frame : bool
        Whether each frame has an answer.
    """

    rows: np.ndarray
    n_steps: int
    sequences: Sequences | None = None
    frame_steps: int | None = None
    by_frame: bool = False

    @classmethod
    def of(cls, data: Data, n_in: int) -> "Calibration | None":
        """Check calibration data, or say what is wrong with them; None where there are none.

        Raises
        ------
        nengo.exceptions.ValidationError
            Another width, NaN or infinity, too few samples, all samples the same; sequences whose
            frames do not last a whole number of steps; what goes with sequences for samples; a
            presentation of an absurd length.

        Warns
        -----
        UserWarning
            A presentation of an unusual length.
        """
        sequences = None
        if data.inputs is not None:
            sequences = Sequences.read(data.inputs, n_in, data.mask, data.attr)
        n_frames = None if sequences is None else sequences.n_frames
        if said := check_still(data.n_steps, data.dt, n_frames):
            notify(said, stacklevel=3)
        if data.inputs is None:
            data.check_no_sequences("calibration= of")
            return None
        if sequences is None:
            data.check_no_sequences("calibration by")
            rows = check_inputs(data.inputs, n_in, data.attr)
            _check_telling(rows, len(rows), "samples", data.attr)
            return cls(rows, data.n_steps)
        rows = sequences.frames()
        _check_telling(rows, sequences.n, "sequences", data.attr)
        steps = sequences.frame_steps(data.n_steps, data.dt)
        return cls(rows, data.n_steps, sequences, steps, data.by_frame)

    @property
    def answer_steps(self) -> int:
        """(int) Steps after which there is an answer; of the longest sequence."""
        return self.frame_steps if self.by_frame and self.frame_steps else self.n_steps

    @property
    def n_answers(self) -> int:
        """(int) Answers for all samples."""
        whole = self.sequences is not None and not self.by_frame
        return self.sequences.n if whole and self.sequences else len(self.rows)

    def as_answers(self, labels: Any) -> Any:
        """Return labels as there are answers; those of frames after one another.

        Raises
        ------
        nengo.exceptions.ValidationError
        """
        if self.sequences is None:
            return labels
        if self.by_frame:
            return self.sequences.by_frame(labels, "labels")
        self.sequences.check_not_by_frame(labels, "labels")
        return labels

    def samples(self, logits: np.ndarray, labels: np.ndarray | None) -> Samples:
        """Return what tuning learns from.

        Parameters
        ----------
        logits : (n_rows, n_out) ndarray
            The source's, for ``rows``.
        labels : (n_answers, n_outputs) ndarray of int or None
        """
        found = self.sequences
        if found is None:
            return Samples(self.rows, logits, labels)
        if self.by_frame and labels is not None:
            labels = found.padded(labels)
        lengths = found.lengths if found.is_ragged else None
        x, targets = found.padded(self.rows), found.padded(logits)
        if self.by_frame:  # the last frame stays until its answer
            x = hold_last(x, found.lengths)
        return Samples(x, targets, labels, lengths, self.frame_steps)


def _check_telling(rows: np.ndarray, n: int, what: str, attr: str) -> None:
    """Refuse samples or sequences that say nothing of rates."""
    if n < LEAST_SAMPLES:
        more = "; cut long ones into pieces" if what == "sequences" else ""
        raise ValidationError(
            f"must have at least {LEAST_SAMPLES} {what}, better some thousand, got {n}{more}. "
            "Pass training inputs, prepared as the model sees them. Without calibration, rates "
            "follow from the weights alone.",
            attr=attr,
        )
    if (rows == rows[0]).all():
        raise ValidationError(
            f"all {len(rows)} samples are the same, which says nothing about rates. Pass training "
            "inputs, prepared as the model sees them.",
            attr=attr,
        )


def divide(samples: Samples, seed: int) -> tuple[Samples, Samples]:
    """Divide samples at random into those to learn from and those held back."""
    n_held_back = min(max(1, round(HELD_BACK * len(samples))), MOST_HELD_BACK)
    rest, held_back = hold_back(len(samples), n_held_back, seed)
    return samples[rest], samples[held_back]
