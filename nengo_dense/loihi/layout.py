"""Which neurons lie on which core, and who sends spikes: a built model's blocks by owner."""

from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np


@dataclass(eq=False)
class Layer:
    """Neurons that belong together: an ensemble, or those that decode a connection.

    Attributes
    ----------
    owner : nengo.Ensemble, nengo.Connection or None
        The ensemble; or the connection (one that nengo-loihi made, for a probe) whose values the
        neurons decode; None if nothing says whose they are.
    blocks : list of nengo_loihi.block.LoihiBlock
        One a core.
    neurons : list of (n,) int array
        For each block, the number of each of its compartments among the owner's neurons.
    """

    owner: Any
    blocks: list[Any]
    neurons: list[np.ndarray]

    @property
    def ensemble(self) -> nengo.Ensemble | None:
        """(nengo.Ensemble or None) The owner, if it is an ensemble."""
        return self.owner if isinstance(self.owner, nengo.Ensemble) else None

    @property
    def n_neurons(self) -> int:
        """(int) Number of neurons on all cores."""
        return sum(block.n_neurons for block in self.blocks)


def layers_of(model: Any) -> list[Layer]:
    """Group the blocks of a built model by what they belong to.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        After splitting; in floating point or in integers.

    Returns
    -------
    layers : list of Layer
        In the order of their first blocks.
    """
    owners: dict[int, Any] = {}
    for obj, parts in model.objs.items():
        for name in ("in", "decoded") if isinstance(obj, nengo.Ensemble) else ("decoded",):
            owners.update((id(block), obj) for block in _as_list(parts.get(name, [])))
    layers: dict[Any, Layer] = {}
    for block in model.blocks:
        owner = owners.get(id(block))
        key = block.label if owner is None else id(owner)
        layer = layers.setdefault(key, Layer(owner, [], []))
        layer.blocks.append(block)
        layer.neurons.append(neurons_of(model, block))
    return list(layers.values())


def neurons_of(model: Any, block: Any) -> np.ndarray:
    """Give the numbers that a block's compartments had before the layer was divided: (n,) int."""
    numbers = model.block_comp_map.get(block, range(block.n_neurons))
    return np.fromiter(numbers, dtype=np.int64, count=block.n_neurons)


def senders_of(model: Any, ensemble: nengo.Ensemble) -> list[tuple[Any, np.ndarray]]:
    """Find what sends an ensemble's spikes on the chip.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    ensemble : nengo.Ensemble
        On the chip, or on the host with connections from its neurons to the chip.

    Returns
    -------
    senders : list of (nengo_loihi.block.LoihiBlock or nengo_loihi.inputs.SpikeInput, int array)
        With the number of the neuron that each of the sender's compartments, or of the input's
        sources, stands for. From the host there is one input for each connection.
    """
    if ensemble in model.objs:
        blocks = _as_list(model.objs[ensemble]["out"])
        return [(block, neurons_of(model, block)) for block in blocks]
    senders = []
    for host in (model.host_pre, model.host):
        for conn in host.params:
            if isinstance(conn, nengo.Connection) and conn.pre_obj == ensemble.neurons:
                receiver = model.host2chip_senders.get(conn.post_obj)
                if receiver is not None:
                    numbers = np.arange(ensemble.n_neurons)[conn.pre_slice]
                    senders.append((model.spike_targets[receiver], numbers))
    return senders


def _as_list(blocks: Any) -> list[Any]:
    return blocks if isinstance(blocks, list) else [blocks]
