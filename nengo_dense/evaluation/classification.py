"""The accuracy of a stack as a classifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any, ClassVar

import numpy as np

from nengo_dense.arguments import between, number
from nengo_dense.duration import whole_steps
from nengo_dense.evaluation import plot
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.interval import effective_number, wilson_interval
from nengo_dense.evaluation.stopping import Decision, margins_of
from nengo_dense.exceptions import invalid


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Classification(Evaluation):
    """Accuracy of a stack on a data set, and what it took.

    Inside, a class is the index of its output, and ``classes`` has the labels. `labels` and
    `predictions` are in the source model's labels, as its own ``predict`` gives them; where the
    stack knows none, labels are indices.

    Attributes
    ----------
    truth : (n,) ndarray of int
        Index of the right class.
    answers_over_time : (n, n_steps) ndarray of int
        Index of the class that would be answered after each step.
    classes : (n_classes,) ndarray
        Label of each output, in the order of the outputs.
    leads_over_time : (n, n_steps) ndarray or None
        How far ahead of all others the answer is after each step, in logits times steps, if
        ``decision="margin"`` asked for it.
    source : (n,) ndarray of int or None
        Index of the class that the source model answers.

    Examples
    --------
    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([8, 3], 4, encoding="spikes", seed=0)
    >>> x = [[0.1, 0.9, 0.4, 0.2], [0.7, 0.1, 0.3, 0.8]]
    >>> result = nengo_dense.evaluate(stack, x, [1, 2], decision="margin", progress_bar=False)
    >>> result.confusion_matrix.shape, result.accuracy_over_time.shape
    ((3, 3), (100,))
    >>> early = result.at_deadline(0.05)              # seconds
    >>> early.latency
    0.05
    >>> margin = result.margin_for(lost=0.1)          # of calibration data, to be used on others
    >>> result.at_margin(margin).latency <= 0.1
    True
    """

    task: ClassVar[str] = "classification"
    score_name: ClassVar[str] = "accuracy"

    answers_over_time: np.ndarray
    classes: np.ndarray
    leads_over_time: np.ndarray | None = None

    @property
    def n_steps(self) -> int:
        """(int) Steps that each sample was shown."""
        return self.answers_over_time.shape[1]

    @property
    def n_classes(self) -> int:
        """(int) Number of classes."""
        return len(self.classes)

    @property
    def labels(self) -> np.ndarray:
        """((n,) array) The right labels."""
        return self.classes[self.truth]

    @property
    def answers(self) -> np.ndarray:
        """((n,) array of int) Index of the class answered after the whole presentation."""
        return self.answers_over_time[:, -1].astype(int)

    @property
    def predictions(self) -> np.ndarray:
        """((n,) array) The labels answered after the whole presentation."""
        return self.classes[self.answers]

    @property
    def predictions_over_time(self) -> np.ndarray:
        """((n, n_steps) array) The labels that would be answered after each step."""
        return self.classes[self.answers_over_time]

    @property
    def accuracy(self) -> float:
        """(float) Share of right answers after the whole presentation, 0 to 1."""
        return float(np.average(self.answers == self.truth, weights=self.sample_weight))

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """(float, float) Wilson interval of the accuracy at 95 %."""
        if self.sample_weight is None:
            return wilson_interval(int(np.count_nonzero(self.answers == self.truth)), self.n)
        n = effective_number(self.sample_weight)
        return wilson_interval(n * self.accuracy, n)

    @property
    def accuracy_over_time(self) -> np.ndarray:
        """((n_steps,) array) Accuracy if the answer were taken after each step."""
        right = self.answers_over_time == self.truth[:, np.newaxis]
        return np.average(right, axis=0, weights=self.sample_weight)

    @property
    def agreement(self) -> float | None:
        """(float or None) Share of samples answered as the source model does, right or wrong."""
        if self.source is None:
            return None
        return float(np.average(self.answers == self.source, weights=self.sample_weight))

    @cached_property
    def confusion_matrix(self) -> np.ndarray:
        """((n_classes, n_classes) array) True class by row, answer by column.

        Numbers of samples, or the sums of their weights. Rows and columns are in the order of
        ``classes``.
        """
        kind = int if self.sample_weight is None else float
        matrix = np.zeros((self.n_classes, self.n_classes), dtype=kind)
        np.add.at(matrix, (self.truth, self.answers), self.weights.astype(kind))
        return matrix

    @property
    def balanced_accuracy(self) -> float:
        """(float) Mean of the classes' own accuracies, of those that have samples."""
        total = self.confusion_matrix.sum(axis=1)
        return float(np.mean(np.diag(self.confusion_matrix)[total > 0] / total[total > 0]))

    @property
    def macro_f1(self) -> float:
        """(float) Mean F1 of the classes that are right or answered anywhere."""
        whole = self.confusion_matrix.sum(axis=0) + self.confusion_matrix.sum(axis=1)
        return float(np.mean(2 * np.diag(self.confusion_matrix)[whole > 0] / whole[whole > 0]))

    def at_margin(self, margin: float) -> Decision:
        """Answer each sample as soon as an answer is ahead by a margin, at the end at the latest.

        Parameters
        ----------
        margin : float
            In logits times steps; `margin_for` finds one.

        Returns
        -------
        decision : Decision

        Raises
        ------
        nengo.exceptions.ValidationError
            Leads were not kept, or a margin below 0.
        """
        least = between(margin, 0, np.inf, "margin", with_high=False)
        ahead = self._leads() >= least
        ahead[:, -1] = True
        return self._stopped(ahead.argmax(axis=1))

    def at_deadline(self, seconds: float) -> Decision:
        """Answer every sample after the same time.

        Parameters
        ----------
        seconds : float
            From the start of the presentation, or of a frame that has an answer; a whole number
            of steps.

        Returns
        -------
        decision : Decision

        Raises
        ------
        nengo.exceptions.ValidationError
            Before the first answer, or after the last.
        """
        late = self.delay or 0
        limits = {"least": late + 1, "most": late + self.n_steps}
        step = whole_steps(seconds, self.dt, "seconds", **limits)
        return self._stopped(np.full(self.n, step - late - 1))

    def margin_for(self, lost: float = 0.1) -> float:
        """Find the least margin that loses at most so many points against the whole time.

        Nor does any greater margin, so that it is no chance of one. To be asked of calibration
        data, as a margin that was found on test data flatters.

        Parameters
        ----------
        lost : float, optional
            Points (0.01) of accuracy.

        Returns
        -------
        margin : float
            In logits times steps.

        Raises
        ------
        nengo.exceptions.ValidationError
            Leads were not kept.
        """
        goal = self.accuracy - number(lost, "lost") / 100 - 1e-12
        margins = margins_of(self._leads())[::-1]
        good = takewhile(lambda margin: self.at_margin(margin).accuracy >= goal, margins)
        return float(min(good, default=margins[0]))

    def _leads(self) -> np.ndarray:
        if self.leads_over_time is None:
            raise invalid("must be 'margin' for answers that are ahead by a margin", "decision")
        return self.leads_over_time

    def _stopped(self, at: np.ndarray) -> Decision:
        """Take each sample's answer after the step of this number, from 0."""
        answers = self.answers_over_time[np.arange(self.n), at]
        right = np.average(answers == self.truth, weights=self.sample_weight)
        n = effective_number(self.weights)
        steps, late = float(np.average(at + 1, weights=self.sample_weight)), self.delay or 0
        return Decision(
            predictions=self.classes[answers],
            times=(at + 1 + late) * self.dt,
            accuracy=float(right),
            confidence_interval=wilson_interval(n * right, n),
            latency=(steps + late) * self.dt,
            joules=self.energy.joules * steps / self.n_steps,
        )

    def _measures(self) -> dict[str, float]:
        names = ("accuracy", "balanced_accuracy", "macro_f1")
        return {name: getattr(self, name) for name in names}

    def _result(self) -> str:
        low, high = self.confidence_interval
        return f"accuracy {self.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%})"

    def _panels(self) -> Sequence[plot.Panel]:
        over_time = {"accuracy": self.accuracy_over_time}
        return [
            plot.Confusion(self.confusion_matrix, self.classes),
            plot.OverTime("Accuracy over time", "accuracy (%)", over_time, self.times, share=True),
        ]

    def _details(self) -> dict[str, Any]:
        return {
            "classes": self.classes,
            "confusion_matrix": self.confusion_matrix,
            "accuracy_over_time": self.accuracy_over_time,
        }

    def _verdict(self, i: int) -> str:
        right = "right" if self.answers[i] == self.truth[i] else f"right is {self.labels[i]}"
        return f"answer {self.predictions[i]}, {right}"

    def _output_names(self) -> Sequence[Any]:
        return self.classes.tolist()
