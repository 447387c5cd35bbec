"""Samples or sequences of a ladder, as the chip sees them and as the source model does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nengo_dense.arguments import flag, positive
from nengo_dense.columns import WHERE, check_columns, column_names
from nengo_dense.duration import check_still, presentation_steps
from nengo_dense.evaluation.source_answers import (
    Source,
    sequences_of,
    side_by_side,
    source_inputs,
)
from nengo_dense.importers import SourceGraph
from nengo_dense.layers.readout import frame_shares, window_start
from nengo_dense.sequence import Sequences, refuse_frames


@dataclass(frozen=True, eq=False)
class LadderSamples:
    """What is shown on all rungs.

    Attributes
    ----------
    x : object
        For `Run.of`.
    rows : (n_rows, n_in) ndarray
        Samples, or the frames of all sequences, for the source model.
    how : dict
        Further arguments of `Run.of`.
    sequences : Sequences or None
    frame_steps : int
        Steps that a frame lasts.
    dt : float
        Step in seconds.
    """

    x: Any
    rows: np.ndarray
    how: Mapping[str, Any]
    sequences: Sequences | None = None
    frame_steps: int = 1
    dt: float = 0.001

    @classmethod
    def of(
        cls,
        source: Source,
        x: Any,
        presentation_time: Any,
        dt: Any,
        mask: Any,
        per_frame: Any,
        calibration: Any = None,
    ) -> "LadderSamples":
        """Check samples; the arguments are those of `ladder`.

        Raises
        ------
        nengo.exceptions.ValidationError
        """
        sizes = source.form.inputs if isinstance(source, SourceGraph) else source.n_in
        known = source.features or column_names(calibration, "calibration", sizes)
        check_columns(x, known, "x", WHERE, sizes)
        x = side_by_side(source, x)
        sequences = Sequences.read(x, source.n_in, mask)
        by_frame, step = flag(per_frame, "per_frame"), positive(dt, "dt", unit="seconds")
        n_steps = presentation_steps(presentation_time, step)
        check_still(n_steps, step, None if sequences is None else sequences.n_frames)
        if sequences is None:
            if by_frame:
                refuse_frames(x)
            rows = source_inputs(source, x)
            return cls(rows, rows, {})
        steps = sequences.frame_steps(n_steps, step)
        how = {"mask": mask, "per_frame": by_frame}
        return cls(x, sequences.frames(), how, sequences, steps, step)

    def tuning(self, source: Source, calibration: Any) -> dict[str, Any]:
        """Return how to convert: calibration sequences are shown as these are, frame by frame.

        Parameters
        ----------
        source : SourceModel or SourceGraph
        calibration : array_like, mapping or None

        Returns
        -------
        arguments : dict
            Of `nengo_dense.convert`; empty where samples stay the same.
        """
        found = sequences_of(source, calibration, "calibration")
        if found is None or self.sequences is None:
            return {}
        time = found.n_frames * self.frame_steps * self.dt
        return {"presentation_time": time, "per_frame": self.how["per_frame"]}

    @property
    def n(self) -> int:
        """(int) Answers."""
        averaged = self.sequences is not None and not self.how["per_frame"]
        return self.sequences.n if averaged and self.sequences else len(self.rows)

    def truths(self, y: Any, weights: Any) -> tuple[Any, Any]:
        """Return labels and weights as there are answers.

        Raises
        ------
        nengo.exceptions.ValidationError
        """
        if self.sequences is None:
            return y, weights
        if self.how["per_frame"]:
            return self.sequences.by_frame(y, "y"), self.sequences.weights_by_frame(weights)
        self.sequences.check_not_by_frame(y)
        return y, weights

    def answered(self, logits: np.ndarray) -> np.ndarray:
        """Return the logits that answer, (n, n_out), of those of all rows."""
        if self.sequences is None or self.how["per_frame"]:
            return logits
        return mean_logits(self.sequences, logits, self.frame_steps)


def mean_logits(sequences: Sequences, logits: np.ndarray, frame_steps: int) -> np.ndarray:
    """Average what each frame gives as the readout does while a sequence is shown.

    Parameters
    ----------
    sequences : Sequences
    logits : (n_rows, n_out) ndarray
        As `Sequences.frames`.
    frame_steps : int
        Steps that a frame lasts.

    Returns
    -------
    means : (n, n_out) ndarray
    """
    parts = np.split(logits, np.cumsum(sequences.lengths)[:-1])
    means = [
        frame_shares(int(window_start(n)), n, frame_steps) @ part
        for part, n in zip(parts, (sequences.lengths * frame_steps).tolist(), strict=True)
    ]
    return np.array(means)
