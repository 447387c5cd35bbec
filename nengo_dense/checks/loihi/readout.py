"""ND501-ND503: the readout, and what can be claimed of it."""

from collections.abc import Iterator
from typing import Any

import nengo
from nengo.processes import PresentInput

from nengo_dense.checks.loihi.graph import Graph, base
from nengo_dense.checks.loihi.placement import host_reached
from nengo_dense.checks.rule import Finding, rule

#: Samples from which a 95 % interval of an accuracy is within about two points.
ENOUGH_SAMPLES = 1000


@rule(
    "ND501",
    "warning",
    "softmax comes last, off the chip",
    remedy="Put the softmax after the last layer and leave the logits inside.",
)
def inner_softmax(graph: Graph) -> Iterator[Finding]:
    """The outputs of a softmax are at most 1 in sum, so a layer that they drive fires at about
    1 Hz. nengo-loihi accepts it in the middle of a network without a word.
    """
    after: dict[Any, list[Any]] = {}
    for link in graph.links:
        after.setdefault(base(link.pre), []).append(base(link.post))
    for node in graph.network.all_nodes:
        if not _is_softmax(node):
            continue
        reached = host_reached(node, {node: None}, after, graph)
        back = [post for obj in reached for post in after.get(obj, []) if graph.on_chip(post)]
        if back:
            yield Finding(
                graph.name(node), f"is a softmax that drives {graph.name(back[0])} on the chip"
            )


def _is_softmax(node: nengo.Node) -> bool:
    names = [type(node).__name__, type(node.output).__name__, getattr(node.output, "__name__", "")]
    return any("softmax" in name.lower() for name in names)


def _presented(graph: Graph) -> Iterator[tuple[nengo.Node, PresentInput]]:
    for node in graph.network.all_nodes:
        if isinstance(node.output, PresentInput):
            yield node, node.output


@rule(
    "ND502",
    "info",
    "presentations do not leak into one another",
    remedy="Leave a gap of zeros between samples, or average over the last part of each window.",
)
def leaking(graph: Graph) -> Iterator[Finding]:
    """Nothing is reset between presentations: currents and voltages of one sample are still there
    when the next begins.
    """
    for node, process in _presented(graph):
        if len(process.inputs) > 1:
            yield Finding(
                graph.name(node),
                f"shows {len(process.inputs)} samples for {1000 * process.presentation_time:g} ms "
                "each, with no reset in between",
                value=process.presentation_time,
                unit="s",
            )


@rule(
    "ND503",
    "info",
    "claims rest on enough samples",
    remedy=f"Use at least {ENOUGH_SAMPLES} samples; nengo_dense.evaluate prints the interval.",
)
def few_samples(graph: Graph) -> Iterator[Finding]:
    """100 % on five samples says that the accuracy is above 57 % (Wilson's interval)."""
    for node, process in _presented(graph):
        n = len(process.inputs)
        if n < ENOUGH_SAMPLES:
            yield Finding(
                graph.name(node),
                f"shows {n} samples, too few for a claim about accuracy",
                value=n,
                limit=ENOUGH_SAMPLES,
                unit="samples",
            )
