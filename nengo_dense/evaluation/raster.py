"""A picture of one presentation: the spikes of every layer, and the outputs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nengo_dense import compat
from nengo_dense.evaluation.plot import MOST_CLASSES, as_it_is
from nengo_dense.evaluation.replay import Shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Most neurons of a layer whose spikes can be told apart.
MOST_NEURONS = 100


def raster_figure(shown: Shown, names: Sequence[Any], title: str, dt: float) -> "Figure":
    """Draw a row a layer, and a row for the outputs.

    Parameters
    ----------
    shown : Shown
    names : sequence
        Of the outputs.
    title : str
    dt : float
        Step in seconds.
    """
    rows = len(shown.spikes) + 1
    figure = compat.new_figure(8, 1.6 * rows + 1.2)
    axes = np.ravel(figure.subplots(rows, 1, sharex=True))
    for ax, (label, spikes) in zip(axes, shown.spikes.items(), strict=False):
        _draw_spikes(ax, label, spikes, dt)
    _draw_outputs(axes[-1], shown.outputs, names, dt)
    axes[-1].set(xlabel="time (ms)", xlim=(0, 1000 * dt * (len(shown.outputs) + 0.5)))
    figure.suptitle(as_it_is(title), fontsize=11)
    return figure


def _draw_spikes(ax: Any, label: str, spikes: np.ndarray, dt: float) -> None:
    """Draw a dot a spike, of some neurons from the whole layer where there are many."""
    n_neurons = spikes.shape[1]
    some = spikes[:, :: max(1, -(-n_neurons // MOST_NEURONS))]
    step, neuron = np.nonzero(some)
    ax.plot(1000 * dt * (step + 1), neuron, "|", color="C0", markersize=4, rasterized=True)
    shown = "" if some.shape[1] == n_neurons else f", {some.shape[1]} of {n_neurons} neurons"
    ax.set_title(as_it_is(f"{label}{shown}"), fontsize=9, loc="left")
    ax.set(yticks=[], ylim=(-1, some.shape[1]))


def _draw_outputs(ax: Any, outputs: np.ndarray, names: Sequence[Any], dt: float) -> None:
    """Draw a line an output, the first of many as they end."""
    milliseconds = 1000 * dt * np.arange(1, len(outputs) + 1)
    order = np.argsort(-outputs[-1], kind="stable")[:MOST_CLASSES]
    for output in order:
        name = as_it_is(str(names[output]))
        ax.plot(milliseconds, outputs[:, output], label=name)
    ax.set_title("outputs so far", fontsize=9, loc="left")
    ax.grid(alpha=0.3)
    ax.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5), ncols=1 + len(order) // 8)
