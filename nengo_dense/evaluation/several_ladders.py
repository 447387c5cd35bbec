"""The cost of each rung for each of several outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from nengo_dense.evaluation import plot
from nengo_dense.evaluation.ladder_report import COLUMNS, AnyLadder, LadderReport
from nengo_dense.evaluation.several_outputs import SeveralOutputs
from nengo_dense.layers.graph import AnyDense
from nengo_dense.report_page import legend, pictures, wide
from nengo_dense.report_table import ReportTable, paragraphs

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class SeveralLadders(AnyLadder):
    """What counts for each output, from rung to rung: accuracy, R2 or macro F1.

    Attributes
    ----------
    outputs : dict of {str: LadderReport}
        The ladder of each output; the errors of layers are the same in all of them.
    stack : DenseGraph
        What ran on the last rung.
    evaluation : SeveralOutputs
        The last rung's.

    Examples
    --------
    `nengo_dense.ladder` makes one of a model with several outputs:

    .. code-block:: python

        report = nengo_dense.ladder(keras_model, x, {"class": labels, "angle": angles})
        print(report.outputs["class"])
    """

    outputs: Mapping[str, LadderReport]
    stack: AnyDense
    evaluation: SeveralOutputs

    @property
    def gaps(self) -> dict[str, float]:
        """(dict) Score of the source less that of the last rung, in points, for each output."""
        return {name: one.gap for name, one in self.outputs.items()}

    def _answer_content(self) -> dict[str, Any]:
        ladders = {name: one._answer_content() for name, one in self.outputs.items()}
        return {"task": self.evaluation.task, "outputs": ladders}

    def _points(self) -> str:
        outputs = self.evaluation.outputs.items()
        return ", ".join(f"{one.score_format.points} ({name})" for name, one in outputs)

    def __repr__(self) -> str:
        return f"<SeveralLadders: {self._headline()}>"

    def __str__(self) -> str:
        tables = [f"{name}\n{table.text()}" for name, table in self._tables().items()]
        return "\n".join([*tables, *self._notes, self._headline()])

    def _tables(self) -> dict[str, ReportTable]:
        """Return the table of each output, and with the first one the errors of layers."""
        first = next(iter(self.outputs))
        return {name: one._table(errors=name == first) for name, one in self.outputs.items()}

    def _headline(self) -> str:
        words = (
            f"{name} {one.score_format.loss(one.gap / 100)}" for name, one in self.outputs.items()
        )
        return f"gaps: {', '.join(words)}, on {self.n} samples"

    def _fragment(self, with_pictures: bool) -> str:
        parts = [paragraphs(self._headline())]
        for name, table in self._tables().items():
            parts.append(f"<h2>{escape(name)}</h2>{wide(table.html())}")
            if with_pictures:
                parts.append(pictures([("", plot.side_by_side([self.outputs[name].panel()], 8))]))
        parts += [legend(COLUMNS), paragraphs(*self._notes)]
        activity = next(iter(self.outputs.values())).panels()[1:]
        if with_pictures:
            parts.append(pictures([("", plot.side_by_side([p], 7)) for p in activity]))
        last = next(iter(self.outputs.values())).rungs[-1].name
        whole = self.evaluation._fragment(with_pictures)
        return f"{''.join(parts)}<h2>{escape(last)}</h2>{whole}"

    def _figure(self) -> "Figure":
        """Draw a row for each output, and one for the activity of source and chip."""
        rows: list[Sequence[plot.Panel]] = [
            [plot.Of(name, one.panel())] for name, one in self.outputs.items()
        ]
        rows.append(next(iter(self.outputs.values())).panels()[1:])
        return plot.grid([row for row in rows if row], width=8)
