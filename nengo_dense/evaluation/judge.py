"""The evaluation of each task: its readers of outputs, and its result."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from nengo_dense.array_like import to_array
from nengo_dense.evaluation.classification import Classification
from nengo_dense.evaluation.decision import decide
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.multi_label import MultiLabel
from nengo_dense.evaluation.reader import Answers, Labels, Reader, Values
from nengo_dense.evaluation.regression import Regression
from nengo_dense.heads import HEADS
from nengo_dense.label_order import ALIKE, TELLING, are_below, other_order
from nengo_dense.loihi.energy import Energy
from nengo_dense.output_names import columns_of_classes, is_of_first
from nengo_dense.samples import check_labels
from nengo_dense.targets import check_label_sets, check_magnitudes, check_values


class Judge(ABC):
    """Knows what is right, and makes an evaluation of what was answered.

    Parameters
    ----------
    y : array_like
        What is right, as it was given.
    n : int
        Samples.
    n_out : int
    head : str
        A key of `nengo_dense.heads.HEADS`.
    classes : (n_out,) ndarray or None
        Names of the outputs.
    weights : (n,) ndarray or None
        Of the samples.
    """

    task: ClassVar[str]
    truth: np.ndarray

    def __init__(
        self,
        y: Any,
        n: int,
        n_out: int,
        head: str,
        classes: np.ndarray | None,
        weights: np.ndarray | None,
    ) -> None:
        self.head = head
        self.n_out = n_out
        self.classes = np.arange(self.n_names(n_out)) if classes is None else classes
        self.weights = weights
        self._equal = np.ones(n) if weights is None else weights
        self._read(y, n, classes)

    @classmethod
    def n_names(cls, n_out: int) -> int:
        """Return how many names outputs have."""
        return n_out

    @abstractmethod
    def _read(self, y: Any, n: int, classes: np.ndarray | None) -> None:
        """Set ``truth``, or raise a ValidationError."""

    @property
    @abstractmethod
    def labels(self) -> np.ndarray:
        """What is right, as it was given."""

    @abstractmethod
    def reader(self, rows: Any) -> Reader:
        """Make a reader for the samples of some numbers, a slice or an array."""

    @abstractmethod
    def of_outputs(self, outputs: np.ndarray) -> np.ndarray:
        """Return what outputs, (n, n_out), answer, in the form of ``truth``."""

    @abstractmethod
    def evaluation(
        self, results: list[Any], rows: np.ndarray | None, common: Mapping[str, Any]
    ) -> Evaluation:
        """Make an evaluation of all readers' results.

        Parameters
        ----------
        results : list
        rows : (n,) ndarray of int or None
            Numbers of the samples in the order of the results, if these are not in order.
        common : mapping
            What all evaluations have.
        """

    def doubt(self, answers: np.ndarray) -> str:
        """Say why what is right may have been misread; empty where nothing tells so.

        Parameters
        ----------
        answers : ndarray
            As labels are: ``predictions`` of an evaluation.
        """
        return ""

    def answers_of(self, source: Any) -> np.ndarray:
        """Return what a source model's outputs, checked here, answer.

        Raises
        ------
        nengo.exceptions.ValidationError
            Another shape than (n, n_out), or values that are not finite.
        """
        n = len(self.truth)
        return self.of_outputs(check_values(source, n, self.n_out, "source", self.classes))

    def of_source(self, outputs: np.ndarray, source: np.ndarray | None = None) -> Evaluation:
        """Judge outputs that were computed, (n, n_out), in the same way, as if after a step.

        Parameters
        ----------
        outputs : (n, n_out) ndarray
        source : (n, n_out) ndarray, optional
            The source model's, where the others are not.
        """
        reader = self.reader(slice(None))
        reader.head = "linear"  # the outputs have been through the model's head
        reader.begin(len(outputs), 1, self.n_out)
        reader.read(slice(None), 0, self._logits(outputs)[:, np.newaxis])
        common = {
            "layers": [],
            "energy": Energy(0, 0),
            "dt": 1.0,
            "target": "source",
            "sample_weight": self.weights,
            "source": self.of_outputs(outputs if source is None else source),
        }
        return self.evaluation([reader.result()], None, common)

    def _logits(self, outputs: np.ndarray) -> np.ndarray:
        """Return what has the outputs' order and is above 0 where their logits are."""
        return outputs - HEADS[self.head](np.zeros(1))


