"""What an evaluation found."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nengo_dense import picture_file
from nengo_dense.evaluation import plot
from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.cost import describe
from nengo_dense.evaluation.interval import wilson_interval
from nengo_dense.loihi.energy import Energy
from nengo_dense.report_table import ReportTable, paragraphs

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
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
    layers : list of LayerActivity
        The encoder, if there is one, and the layers of neurons.
    energy : Energy
        Of one inference on the chip.
    dt : float
        Step in seconds.
    target : str
        What it ran on.
    notes : tuple of str
        In which ways this was not what the stack was tuned for.
    """

    truth: np.ndarray
    answers_over_time: np.ndarray
    classes: np.ndarray
    layers: list[LayerActivity]
    energy: Energy
    dt: float
    target: str
    notes: tuple[str, ...] = ()

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
        return float(np.mean(self.answers == self.truth))

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """(float, float) Wilson interval of the accuracy at 95 %."""
        n_correct = np.count_nonzero(self.answers == self.truth)
        return wilson_interval(int(n_correct), len(self.truth))

    @property
    def accuracy_over_time(self) -> np.ndarray:
        """((n_steps,) array) Accuracy if the answer were taken after each step."""
        return np.mean(self.answers_over_time == self.truth[:, np.newaxis], axis=0)

    @cached_property
    def confusion_matrix(self) -> np.ndarray:
        """((n_classes, n_classes) array of int) True class by row, answer by column.

        Rows and columns are in the order of ``classes``.
        """
        matrix = np.zeros((self.n_classes, self.n_classes), dtype=int)
        np.add.at(matrix, (self.truth, self.answers), 1)
        return matrix

    @property
    def rates(self) -> dict[str, np.ndarray]:
        """(dict) Layer label -> mean rate of each of its neurons in hertz."""
        return {layer.label: layer.rates for layer in self.layers}

    @property
    def presentation_time(self) -> float:
        """(float) How long each sample was shown, in seconds."""
        return self.answers_over_time.shape[1] * self.dt

    def __repr__(self) -> str:
        return f"<Evaluation: {self._headline()}>"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return (
            paragraphs(self._headline())
            + self._layer_table().html()
            + paragraphs(describe(self.energy), *self.notes)
        )

    def summary(self) -> str:
        """Say the whole in a few lines of text."""
        lines = [self._headline(), self._layer_table().text(), describe(self.energy)]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def _headline(self) -> str:
        low, high = self.confidence_interval
        return (
            f"accuracy {self.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}) on "
            f"{len(self.truth)} samples, {1000 * self.presentation_time:g} ms each, "
            f"target {self.target!r}"
        )

    def _layer_table(self) -> ReportTable:
        rows = [
            [
                layer.label,
                "chip" if layer.on_chip else "host",
                f"{len(layer.rates)}",
                f"{layer.rates.mean():.1f}",
                f"{layer.rates.max():.1f}",
                f"{np.mean(layer.rates == 0):.1%}",
                f"{layer.spikes:.1f}",
            ]
            for layer in self.layers
        ]
        headings = ["layer", "on", "neurons", "mean Hz", "max Hz", "silent", "spikes"]
        return ReportTable(headings, rows, n_words=2)

    def plot(self, path: str | None = None) -> "Figure":
        """Draw rates, confusion matrix and accuracy over time; needs matplotlib.

        A notebook shows the figure if it is the last value of a cell.

        Parameters
        ----------
        path : str, optional
            Where to save the picture.
        """
        figure = plot.evaluation_figure(
            self.layers, self.confusion_matrix, self.classes, self.accuracy_over_time, self.dt
        )
        if path is not None:
            picture_file.write(figure, path)
        return figure
