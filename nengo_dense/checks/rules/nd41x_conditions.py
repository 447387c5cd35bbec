"""ND410, ND411: the conditions under which a network was meant to run."""

from collections.abc import Iterator

import numpy as np

from nengo_dense.checks.declaration import rule
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.emulation import Emulation
from nengo_dense.checks.facts.tuned_stack import TunedStack
from nengo_dense.checks.finding import Finding
from nengo_dense.loihi.limits import SNIP_MAX_SPIKES_PER_STEP


@rule(
    "ND410",
    "warning",
    f"the host sends at most {SNIP_MAX_SPIKES_PER_STEP} spikes a step",
    remedy="Raise snip_max_spikes_per_step in hardware_options, lower rates, or use "
    "precompute=True.",
)
def too_many_spikes(run: Emulation) -> Iterator[Finding]:
    """By default, a board accepts 50 spikes per step from its host and drops the rest. The
    emulator does not drop any (from nengo-loihi's source).
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


@rule(
    "ND411",
    "warning",
    "a tuned stack runs under the conditions that it was tuned for",
    remedy="Run it as it was tuned, or convert the model again for these conditions.",
)
def other_conditions(graph: Graph, tuned_stacks: list[TunedStack], dt: float) -> Iterator[Finding]:
    """Tuning compensates the losses of the chip at one time step, one length of presentation and
    one range of inputs. The stack stores all three. At another time step the losses differ: the
    accuracy of a stack tuned at 1 ms was 0.674 instead of 0.920 at 5 ms. Samples must be there
    from their first step on: behind a synapse of 10 ms, presentations of 20 ms lost 6 %. It holds
    for the weights, gains, synapses and neurons that were tuned.
    """
    for network in (graph.network, *graph.network.all_networks):
        if said := getattr(network, "altered", ""):
            yield Finding(graph.name(network), said)
    for stack in tuned_stacks:
        for sentence in stack.differences(dt):
            yield Finding(stack.name, sentence)
        made = getattr(stack.network, "encoding", stack.record.encoding)
        if made != stack.record.encoding:
            yield Finding(
                stack.name,
                f"was tuned with encoding={stack.record.encoding!r} and has encoding={made!r}",
            )
