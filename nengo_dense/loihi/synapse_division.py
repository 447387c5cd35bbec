"""Divide the weights of a layer among its cores: nengo-loihi's result in a fraction of the time.

nengo-loihi asks for every core, every axon and every neuron of the layer whether the neuron is on
that core: half a billion questions, and minutes, for 4000 neurons before 2000. Dense weights give
the same answer for all axons, so that it is asked for once a core.
"""

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np


def dividing(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return what divides dense weights fast, and others with nengo-loihi's own function.

    Parameters
    ----------
    original : callable
        ``nengo_loihi.builder.split_blocks.split_synapse``.
    """

    @functools.wraps(original)
    def split_synapse(old_block: Any, old_synapse: Any, new_blocks: Any, **kwargs: Any) -> Any:
        if not _is_dense(old_synapse):
            return original(old_block, old_synapse, new_blocks, **kwargs)
        return divide(old_synapse, new_blocks)

    return split_synapse


def _is_dense(synapse: Any) -> bool:
    """Whether all axons reach the same neurons, each with a weight of its own."""
    if synapse.axon_to_weight_map is not None or synapse.pop_type != 0:
        return False
    first = synapse.indices[0]
    return len(first) == 1 and all(np.array_equal(first, each) for each in synapse.indices)


def divide(synapse: Any, blocks: Any) -> OrderedDict[Any, list[int]]:
    """Divide a synapse of dense weights among blocks.

    Parameters
    ----------
    synapse : nengo_loihi.block.Synapse
        Does not change.
    blocks : OrderedDict of {nengo_loihi.block.LoihiBlock: IndicesList}
        The new blocks, which get a synapse each, and the neurons that each of them has.

    Returns
    -------
    axons : OrderedDict of {nengo_loihi.block.Synapse: list of int}
        The new synapses, and the axons of the old one that lead to each: all.
    """
    from nengo_loihi.block import Synapse

    weights = np.concatenate(synapse.weights)  # (axons, neurons)
    divided = OrderedDict()
    for number, (block, neurons) in enumerate(blocks.items()):
        place = {neuron: i for i, neuron in enumerate(neurons.list)}
        places = np.array([place.get(neuron, -1) for neuron in synapse.indices[0][0]])
        here = places >= 0
        if not here.any():
            continue
        new = Synapse(synapse.n_axons)
        if synapse.label is not None:
            new.label = f"{synapse.label}[{number}]"
        block.add_synapse(new)
        _set_weights(new, weights[:, here], places[here], synapse)
        divided[new] = list(range(synapse.n_axons))
    return divided


def _set_weights(new: Any, weights: np.ndarray, places: np.ndarray, old: Any) -> None:
    """Give a synapse its weights; axons whose weights are equal share them."""
    number: dict[bytes, int] = {}
    numbers = [number.setdefault(row.tobytes(), len(number)) for row in weights]
    _, firsts = np.unique(numbers, return_index=True)
    compression = old.synapse_cfg.compression
    # one axon settles the format; the others have the same indices
    new._set_weights_indices(weights[:1], [places], weights.dtype, compression)
    new.weights = list(weights[firsts, np.newaxis])
    new.indices = new.indices * len(firsts)
    new.axon_to_weight_map = np.asarray(numbers)
    new.axon_compartment_bases = np.zeros_like(numbers)
    new.pop_type = old.pop_type
