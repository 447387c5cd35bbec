"""Copy a built model: discretization changes the copy, and the rest is shared.

nengo-loihi discretizes in place, and its models cannot be copied as a whole. Therefore the
parts that hold numbers, and the parts that refer to them, are copied one by one: blocks with their
compartments, synapses and axons; inputs; probes. Both models share Nengo's objects, the host's
models and the indices of synapses.
"""

import copy
import itertools
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np


def copy_model(model: Any) -> Any:
    """Copy a model that nengo-loihi has built.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Built, in floating point or in integers.

    Returns
    -------
    copied : nengo_loihi.builder.Model
        Of the same class. It has its own numbers, and its probes collect their own values.
    """
    copies: dict[int, Any] = {}
    for part in (*model.blocks, *model.inputs):
        copies[id(part)] = _copy_source(part, copies)
    for part in (*model.blocks, *model.inputs):  # when all synapses are known
        copies[id(part)].axons = [_copy_axon(axon, copies) for axon in part.axons]
    for probe in model.probes:
        copies[id(probe)] = _copy_probe(probe, copies)
    for named in model.objs.values():
        for part in named.values():  # axons as they were before blocks were divided
            if hasattr(part, "compartment_map"):
                copies[id(part)] = _copy_axon(part, copies)

    def new(part: Any) -> Any:
        if isinstance(part, list):
            return [new(item) for item in part]
        return copies.get(id(part), part)

    copied = object.__new__(type(model))
    vars(copied).update(vars(model))
    copied.blocks = OrderedDict((new(block), number) for block, number in model.blocks.items())
    copied.inputs = OrderedDict((new(item), number) for item, number in model.inputs.items())
    copied.probes = [new(probe) for probe in model.probes]
    copied.block_shapes = {new(block): shape for block, shape in model.block_shapes.items()}
    copied.block_comp_map = {new(block): ids for block, ids in model.block_comp_map.items()}
    copied.spike_targets = {node: new(item) for node, item in model.spike_targets.items()}
    copied.connection_decode_neurons = {
        conn: new(made) for conn, made in model.connection_decode_neurons.items()
    }
    copied.objs = defaultdict(dict)
    for obj, parts in model.objs.items():
        copied.objs[obj] = {name: new(part) for name, part in parts.items()}
    copied.params = {**model.params, **{probe: [] for probe in model.nengo_probes}}
    return copied


def _copy_source(source: Any, copies: dict[int, Any]) -> Any:
    """Copy a block or an input, without its axons."""
    copied = copy.copy(source)
    if hasattr(source, "compartment"):
        copied.compartment = copy_arrays(source.compartment)
        for synapse in source.synapses:
            copies[id(synapse)] = _copy_synapse(synapse)
        copied.synapses = [copies[id(synapse)] for synapse in source.synapses]
        copied.named_synapses = {
            name: copies.get(id(synapse), synapse)
            for name, synapse in source.named_synapses.items()
        }
    else:
        copied.spikes = dict(source.spikes)
        copied.permanent = set(source.permanent)
    return copied


def copy_arrays(part: Any) -> Any:
    """Copy an object and the arrays that are its attributes."""
    copied = copy.copy(part)
    for name, value in vars(part).items():
        if isinstance(value, np.ndarray):
            setattr(copied, name, value.copy())
    return copied


def _copy_synapse(synapse: Any) -> Any:
    copied = copy.copy(synapse)
    copied.synapse_cfg = copy.copy(synapse.synapse_cfg)
    copied.weights = split_like(flatten(synapse.weights), synapse.weights)
    return copied


def _copy_axon(axon: Any, copies: dict[int, Any]) -> Any:
    copied = copy.copy(axon)
    copied.target = copies.get(id(axon.target), axon.target)
    return copied


def _copy_probe(probe: Any, copies: dict[int, Any]) -> Any:
    copied = copy.copy(probe)
    copied.target = [copies[id(block)] for block in probe.target]
    # A probe of a split block may hold one array several times; nengo-loihi scales it each time.
    # The memory order affects the rounding of products, so it is kept too.
    weights = {id(w): None if w is None else w.copy(order="K") for w in probe.weights}
    copied.weights = [weights[id(w)] for w in probe.weights]
    return copied


def flatten(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Join the arrays of a synapse (one for each axon) into a new one-dimensional array."""
    if not len(rows):
        return np.empty(0, np.float32)
    if len({row.shape[1:] for row in rows}) == 1 and rows[0].ndim == 2:  # much faster
        return np.concatenate(rows).ravel()
    return np.concatenate([row.ravel() for row in rows])


def split_like(flat: np.ndarray, rows: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Undo `flatten`: give views of ``flat`` in the shapes of ``rows``."""
    shapes = {row.shape for row in rows}
    if len(shapes) == 1:  # much faster for dense matrices, whose rows all have the same shape
        return list(flat.reshape(len(rows), *shapes.pop()))
    bounds = itertools.accumulate((row.size for row in rows), initial=0)
    return [
        flat[start:stop].reshape(row.shape)
        for (start, stop), row in zip(itertools.pairwise(bounds), rows, strict=True)
    ]
