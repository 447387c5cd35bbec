"""The layout of a built model: the owner of each core's neurons, and the senders of spikes."""

from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np


@dataclass(eq=False)
class Layer:
    """Neurons that belong together: those of an ensemble, or those that decode a connection.

    Attributes
    ----------
    owner : nengo.Ensemble, nengo.Connection or None
        The ensemble, or the connection whose values the neurons decode (for a probe, nengo-loihi
        makes this connection). None if the owner is unknown.
    blocks : list of nengo_loihi.block.LoihiBlock
        One per core.
    neurons : list of (n,) int array
        For each block, the indices of its compartments among the owner's neurons.
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
    """Group the blocks of a built model by owner.

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
    """Return the indices of a block's compartments in the undivided layer: (n,) int array."""
    numbers = model.block_comp_map.get(block, range(block.n_neurons))
    return np.fromiter(numbers, dtype=np.int64, count=block.n_neurons)


def senders_of(model: Any, ensemble: nengo.Ensemble) -> list[tuple[Any, np.ndarray]]:
    """Find the blocks or inputs that send an ensemble's spikes to the chip.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    ensemble : nengo.Ensemble
        On the chip, or on the host with connections from its neurons to the chip.

    Returns
    -------
    senders : list of (nengo_loihi.block.LoihiBlock or nengo_loihi.inputs.SpikeInput, int array)
        The array has the neuron's index for each compartment of a block, or each source of an
        input. An ensemble on the host has one input for each connection.
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
