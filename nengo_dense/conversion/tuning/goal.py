"""What is wanted of all outputs together, and when."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from nengo_dense.conversion.tuning.answer import Answer, Window
from nengo_dense.conversion.tuning.distillation import Distillation
from nengo_dense.exceptions import invalid
from nengo_dense.heads import OF_CLASSES

#: What linear outputs may be for.
TASKS = ("classification", "regression")
#: Label of a sample of which none is known.
UNKNOWN = -1


class Goal(NamedTuple):
    """What is wanted of one output.

    Attributes
    ----------
    columns : slice
        Its values among those of all outputs.
    head : str
    distillation : Distillation
    weight : float
        Of its loss.
    """

    columns: slice
    head: str
    distillation: Distillation
    weight: float

    @property
    def may_be_values(self) -> bool:
        """(bool) Whether nothing says if its order matters or its values."""
        comparisons = self.distillation.comparisons
        return not self.distillation.late and not all(one.early for one in comparisons)

    def off(self, logits: np.ndarray, source: np.ndarray) -> float:
        """Return the root mean square of all values' difference, in standard deviations."""
        ours, theirs = logits[:, self.columns], source[:, self.columns]
        variance = theirs.var(axis=0).mean()
        return float(np.sqrt(((ours - theirs) ** 2).mean() / variance)) if variance > 0 else 0.0

    def missed_by_one(self, logits: np.ndarray) -> float:
        """Return the share of samples, or of labels, that the best single answer for all misses.

        Parameters
        ----------
        logits : (batch, n_out) ndarray
            The source's, of all outputs.
        """
        part = logits[:, self.columns]
        if self.head == "sigmoid":
            given = (part > 0).mean(axis=0)
            return float(np.minimum(given, 1 - given).mean())
        return 1 - float(np.bincount(part.argmax(axis=1)).max() / len(part))


def check_task(task: str | None, known: str | None, heads: Iterable[str]) -> str | None:
    """Return what linear outputs are for: the task that was named, or that the source knows.

    Raises
    ------
    nengo.exceptions.ValidationError
        Values are wanted of a model that gives probabilities alone.
    """
    others = set(heads) - set(OF_CLASSES)
    if task == "regression" and not others:
        raise invalid(
            "'regression' does not fit this model, which ends in a softmax, and that gives "
            "probabilities; leave it out",
            "task",
        )
    return task or known


def only_classes(heads: Iterable[str], task: str | None) -> bool:
    """Tell whether all outputs are classes or labels, and none may be values."""
    known = (*OF_CLASSES, "sigmoid", *(["linear"] if task == "classification" else []))
    return set(heads) <= set(known)