class ClassJudge(Judge):
    """Which class is right.

    Attributes
    ----------
    keeps_leads : bool
        Whether to keep how far ahead each answer is.
    """

    task = "classification"
    keeps_leads = False

    def _read(self, y: Any, n: int, classes: np.ndarray | None) -> None:
        self.truth = check_labels(y, n, len(self.classes), classes=classes)
        self._by_index = classes is None

    def doubt(self, answers: np.ndarray) -> str:
        """Tell labels that are counted from 1, in a set without the last class, or in other order.

        And 0 and 1 alone, as of one of several labels, each of which has a sigmoid.
        """
        if not self._by_index or len(answers) < TELLING:
            return ""
        right, below = (float((answers == self.truth - less).mean()) for less in (0, 1))
        if self.head == "sigmoid" and self.n_out > 2 and self.truth.max() < 2 and right < ALIKE:
            return (
                f"Labels are taken for classes, one of {self.n_out} outputs, and are 0 and 1 "
                f"alone, while {right:.0%} of the answers are the label. If each output is a "
                "label by itself, give a column of 0 and 1 for each"
            )
        if are_below(self.truth, answers):
            return (
                f"Labels are taken for indices of outputs from 0, and {below:.0%} of the answers "
                f"are one below their label, while {right:.0%} are the label. If the model counts "
                f"its classes from 1, give classes=range(1, {len(self.classes) + 1})"
            )
        found = other_order(self.truth, answers, len(self.classes))
        way = (
            "If the labels number the classes in another order than the model, give classes= with "
            "the label of each output"
        )
        return f"{found}. {way}" if found else ""

    @classmethod
    def n_names(cls, n_out: int) -> int:
        """Return the number of classes: a single output chooses between two."""
        return max(n_out, 2)

    @property
    def labels(self) -> np.ndarray:
        """(n,) labels."""
        return self.classes[self.truth]

    def reader(self, rows: Any) -> Answers:
        """Keep an answer for every step."""
        return Answers(self.head, self.keeps_leads)

    def answers_of(self, source: Any) -> np.ndarray:
        """Take labels, as scikit-learn's ``predict`` gives them, as well as outputs.

        Of two classes there may be the second's probability alone, (n, 1), as Keras and PyTorch
        give it of a single sigmoid.
        """
        given = to_array(source, "source")
        if given.ndim == 1:
            names = self.classes
            return check_labels(source, len(self.truth), len(names), "source", names)
        if self.head == "softmax" and self.n_out == 2 and given.shape == (len(self.truth), 1):
            second = check_values(given, len(self.truth), 1, "source")
            if second.min() >= 0 and second.max() <= 1:
                turned = is_of_first(source, self.classes, "source")
                given = np.hstack([1 - second, second])[:, :: -1 if turned else 1]
            return super().answers_of(given)
        are_known = not self._by_index
        order = columns_of_classes(source, self.classes, "source", are_known=are_known)
        if order is not None and len(set(order.tolist())) == self.n_out:
            given = given[:, np.argsort(order)]  # a data frame, whose columns may be in any order
        return super().answers_of(given)

    def of_outputs(self, outputs: np.ndarray) -> np.ndarray:
        """Take the largest, or the second class where a single output is past the middle."""
        return decide(self._logits(outputs), "linear")

    def evaluation(
        self, results: list[Any], rows: np.ndarray | None, common: Mapping[str, Any]
    ) -> Classification:
        """Put answers after one another."""
        answers, leads = zip(*results, strict=True)
        return Classification(
            truth=self.truth,
            answers_over_time=in_order(answers, rows),
            leads_over_time=None if leads[0] is None else in_order(leads, rows),
            classes=self.classes,
            **common,
        )


class ValueJudge(Judge):
    """Which values are right."""

    task = "regression"

    def _read(self, y: Any, n: int, classes: np.ndarray | None) -> None:
        self.truth = check_magnitudes(check_values(y, n, self.n_out, names=classes))
        self.flat = to_array(y, "y").ndim == 1

    @property
    def labels(self) -> np.ndarray:
        """(n, n_out) or (n,) values."""
        return self.truth[:, 0] if self.flat else self.truth

    def reader(self, rows: Any) -> Values:
        """Keep sums of errors."""
        return Values(self.head, self.truth[rows], self._equal[rows])

    def answers_of(self, source: Any) -> np.ndarray:
        """Take values that can be measured."""
        return check_magnitudes(super().answers_of(source), "source")

    def of_outputs(self, outputs: np.ndarray) -> np.ndarray:
        """Take them as they are."""
        return outputs

    def _logits(self, outputs: np.ndarray) -> np.ndarray:
        return outputs

    def evaluation(
        self, results: list[Any], rows: np.ndarray | None, common: Mapping[str, Any]
    ) -> Regression:
        """Put values after one another and add errors."""
        outputs, errors = zip(*results, strict=True)
        return Regression(
            truth=self.truth,
            outputs=in_order(outputs, rows),
            squared_error_over_time=sum(errors) / self._equal.sum(),
            flat=self.flat,
            **common,
        )


class LabelJudge(Judge):
    """Which labels are right."""

    task = "multilabel"

    def _read(self, y: Any, n: int, classes: np.ndarray | None) -> None:
        self.truth = check_label_sets(y, n, self.n_out, names=classes)

    @property
    def labels(self) -> np.ndarray:
        """(n, n_out) rows of 0 and 1."""
        return self.truth.astype(int)

    def reader(self, rows: Any) -> Labels:
        """Count labels."""
        return Labels(self.head, self.truth[rows], self._equal[rows])

    def of_outputs(self, outputs: np.ndarray) -> np.ndarray:
        """Take those above the head's value of 0."""
        return self._logits(outputs) > 0

    def evaluation(
        self, results: list[Any], rows: np.ndarray | None, common: Mapping[str, Any]
    ) -> MultiLabel:
        """Put labels after one another and add counts."""
        answers, counts, exact = zip(*results, strict=True)
        return MultiLabel(
            truth=self.truth,
            answers=in_order(answers, rows),
            counts_over_time=sum(counts),
            exact_match_over_time=sum(exact) / self._equal.sum(),
            classes=self.classes,
            **common,
        )


def in_order(parts: Sequence[np.ndarray], rows: np.ndarray | None) -> np.ndarray:
    """Put parts after one another, and every row where its number says."""
    whole = np.concatenate(parts)
    return whole if rows is None else whole[np.argsort(rows)]
