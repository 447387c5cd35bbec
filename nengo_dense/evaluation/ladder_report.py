"""The cost of each rung from a trained model to the chip's integers."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nengo_dense.evaluation import plot
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.run_report import RunReport
from nengo_dense.evaluation.score_format import ScoreFormat
from nengo_dense.layers.graph import AnyDense
from nengo_dense.report_page import Report, legend, pictures, wide
from nengo_dense.report_table import ReportTable, escape, paragraphs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPLANATION = (
    "Steps are in {}; a layer's error is the root mean square difference of its mean rates\n"
    "from the row above."
)

#: Rungs that have the rates of the source's activations, and what the chip makes of them.
SOURCE_RATES, CHIP_RATES = "rates in Nengo", "chip, integers"
#: Column of the table -> what it says; errors of layers are explained below it.
COLUMNS = {
    "95 % interval": "where the score of many more such samples would lie",
    "step": "difference from the row above",
    "as source": "how far the answers are the source model's, right or wrong",
}


@dataclass(frozen=True, eq=False)
class Rung:
    """One step of the ladder.

    Attributes
    ----------
    name : str
    metrics : dict of {str: float}
        All measures.
    score : float
        The one that counts: accuracy, R2 or macro F1, 1 at best.
    confidence_interval : (float, float)
        Interval of the score at 95 %.
    agreement : float
        How far it answers as the source model does, right or wrong, 1 at best; see ``agreement``
        of the evaluations.
    rate_errors : list of float
        For each layer of neurons the root mean square difference of its mean rate from the rung
        above, relative to that rung's; empty as far as the first rung with neurons.
    """

    name: str
    metrics: dict[str, float]
    score: float
    confidence_interval: tuple[float, float]
    agreement: float
    rate_errors: list[float]
    rates: Mapping[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, evaluation: Evaluation, rate_errors: list[float]) -> "Rung":
        """Make a rung of what was evaluated on it, with the source model's answers known."""
        interval, agreement = evaluation.confidence_interval, evaluation.agreement
        assert agreement is not None, "the ladder starts at the source model"
        score, rates = evaluation.score, evaluation.rates
        return cls(name, evaluation.metrics, score, interval, agreement, rate_errors, rates)

    @property
    def accuracy(self) -> float:
        """(float) Accuracy, 0 to 1, where classes are told apart."""
        if "accuracy" not in self.metrics:
            raise AttributeError(f"this rung has {', '.join(self.metrics)}, but no accuracy")
        return self.metrics["accuracy"]


class AnyLadder(Report):
    """What a ladder of one output and that of several have in common."""

    kind: ClassVar[str] = "evaluation"
    heading: ClassVar[str] = "accuracy step by step"

    evaluation: RunReport

    @property
    def name(self) -> str:  # type: ignore[override]
        """(str) Label of the stack or graph."""
        return self.evaluation.name

    @property
    def n(self) -> int:
        """(int) Samples in the test set."""
        return self.evaluation.n

    @property
    def layers(self) -> list[str]:
        """(list of str) Labels of the layers of neurons."""
        return list(self.evaluation.rates)

    @abstractmethod
    def _answer_content(self) -> dict[str, Any]:
        """Return what `to_dict` has of the answers."""

    @abstractmethod
    def _points(self) -> str:
        """Return the unit of a step from rung to rung."""

    def _content(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "n": self.n,
            **self._answer_content(),
            "layers": self.layers,
            "evaluation": self.evaluation.to_dict(),
        }

    @property
    def _notes(self) -> tuple[str, ...]:
        notes = (f"note: {note}" for note in self.evaluation.notes)
        return (EXPLANATION.format(self._points()), *notes)


