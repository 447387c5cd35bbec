"""The transforms that nengo-loihi supports on each kind of link."""

from typing import Any

import nengo
import numpy as np
from nengo.dists import Distribution
from nengo.ensemble import Neurons

from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.link import Link
from nengo_dense.loihi.membership import base


def unsupported(link: Link, graph: Graph) -> str:
    """Return why a link's transform is not supported; empty if it is."""
    return _merge_problem(link) if len(link.path) > 1 else _problem(link, graph)


def partial(link: Link, graph: Graph) -> bool:
    """Tell whether a link goes into a part of an ensemble or of its neurons on the chip.

    A solver of weights is told of the part, and gives them for all neurons.
    """
    if link.path[-1].solver.weights and isinstance(link.pre_obj, nengo.Ensemble):
        return False
    is_part = link.post is not link.post_obj and link.path[-1].post_slice != slice(None)
    return is_part and isinstance(base(link.post), nengo.Ensemble) and graph.on_chip(link.post)


def _merge_problem(link: Link) -> str:
    for conn in link.path:
        t = conn.transform
        kind = type(t).__name__
        if kind not in ("Dense", "NoTransform"):
            return f"goes through a passthrough node, which a {kind} transform cannot"
        if kind == "Dense" and isinstance(t.init, Distribution):
            return "goes through a passthrough node with weights that are a distribution"
        if kind == "Dense" and t.init.ndim == 1:
            return "goes through a passthrough node with a transform of one dimension"
    return ""


def _problem(link: Link, graph: Graph) -> str:
    t = link.path[0].transform
    kind = type(t).__name__
    pre, post = graph.on_chip(link.pre), graph.on_chip(link.post)
    if kind in ("Dense", "NoTransform") or not (pre or post):
        return ""
    spikes = isinstance(link.pre_obj, Neurons)
    if pre and not post:
        return f"has a {kind} transform from the chip to the host"
    if not pre and not spikes:
        return f"has a {kind} transform from the host's values to the chip"
    if kind == "Sparse":
        return "" if spikes else "has a Sparse transform of a decoded value"
    if kind not in ("Convolution", "ConvolutionTranspose"):
        return f"has a {kind} transform, which the chip does not have"
    return _convolution_problem(link, t, spikes)


def _convolution_problem(link: Link, t: Any, spikes: bool) -> str:
    kind = type(t).__name__
    if t.dimensions != 2:
        return f"has a {kind} of {t.dimensions} dimensions; the chip's have two"
    if not spikes:
        return f"has a {kind} from decoded values; it must start at .neurons"
    if not isinstance(link.post_obj, Neurons) or link.post is not link.post_obj:
        return f"has a {kind} that does not end at all neurons of an ensemble"
    gain = base(link.post).gain
    if isinstance(gain, np.ndarray) and not np.all(gain == gain.flat[0]):
        return f"has a {kind} into neurons of different gains"
    return ""
