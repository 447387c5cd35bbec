"""Heads on the host: the functions themselves, in every number range, and as nodes."""

import nengo
import nengo_loihi
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nengo.exceptions import ValidationError
from numpy.testing import assert_allclose, assert_array_equal

from nengo_dense.emulator import Simulator
from nengo_dense.heads import HEADS, softmax
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.head import WITH_NODE, HeadNode, HeadProcess, SoftmaxNode

logits = st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=8)


@given(logits)
def test_probabilities_are_positive_and_sum_to_one(x):
    p = softmax(x)
    assert (p >= 0).all()
    assert_allclose(p.sum(), 1, rtol=1e-12)


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=8), st.floats(-1e3, 1e3))
def test_shift_of_all_logits_changes_nothing(x, shift):
    assert_allclose(softmax(np.array(x) + shift), softmax(x), atol=1e-9)


@given(st.lists(st.floats(-20, 20), min_size=2, max_size=6), st.floats(0.1, 10))
def test_is_exponential_over_sum(x, temperature):
    powers = np.exp(np.array(x) / temperature)
    assert_allclose(softmax(x, temperature), powers / powers.sum(), rtol=1e-9)


def test_batches_sum_over_the_last_axis():
    x = np.arange(12.0).reshape(2, 3, 2)
    assert_allclose(softmax(x).sum(axis=-1), np.ones((2, 3)))
    assert_array_equal(softmax(x)[1, 2], softmax(x[1, 2]))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("simulator", [nengo.Simulator, nengo_loihi.Simulator])
def test_node_gives_the_same_probabilities(simulator, temperature):
    x = [2.0, -1.0, 1000.0, 999.0]
    with nengo.Network(seed=0) as net:
        node = SoftmaxNode(4, temperature=temperature, label="probabilities")
        nengo.Connection(nengo.Node(x), node, synapse=None)
        probe = nengo.Probe(node)
        DenseLayer(1, 1, weights=[[1]])  # nengo-loihi wants something on the chip
    assert isinstance(node, nengo.Node)
    assert (node.size_in, node.size_out, node.label) == (4, 4, "probabilities")
    with simulator(net, progress_bar=False) as sim:
        sim.run_steps(3)
        assert_allclose(sim.data[probe][-1], softmax(x, temperature), rtol=1e-12)


def test_generators_of_what_comes_after_a_head_are_as_after_any_process():
    for seed in (None, 4):
        after, expected = np.random.RandomState(3), np.random.RandomState(3)
        assert HeadProcess("softmax", seed=seed).get_rng(after) is after
        nengo.processes.WhiteNoise(seed=seed).get_rng(expected)
        assert after.randint(2**31) == expected.randint(2**31)


@pytest.mark.parametrize("head", WITH_NODE)
@pytest.mark.parametrize(
    "simulator", [nengo.Simulator, nengo_loihi.Simulator, Simulator], ids=lambda s: s.__module__
)
def test_every_head_is_its_function_in_every_simulator(simulator, head):
    x = np.array([2.0, -1.0, 0.25, -0.0])
    with nengo.Network(seed=0) as net:
        node = HeadNode(head, 4, temperature=2.0, label="head")
        nengo.Connection(nengo.Node(x), node, synapse=None)
        probe = nengo.Probe(node)
        DenseLayer(1, 1, weights=[[1]])  # nengo-loihi wants something on the chip
    assert (node.size_in, node.size_out, node.label) == (4, 4, "head")
    with simulator(net, progress_bar=False) as sim:
        sim.run_steps(3)
        assert_array_equal(sim.data[probe][-1], HEADS[head](x / 2.0))


def test_only_a_head_that_changes_something_has_a_node():
    assert set(WITH_NODE) == set(HEADS) - {"linear"}
    with (
        nengo.Network() as net,
        pytest.raises(ValidationError, match=r"head.*'softmax', .*'relu'"),
    ):
        HeadNode("linear", 2)
    assert net.nodes == []


def test_a_seed_is_taken_and_changes_nothing():
    with nengo.Network():
        assert SoftmaxNode(3, seed=3).size_out == 3


def test_add_to_container_is_nengos():
    with nengo.Network() as net:
        inside = SoftmaxNode(2)
        SoftmaxNode(2, add_to_container=False)
    assert net.nodes == [inside]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"size_in": 0}, r"size_in.*at least 1, got 0"),
        ({"size_in": 2.5}, r"size_in.*whole number.*2\.5"),
        ({"size_in": 2, "temperature": 0}, r"temperature.*above 0, got 0"),
        ({"size_in": 2, "temperature": -1}, r"temperature.*above 0, got -1"),
        ({"size_in": 2, "temperature": np.nan}, r"temperature.*NaN"),
        ({"size_in": 10**400}, r"size_in.*at most 9223372036854775807"),
        ({"size_in": 2, "seed": "1"}, r"seed.*whole number from 0 .*got '1'"),
        ({"size_in": 2, "temperature": "hot"}, r"temperature.*must be numbers"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with nengo.Network() as net, pytest.raises(ValidationError, match=message):
        SoftmaxNode(arguments.pop("size_in"), **arguments)
    assert net.nodes == []
