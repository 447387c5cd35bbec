"""Pictures of an evaluation, panel by panel; each panel has its numbers and draws itself."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nengo_dense import compat
from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.score_format import ScoreFormat
from nengo_dense.terminal import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Longest text in a picture, in characters; a name in a file may have millions.
MOST_LETTERS = 200
#: Most classes whose names and numbers can be read in a picture.
MOST_CLASSES = 12
#: Most samples, and most outputs, in a picture of values.
MOST_POINTS, MOST_OUTPUTS = 2000, 6


class Panel(ABC):
    """A part of a picture."""

    @abstractmethod
    def draw(self, axes: Any) -> None:
        """Draw into matplotlib's axes."""


def side_by_side(panels: Sequence[Panel], width: float = 5.0) -> "Figure":
    """Draw panels in a row, each so many inches wide."""
    return grid([panels], width)


def grid(rows: Sequence[Sequence[Panel]], width: float = 5.0) -> "Figure":
    """Draw rows of panels, each so many inches wide; short rows leave room at their ends."""
    n_columns = max(map(len, rows))
    figure = compat.new_figure(width * n_columns, 4.5 * len(rows))
    for row, all_axes in zip(
        rows, figure.subplots(len(rows), n_columns, squeeze=False), strict=True
    ):
        for axes in all_axes[len(row) :]:
            axes.set_axis_off()
        for panel, axes in zip(row, all_axes, strict=False):
            panel.draw(axes)
    return figure


@dataclass(frozen=True, eq=False)
class Of(Panel):
    """A panel of one of several outputs, which its title names."""

    name: str
    panel: Panel

    def draw(self, axes: Any) -> None:
        """Draw it, with the name before its title."""
        self.panel.draw(axes)
        axes.set_title(f"{as_it_is(self.name)}: {axes.get_title()}")


@dataclass(frozen=True, eq=False)
class Rates(Panel):
    """How many neurons of each layer are how fast."""

    layers: Sequence[LayerActivity]

    def draw(self, axes: Any) -> None:
        """Draw a line a layer."""
        for layer in self.layers:
            where = "chip" if layer.on_chip else "host"
            axes.plot(
                np.sort(layer.rates)[::-1],
                np.linspace(0, 100, len(layer.rates)),
                label=as_it_is(f"{layer.label} ({where})"),
            )
        axes.set(
            xlabel="mean rate (Hz)", ylabel="neurons at least as fast (%)", title="Firing rates"
        )
        axes.set_xlim(left=0)
        if self.layers:
            axes.legend()


