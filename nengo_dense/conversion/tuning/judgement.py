"""The error between a circuit's answers and the wanted answers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from nengo_dense.conversion.tuning.answer import BATCH_SIZE, Answer, Samples, Window
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.goal import Goals

#: Numbers of spikes (neurons, times steps, times samples) that are kept at once, a byte each.
MOST_SPIKES = 1 << 28


@dataclass(frozen=True)
class Judgement:
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
    distances : (2 * n_outputs, n) ndarray
        What ``apart`` (of values its square), then ``wrong``, are the means of: those of each
        answer.
    off : tuple of float
        For each output how far its values are off, see `Goal.off`.
    """

    loss: float
    apart: tuple[float, ...]
    wrong: tuple[float, ...]
    distances: np.ndarray = field(compare=False, repr=False)
    off: tuple[float, ...] = field(default=(), compare=False, repr=False)

    @property
    def gap(self) -> float:
        """(float) Mean of ``apart``."""
        return float(np.mean(self.apart))

    @property
    def doubt(self) -> np.ndarray:
        """(ndarray) Standard errors of the means of ``distances``."""
        return _standard_error(self.distances)

    def bears(self, other: "Judgement") -> bool:
        """Tell whether no output is further from the source, or more often wrong, than another."""
        ours, theirs = np.array([self.apart, self.wrong]), np.array([other.apart, other.wrong])
        return bool((ours <= theirs).all())

    def is_alike(self, other: "Judgement", chance: float, spare: np.ndarray | float = 0) -> bool:
        """Tell whether it bears another one of the same samples, but for so many standard errors.

        At least what is ``spare`` of each mean of ``distances`` counts as chance too.

        These are those of the differences: what both answer alike says nothing (for
        classes as in Q. McNemar, "Note on the sampling error of the difference between correlated
        proportions or percentages", Psychometrika 12, 1947).
        """
        more = self.distances - other.distances
        allowed = np.maximum(chance * _standard_error(more), spare) + 1e-12  # of rounding
        return bool((more.mean(axis=1) <= allowed).all())


def _standard_error(distances: np.ndarray) -> np.ndarray:
    return np.asarray(distances.std(axis=1) / np.sqrt(distances.shape[1]))


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


def judge(circuit: Circuit, samples: Samples, goals: Goals) -> Judgement:
    """Hold a circuit's answers for samples against the source's."""
    return judge_answers(circuit, answer_all(circuit, samples, goals.windows), goals)


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
    final, wanted = np.concatenate(logits), np.concatenate(source)
    known = [part for part in labels if part is not None]
    apart = goals.distances(final, wanted)
    wrong = goals.mistakes(final, np.concatenate(known) if known else None)
    shares = goals.apart_by(apart), tuple(wrong.mean(axis=1).tolist())
    off = tuple(goal.off(final, wanted) for goal in goals.of_outputs)
    return Judgement(total / every, *shares, np.concatenate([apart, wrong]), off)
