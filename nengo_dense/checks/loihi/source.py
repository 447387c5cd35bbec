"""ND401-ND403, ND407, ND410: what comes in from the host."""

from collections.abc import Iterator

import nengo
import numpy as np

from nengo_dense.checks.loihi.emulation import Emulation, open_inputs
from nengo_dense.checks.loihi.graph import Graph, Link, base
from nengo_dense.checks.rule import Finding, rule
from nengo_dense.loihi.limits import SNIP_MAX_SPIKES_PER_STEP


def feeding(graph: Graph) -> dict[nengo.Ensemble, set[nengo.Node]]:
    """Find the source nodes whose values reach each ensemble on the chip."""
    before: dict = {}
    for link in graph.links:
        before.setdefault(base(link.post), []).append(base(link.pre))
    result = {}
    for ensemble in graph.chip:
        seen, queue = {ensemble}, [ensemble]
        for obj in queue:
            for pre in before.get(obj, []):
                if pre not in seen:
                    seen.add(pre)
                    queue.append(pre)
        result[ensemble] = {
            obj for obj in seen if isinstance(obj, nengo.Node) and not before.get(obj)
        }
    return result


def is_zero(node: nengo.Node) -> bool:
    """Tell whether a node always gives zeros."""
    return isinstance(node.output, np.ndarray) and not node.output.any()


@rule(
    "ND401",
    "error",
    "the input says something",
    remedy="Set node.output = nengo.processes.PresentInput(x, presentation_time), with your "
    "samples in the rows of x.",
)
def zero_input(graph: Graph) -> Iterator[Finding]:
    """NengoDL's converter leaves an input Node of constant zeros, which its own simulator replaces
    by data. Here nothing replaces it: the network builds, runs, and every layer is at 0 Hz. It is
    no error where another input reaches the same layers. A passthrough input that nothing is
    connected to is a warning: the network may be a part that is to be connected yet.
    """
    sources = feeding(graph)
    dead = {
        node: ensemble
        for ensemble, nodes in reversed(sources.items())
        for node in nodes
        if nodes and all(map(is_zero, nodes))
    }
    for node in graph.network.all_nodes:
        if node in dead:
            yield Finding(
                graph.name(node),
                f"gives constant zeros, so {graph.name(dead[node])} and all that follows it never "
                "sees any input",
                value=0.0,
            )
    for node in open_inputs(graph):
        if any(node in nodes for nodes in sources.values()):
            yield Finding(
                graph.name(node),
                "has nothing connected to it, so there is no input",
                f"Connect one: nengo.Connection(your_node, {graph.name(node)}, synapse=None).",
                severity="warning",
            )


@rule(
    "ND402",
    "warning",
    "values that the chip encodes are within [-1, 1]",
    remedy="Scale the input, or encode it on the host.",
)
def clipped(graph: Graph, run: Emulation | None = None) -> Iterator[Finding]:
    """A value from a Node is sent as the spikes of an on and an off neuron that fire at most once
    a step, so it is clipped to [-1, 1]: values of 0.25, 0.5, 1, 2 and 5 gave 24, 47, 90, 90 and 90
    Hz at a gain of 100. Constant values are seen without a run.
    """
    highest = {s.name: max(s.highest, -s.lowest) for s in run.senders} if run else {}
    for link in graph.encoded():
        name = graph.name(link)
        value = max(highest.get(name, 0.0), _constant(link))
        if np.isfinite(value) and value > 1 + 1e-9:
            yield Finding(
                name,
                f"carries values up to {value:.3g}, which are clipped to 1",
                f"Divide the input by {value:.3g} and multiply the weights by it.",
                value=value,
                limit=1.0,
            )


def _constant(link: Link) -> float:
    """Give the largest value that a constant node sends straight to neurons."""
    node = link.pre_obj
    constant = isinstance(node, nengo.Node) and isinstance(node.output, np.ndarray)
    plain = not link.transforms and link.path[0].function is None
    return float(np.abs(node.output).max()) if constant and plain else 0.0


@rule(
    "ND403",
    "warning",
    "the input layer is off the chip",
    remedy='Put the first layer on the host (encoding="host"), or send spikes '
    '(encoding="spikes").',
)
def encoded_input(graph: Graph) -> Iterator[Finding]:
    """A Node that is connected to the chip costs two axons for each dimension, its synapse becomes
    5 ms whatever it was, and both of its neurons fire even for 0.
    """
    for link in graph.encoded():
        dimensions = link.path[0].size_mid
        yield Finding(
            graph.name(link),
            f"sends values to the chip: nengo-loihi encodes them with {2 * dimensions} neurons "
            "and filters them with 5 ms",
            value=2 * dimensions,
            unit="axons",
        )


@rule(
    "ND407",
    "warning",
    "host neurons that send stay below one spike a step",
    remedy="Lower their max_rate to 250 Hz or less and use more neurons.",
)
def host_rate(run: Emulation) -> Iterator[Finding]:
    """A host neuron can fire several times a step, but only one spike a step is sent: neurons at
    2000 Hz arrive as 1000 Hz and drive what follows at 90 Hz instead of 199.
    """
    for sender in run.senders:
        if np.isinf(sender.lowest) and sender.most > 1.5:
            yield Finding(
                sender.name,
                f"a neuron fires {sender.most:.0f} times in one step, of which one spike is sent",
                f"Divide the senders' max_rate by {np.ceil(sender.most):.0f} or more.",
                value=sender.most,
                limit=1,
                unit="spikes a step",
            )


@rule(
    "ND410",
    "warning",
    f"the host sends at most {SNIP_MAX_SPIKES_PER_STEP} spikes a step",
    remedy="Raise snip_max_spikes_per_step in hardware_options, lower rates, or use "
    "precompute=True.",
)
def too_many_spikes(run: Emulation) -> Iterator[Finding]:
    """A board takes 50 spikes a step from its host unless told otherwise, and drops the rest; the
    emulator does not (from nengo-loihi's source).
    """
    if not run.senders:
        return
    total = np.sum([sender.n_spikes for sender in run.senders], axis=0)
    if total.max() > SNIP_MAX_SPIKES_PER_STEP:
        busiest = max(run.senders, key=lambda sender: sender.n_spikes.max())
        yield Finding(
            busiest.name,
            f"the host sends up to {total.max()} spikes in one step",
            f"Set hardware_options={{'snip_max_spikes_per_step': {total.max()}}}, or lower rates.",
            value=int(total.max()),
            limit=SNIP_MAX_SPIKES_PER_STEP,
            unit="spikes a step",
        )
