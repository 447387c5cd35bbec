"""Pictures of an evaluation."""

from typing import TYPE_CHECKING, Any

import numpy as np

from nengo_dense import compat

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nengo_dense.evaluation.ladder_report import LadderReport
    from nengo_dense.evaluation.result import Evaluation


def new_figure(width: float, height: float) -> "Figure":
    """Make a figure that needs no display and stays out of pyplot's list."""
    return compat.require("matplotlib.figure", "Drawing").Figure(
        figsize=(width, height), layout="constrained", dpi=120
    )


def plot_evaluation(evaluation: "Evaluation") -> "Figure":
    """Draw rates, confusion matrix and accuracy over time side by side."""
    figure = new_figure(15, 4.5)
    rates, confusion, time = figure.subplots(1, 3)
    _plot_rates(rates, evaluation)
    _plot_confusion(confusion, evaluation)
    _plot_accuracy(time, evaluation)
    return figure


def _plot_rates(axes: Any, evaluation: "Evaluation") -> None:
    for layer in evaluation.layers:
        where = "chip" if layer.on_chip else "host"
        axes.plot(
            np.sort(layer.rates)[::-1],
            np.linspace(0, 100, len(layer.rates)),
            label=f"{layer.label} ({where})",
        )
    axes.set(xlabel="mean rate (Hz)", ylabel="neurons at least as fast (%)", title="Firing rates")
    axes.set_xlim(left=0)
    axes.legend()


def _plot_confusion(axes: Any, evaluation: "Evaluation") -> None:
    matrix = evaluation.confusion_matrix
    image = axes.imshow(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1), cmap="Blues")
    if len(matrix) <= 12:
        for (row, column), n in np.ndenumerate(matrix):
            if n:
                shade = "white" if n > matrix[row].sum() / 2 else "black"
                axes.text(column, row, n, ha="center", va="center", color=shade, fontsize=8)
    axes.set(xlabel="answer", ylabel="right class", title="Confusion matrix")
    axes.figure.colorbar(image, ax=axes, label="share of the class")


def _plot_accuracy(axes: Any, evaluation: "Evaluation") -> None:
    milliseconds = 1000 * evaluation.dt * np.arange(1, len(evaluation.accuracy_over_time) + 1)
    axes.plot(milliseconds, 100 * evaluation.accuracy_over_time)
    axes.set(xlabel="time (ms)", ylabel="accuracy (%)", ylim=(0, 102), title="Accuracy over time")
    axes.grid(alpha=0.3)


def plot_ladder(report: "LadderReport") -> "Figure":
    """Draw accuracy with its interval, and agreement with the source, from rung to rung."""
    figure = new_figure(8, 4.5)
    axes = figure.subplots()
    positions = np.arange(len(report.rungs))
    accuracy = np.array([rung.accuracy for rung in report.rungs])
    low, high = np.array([rung.confidence_interval for rung in report.rungs]).T
    axes.errorbar(
        positions,
        100 * accuracy,
        yerr=100 * np.array([accuracy - low, high - accuracy]),
        marker="o",
        capsize=4,
        label="accuracy, 95 % interval",
    )
    agreement = [100 * rung.agreement for rung in report.rungs]
    axes.plot(positions, agreement, marker="s", ls=":", label="same answer as the source")
    axes.set_xticks(positions, [rung.name.replace(" ", "\n", 1) for rung in report.rungs])
    axes.set(ylabel="%", title=f"{report.gap:.2f} points lost on {report.n} samples")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
