"""Energy estimate for a network on the chip: one formula, from published energies of Loihi.

Source
------
[1] M. Davies et al., "Loihi: A neuromorphic manycore processor with on-chip learning", IEEE Micro
    38(1), 82-99, 2018, Table 2 on page 96, "pre-silicon performance and energy measurements":
    circuit simulations, "consistent with early post-silicon characterization".

Included
--------
- 23.6 pJ for each *synaptic operation*: a spike adds one weight. The table calls this the minimum
  ("energy per synaptic spike op (min)").
- 81 pJ for each *neuron update*: one neuron in one step, whether it fires or not. The table also
  has 52 pJ for inactive neurons, but does not define them, so 81 pJ is the maximum.

Not included
------------
- The transport of spikes: 1.7 pJ within a tile, 3.0 or 4.0 pJ for each hop between tiles. The
  number of hops depends on where a board's software places each core. Compare a spike to a core
  with 100 neurons: its synaptic operations take 2,360 pJ, and ten hops only 2 % of that.
- Learning (120 pJ for each weight that is updated), the host, the chip's x86 cores, input and
  output, and static power. Together these often take more energy than the included parts.

Some tools (keras-spiking 0.3) use 23.6 + 3.5 = 27.1 pJ for a synaptic operation. The table has no
such energy. Its 3.5 is a *time* in nanoseconds ("time per synaptic spike op (max)").
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
    """Operations on the chip, and their energy.

    Attributes
    ----------
    synaptic_operations : float
        Number of weights added to neurons' inputs: for each spike, the synapses that it reaches.
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
        """Add up the energy of several cores or layers."""
        parts = list(parts)
        return cls(
            sum(part.synaptic_operations for part in parts),
            sum(part.neuron_updates for part in parts),
        )


def count_energy(
    model: Any, spikes: Mapping[Any, np.ndarray], n_steps: float
) -> dict[Any, Energy]:
    """Count the operations of each core of a built network.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Built.
    spikes : dict of {sender: (n_neurons,) array}
        Number of spikes of each neuron, over all steps. A sender is an ensemble on the chip or on
        the host, or a block or input of the model (such as the block of a connection's decode
        neurons). If a neuron on the host fires several times in one step, count one spike: only
        one reaches the chip.
    n_steps : float
        Number of steps with these spikes; a mean if the spikes are means.

    Returns
    -------
    energy : dict of {nengo_loihi.block.LoihiBlock: Energy}
        For each core, the operations of its own synapses and neurons. `Energy.total` adds them.

    Raises
    ------
    nengo.exceptions.ValidationError
        A sender of spikes to a core has no counts, or counts for another number of neurons.
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
    """Refuse counts that are missing or have the wrong shape."""
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
