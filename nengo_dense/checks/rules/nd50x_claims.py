"""ND501-ND504: the readout, and what can be claimed of it."""

from collections.abc import Iterator

import nengo

from nengo_dense.checks.declaration import rule
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.input_source import presented
from nengo_dense.checks.facts.tuned_stack import TunedStack
from nengo_dense.checks.finding import Finding

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
    for node in graph.network.all_nodes:
        back = graph.reentries(node) if _is_softmax(node) else []
        if back:
            yield Finding(
                graph.name(node), f"is a softmax that drives {graph.name(back[0])} on the chip"
            )


def _is_softmax(node: nengo.Node) -> bool:
    names = [type(node).__name__, type(node.output).__name__, getattr(node.output, "__name__", "")]
    return any("softmax" in name.lower() for name in names)


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
    for node, process in presented(graph):
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
    for node, process in presented(graph):
        n = len(process.inputs)
        if n < ENOUGH_SAMPLES:
            yield Finding(
                graph.name(node),
                f"shows {n} samples, too few for a claim about accuracy",
                value=n,
                limit=ENOUGH_SAMPLES,
                unit="samples",
            )


@rule(
    "ND504",
    "warning",
    "a tuned stack stays on the chip",
    remedy="Leave its layers on the chip; for the host, convert the model with tune=False.",
)
def tuned_elsewhere(graph: Graph, tuned_stacks: list[TunedStack]) -> Iterator[Finding]:
    """A neuron on the chip loses what is above the threshold at each spike, and tuning makes the
    weights larger by as much. A neuron on the host loses nothing, so the values of a tuned stack
    are 1.4 to 1.8 times too large there, as they are in Nengo and in NengoDL.
    """
    for stack in tuned_stacks:
        away = [ens for ens in stack.meant_for_chip() if not graph.on_chip(ens)]
        if away:
            yield Finding(
                stack.name,
                f"was tuned for the chip, but {', '.join(map(graph.name, away))} "
                f"{'run' if len(away) > 1 else 'runs'} on the host, where values come out 1.4 to "
                "1.8 times too large",
                value=len(away),
                limit=0,
                unit="layers",
            )
