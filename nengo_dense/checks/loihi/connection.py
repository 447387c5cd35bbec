"""ND104, ND105, ND114, ND115, ND306: filters and transforms where they run."""

from collections.abc import Iterator
from typing import Any

import nengo
import numpy as np
from nengo.dists import Distribution
from nengo.ensemble import Neurons

from nengo_dense.checks.loihi.graph import Graph, Link, base
from nengo_dense.checks.rule import Finding, rule
from nengo_dense.loihi.limits import DECAY_BITS

#: Filter in seconds that nengo-loihi 1.1.0 puts behind every encoded or decoded value
#: (``Model.decode_tau``).
DECODE_TAU = 0.005
#: A synapse's decay has to be larger than half a step (``Compartment.DECAY_SCALE_TH``).
SMALLEST_DECAY_U = 0.5 / 2**DECAY_BITS
#: A membrane's decay, times 4095, has to round to 1 (``discretize_compartment``): with 0 the
#: scale of the layer is infinite.
SMALLEST_DECAY_V = 0.5 / (2**DECAY_BITS - 1)


@rule(
    "ND104",
    "error",
    "synapses on the chip are Lowpass or None",
    remedy="Use nengo.Lowpass(tau), or None.",
    says=("Cannot handle non-Lowpass synapses", "AssertionError without a message"),
)
def lowpass(graph: Graph) -> Iterator[Finding]:
    """A compartment of the chip has one exponentially decaying current, which is a Lowpass. For
    any other filter nengo-loihi raises an error that names no connection, and a bare
    AssertionError if it merges two filters through a passthrough node.
    """
    for link in graph.links:
        others = [s for s in link.synapses if not isinstance(s, nengo.Lowpass)]
        on_chip = _filtered_on_chip(link, graph)
        merged = len(link.path) > 1 and len(link.synapses) > 1
        if others and (on_chip or merged):
            yield Finding(graph.name(link), f"has the synapse {others[0]!r}, which is no Lowpass")


def _filtered_on_chip(link: Link, graph: Graph) -> bool:
    if not graph.on_chip(link.post):
        return False
    return graph.on_chip(link.pre) or isinstance(link.pre_obj, Neurons)


@rule(
    "ND105",
    "error",
    "transforms are supported where they run",
    remedy="Use a dense transform (an array), and connect from .neurons to .neurons.",
    says=(
        "transforms on (host to chip|chip to host)",
        "Conv2D transforms not supported",
        "only supports 2D convolution",
        "[Ss]parse transform",
        "Sparse weights not yet supported",
        "must have the same gain",
        "Mergeable transforms must be",
        "Unhandled transform shape",
        "AssertionError without a message",
    ),
)
def transform(graph: Graph) -> Iterator[Finding]:
    """Dense weights work everywhere. Sparse ones work from neurons to neurons on the chip, and
    two-dimensional convolutions from neurons to all neurons of an ensemble whose gains are equal.
    On the way from the host's values to the chip, and from the chip to the host, only dense ones
    do. Through a passthrough node only arrays can be merged, not distributions.
    """
    for link in graph.links:
        problem = _merge_problem(link) if len(link.path) > 1 else _problem(link, graph)
        if problem:
            yield Finding(graph.name(link), problem)


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
    if isinstance(gain, np.ndarray) and gain.size > 1 and not np.all(gain == gain.flat[0]):
        return f"has a {kind} into neurons of different gains"
    return ""


@rule(
    "ND114",
    "warning",
    "each ensemble has one synapse",
    remedy="Give all inputs of the ensemble the same time constant.",
    says=("tau_s is (currently|already)",),
)
def one_synapse(graph: Graph) -> Iterator[Finding]:
    """The filter belongs to the receiving neuron, not to the connection, so the longest time
    constant of all inputs is used for all of them. Values that come from the host or from decoded
    ensembles are filtered with 5 ms whatever their own synapse says.
    """
    for ensemble in graph.chip:
        asked = [_tau_on_chip(link) for link in graph.into(ensemble)]
        taus = {tau for tau in asked if tau is not None}
        if len(taus) > 1:
            listed = ", ".join(f"{1000 * tau:g}" for tau in sorted(taus))
            yield Finding(
                graph.name(ensemble),
                f"has inputs filtered with {listed} ms; all will be filtered with "
                f"{1000 * max(taus):g} ms",
                value=min(taus),
                limit=max(taus),
                unit="s",
            )


def _tau_on_chip(link: Link) -> float | None:
    """Give the filter that a link asks its receiver for (a receiver's value has its own)."""
    if isinstance(link.pre_obj, Neurons) and isinstance(link.post_obj, Neurons):
        return link.tau
    if isinstance(link.pre_obj, nengo.Ensemble) and link.path[0].solver.weights:
        return link.tau
    return DECODE_TAU


@rule(
    "ND115",
    "warning",
    "merged passthrough nodes keep their filters",
    remedy="Set synapse=None on one side of the passthrough node.",
    says=("Combining two Lowpass synapses",),
)
def merged_synapses(graph: Graph) -> Iterator[Finding]:
    """A passthrough node between two layers on the chip is taken out. Two filters in a row cannot
    be one Lowpass; nengo-loihi uses one with the sum of the time constants.
    """
    for link in graph.links:
        if len(link.path) > 1 and len(link.synapses) > 1 and link.tau is not None:
            taus = " and ".join(f"{1000 * s.tau:g}" for s in link.synapses)
            yield Finding(
                graph.name(link),
                f"has filters of {taus} ms in a row, which become one of {1000 * link.tau:g} ms",
                value=link.tau,
                unit="s",
            )


@rule(
    "ND306",
    "error",
    "time constants can be stored",
    remedy="Use a shorter time constant.",
    says=(
        r"Current \(U\) scaling is required",
        r"Voltage \(V\) scaling is required",
        "Could not find appropriate",
    ),
)
def time_constant(graph: Graph, dt: float) -> Iterator[Finding]:
    """The chip keeps a decay as a multiple of 1/4096 of the step. A time constant of 8.2 s and
    more, at steps of 1 ms, rounds to no decay at all.
    """
    found = [(graph.name(link), link.tau, SMALLEST_DECAY_U) for link in graph.into_synapses()]
    for ensemble in graph.chip:
        kind = getattr(ensemble.neuron_type, "base_type", ensemble.neuron_type)
        tau_rc = getattr(kind, "tau_rc", None)
        found.append((f"tau_rc of {graph.name(ensemble)}", tau_rc, SMALLEST_DECAY_V))
    for name, tau, smallest in found:
        if tau is not None and tau > 0 and -np.expm1(-dt / tau) <= smallest:
            longest = -dt / np.log1p(-smallest)
            yield Finding(
                name,
                f"has a time constant of {tau:g} s, which decays too slowly to be stored",
                f"Use a time constant below {longest:.4g} s.",
                value=tau,
                limit=longest,
                unit="s",
            )
