"""The accuracy of a stack with several labels per sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from nengo_dense.evaluation import plot, score
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.interval import effective_number, wilson_interval


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class MultiLabel(Evaluation):
    """Which labels a stack gives the samples of a data set, and what it took.

    A label is given where its logit is above 0, that is its probability above a half.

    Attributes
    ----------
    truth : (n, n_labels) ndarray of bool
        Which labels are right.
    answers : (n, n_labels) ndarray of bool
        Which were given after the whole presentation.
    exact_match_over_time : (n_steps,) ndarray
        Share of samples with all labels right, if they were given after each step.
    counts_over_time : (n_steps, 3, n_labels) ndarray
        As in ``score.label_sums``, of all samples.
    classes : (n_labels,) ndarray
        Name of each label; indices where none are known.
    source : (n, n_labels) ndarray of bool or None
        Which labels the source model gives.

    Examples
    --------
    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([8, 3], 4, readout="sigmoid", encoding="spikes", seed=0)
    >>> x, y = [[0.1, 0.9, 0.4, 0.2], [0.7, 0.1, 0.3, 0.8]], [[1, 0, 1], [0, 0, 1]]
    >>> result = nengo_dense.evaluate(stack, x, y, progress_bar=False)
    >>> sorted(result.metrics)
    ['exact_match', 'label_accuracy', 'macro_f1']
    """

    task: ClassVar[str] = "multilabel"
    score_name: ClassVar[str] = "macro_f1"

    answers: np.ndarray
    exact_match_over_time: np.ndarray
    counts_over_time: np.ndarray
    classes: np.ndarray

    @property
    def n_steps(self) -> int:
        """(int) Steps that each sample was shown."""
        return len(self.exact_match_over_time)

    @property
    def labels(self) -> np.ndarray:
        """((n, n_labels) array of int) 1 for every right label, 0 for others."""
        return self.truth.astype(int)

    @property
    def predictions(self) -> np.ndarray:
        """((n, n_labels) array of int) 1 for every label given, 0 for others."""
        return self.answers.astype(int)

    @property
    def exact_match(self) -> float:
        """(float) Share of samples with all labels right: scikit-learn's accuracy."""
        right = (self.answers == self.truth).all(axis=1)
        return float(np.average(right, weights=self.sample_weight))

    @property
    def exact_match_interval(self) -> tuple[float, float]:
        """(float, float) Wilson interval of ``exact_match`` at 95 %."""
        n = effective_number(self.weights)
        return wilson_interval(n * self.exact_match, n)

    @property
    def label_accuracy(self) -> np.ndarray:
        """((n_labels,) array) Share of samples for which each label is right."""
        return np.average(self.answers == self.truth, axis=0, weights=self.sample_weight)

    @cached_property
    def _sums(self) -> np.ndarray:
        def sums_of(rows: np.ndarray) -> np.ndarray:
            return score.label_sums(self.truth[rows], self.answers[rows], self.weights[rows])

        return score.block_sums(np.flatnonzero(self.weights), sums_of)

    @property
    def label_f1(self) -> np.ndarray:
        """((n_labels,) array) F1 of each label, 0 if it is neither right nor given anywhere."""
        return score.f1(self._sums.sum(axis=0))

    @property
    def macro_f1(self) -> float:
        """(float) Mean F1 of all labels."""
        return float(self.label_f1.mean())

    @cached_property
    def confidence_interval(self) -> tuple[float, float]:
        """(float, float) Bootstrap interval of ``macro_f1`` at 95 %."""
        return score.bootstrap_interval(self._sums, score.macro_f1)

    @property
    def macro_f1_over_time(self) -> np.ndarray:
        """((n_steps,) array) Macro F1 if labels were given after each step."""
        return score.macro_f1(self.counts_over_time)

    @property
    def agreement(self) -> float | None:
        """(float or None) Share of single labels given as the source model does."""
        if self.source is None:
            return None
        same = (self.answers == self.source).mean(axis=1)
        return float(np.average(same, weights=self.sample_weight))

    def _measures(self) -> dict[str, float]:
        return {
            "macro_f1": self.macro_f1,
            "exact_match": self.exact_match,
            "label_accuracy": float(self.label_accuracy.mean()),
        }

    def _result(self) -> str:
        low, high = self.confidence_interval
        least, most = self.exact_match_interval
        return (
            f"macro F1 {self.macro_f1:.2%} (95 % interval {low:.2%} to {high:.2%}), all labels "
            f"right for {self.exact_match:.2%} ({least:.2%} to {most:.2%}), single labels for "
            f"{self.label_accuracy.mean():.2%}"
        )

    def _panels(self) -> Sequence[plot.Panel]:
        over_time = {"macro F1": self.macro_f1_over_time, "all right": self.exact_match_over_time}
        return [
            plot.Bars("Labels", "F1 (%)", self.classes, 100 * self.label_f1),
            plot.OverTime("Labels over time", "%", over_time, self.times, share=True),
        ]

    def _details(self) -> dict[str, Any]:
        return {
            "classes": self.classes,
            "label_f1": self.label_f1,
            "label_accuracy": self.label_accuracy,
            "macro_f1_over_time": self.macro_f1_over_time,
            "exact_match_over_time": self.exact_match_over_time,
        }

    def _verdict(self, i: int) -> str:
        answer, right = (
            ", ".join(map(str, self.classes[values[i]])) or "none"
            for values in (self.answers, self.truth)
        )
        return f"answer {answer}; right is {right}"

    def _output_names(self) -> Sequence[Any]:
        return self.classes.tolist()