@dataclass(frozen=True, eq=False)
class Confusion(Panel):
    """True classes against answers."""

    matrix: np.ndarray
    classes: np.ndarray

    def draw(self, axes: Any) -> None:
        """Draw shares as colours, with numbers where they can be read."""
        total = np.maximum(self.matrix.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        image = axes.imshow(self.matrix / total, cmap="Blues", vmin=0, vmax=1)
        if len(self.matrix) <= MOST_CLASSES:
            names = [as_it_is(str(name)) for name in self.classes.tolist()]
            slanted = {"rotation": 45, "ha": "right"} if max(map(len, names)) > 3 else {}
            axes.set_xticks(range(len(names)), names, **slanted)
            axes.set_yticks(range(len(names)), names)
            for (row, column), n in np.ndenumerate(self.matrix):
                if n:
                    shade = "white" if n > total[row] / 2 else "black"
                    text = f"{n:.4g}" if self.matrix.dtype.kind == "f" else f"{n}"
                    axes.text(column, row, text, ha="center", va="center", color=shade, fontsize=8)
        axes.set(xlabel="answer", ylabel="true class", title="Confusion matrix")
        axes.figure.colorbar(image, ax=axes, label="share of the class")


@dataclass(frozen=True, eq=False)
class OverTime(Panel):
    """Measures as they would be after each step, by its time in seconds."""

    title: str
    unit: str
    lines: Mapping[str, np.ndarray]
    times: np.ndarray
    share: bool = False

    def draw(self, axes: Any) -> None:
        """Draw a line a measure; shares in percent."""
        for name, values in self.lines.items():
            axes.plot(1000 * self.times, 100 * values if self.share else values, label=name)
        axes.set(xlabel="time (ms)", ylabel=self.unit, title=self.title)
        axes.set_ylim(*((0, 102) if self.share else (0, None)))
        if len(self.lines) > 1:
            axes.legend()
        axes.grid(alpha=0.3)


@dataclass(frozen=True, eq=False)
class Values(Panel):
    """Answered values over the right ones."""

    truth: np.ndarray
    outputs: np.ndarray

    def draw(self, axes: Any) -> None:
        """Draw a point a sample, and the line on which all would be if they were right."""
        some = slice(None, None, max(1, -(-len(self.truth) // MOST_POINTS)))
        n_out = self.truth.shape[1]
        for output in range(min(n_out, MOST_OUTPUTS)):
            points = self.truth[some, output], self.outputs[some, output]
            axes.plot(*points, ".", alpha=0.4, markersize=4, label=f"output {output}")
        ends = [self.truth.min(), self.truth.max()]
        axes.plot(ends, ends, color="grey", linewidth=1)
        axes.set(xlabel="right value", ylabel="answer", title="Values")
        if n_out > 1:
            axes.legend()
        axes.grid(alpha=0.3)


@dataclass(frozen=True, eq=False)
class Bars(Panel):
    """A number for each class or label."""

    title: str
    unit: str
    names: np.ndarray
    percent: np.ndarray

    def draw(self, axes: Any) -> None:
        """Draw a bar each, with names where they can be read."""
        places = np.arange(len(self.names))
        axes.barh(places, self.percent)
        if len(places) <= MOST_CLASSES:
            axes.set_yticks(places, [as_it_is(str(name)) for name in self.names.tolist()])
        axes.invert_yaxis()
        axes.set(xlabel=self.unit, title=self.title, xlim=(0, 102))
        axes.grid(alpha=0.3, axis="x")


@dataclass(frozen=True, eq=False)
class Rungs(Panel):
    """A measure with its intervals, and agreement with the source, from rung to rung."""

    names: Sequence[str]
    scores: np.ndarray
    intervals: np.ndarray
    agreements: np.ndarray
    written: ScoreFormat
    title: str

    def draw(self, axes: Any) -> None:
        """Draw both as lines."""
        places, scale = np.arange(len(self.names)), self.written.scale
        axes.errorbar(
            places,
            scale * self.scores,
            yerr=scale * np.abs(self.intervals - self.scores[:, np.newaxis]).T,
            marker="o",
            capsize=4,
            label=f"{self.written.label}, 95 % interval",
        )
        axes.plot(places, scale * self.agreements, marker="s", ls=":", label="as the source model")
        axes.set_xticks(places, [name.replace(" ", "\n", 1) for name in self.names])
        axes.set(ylabel=self.written.unit, title=self.title)
        axes.grid(alpha=0.3)
        axes.legend()


@dataclass(frozen=True, eq=False)
class Activity(Panel):
    """Mean rates of all neurons against those that the source's activations stand for."""

    rates: Mapping[str, tuple[np.ndarray, np.ndarray]]
    title: str

    def draw(self, axes: Any) -> None:
        """Draw a dot a neuron, and say how far each layer's rates go together."""
        for label, (source, chip) in self.rates.items():
            words = as_it_is(f"{label}, correlation {correlation(source, chip):.3f}")
            axes.plot(source, chip, ".", label=words)
        most = max(float(np.max(pair)) for pair in self.rates.values())
        axes.plot([0, most], [0, most], color="gray", lw=0.8)
        axes.set(xlabel="source, as rates (Hz)", ylabel="chip (Hz)", title=self.title)
        axes.grid(alpha=0.3)
        axes.legend()


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Pearson's correlation; NaN where all values of one are the same."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


@dataclass(frozen=True, eq=False)
class OverGap(Panel):
    """A score without a reset, over the gap between samples."""

    gaps: np.ndarray
    scores: np.ndarray
    intervals: np.ndarray
    reset: float
    written: ScoreFormat

    def draw(self, axes: Any) -> None:
        """Draw points with intervals, and a line for the reset."""
        scale = self.written.scale
        axes.errorbar(
            1000 * self.gaps,
            scale * self.scores,
            yerr=scale * np.abs(self.intervals - self.scores[:, np.newaxis]).T,
            marker="o",
            capsize=4,
            label="samples that follow one another, 95 % interval",
        )
        axes.axhline(scale * self.reset, color="grey", ls=":", label="each from a fresh start")
        axes.set(xlabel="gap (ms)", ylabel=self.written.axis, title="On a running chip")
        axes.grid(alpha=0.3)
        axes.legend()


@dataclass(frozen=True, eq=False)
class Latency(Panel):
    """Accuracy over mean latency, with the energy along it.

    Each curve has rows of latency (s), accuracy and energy (J), and so has what was chosen.
    Answers may come some seconds late, in which no energy of theirs is counted.
    """

    curves: Mapping[str, np.ndarray]
    chosen: np.ndarray
    late: float = 0.0

    def draw(self, axes: Any) -> None:
        """Draw a line a rule; the energy, which goes with the time, has an axis above."""
        for name, rows in self.curves.items():
            order = np.argsort(rows[:, 0], kind="stable")
            axes.plot(1000 * rows[order, 0], 100 * rows[order, 1], marker=".", label=name)
        latency, accuracy, joules = self.chosen
        axes.plot(1000 * latency, 100 * accuracy, "o", color="black", label="chosen margin")
        axes.set(xlabel="mean time until an answer (ms)", ylabel="accuracy (%)")
        if joules:
            late, scale = 1000 * self.late, 1e6 * joules / (1000 * (latency - self.late))
            both_ways = (lambda time: (time - late) * scale, lambda energy: energy / scale + late)
            axes.secondary_xaxis("top", functions=both_ways).set_xlabel("energy of the chip (uJ)")
        axes.grid(alpha=0.3)
        axes.legend()


def as_it_is(text: str) -> str:
    """Return text as matplotlib draws it, without formulas and with letters alone."""
    text = text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
    return printable(text).replace("$", r"\$")
