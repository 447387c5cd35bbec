"""Programs of changed weights and biases are those of a network that is built with them."""

import dataclasses

import numpy as np
import pytest
from divided_network import divided
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
    with pytest.raises(BuildError, match=r"cannot build .*last.*man > 0"):
        renewal.program()