@dataclass(frozen=True)
class Goals:
    """The sum of all outputs' losses, at the times at which they answer.

    Several outputs count alike, whatever their units and sizes: each loss is a share of what the
    best constant answer loses.

    Attributes
    ----------
    of_outputs : tuple of Goal
    windows : tuple of Window
        When answers are wanted, see `at`.
    """

    of_outputs: tuple[Goal, ...]
    windows: tuple[Window, ...] = ()

    @classmethod
    def for_targets(
        cls,
        targets: np.ndarray,
        heads: Sequence[str],
        widths: Sequence[int] | None = None,
        task: str | None = None,
    ) -> "Goals":
        """Choose what to compare.

        Parameters
        ----------
        targets : (batch, n_out) ndarray
            Logits of the source model, of all outputs side by side.
        heads : sequence of str
            Of each output.
        widths : sequence of int, optional
            Number of values of each; not needed for one output.
        task : {None, "classification", "regression"}
            What linear outputs are for.
        """
        goals, start = [], 0
        for head, width in zip(heads, widths or [targets.shape[1]], strict=True):
            columns = slice(start, start + width)
            start += width
            distillation = Distillation.for_targets(targets[:, columns], head, task)
            goals.append(Goal(columns, head, distillation, 1.0))
        if len(goals) > 1:
            goals = [goal._replace(weight=_share(goal, targets)) for goal in goals]
        return cls(tuple(goals))

    @property
    def late(self) -> bool:
        """(bool) Whether values alone matter, and so only the whole presentation."""
        return all(self.of_values)

    def at(self, windows: Iterable[Window]) -> "Goals":
        """Return the same goals at other times; where `late`, only at those that are not early."""
        if self.late:
            windows = (window._replace(weight=1.0) for window in windows if not window.early)
        return replace(self, windows=tuple(windows))

    @property
    def last_windows(self) -> list[Window]:
        """(list of Window) Those that are not early."""
        return [window for window in self.windows if not window.early]

    @property
    def n_steps(self) -> int:
        """(int) Steps of a presentation, up to its last answer."""
        return max(window.stop for window in self.windows)

    @property
    def n_shown(self) -> int:
        """(int) The most steps that an answer is for."""
        return max(window.n_shown for window in self.windows)

    @property
    def has_values(self) -> bool:
        """(bool) Whether the values of any output matter, and not only classes or labels."""
        return any(self.of_values)

    @property
    def has_sigmoids(self) -> bool:
        """(bool) Whether any output is probabilities of labels, which may be anything between."""
        return any(goal.head == "sigmoid" for goal in self.of_outputs)

    @property
    def of_values(self) -> tuple[bool, ...]:
        """(tuple of bool) Whether it is its values that matter, of each output."""
        return tuple(goal.distillation.late for goal in self.of_outputs)

    @property
    def by_class(self) -> bool:
        """(bool) Whether classes and labels are all that matters."""
        comparisons = (goal.distillation.comparisons for goal in self.of_outputs)
        return all(one.early for one in itertools.chain.from_iterable(comparisons))

    @property
    def is_choice(self) -> bool:
        """(bool) Whether it is one class of a sample that matters, and nothing else."""
        return self.by_class and len(self.of_outputs) == 1 and self.of_outputs[0].head != "sigmoid"

    @property
    def unit(self) -> float:
        """(float) What a usual output loses in the place of one nat; 1 for a single output."""
        return float(np.mean([goal.weight for goal in self.of_outputs]))

    def with_labels(self, targets: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """Return logits whose softmaxes are the source's, mixed with the true classes.

        Parameters
        ----------
        targets : (batch, n_out) ndarray
            Logits of the source model.
        labels : (batch, n_outputs) ndarray of int, or None
            `UNKNOWN` in the column of an output without labels. The targets as they are for None.
        """
        if labels is None:
            return targets
        mixed = np.array(targets)
        for goal, column in zip(self.of_outputs, labels.T, strict=True):
            if (column != UNKNOWN).all():
                part = targets[:, goal.columns]
                mixed[:, goal.columns] = goal.distillation.with_labels(part, column)
        return mixed

    def of_answers(
        self, logits: Sequence[np.ndarray], answers: Sequence[Answer]
    ) -> Iterator[tuple[float, np.ndarray]]:
        """Yield the mean loss of each answer's samples, with their labels, and its gradient.

        Answers of as many samples, one after another, are compared at once.
        """
        pairs = zip(logits, answers, strict=True)
        for _, group in itertools.groupby(pairs, lambda pair: len(pair[0])):
            found, alike = zip(*group, strict=True)
            wanted = [self.with_labels(answer.targets, answer.labels) for answer in alike]
            early = [answer.window.early for answer in alike]
            losses, gradients = self(np.stack(found), np.stack(wanted), early)
            yield from zip(losses.tolist(), gradients, strict=True)

    def __call__(
        self, logits: np.ndarray, targets: np.ndarray, early: Any = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean loss of batches and its gradient; see `Distillation`."""
        loss, gradient = np.zeros(logits.shape[:-2]), np.zeros_like(logits)
        for columns, _, distillation, weight in self.of_outputs:
            part, slope = distillation(logits[..., columns], targets[..., columns], early)
            loss += weight * part
            gradient[..., columns] = weight * slope
        return loss, gradient

    def distances(self, logits: np.ndarray, source: np.ndarray) -> np.ndarray:
        """Return how far each answer is from the source's, (n_outputs, batch).

        1 for another class, the share of labels that are given otherwise, or the mean square of
        the difference of values, in standard deviations.

        Parameters
        ----------
        logits, source : (batch, n_out) ndarray
        """
        return np.array([_distances(goal, logits, source) for goal in self.of_outputs])

    def apart(self, logits: np.ndarray, source: np.ndarray) -> tuple[float, ...]:
        """Return how far all answers are, for each output: the mean, of values its root.

        Parameters
        ----------
        logits, source : (batch, n_out) ndarray
        """
        return self.apart_by(self.distances(logits, source))

    def apart_by(self, distances: np.ndarray) -> tuple[float, ...]:
        """Return the same by the distances of each answer, (n_outputs, batch)."""
        means = distances.mean(axis=1)
        return tuple(np.where(self.of_values, np.sqrt(means), means).tolist())

    def mistakes(self, logits: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """Return 1 for each answer whose class is not the label's, (n_outputs, batch); else 0.

        Parameters
        ----------
        logits : (batch, n_out) ndarray
        labels : (batch, n_outputs) ndarray of int, or None
        """
        found = np.zeros((len(self.of_outputs), len(logits)))
        if labels is not None:
            for row, goal, column in zip(found, self.of_outputs, labels.T, strict=True):
                classes = logits[:, goal.columns].argmax(axis=1)
                row[...] = (classes != column) & (column != UNKNOWN)
        return found


def _share(goal: Goal, targets: np.ndarray) -> float:
    """Return what turns an output's loss into a share of the best constant answer's."""
    part = targets[:, goal.columns]
    constant = np.broadcast_to(part.mean(axis=0), part.shape)
    loss, _ = goal.distillation(np.array(constant), part)
    return float(1 / loss) if loss > 0 else 1.0


def _distances(goal: Goal, logits: np.ndarray, source: np.ndarray) -> np.ndarray:
    ours, theirs = logits[:, goal.columns], source[:, goal.columns]
    if goal.distillation.late:
        deviation = theirs.std(axis=0)
        apart = (ours - theirs) / np.where(deviation > 0, deviation, 1.0)
        return np.asarray(np.mean(apart**2, axis=1))
    if goal.head == "sigmoid":
        return np.asarray(((ours > 0) != (theirs > 0)).mean(axis=1))
    return np.asarray(ours.argmax(axis=1) != theirs.argmax(axis=1), dtype=float)
