"""ND501-ND504: the readout, and how far its answers can be trusted."""

from collections.abc import Iterator

import nengo

from nengo_dense.checks.declaration import rule
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.input_source import presented
from nengo_dense.checks.facts.tuned_stack import TunedStack
from nengo_dense.checks.finding import Finding

#: Number of samples from which the 95 % interval of an accuracy is about ±2 points or less.
ENOUGH_SAMPLES = 1000
#: What keeps sequences apart.
OF_SEQUENCES = (
    "Show one sequence a run. evaluate(stack, x, y) starts each afresh, with per_frame=True where "
    "every frame has an answer."
)


@rule(
    "ND501",
    "warning",
    "softmax comes last, off the chip",
    remedy="Put the softmax after the last layer, and use logits between layers.",
)
def inner_softmax(graph: Graph) -> Iterator[Finding]:
    """The outputs of a softmax sum to 1, so the layer after it fires at about 1 Hz. nengo-loihi
    accepts a softmax in the middle of a network without a warning.
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
    remedy="Leave a gap of zeros between samples, or average over the last part of each window. "
    "Read answers later: by a step for each layer and the half-life of each synapse (of a stack "
    "by evaluate(stack, x, y, reset=False).delay steps).",
)
def leaking(graph: Graph, tuned_stacks: list[TunedStack]) -> Iterator[Finding]:
    """Nothing is reset between presentations: when a sample begins, currents and voltages still
    hold values from the sample before. Its own spikes need time to come through, a step for each
    layer and about the half-life of each synapse, so that its answer is there only later.

    Frames of one sequence are meant to follow one another so, and a stack that was tuned on
    sequences counts on it; only the first frame of another sequence gets what is not its own.
    """
    for node, process in presented(graph):
        if len(process.inputs) < 2:
            continue
        what, after, remedy = "samples", "with no reset in between", ""
        if any(stack.reads_frames_of(process) for stack in tuned_stacks):
            what, remedy = "frames", OF_SEQUENCES
            after = "one after another as in tuning; another sequence would not begin afresh"
        yield Finding(
            graph.name(node),
            f"shows {len(process.inputs)} {what} for {1000 * process.presentation_time:g} ms "
            f"each, {after}",
            remedy,
            value=process.presentation_time,
            unit="s",
        )


@rule(
    "ND503",
    "info",
    "an accuracy is measured on enough samples",
    remedy=f"Use at least {ENOUGH_SAMPLES} samples; nengo_dense.evaluate prints the interval.",
)
def few_samples(graph: Graph) -> Iterator[Finding]:
    """An accuracy of 100 % on five samples only means that the true accuracy is above 57 %
    (Wilson's interval).
    """
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
    """A neuron on the chip loses the part of its voltage above the threshold at each spike. Tuning
    makes the weights larger to compensate. A neuron on the host loses nothing, so the values of a
    tuned stack are 1.4 to 1.8 times too large there, and also in Nengo and in NengoDL.
    """
    for stack in tuned_stacks:
        away = [ens for ens in stack.meant_for_chip() if not graph.on_chip(ens)]
        if away:
            yield Finding(
                stack.name,
                f"was tuned for the chip, but {', '.join(map(graph.name, away))} "
                f"{'run' if len(away) > 1 else 'runs'} on the host, where values are 1.4 to "
                "1.8 times too large",
                value=len(away),
                limit=0,
                unit="layers",
            )
