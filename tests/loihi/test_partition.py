"""The partition against every limit, by brute force, and against nengo-loihi's own counting."""

from itertools import pairwise

import nengo
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nengo.exceptions import BuildError
from nengo_loihi.block import Synapse

from nengo_dense.loihi.limits import (
    MAX_COMPARTMENTS,
    MAX_IN_AXONS,
    MAX_OUT_AXONS,
    MAX_SYNAPSE_BITS,
)
from nengo_dense.loihi.partition import (
    Population,
    axon_bits,
    ceil_div,
    largest_block,
    partition,
)

fan_ins = st.integers(1, MAX_IN_AXONS)


def fits(size, population, populations, sizes):
    """State the limits of one core, as plainly as they can be written."""
    out_axons = sum(
        size * slots * ceil_div(populations[target].n_neurons, sizes[target])
        for target, slots in population.targets
    )
    return (
        1 <= size <= MAX_COMPARTMENTS
        and population.n_in_axons <= MAX_IN_AXONS
        and population.n_in_axons * axon_bits(size) <= MAX_SYNAPSE_BITS
        and out_axons <= MAX_OUT_AXONS
    )


def chain(widths):
    """Dense layers one after the other; the first number is the fan-in of the first layer."""
    last = len(widths) - 2
    return [
        Population(f"layer {i}", width, fan_in, () if i == last else [(i + 1, 1)])
        for i, (fan_in, width) in enumerate(pairwise(widths))
    ]


@given(a=st.integers(0, 10**12), b=st.integers(1, 10**6))
def test_ceil_div_is_the_least_multiple(a, b):
    quotient = ceil_div(a, b)
    assert (quotient - 1) * b < a <= quotient * b


def test_axon_bits_equal_nengo_loihis():
    synapse = Synapse(1)
    synapse.set_weights(np.ones((1, 1)))
    for n_targets in range(MAX_COMPARTMENTS + 1):
        assert axon_bits(n_targets) == synapse.synapse_cfg.bits_per_axon(n_targets)


@given(st.integers(0, 1023))
def test_axon_bits_never_fall(n_targets):
    assert axon_bits(n_targets) <= axon_bits(n_targets + 1)


@given(fan_ins)
def test_largest_block_fits_and_one_neuron_more_does_not(n_in_axons):
    size = largest_block(n_in_axons)
    assert 1 <= size <= MAX_COMPARTMENTS
    assert n_in_axons * axon_bits(size) <= MAX_SYNAPSE_BITS
    assert size == MAX_COMPARTMENTS or n_in_axons * axon_bits(size + 1) > MAX_SYNAPSE_BITS


def test_largest_block_without_input_is_bound_by_compartments():
    assert largest_block(0) == MAX_COMPARTMENTS


def test_more_axons_than_a_core_has_fit_nowhere():
    assert largest_block(MAX_IN_AXONS + 1) == 0


@given(n_neurons=st.integers(1, 20000), n_in_axons=fan_ins)
def test_one_layer_takes_as_few_blocks_as_its_inputs_allow(n_neurons, n_in_axons):
    population = Population("layer", n_neurons, n_in_axons)
    (size,) = partition([population])
    assert fits(size, population, [population], [size])
    n_blocks = ceil_div(n_neurons, size)
    assert n_blocks == ceil_div(n_neurons, largest_block(n_in_axons))
    assert size == ceil_div(n_neurons, n_blocks)  # even, up to rounding


@given(st.lists(st.integers(1, MAX_IN_AXONS), min_size=2, max_size=6))
def test_every_block_of_a_chain_is_within_every_limit(widths):
    populations = chain(widths)
    sizes = partition(populations)
    for population, size in zip(populations, sizes, strict=True):
        assert fits(size, population, populations, sizes)


@given(st.lists(st.integers(1, MAX_IN_AXONS), min_size=2, max_size=6))
def test_a_layer_of_a_chain_has_no_block_too_many(widths):
    populations = chain(widths)
    sizes = partition(populations)
    for population, size in zip(populations, sizes, strict=True):
        n_blocks = ceil_div(population.n_neurons, size)
        if n_blocks > 1:
            wider = ceil_div(population.n_neurons, n_blocks - 1)
            assert not fits(wider, population, populations, sizes)


