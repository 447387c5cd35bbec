"""What the way from a trained model to the chip's integers costs, rung by rung."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nengo_dense import picture_file
from nengo_dense.evaluation import plot
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.layers.stack import DenseStack
from nengo_dense.report_table import ReportTable, paragraphs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPLANATION = (
    "Steps are in points of accuracy; a layer's error is the root mean square difference of its "
    "mean rates from the row above."
)


@dataclass(frozen=True, eq=False)
class Rung:
    """One step of the ladder.

    Attributes
    ----------
    name : str
    accuracy : float
        0 to 1.
    confidence_interval : (float, float)
        Wilson interval at 95 %.
    agreement : float
        Share of samples on which it answers as the source model does, right or wrong.
    rate_errors : list of float
        For each layer of neurons the root mean square difference of its mean rate from the rung
        above, relative to that rung's; empty for the first two rungs.
    """

    name: str
    accuracy: float
    confidence_interval: tuple[float, float]
    agreement: float
    rate_errors: list[float]


@dataclass(frozen=True, eq=False, repr=False)
class LadderReport:
    """Accuracy from rung to rung.

    Attributes
    ----------
    rungs : list of Rung
        The source model first, the chip's integers last.
    stack : DenseStack
        What ran on the last rung.
    evaluation : Evaluation
        The last rung's.
    """

    rungs: list[Rung]
    stack: DenseStack
    evaluation: Evaluation

    @property
    def n(self) -> int:
        """(int) Samples in the test set."""
        return len(self.evaluation.truth)

    @property
    def layers(self) -> list[str]:
        """(list of str) Labels of the layers of neurons."""
        return list(self.evaluation.rates)

    @property
    def gap(self) -> float:
        """(float) Accuracy of the source less that of the chip's integers, in points."""
        return 100 * (self.rungs[0].accuracy - self.rungs[-1].accuracy)

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain types, for JSON."""
        return {
            "n": self.n,
            "gap": self.gap,
            "layers": self.layers,
            "rungs": [
                {
                    "name": rung.name,
                    "accuracy": rung.accuracy,
                    "confidence_interval": list(rung.confidence_interval),
                    "agreement": rung.agreement,
                    "rate_errors": list(rung.rate_errors),
                }
                for rung in self.rungs
            ],
        }

    def __repr__(self) -> str:
        first, last = self.rungs[0], self.rungs[-1]
        return (
            f"<LadderReport: {first.name} {first.accuracy:.2%}, {last.name} {last.accuracy:.2%}, "
            f"{self._headline()}>"
        )

    def __str__(self) -> str:
        return "\n".join([self._table().text(), *self._notes, self._headline()])

    def _repr_html_(self) -> str:
        return paragraphs(self._headline()) + self._table().html() + paragraphs(*self._notes)

    def _headline(self) -> str:
        return f"gap {self.gap:.2f} points on {self.n} samples"

    @property
    def _notes(self) -> tuple[str, ...]:
        return (EXPLANATION, *(f"note: {note}" for note in self.evaluation.notes))

    def _table(self) -> ReportTable:
        rows = []
        above = self.rungs[0]
        for rung in self.rungs:
            low, high = rung.confidence_interval
            errors = [f"{error:.1%}" for error in rung.rate_errors]
            rows.append(
                [
                    rung.name,
                    f"{rung.accuracy:.2%}",
                    f"{low:.2%} to {high:.2%}",
                    f"{100 * (rung.accuracy - above.accuracy):+.2f}",
                    f"{rung.agreement:.2%}",
                    *(errors or [""] * len(self.layers)),
                ]
            )
            above = rung
        headings = ["", "accuracy", "95 % interval", "step", "as source"]
        return ReportTable([*headings, *(f"{layer} error" for layer in self.layers)], rows)

    def plot(self, path: str | None = None) -> "Figure":
        """Draw accuracy and agreement from rung to rung; needs matplotlib.

        A notebook shows the figure if it is the last value of a cell.

        Parameters
        ----------
        path : str, optional
            Where to save the picture.
        """
        figure = plot.ladder_figure(
            [rung.name for rung in self.rungs],
            np.array([rung.accuracy for rung in self.rungs]),
            np.array([rung.confidence_interval for rung in self.rungs]),
            np.array([rung.agreement for rung in self.rungs]),
            f"{self.gap:.2f} points lost on {self.n} samples",
        )
        if path is not None:
            picture_file.write(figure, path)
        return figure
