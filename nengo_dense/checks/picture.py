"""Pictures of a report: weights and their levels, firing rates, and the core map."""

import io
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.checks.outcome import Outcome
from nengo_dense.checks.text import shorten
from nengo_dense.loihi.limits import CORES_PER_CHIP, WEIGHT_BITS
from nengo_dense.loihi.partition import ceil_div
from nengo_dense.terminal import printable

#: Layers in one picture; more would be too small to read.
MAX_LAYERS = 12
#: Characters of a layer's name in a picture.
MAX_NAME = 60


def pictures(report: Outcome) -> list[tuple[str, str]]:
    """Draw the pictures that the report has numbers for.

    Returns
    -------
    pictures : list of (title, svg)
        Each picture as an element for an HTML page.

    Raises
    ------
    nengo_dense.exceptions.MissingDependencyError
        matplotlib is not installed.
    """
    matplotlib = compat.require("matplotlib", "Drawing a report")
    weights = {name: c["weights"] for name, c in report.curves.items() if c["weights"].size}
    rates = {name: c["rates"] for name, c in report.curves.items() if c["rates"].size}
    drawn = []
    with matplotlib.rc_context({"text.usetex": False}):
        if weights:
            drawn.append(("Weights, and the range that 8 bits can store", _weights(weights)))
        if rates:
            drawn.append(("Firing rates, and the possible rates", _rates(rates, report.curves)))
        if report.layers:
            drawn.append(("Cores", _cores(report)))
    return drawn


def _label(name: str) -> str:
    """Escape dollars, which matplotlib would read as TeX, and shorten a name to fit the margin."""
    return shorten(printable(name, keep=""), MAX_NAME).replace("$", r"\$")


def _axes(n: int, height: float) -> tuple[Any, list[Any]]:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, height * n), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, list(figure.subplots(n, 1, squeeze=False).ravel())


def _svg(figure: Any) -> str:
    target = io.StringIO()
    figure.savefig(target, format="svg", metadata={"Date": None})
    text = target.getvalue()
    return text[text.index("<svg") :]


def _weights(weights: dict[str, np.ndarray]) -> str:
    """Draw |weight| in steps of the layer; shade the range that 8 bits can store."""
    chosen = list(weights.items())[:MAX_LAYERS]
    figure, axes = _axes(len(chosen), 1.4)
    top = 2 ** (WEIGHT_BITS - 1)
    bins = 2.0 ** np.arange(-8, WEIGHT_BITS + 0.25, 0.25)
    for ax, (name, levels) in zip(axes, chosen, strict=True):
        ax.axvspan(0.5, top, color="#d7e7d0")
        ax.hist(np.maximum(np.abs(levels), bins[0]), bins=bins, color="#31617f")
        ax.set_xscale("log", base=2)
        ax.set_title(_label(name), fontsize=9, loc="left")
        ax.set_yticks([])
    axes[-1].set_xlabel("|weight| in steps; left of the shaded range it becomes 0")
    return _svg(figure)


def _rates(rates: dict[str, np.ndarray], curves: dict[str, dict[str, np.ndarray]]) -> str:
    """Draw the firing rates of each layer over the possible rates: one spike every n steps."""
    chosen = list(rates.items())[:MAX_LAYERS]
    figure, axes = _axes(len(chosen), 1.4)
    for ax, (name, values) in zip(axes, chosen, strict=True):
        ceiling = float(curves[name]["ceiling"])
        for n in range(1, 9):
            ax.axvline(ceiling / n, color="#bbbbbb", linewidth=0.8)
        ax.axvspan(ceiling / 4, ceiling, color="#f3e3d3")  # 250 Hz at steps of 1 ms: ND406
        ax.hist(values, bins=np.linspace(0, ceiling, 101), color="#31617f")
        ax.set_title(_label(name), fontsize=9, loc="left")
        ax.set_yticks([])
    axes[-1].set_xlabel("rate in Hz; lines: the only steady rates; shaded: coarse")
    return _svg(figure)


def _cores(report: Outcome) -> str:
    """Draw all cores of a chip, or of two, and how far the layers fill them."""
    width = 32
    shares = [(layer["layer"], share) for layer in report.layers for share in layer["core_shares"]]
    del shares[2 * CORES_PER_CHIP :]
    names = list(dict.fromkeys(name for name, _ in shares))
    n_cores = CORES_PER_CHIP * ceil_div(len(shares), CORES_PER_CHIP)
    n_rows = ceil_div(n_cores, width)
    figure, (ax,) = _axes(1, 0.8 + 0.2 * n_rows)
    places = [divmod(i, width) for i in range(n_cores)]
    for row, column in places:
        ax.add_patch(_box(column, -row, 0.9, "#eeeeee"))
    for (row, column), (name, share) in zip(places, shares, strict=False):
        colour = f"C{names.index(name) % 10}"
        ax.add_patch(_box(column, -row, 0.9, "#c4c4c4", edgecolor=colour))
        ax.add_patch(_box(column, -row, 0.9 * min(share, 1), colour))
    ax.set(xlim=(-0.2, width), ylim=(0.8 - n_rows, 1), aspect="equal")
    ax.set_axis_off()
    title = "the cores of a chip: light, free; dark, in use; colored, its memory that is full"
    ax.set_title(title, fontsize=9, loc="left")
    for name in names[:MAX_LAYERS]:
        ax.plot([], [], "s", color=f"C{names.index(name) % 10}", label=_label(name))
    figure.legend(fontsize=8, loc="outside lower left", ncols=3)
    return _svg(figure)


def _box(x: float, y: float, height: float, colour: str, **style: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), 0.9, height, facecolor=colour, **style)
