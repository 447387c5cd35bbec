"""The error between a circuit's answers and the wanted answers."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nengo_dense.conversion.answer import Answer, Samples, Window
from nengo_dense.conversion.calibration import BATCH_SIZE
from nengo_dense.conversion.circuit import Circuit
from nengo_dense.conversion.goal import Goals

#: Numbers of spikes (neurons, times steps, times samples) that are kept at once, a byte each.
MOST_SPIKES = 1 << 28


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


def answer_all(
    circuit: Circuit, samples: Samples, windows: Sequence[Window]
) -> Iterator[tuple[Answer, list[np.ndarray]]]:
    """Show samples to the chip's integers; yield every answer, with what each output reads."""
    n_steps = max(window.stop for window in windows)
    size = min(BATCH_SIZE, max(1, MOST_SPIKES // (n_steps * circuit.n_neurons)))
    for part in samples.parts(size):
        answers = part.answers(windows)
        course = circuit.show(part, max(answer.window.stop for answer in answers))
        for answer in answers:
            yield answer, circuit.read(course, answer.window, answer.rows)


def judge(
    circuit: Circuit, samples: Samples, goals: Goals, windows: Sequence[Window]
) -> Judgement:
    """Hold a circuit's answers for samples against the source's."""
    total, every = 0.0, 0.0
    logits, source, labels = [], [], []
    for answer, read in answer_all(circuit, samples, windows):
        found = circuit.logits(read)
        total += answer.weight * goals.of_answer(found, answer)[0]
        every += answer.weight
        if not answer.window.early:
            logits.append(found)
            source.append(answer.targets)
            labels.append(answer.labels)
    final = np.concatenate(logits)
    known = [part for part in labels if part is not None]
    return Judgement(
        total / every,
        goals.apart(final, np.concatenate(source)),
        goals.wrong(final, np.concatenate(known) if known else None),
    )
