"""Pictures of an evaluation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nengo_dense import compat
from nengo_dense.evaluation.activity import LayerActivity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Most classes whose names and numbers can be read in a confusion matrix.
MOST_CLASSES = 12


def evaluation_figure(
    layers: Sequence[LayerActivity],
    confusion_matrix: np.ndarray,
    classes: np.ndarray,
    accuracy_over_time: np.ndarray,
    dt: float,
) -> "Figure":
    """Draw rates, confusion matrix and accuracy over time side by side; see `Evaluation`."""
    figure = compat.new_figure(15, 4.5)
    axes = figure.subplots(1, 3)
    _plot_rates(axes[0], layers)
    _plot_confusion(axes[1], confusion_matrix, classes)
    _plot_accuracy(axes[2], accuracy_over_time, dt)
    return figure


def _plot_rates(axes: Any, layers: Sequence[LayerActivity]) -> None:
    for layer in layers:
        where = "chip" if layer.on_chip else "host"
        axes.plot(
            np.sort(layer.rates)[::-1],
            np.linspace(0, 100, len(layer.rates)),
            label=_as_it_is(f"{layer.label} ({where})"),
        )
    axes.set(xlabel="mean rate (Hz)", ylabel="neurons at least as fast (%)", title="Firing rates")
    axes.set_xlim(left=0)
    axes.legend()


def _plot_confusion(axes: Any, matrix: np.ndarray, classes: np.ndarray) -> None:
    image = axes.imshow(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1), cmap="Blues")
    if len(matrix) <= MOST_CLASSES:
        names = [_as_it_is(str(name)) for name in classes.tolist()]
        slanted = {"rotation": 45, "ha": "right"} if max(map(len, names)) > 3 else {}
        axes.set_xticks(range(len(names)), names, **slanted)
        axes.set_yticks(range(len(names)), names)
        for (row, column), n in np.ndenumerate(matrix):
            if n:
                shade = "white" if n > matrix[row].sum() / 2 else "black"
                axes.text(column, row, n, ha="center", va="center", color=shade, fontsize=8)
    axes.set(xlabel="answer", ylabel="true class", title="Confusion matrix")
    axes.figure.colorbar(image, ax=axes, label="share of the class")


def _plot_accuracy(axes: Any, accuracy: np.ndarray, dt: float) -> None:
    milliseconds = 1000 * dt * np.arange(1, len(accuracy) + 1)
    axes.plot(milliseconds, 100 * accuracy)
    axes.set(xlabel="time (ms)", ylabel="accuracy (%)", ylim=(0, 102), title="Accuracy over time")
    axes.grid(alpha=0.3)


def ladder_figure(
    names: Sequence[str],
    accuracy: np.ndarray,
    intervals: np.ndarray,
    agreement: np.ndarray,
    title: str,
) -> "Figure":
    """Draw accuracy with its intervals, and agreement with the source, from rung to rung."""
    figure = compat.new_figure(8, 4.5)
    axes = figure.subplots()
    positions = np.arange(len(names))
    axes.errorbar(
        positions,
        100 * accuracy,
        yerr=100 * np.abs(intervals - accuracy[:, np.newaxis]).T,
        marker="o",
        capsize=4,
        label="accuracy, 95 % interval",
    )
    axes.plot(positions, 100 * agreement, marker="s", ls=":", label="same answer as the source")
    axes.set_xticks(positions, [name.replace(" ", "\n", 1) for name in names])
    axes.set(ylabel="%", title=title)
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def _as_it_is(text: str) -> str:
    """Keep matplotlib from taking what stands between dollar signs for a formula."""
    return text.replace("$", r"\$")
