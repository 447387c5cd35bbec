"""The error between a circuit's answers and the wanted answers."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nengo_dense.conversion.answer import Answer, Samples, Window
from nengo_dense.conversion.calibration import BATCH_SIZE
from nengo_dense.conversion.circuit import Circuit
from nengo_dense.conversion.goal import Goals

#: Loss, relative to an earlier one, below which shares that are larger by no more than their
#: standard error count as chance. On letters held back from training, a stack that answered
#: otherwise than its source for 42 of 1,000 samples, with a third of the loss, was given up for
#: the untuned one with 38, and that lost 3.4 points on samples never seen.
MUCH_LOWER = 0.8
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
    doubt : tuple of float, optional
        Standard errors of ``apart``, then of ``wrong``, as far as they are shares; else 0.
    """

    loss: float
    apart: tuple[float, ...]
    wrong: tuple[float, ...]
    doubt: tuple[float, ...] = ()

    @property
    def gap(self) -> float:
        """(float) Mean of ``apart``."""
        return float(np.mean(self.apart))

    def bears(self, first: "Judgement") -> bool:
        """Tell whether no output is further from the source, or more often wrong, than first.

        With a much lower loss, by more than chance.
        """
        ours, theirs = np.array([self.apart, self.wrong]), np.array([first.apart, first.wrong])
        is_lower = bool(first.doubt) and self.loss < MUCH_LOWER * first.loss
        chance = np.reshape(first.doubt, theirs.shape) if is_lower else 0.0
        return bool((ours <= theirs + chance).all())


def answer_all(
    circuit: Circuit, samples: Samples, windows: Sequence[Window]
) -> Iterator[tuple[Answer, list[np.ndarray]]]:
    """Show samples to the chip's integers; yield every answer, with what each output reads."""
    n_steps = max(window.stop for window in windows)
    size = min(BATCH_SIZE, max(1, MOST_SPIKES // (n_steps * circuit.n_neurons)))
    for part in samples.parts(size):
        answers = part.answers(windows)
        course = circuit.show(part, max(answer.window.stop for answer in answers))
        yield from zip(answers, circuit.read(course, answers), strict=True)


def judge(
    circuit: Circuit, samples: Samples, goals: Goals, windows: Sequence[Window]
) -> Judgement:
    """Hold a circuit's answers for samples against the source's."""
    return judge_answers(circuit, answer_all(circuit, samples, windows), goals)


def judge_answers(
    circuit: Circuit, answered: Iterable[tuple[Answer, list[np.ndarray]]], goals: Goals
) -> Judgement:
    """Do so for what `answer_all` yielded, with the readout that the circuit has now."""
    total, every = 0.0, 0.0
    logits, source, labels = [], [], []
    for answer, read in answered:
        found = circuit.logits(read)
        ((loss, _),) = goals.of_answers([found], [answer])
        total += answer.weight * loss
        every += answer.weight
        if not answer.window.early:
            logits.append(found)
            source.append(answer.targets)
            labels.append(answer.labels)
    final = np.concatenate(logits)
    known = [part for part in labels if part is not None]
    apart = goals.apart(final, np.concatenate(source))
    wrong = goals.wrong(final, np.concatenate(known) if known else None)
    shares = np.array([*np.where(goals.of_values, 0.0, apart), *wrong])
    doubt = np.sqrt(shares * (1 - shares) / len(final))
    return Judgement(total / every, apart, wrong, tuple(doubt.tolist()))
