"""A copy has numbers of its own and the same everything else."""

import nengo
import numpy as np
import pytest
from divided_network import divided
from random_network import FEATURES, random_network
from same_model import assert_same_model, numbers

from nengo_dense.loihi.build import build_floats
from nengo_dense.loihi.model_copy import copy_model, flatten, split_like

CHANGED = ("weights", "bias", "vth", "decay_u", "decay_v")


def build(feature):
    if feature == "divided":
        return build_floats(divided(), 0.001).model
    drawn = random_network(5, 10, [feature, "dense"])
    return build_floats(drawn.network, 0.001, model=drawn.model()).model


def arrays(value):
    """Yield all arrays in a value."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from arrays(item)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("feature", [*FEATURES, "divided"])
def test_a_copy_has_the_same_numbers_in_memory_of_its_own(feature):
    model = build(feature)
    copied = copy_model(model)
    assert_same_model(copied, model)
    for (name, mine), (_, theirs) in zip(numbers(copied), numbers(model), strict=True):
        if name.rpartition(".")[2] in CHANGED:
            for a, b in zip(arrays(mine), arrays(theirs), strict=True):
                assert not np.shares_memory(a, b), name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("feature", [*FEATURES, "divided"])
def test_nothing_in_a_copy_points_at_the_original(feature):
    model = build(feature)
    copied = copy_model(model)
    originals = {id(part) for part in parts(model)}
    assert not originals & {id(part) for part in (*parts(copied), *references(copied))}
    assert list(copied.objs) == list(model.objs)
    kept = {id(value) for value in copied.params.values() if isinstance(value, list)}
    assert not kept & {id(model.params[probe]) for probe in model.nengo_probes}


def parts(model):
    """Yield all blocks, synapses, axons, inputs and probes of a model."""
    yield from (*model.blocks, *model.inputs, *model.probes)
    for source in (*model.blocks, *model.inputs):
        yield from source.axons
    for block in model.blocks:
        yield from block.synapses


def references(model):
    """Yield what a model and its parts point at."""
    for source in (*model.blocks, *model.inputs):
        yield from (axon.target for axon in source.axons)
    for block in model.blocks:
        yield from block.named_synapses.values()
    for probe in model.probes:
        yield from probe.target
    for named in model.objs.values():
        for part in named.values():
            yield from part if isinstance(part, list) else [part]
            yield getattr(part, "target", None)
    for table in (model.block_shapes, model.block_comp_map):
        yield from table
    for table in (model.spike_targets, model.connection_decode_neurons):
        yield from table.values()


def test_memory_order_is_kept_because_products_round_by_it():
    with nengo.Network(seed=0) as net:
        zero = nengo.LIF(initial_state={"voltage": nengo.dists.Choice([0])})
        chip = nengo.Ensemble(6, 1, neuron_type=zero)
        host = nengo.Node(lambda t, x: None, size_in=2)
        nengo.Connection(chip.neurons, host, transform=np.ones((2, 6)))
    model = build_floats(net, 0.001).model
    (weights,), (copied,) = model.probes[0].weights, copy_model(model).probes[0].weights
    assert weights.shape == (6, 2)
    assert copied.strides == weights.strides


@pytest.mark.parametrize("shapes", [[(1, 3)] * 4, [(1, 3), (2, 2), (1, 0)], [(1, 0)], []])
def test_rows_come_back_from_one_array(shapes):
    rows = [np.random.rand(*shape).astype(np.float32) for shape in shapes]
    back = split_like(flatten(rows), rows)
    assert len(back) == len(rows)
    for mine, theirs in zip(back, rows, strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine.dtype == np.float32