@dataclass(frozen=True, eq=False, repr=False)
class LadderReport(AnyLadder):
    """What counts, from rung to rung: accuracy, R2 or macro F1.

    Attributes
    ----------
    rungs : list of Rung
        The source model first, the chip's integers last (or what was tuned for them).
    stack : DenseStack or DenseGraph
        What ran on the last rung.
    evaluation : Evaluation
        The last rung's.

    Examples
    --------
    >>> import nengo_dense
    >>> import numpy as np
    >>> rng = np.random.RandomState(0)
    >>> model = [(rng.randn(8, 4), np.zeros(8)), (rng.randn(3, 8), np.zeros(3))]
    >>> x = rng.rand(20, 4)
    >>> y = (np.maximum(x @ model[0][0].T, 0) @ model[1][0].T).argmax(axis=1)
    >>> report = nengo_dense.ladder(model, x, y, task="classification", progress_bar=False)
    >>> report.rungs[0].accuracy, report.n
    (1.0, 20)
    >>> len(report.panels()), report.panel().names[0]     # what ``plot`` draws
    (2, 'source model')
    >>> report.to_dict()["report"]
    'evaluation'
    """

    rungs: list[Rung]
    stack: AnyDense
    evaluation: Evaluation

    @property
    def gap(self) -> float:
        """(float) Score of the source less that of the last rung, in points: hundredths of it."""
        return 100 * (self.rungs[0].score - self.rungs[-1].score)

    @property
    def score_format(self) -> ScoreFormat:
        """(ScoreFormat) How the score is written."""
        return self.evaluation.score_format

    def _points(self) -> str:
        return self.score_format.points

    def _answer_content(self) -> dict[str, Any]:
        return {
            "task": self.evaluation.task,
            "score": self.evaluation.score_name,
            "gap": self.gap,
            "rungs": [
                {
                    "name": rung.name,
                    **rung.metrics,
                    "confidence_interval": list(rung.confidence_interval),
                    "agreement": rung.agreement,
                    "rate_errors": list(rung.rate_errors),
                }
                for rung in self.rungs
            ],
        }

    def __repr__(self) -> str:
        first, last, value = self.rungs[0], self.rungs[-1], self.score_format.value
        return (
            f"<LadderReport: {first.name} {value(first.score)}, {last.name} {value(last.score)}, "
            f"{self._headline()}>"
        )

    def __str__(self) -> str:
        return "\n".join([self._table().text(), *self._notes, self._headline()])

    @property
    def activity(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """(dict) Mean rates of each layer: those of the source's activations, and the chip's.

        Both of the source's own weights, before tuning; empty where the ladder has no such rungs.
        """
        named = {rung.name: rung.rates for rung in self.rungs}
        source, chip = (named.get(name, {}) for name in (SOURCE_RATES, CHIP_RATES))
        return {label: (rates, chip[label]) for label, rates in source.items() if label in chip}

    def _fragment(self, with_pictures: bool) -> str:
        parts = [paragraphs(self._headline()), wide(self._table().html()), legend(COLUMNS)]
        parts.append(paragraphs(*self._notes))
        if with_pictures:
            parts.append(pictures([("", plot.side_by_side([p])) for p in self.panels()]))
        last = self.evaluation._fragment(with_pictures)
        return f"{''.join(parts)}<h2>{escape(self.rungs[-1].name)}</h2>{last}"

    def _headline(self) -> str:
        return f"gap {self.score_format.loss(self.gap / 100)} on {self.n} samples"

    def _table(self, errors: bool = True) -> ReportTable:
        """Return the table, with the errors of layers or without."""
        layers = self.layers if errors else []
        rows = []
        above, written = self.rungs[0], self.score_format
        for rung in self.rungs:
            shown = [f"{error:.1%}" for error in rung.rate_errors][: len(layers)]
            rows.append(
                [
                    rung.name,
                    written.value(rung.score),
                    written.interval(rung.confidence_interval),
                    written.difference(rung.score - above.score),
                    written.value(rung.agreement),
                    *(shown or [""] * len(layers)),
                ]
            )
            above = rung
        headings = ["", written.label, "95 % interval", "step", "as source"]
        return ReportTable([*headings, *(f"{layer} error" for layer in layers)], rows)

    def _figure(self) -> "Figure":
        """Draw score and agreement from rung to rung, and the activity of source and chip."""
        return plot.side_by_side(self.panels(), width=7)

    def panels(self) -> list[plot.Panel]:
        """Return what is drawn, side by side.

        Returns
        -------
        panels : list of nengo_dense.evaluation.plot.Panel
        """
        found: list[plot.Panel] = [self.panel()]
        if self.activity:
            found.append(plot.Activity(self.activity, "Activity of source and chip, untuned"))
        return found

    def panel(self) -> plot.Rungs:
        """Return the picture of score and agreement from rung to rung.

        Returns
        -------
        panel : nengo_dense.evaluation.plot.Rungs
        """
        return plot.Rungs(
            names=[rung.name for rung in self.rungs],
            scores=np.array([rung.score for rung in self.rungs]),
            intervals=np.array([rung.confidence_interval for rung in self.rungs]),
            agreements=np.array([rung.agreement for rung in self.rungs]),
            written=self.score_format,
            title=f"{self.score_format.loss(self.gap / 100)} lost on {self.n} samples",
        )
