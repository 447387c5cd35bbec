"""What an evaluation found."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nengo_dense.evaluation import plot
from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.energy import Energy
from nengo_dense.evaluation.interval import wilson_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Accuracy of a stack on a data set, and what it took.

    Attributes
    ----------
    labels : (n,) ndarray of int
        The right classes.
    predictions_over_time : (n, n_steps) ndarray of int
        What would be answered after each step.
    layers : list of LayerActivity
        The encoder, if there is one, and the layers of neurons.
    energy : Energy
        Of one inference on the chip.
    n_classes : int
    dt : float
        Step in seconds.
    target : str
        What it ran on.
    """

    labels: np.ndarray
    predictions_over_time: np.ndarray
    layers: list[LayerActivity]
    energy: Energy
    n_classes: int
    dt: float
    target: str

    @property
    def predictions(self) -> np.ndarray:
        """((n,) array of int) The answers after the whole presentation."""
        return self.predictions_over_time[:, -1]

    @property
    def accuracy(self) -> float:
        """(float) Share of right answers after the whole presentation, 0 to 1."""
        return float(np.mean(self.predictions == self.labels))

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """(float, float) Wilson interval of the accuracy at 95 %."""
        n_correct = np.count_nonzero(self.predictions == self.labels)
        return wilson_interval(int(n_correct), len(self.labels))

    @property
    def accuracy_over_time(self) -> np.ndarray:
        """((n_steps,) array) Accuracy if the answer were taken after each step."""
        return np.mean(self.predictions_over_time == self.labels[:, np.newaxis], axis=0)

    @cached_property
    def confusion_matrix(self) -> np.ndarray:
        """((n_classes, n_classes) array of int) Right class by row, answer by column."""
        matrix = np.zeros((self.n_classes, self.n_classes), dtype=int)
        np.add.at(matrix, (self.labels, self.predictions), 1)
        return matrix

    @property
    def rates(self) -> dict[str, np.ndarray]:
        """(dict) Layer label -> mean rate of each of its neurons in hertz."""
        return {layer.label: layer.rates for layer in self.layers}

    @property
    def presentation_time(self) -> float:
        """(float) How long each sample was shown, in seconds."""
        return self.predictions_over_time.shape[1] * self.dt

    def __str__(self) -> str:
        return self.summary()

    def summary(self) -> str:
        """Say the whole in a few lines of text."""
        low, high = self.confidence_interval
        lines = [
            f"accuracy {self.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}) on "
            f"{len(self.labels)} samples, {1000 * self.presentation_time:g} ms each, "
            f"target {self.target!r}",
            f"{'layer':<12}{'on':<6}{'neurons':>8}{'mean Hz':>9}{'max Hz':>8}{'silent':>8}"
            f"{'spikes':>9}",
        ]
        for layer in self.layers:
            silent = np.mean(layer.rates == 0)
            lines.append(
                f"{layer.label:<12}{'chip' if layer.on_chip else 'host':<6}"
                f"{len(layer.rates):>8}{layer.rates.mean():>9.1f}{layer.rates.max():>8.1f}"
                f"{silent:>8.1%}{layer.spikes:>9.1f}"
            )
        lines.append(
            f"on the chip, an inference: {self.energy.synaptic_operations:.0f} synaptic "
            f"operations, {self.energy.neuron_updates:.0f} neuron updates, "
            f"{1e6 * self.energy.joules:.3g} µJ"
        )
        return "\n".join(lines)

    def plot(self, path: str | None = None) -> "Figure":
        """Draw rates, confusion matrix and accuracy over time; needs matplotlib.

        Parameters
        ----------
        path : str, optional
            Where to save the picture.
        """
        figure = plot.evaluation_figure(
            self.layers, self.confusion_matrix, self.accuracy_over_time, self.dt
        )
        if path is not None:
            figure.savefig(path)
        return figure
