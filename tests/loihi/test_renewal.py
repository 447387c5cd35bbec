"""Programs of changed weights and biases are those of a network that is built with them."""

import dataclasses

import nengo
import numpy as np
import pytest
from divided_network import RELU, divided
from nengo.exceptions import BuildError
from numpy.testing import assert_array_equal

from nengo_dense.loihi.build import build_floats
from nengo_dense.loihi.program import Program
from nengo_dense.loihi.renewal import Renewal

# the decoders of a small ensemble are weak beside its threshold
pytestmark = pytest.mark.filterwarnings("ignore:Lost .* extra bits:UserWarning")


def change(floats, net, rng):
    floats.set_weights(net.host, net.wide, 0.01 * rng.normal(size=(20, 6)))
    floats.set_weights(net.wide, net.last, rng.uniform(0.003, 0.03) * rng.normal(size=(30, 20)))
    floats.set_bias(net.wide, rng.normal(size=20))


def assert_same(mine, theirs):
    for field in dataclasses.fields(mine.compartments):
        found = getattr(mine.compartments, field.name)
        assert_array_equal(found, getattr(theirs.compartments, field.name), field.name)
    assert len(mine.projections) == len(theirs.projections) > 5
    for ours, other in zip(mine.projections, theirs.projections, strict=True):
        assert (ours.source, ours.target) == (other.source, other.target)
        assert_array_equal(ours.rows, other.rows)
        assert_array_equal(ours.weights.targets, other.weights.targets)
        assert_array_equal(ours.weights.values, other.weights.values)
    shared = [[id(p.weights) for p in program.projections] for program in (mine, theirs)]
    groups = [[ids.index(one) for one in ids] for ids in shared]
    assert groups[0] == groups[1]


@pytest.mark.parametrize("decoded", [False, True])
def test_every_program_is_that_of_the_present_numbers(rng, decoded):
    net = divided(decoded=decoded)
    floats = build_floats(net, 0.001)
    renewal, programs = None, []
    for _ in range(3):
        change(floats, net, rng)
        renewal = renewal or Renewal(floats)
        programs.append(renewal.program())
        assert_same(programs[-1], Program.from_model(floats.integers().model))
    values = [program.projections[0].weights.values for program in programs]
    assert not np.array_equal(values[0], values[1])  # and earlier ones stay as they were


def test_weights_may_be_set_for_the_first_time_at_any_time(rng):
    net = divided(decoded=False)
    floats = build_floats(net, 0.001)
    renewal = Renewal(floats)
    transforms = {(net.host, net.wide): (20, 6), (net.wide, net.last): (30, 20)}
    for ends, shape in [(None, None), *transforms.items(), *transforms.items()]:
        if ends is not None:
            floats.set_weights(*ends, 0.02 * rng.normal(size=shape))
        assert_same(renewal.program(), Program.from_model(floats.integers().model))


def test_a_network_with_weights_that_are_not_dense_is_read_anew_each_time(rng):
    net = divided(decoded=False)
    with net:
        places = np.array([[0, 1], [3, 1], [5, 0]])
        few = nengo.Sparse((20, 6), indices=places, init=np.array([0.1, 0.2, 0.3]))
        other = nengo.Ensemble(6, 1, neuron_type=RELU, gain=np.ones(6), bias=np.zeros(6))
        nengo.Connection(other.neurons, net.wide.neurons, transform=few)
    floats = build_floats(net, 0.001)
    change(floats, net, rng)
    synapses = [synapse for block in floats.model.blocks for synapse in block.synapses]
    twice = next(s for s in synapses if {row.size for row in s.indices} > {2})
    next(row for row in twice.indices if row.size == 2)[...] = 3  # one target, two weights
    renewal = Renewal(floats)
    for _ in range(2):
        program = renewal.program()
        assert any(not projection.weights.width for projection in program.projections)
        assert_same(program, Program.from_model(floats.integers().model))
        change(floats, net, rng)


def test_what_the_chip_cannot_store_is_refused_as_ever(rng):
    net = divided(decoded=False)
    floats = build_floats(net, 0.001)
    change(floats, net, rng)
    renewal = Renewal(floats)
    renewal.program()
    floats.set_bias(net.wide, np.full(20, 1e9))
    with pytest.raises(BuildError, match="Could not find appropriate weight exponent"):
        renewal.program()
    floats.set_bias(net.wide, np.zeros(20))
    floats.set_weights(net.wide, net.last, 30 * rng.normal(size=(30, 20)))
    with pytest.raises(BuildError, match=r"cannot build .*last.*threshold is too small"):
        renewal.program()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_weight_that_is_not_finite_is_refused_as_by_a_new_build(rng, bad):
    net = divided(decoded=False)
    floats = build_floats(net, 0.001)
    change(floats, net, rng)
    renewal = Renewal(floats)
    renewal.program()
    weights = rng.normal(size=(30, 20))
    weights[0, 0] = bad
    floats.set_weights(net.wide, net.last, weights)
    with pytest.raises(BuildError, match="cannot build") as as_new:
        floats.integers()
    with pytest.raises(BuildError, match="cannot build") as renewed:
        renewal.program()
    assert str(renewed.value) == str(as_new.value)
