"""The part of an evaluation that is common to all tasks."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nengo_dense.evaluation import plot
from nengo_dense.evaluation.run_report import COLUMNS, RunReport
from nengo_dense.evaluation.score_format import FORMATS, ScoreFormat
from nengo_dense.report_page import legend, pictures, wide
from nengo_dense.report_table import paragraphs

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Evaluation(RunReport):
    """How well a stack does on a data set, and what it took.

    There is a kind for each task: `~nengo_dense.evaluation.Classification`,
    `~nengo_dense.evaluation.Regression` and `~nengo_dense.evaluation.MultiLabel`. The rest of its
    attributes are those of `~nengo_dense.evaluation.RunReport`.

    Attributes
    ----------
    truth : (n, ...) ndarray
        What is right, as the task has it inside.
    sample_weight : (n,) ndarray or None
    source : (n, ...) ndarray or None
        What the source model answers, as ``truth`` has it.
    own_metrics : dict of {str: float}
        By the user's own names.

    Examples
    --------
    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([8, 3], 4, encoding="spikes", seed=0)
    >>> result = nengo_dense.evaluate(stack, [[0.1, 0.9, 0.4, 0.2]], [1], progress_bar=False)
    >>> sorted(result.metrics), result.score_name
    (['accuracy', 'balanced_accuracy', 'macro_f1'], 'accuracy')
    """

    #: The task, as ``evaluate`` takes it, and the measure that counts.
    task: ClassVar[str]
    score_name: ClassVar[str]

    truth: np.ndarray
    sample_weight: np.ndarray | None = None
    source: np.ndarray | None = None
    own_metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    @abstractmethod
    def labels(self) -> np.ndarray:
        """((n, ...) array) What is right, as it was given."""

    @property
    @abstractmethod
    def predictions(self) -> np.ndarray:
        """((n, ...) array) What was answered after the whole presentation, as ``labels``."""

    @property
    @abstractmethod
    def confidence_interval(self) -> tuple[float, float]:
        """(float, float) Interval of the measure that counts, at 95 %."""

    @property
    @abstractmethod
    def agreement(self) -> float | None:
        """(float or None) How far the answers are the source model's, where these are known."""

    @abstractmethod
    def _measures(self) -> dict[str, float]:
        """Return the task's own measures."""

    @abstractmethod
    def _result(self) -> str:
        """Say how good the answers are."""

    @abstractmethod
    def _panels(self) -> Sequence[plot.Panel]:
        """Return what is drawn beside the rates."""

    @abstractmethod
    def _details(self) -> dict[str, Any]:
        """Return what `to_dict` has for this task alone."""

    @property
    def n(self) -> int:
        """(int) Samples."""
        return len(self.truth)

    @property
    def weights(self) -> np.ndarray:
        """((n,) array) What each sample counts, 1 where nothing else was said."""
        return np.ones(self.n) if self.sample_weight is None else self.sample_weight

    @property
    def metrics(self) -> dict[str, float]:
        """(dict) All measures by name, the user's own too."""
        return {**self._measures(), **self.own_metrics}

    @property
    def score(self) -> float:
        """(float) The measure that counts."""
        return self._measures()[self.score_name]

    @property
    def score_format(self) -> ScoreFormat:
        """(ScoreFormat) How that is written."""
        return FORMATS[self.score_name]

    def _content(self) -> dict[str, Any]:
        return {**self._run_content(), **self._answer_content()}

    def _answer_content(self) -> dict[str, Any]:
        """Return what `to_dict` has of the answers."""
        return {
            "task": self.task,
            "metrics": self.metrics,
            "score": self.score_name,
            "confidence_interval": list(self.confidence_interval),
            "agreement": self.agreement,
            **self._details(),
        }

    def _fragment(self, with_pictures: bool) -> str:
        parts = [paragraphs(*self._before()), wide(self._layer_table().html()), legend(COLUMNS)]
        parts.append(paragraphs(*self._after(), *self.notes))
        if with_pictures:
            panels = [plot.Rates(self.layers), *self._panels()]
            parts.append(pictures([("", plot.side_by_side([panel])) for panel in panels]))
        return "".join([*parts, self._cost_html()])

    def _headline(self) -> str:
        return f"{self._result()} {self._where()}"

    def _before(self) -> list[str]:
        return [self._headline(), *self._further()]

    def _further(self) -> list[str]:
        """Return further lines on the answers."""
        lines = []
        if self.agreement is not None:
            written = self.score_format
            lines.append(f"{written.agreement} {written.value(self.agreement)}")
        if self.own_metrics:
            words = (f"{name} {value:.4g}" for name, value in self.own_metrics.items())
            lines.append(", ".join(words))
        return lines

    def _figure(self) -> "Figure":
        """Draw rates, and what the task has to show, over time too."""
        return plot.side_by_side([plot.Rates(self.layers), *self._panels()])
