"""The error between a circuit's answers and the wanted answers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nengo_dense.conversion.calibration import BATCH_SIZE, Samples
from nengo_dense.conversion.circuit import Circuit, Window
from nengo_dense.conversion.goal import Goals


class Judgement(NamedTuple):
    """How far a circuit's answers are from those that are wanted.

    Attributes
    ----------
    loss : float
        Mean over samples and windows.
    apart : tuple of float
        For each output the share of samples, or of labels, that are answered otherwise than by
        the source; of values the root mean square of the difference, in standard deviations.
    wrong : tuple of float
        For each output the share of samples whose class is not the label's; 0 without labels.
    """

    loss: float
    apart: tuple[float, ...]
    wrong: tuple[float, ...]

    @property
    def gap(self) -> float:
        """(float) Mean of ``apart``."""
        return float(np.mean(self.apart))

    def bears(self, first: "Judgement") -> bool:
        """Tell whether no output is further from the source, or more often wrong, than first."""
        ours, theirs = (*self.apart, *self.wrong), (*first.apart, *first.wrong)
        return all(a <= b for a, b in zip(ours, theirs, strict=True))


def judge(
    circuit: Circuit, samples: Samples, goals: Goals, windows: Sequence[Window]
) -> Judgement:
    """Show samples to the chip's integers."""
    total, logits = 0.0, []
    for start in range(0, len(samples), BATCH_SIZE):
        part = samples[start : start + BATCH_SIZE]
        answers = [circuit.logits(read) for read in circuit.run(part.x, windows)]
        for answer, window in zip(answers, windows, strict=True):
            loss, _ = goals(answer, part.targets, window.early)
            total += len(part) * window.weight * loss
        logits.append(answers[-1])
    final = np.concatenate(logits)
    return Judgement(
        total / len(samples),
        goals.apart(final, samples.source_logits),
        goals.wrong(final, samples.labels),
    )
