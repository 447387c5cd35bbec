"""The evaluation of a graph with several outputs, each with a task of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nengo_dense.evaluation import plot
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.run_report import COLUMNS, RunReport
from nengo_dense.report_page import legend, pictures, wide
from nengo_dense.report_table import paragraphs

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SeveralOutputs(RunReport):
    """How well each output of a graph does on one data set, and what it took for all of them.

    The rest of its attributes are those of `~nengo_dense.evaluation.RunReport`.

    Attributes
    ----------
    outputs : dict of {str: Evaluation}
        Each output by its name, as `~nengo_dense.evaluate` gives it for a graph that has no other.
        Layers, energy and notes in it are those of the whole graph.

    Examples
    --------
    >>> import numpy as np
    >>> import nengo_dense
    >>> from nengo_dense.layers import GraphLayer, GraphOutput
    >>> hidden = GraphLayer("hidden", {"x": np.ones((2, 3))})
    >>> outputs = {name: GraphOutput({"hidden": np.ones((1, 2))}) for name in ("sum", "half")}
    >>> graph = nengo_dense.DenseGraph({"x": 3}, [hidden], outputs)
    >>> x, y = [[0.1, 0.2, 0.3], [0.3, 0.2, 0.0]], {"sum": [1.2, 1.0], "half": [0.6, 0.5]}
    >>> result = nengo_dense.evaluate(graph, x, y, progress_bar=False)
    >>> result.outputs["sum"].rmse < result.outputs["half"].rmse
    True
    """

    task: ClassVar[str] = "several"

    outputs: Mapping[str, Evaluation]

    @property
    def _first(self) -> Evaluation:
        return next(iter(self.outputs.values()))

    @property
    def n(self) -> int:
        """(int) Samples."""
        return self._first.n

    @property
    def n_steps(self) -> int:
        """(int) Steps that each sample was shown."""
        return self._first.n_steps

    @property
    def labels(self) -> dict[str, np.ndarray]:
        """(dict) What is right for each output, as it was given."""
        return {name: one.labels for name, one in self.outputs.items()}

    @property
    def predictions(self) -> dict[str, np.ndarray]:
        """(dict) What each output answered after the whole presentation."""
        return {name: one.predictions for name, one in self.outputs.items()}

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """(dict) All measures of each output by name."""
        return {name: one.metrics for name, one in self.outputs.items()}

    @property
    def scores(self) -> dict[str, float]:
        """(dict) The measure that counts of each output: accuracy, R2 or macro F1."""
        return {name: one.score for name, one in self.outputs.items()}

    def _headline(self) -> str:
        written = {name: one.score_format for name, one in self.outputs.items()}
        words = (
            f"{name} {written[name].label} {written[name].value(score)}"
            for name, score in self.scores.items()
        )
        return f"{', '.join(words)} {self._where()}"

    def _before(self) -> list[str]:
        lines = [f"{len(self.outputs)} outputs {self._where()}"]
        for name, one in self.outputs.items():
            lines.append(", ".join([f"{name}: {one._result()}", *one._further()]))
        return lines

    def _content(self) -> dict[str, Any]:
        answers = {name: one._answer_content() for name, one in self.outputs.items()}
        return {**self._run_content(), "task": self.task, "outputs": answers}

    def _fragment(self, with_pictures: bool) -> str:
        parts = [paragraphs(*self._before()), wide(self._layer_table().html()), legend(COLUMNS)]
        parts.append(paragraphs(*self._after(), *self.notes))
        if with_pictures:
            drawn = [("", plot.side_by_side([plot.Rates(self.layers)]))]
            for name, one in self.outputs.items():
                drawn += [(name, plot.side_by_side([panel])) for panel in one._panels()]
            parts.append(pictures(drawn))
        return "".join([*parts, self._cost_html()])

    def _figure(self) -> "Figure":
        """Draw rates, and a row of what each output's task has to show."""
        rows = [[plot.Of(name, p) for p in one._panels()] for name, one in self.outputs.items()]
        return plot.grid([[plot.Rates(self.layers)], *rows])

    def _verdict(self, i: int) -> str:
        return "; ".join(f"{name}: {one._verdict(i)}" for name, one in self.outputs.items())

    def _output_names(self) -> Sequence[Any]:
        return [
            f"{name} {value}"
            for name, one in self.outputs.items()
            for value in one._output_names()
        ]
