"""What a network costs the chip: one formula, from published energies of Loihi.

Source
------
[1] M. Davies et al., "Loihi: A neuromorphic manycore processor with on-chip learning", IEEE Micro
    38(1), 82-99, 2018, Table 2 on page 96, "pre-silicon performance and energy measurements":
    circuit simulations, "consistent with early post-silicon characterization".

What is counted
---------------
- 23.6 pJ for each *synaptic operation*: a weight that is added because a spike came. The table
  calls this the least ("energy per synaptic spike op (min)").
- 81 pJ for each *neuron update*: a neuron in a step, whether it fires or not. The table has 52 pJ
  for neurons that are inactive without saying which these are, so this is the most.

What is left out
----------------
- Spikes on their way: 1.7 pJ within a tile, 3.0 or 4.0 pJ for each hop between tiles. How many
  hops there are depends on where a board's software puts each core. A spike to a core with 100
  neurons costs 2,360 pJ for its synaptic operations, beside which ten hops are 2 %.
- Learning (120 pJ for each weight that is updated), the host, the chip's x86 cores, input and
  output, and static power, which together often cost more than all that is counted.

Some tools (keras-spiking 0.3) take 23.6 + 3.5 = 27.1 pJ for a synaptic operation. The table has no
such energy: its 3.5 is the *time* of one, in nanoseconds ("time per synaptic spike op (max)").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.loihi.layout import senders_of
from nengo_dense.loihi.limits import ENERGY_PER_NEURON_UPDATE, ENERGY_PER_SYNAPTIC_OPERATION
from nengo_dense.loihi.program import Program
from nengo_dense.loihi.projection import Projection


@dataclass(frozen=True)
class Energy:
    """Operations on the chip, and what they cost.

    Attributes
    ----------
    synaptic_operations : float
        Weights added to a neuron's input: for each spike, the synapses that it reaches.
    neuron_updates : float
        Neurons times steps.
    """

    synaptic_operations: float
    neuron_updates: float

    @property
    def joules(self) -> float:
        """(float) Energy in joules."""
        return (
            self.synaptic_operations * ENERGY_PER_SYNAPTIC_OPERATION
            + self.neuron_updates * ENERGY_PER_NEURON_UPDATE
        )

    @classmethod
    def total(cls, parts: Iterable["Energy"]) -> "Energy":
        """Add up what several cores or layers do."""
        parts = list(parts)
        return cls(
            sum(part.synaptic_operations for part in parts),
            sum(part.neuron_updates for part in parts),
        )


def count_energy(
    model: Any, spikes: Mapping[Any, np.ndarray], n_steps: float
) -> dict[Any, Energy]:
    """Count what the cores of a built network do.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Built.
    spikes : dict of {sender: (n_neurons,) array}
        How often each neuron spiked in all steps together. A sender is an ensemble on the chip or
        on the host, or a block or an input of the model (such as the block of a connection's
        decode neurons). Of the spikes that a neuron on the host fires in one step, only one
        reaches the chip and may be counted.
    n_steps : float
        Steps that these spikes took; a mean where the spikes are means.

    Returns
    -------
    energy : dict of {nengo_loihi.block.LoihiBlock: Energy}
        For each core, the operations of its own synapses and neurons. `Energy.total` adds them.

    Raises
    ------
    nengo.exceptions.ValidationError
        Nothing is said of somebody who sends spikes to a core, or of another number of neurons.
    """
    sent = _by_source(model, spikes)
    sources, blocks = [*model.inputs, *model.blocks], list(model.blocks)
    operations = dict.fromkeys(blocks, 0.0)
    for projection in Program.from_model(model).projections:
        source = sources[projection.source]
        reached = _synapses_reached(projection)
        _check_counts(sent.get(source), len(reached), source.label or source)
        operations[blocks[projection.target]] += float(sent[source] @ reached)
    return {block: Energy(count, block.n_neurons * n_steps) for block, count in operations.items()}


def _by_source(model: Any, spikes: Mapping[Any, np.ndarray]) -> dict[Any, np.ndarray]:
    """Divide the counts of ensembles among the blocks and inputs that send for them."""
    sent = {}
    for sender, counts in spikes.items():
        if isinstance(sender, nengo.Ensemble):
            _check_counts(counts, sender.n_neurons, sender)
            for source, neurons in senders_of(model, sender):
                sent[source] = np.asarray(counts)[neurons]
        else:
            sent[sender] = np.asarray(counts)
    return sent


def _check_counts(counts: Any, n_neurons: int, sender: Any) -> None:
    """Refuse counts that are missing or of other neurons."""
    if counts is None or np.shape(counts) != (n_neurons,):
        got = "none" if counts is None else f"an array of shape {np.shape(counts)}"
        raise ValidationError(
            f"must have a count for each of the {n_neurons} neurons of {sender}, got {got}",
            attr="spikes",
        )


def _synapses_reached(projection: Projection) -> np.ndarray:
    """Count the synapses that one spike of each source reaches."""
    lengths = np.append(np.diff(projection.weights.starts), 0)  # row -1 is none
    reached: np.ndarray = lengths[projection.rows]
    return reached
