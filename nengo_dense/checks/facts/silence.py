"""Silent layers: the cause, and whether they cut an output off from the input."""

from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np
from nengo.ensemble import Neurons

from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.construction import FloatBuild, Layer
from nengo_dense.checks.facts.emulation import Emulation
from nengo_dense.checks.facts.input_source import feeding, shows_zeros
from nengo_dense.checks.facts.link import Link
from nengo_dense.checks.facts.quantization import Quantization
from nengo_dense.checks.facts.way import Ways
from nengo_dense.loihi.membership import base

#: What to do where zeros alone were shown.
SHOW_MORE = "Check it for longer, so that others are shown, as with check(net, run=1)."


@dataclass
class Silence:
    """A layer whose neurons did not fire in the run.

    Parameters
    ----------
    layer : Layer
    cause, remedy : str
    shut : str or None
        Path of an output that the layer cuts off from every input, if any.
    shown_zeros : bool
        Whether the run showed it samples of zeros alone, of which nothing is known.
    """

    layer: Layer
    cause: str
    remedy: str
    shut: str | None
    shown_zeros: bool = False


@fact("The silent layers on the chip, the cause, and the outputs that they cut off.")
def silences(
    run: Emulation, quantization: list[Quantization], float_build: FloatBuild, graph: Graph
) -> list[Silence]:
    """Find the layers that did not fire in the run, in the network's order."""
    by_name = {q.layer.name: q for q in quantization}
    mute = {name for name, rates in run.rates.items() if not rates.any()}
    layers = [
        layer for layer in float_build.layers if layer.ensemble is not None and layer.name in mute
    ]
    shut = _shut({layer.ensemble for layer in layers}, graph) if layers else {}
    sources, seconds = feeding(graph) if layers else {}, run.n_steps * run.dt
    found = []
    for layer in layers:
        excited_by = [link for link in graph.into(layer.ensemble) if not _inhibits(link)]
        senders = {graph.name(base(link.pre)) for link in excited_by}
        cause, remedy = _cause(layer, by_name[layer.name], senders & mute)
        if layer.name in run.overflows:
            cause, remedy = "its input overflows and turns negative", "Lower fan-in times rate."
        zeros = [shows_zeros(node, seconds) for node in sources.get(layer.ensemble, ())]
        if shown_zeros := bool(zeros) and all(zeros):
            cause, remedy = "the samples shown in this time are all zeros", SHOW_MORE
        found.append(Silence(layer, cause, remedy, shut.get(layer.ensemble), shown_zeros))
    return found


def _shut(silent: set[nengo.Ensemble], graph: Graph) -> dict[nengo.Ensemble, str]:
    """Find the output that each silent layer cuts off, if any.

    A layer of weights cuts an output off if every path there contains a silent layer. Populations
    that represent values, and layers with inhibition, may be silent by design, because they
    compete. They count only if no output in their part of the network is reached.
    """
    ways = Ways(graph)
    meant, reached = ways.over_the_chip(), ways.over_the_chip(frozenset(silent))
    ends = [end for end in ways.ends() if end & meant]
    cut = [end for end in ends if not end & reached]
    found = {}
    for ensemble in silent:
        if ensemble not in ways.after:  # without links
            continue
        behind = ways.reach([ensemble])
        if _may_be_silent(ensemble, graph):
            near = ways.neighbourhood(ensemble)
            behind = behind if all(end in cut for end in ends if end & near) else set()
        for end in cut:
            if end & behind:
                found[ensemble] = graph.name(next(obj for obj in ways.objects if obj in end))
                break
    return found


def _may_be_silent(ensemble: nengo.Ensemble, graph: Graph) -> bool:
    """Tell whether an ensemble encodes values, or has separate excitatory and inhibitory links."""
    links = graph.into(ensemble)
    values = any(not isinstance(link.post_obj, Neurons) for link in links)
    inhibiting = [link for link in links if _inhibits(link)]
    return values or 0 < len(inhibiting) < len(links)


def _inhibits(link: Link) -> bool:
    init: Any = getattr(link.transforms[0], "init", None) if len(link.transforms) == 1 else None
    return isinstance(init, np.ndarray) and bool(np.all(init <= 0))


def _cause(layer: Layer, q: Quantization, silent_senders: set[str]) -> tuple[str, str]:
    bias = np.concatenate([block.compartment.bias for block in layer.blocks])
    if not layer.blocks[0].synapses:
        return "it has no input", "Connect something to it."
    if not q.weights.size:
        return "all of its weights are zero", "Load the right weights."
    if not q.stored.any():
        return "all of its weights round to zero", "Scale the weights up."
    if silent_senders:
        return f"its input, {', '.join(sorted(silent_senders))}, is silent", "Repair that first."
    if np.all(bias < 0):
        return f"its biases are all negative (at most {bias.max():.3g})", "Raise the bias."
    if np.all(q.weights < 0):
        return "all of its weights are negative", "Check the sign of the weights."
    return (
        f"its input never reaches the threshold (largest weight {np.abs(q.weights).max():.3g})",
        "Scale its weights up, or run for longer.",
    )