@st.composite
def graphs(draw):
    """Draw layers connected any way at all, themselves included; fan-in follows from the edges."""
    n = draw(st.integers(1, 5))
    widths = draw(st.lists(st.integers(1, 1500), min_size=n, max_size=n))
    edges = draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=6))
    outside = draw(st.lists(st.integers(0, 500), min_size=n, max_size=n))
    return [
        Population(
            f"layer {i}",
            widths[i],
            outside[i] + sum(widths[pre] for pre, post in edges if post == i),
            [(post, draw(st.integers(1, 2))) for pre, post in sorted(edges) if pre == i],
        )
        for i in range(n)
    ]


@given(graphs())
def test_any_graph_is_divided_within_every_limit_or_refused(populations):
    try:
        sizes = partition(populations)
    except BuildError as err:
        assert "axons" in str(err)  # noqa: PT017 (refusing is one of two right answers)
        return
    for population, size in zip(populations, sizes, strict=True):
        assert fits(size, population, populations, sizes)


def test_too_many_inputs_are_refused_with_the_way_out():
    with pytest.raises(
        BuildError, match=r"^wide: needs 4097 input axons.*has 4096.*on_chip=False"
    ):
        partition([Population("wide", 10, 4097)])


def test_too_many_target_blocks_are_refused_with_the_way_out():
    populations = [Population("hub", 1, 1, [(1, 1)]), Population("far", 4097, 0, n_blocks=4097)]
    with pytest.raises(BuildError, match=r"^hub: each neuron sends to 4097 cores.*4096.*narrower"):
        partition(populations)


def test_a_recurrent_layer_pays_for_its_own_blocks():
    population = Population("recurrent", 1024, 1024, [(0, 1)])
    (size,) = partition([population])
    assert fits(size, population, [population], [size])


def test_given_blocks_are_kept_and_paid_for():
    fixed = Population("fixed", 1000, 10, n_blocks=100)
    first, second = partition([Population("before", 500, 10, [(1, 1)]), fixed])
    assert second == 10
    assert first == 39  # 500 neurons in 13 blocks; 4096 // 100 = 40 would be the most


def blocks_of(sizes):
    """Build layers of these sizes in nengo-loihi; return neurons a block for each."""
    import nengo_loihi

    from nengo_dense.layers.dense import DenseLayer

    rng = np.random.RandomState(0)
    with nengo.Network(seed=0) as net:
        pre = DenseLayer(sizes[0], 1, weights=np.ones((sizes[0], 1)), on_chip=False)
        layers = []
        for n_in, n_out in pairwise(sizes):
            layer = DenseLayer(n_out, n_in, weights=rng.uniform(-0.1, 0.2, (n_out, n_in)))
            nengo.Connection(pre.output, layer.input, synapse=0.005)
            layers.append(layer)
            pre = layer
        nengo.Probe(layer.neurons[:1])
    with nengo_loihi.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(3)
        return [
            [block.n_neurons for block in sim.model.objs[layer.ensemble]["in"]] for layer in layers
        ]


@pytest.mark.parametrize(
    "sizes, n_blocks",
    [
        ((784, 1000), [8]),
        ((784, 1024), [8]),
        ((64, 1024), [1]),
        ((128, 1024), [2]),
        ((2048, 300), [5]),
        ((4096, 35), [2]),
        ((16, 5000), [5]),
    ],
)
def test_nengo_loihi_builds_what_it_cannot_split_itself(sizes, n_blocks):
    built = blocks_of(sizes)
    assert [len(blocks) for blocks in built] == n_blocks
    assert [sum(blocks) for blocks in built] == list(sizes[1:])


@pytest.mark.slow
def test_output_axons_make_the_layer_before_a_wide_one_smaller():
    first, second = blocks_of((16, 1024, 4096))
    assert len(second) == ceil_div(4096, largest_block(1024))
    assert max(first) * len(second) <= MAX_OUT_AXONS
    assert sum(first) == 1024
    assert sum(second) == 4096


@pytest.mark.slow
def test_4096_to_4096_builds():
    (blocks,) = blocks_of((4096, 4096))
    assert sum(blocks) == 4096
    assert len(blocks) == ceil_div(4096, largest_block(4096))
