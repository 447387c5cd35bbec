"""A simulator says if a run is another than its stacks were tuned for."""

import warnings

import nengo
import numpy as np
import pytest
from nengo.processes import PresentInput

import nengo_dense
from nengo_dense.evaluation import predict
from nengo_dense.layers import DenseGraph, DenseStack, GraphLayer, GraphOutput
from nengo_dense.layers.tuning_record import TuningRecord

RECORD = TuningRecord(0.1, 0.001, "host", input_low=[0, 0, 0], input_high=[1, 1, 1])
X = np.random.RandomState(0).uniform(0, 1, (30, 3))


def make_stack():
    return DenseStack([5, 4, 2], 3, tuned=RECORD, seed=0)


def make_graph():
    layers = [
        GraphLayer("a", {"x": np.ones((4, 1)), "y": np.ones((4, 2))}, on_chip=False),
        GraphLayer("b", {"a": np.eye(4)}),
    ]
    output = {"z": GraphOutput({"b": np.eye(4)})}
    return DenseGraph({"x": 1, "y": 2}, layers, output, tuned=RECORD, seed=0)


def in_network(stack, wire=lambda node, end: nengo.Connection(node, end, synapse=None)):
    with nengo.Network(seed=0) as net:
        net.add(stack)
        nodes = [stack.input] if isinstance(stack, DenseStack) else list(stack.inputs.values())
        net.sources = [nengo.Node(np.zeros(node.size_in)) for node in nodes]
        for source, node in zip(net.sources, nodes, strict=True):
            wire(source, node)
    return net


def said_of(net, x=None, n_steps=4, dt=0.001, prepare=lambda sim: None):
    """Return what is said of a run that shows samples, each in a lane."""
    lanes = None if x is None else len(x)
    data, start = {}, 0
    for source in net.sources if x is not None else ():
        part = x[:, None, start : start + source.size_out]
        data[source] = np.repeat(part, n_steps, axis=1)
        start += source.size_out
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with nengo_dense.Simulator(net, dt, minibatch_size=lanes, progress_bar=False) as sim:
            prepare(sim)
            sim.run_steps(n_steps, data=data)
            sim.run_steps(n_steps, data=data)
    assert all(each.filename == __file__ for each in caught)
    return [str(each.message) for each in caught]


@pytest.mark.parametrize("make", [make_stack, make_graph])
def test_inputs_of_another_scale_are_said_once(make):
    assert said_of(in_network(make()), X) == []
    (said,) = said_of(in_network(make()), 16 * X)
    assert said.startswith("This stack was tuned on other inputs than these: ")
    (said,) = said_of(in_network(make()), X / 255)
    assert said.startswith("This stack was tuned on inputs of a larger scale")


def test_pauses_are_no_other_inputs():
    record = TuningRecord(0.1, 0.001, "host", input_low=[5, 5, 5], input_high=[6, 6, 6])
    net = in_network(DenseStack([5, 4, 2], 3, tuned=record, seed=0))
    assert said_of(net, np.concatenate([X + 5, 0 * X])) == []
    assert len(said_of(net, X)) == 1


def test_another_step_is_said():
    (said,) = said_of(in_network(make_stack()), dt=0.002)
    assert said.startswith("This stack was tuned for steps of 1 ms, and here they are 2 ms")


def test_presented_samples_are_seen_and_for_how_long():
    net = in_network(make_stack())
    (source,) = net.sources
    source.output = PresentInput(X, 0.1)
    assert said_of(net) == []
    source.output = PresentInput(16 * X, 0.002)
    first, second = said_of(net)
    assert "presentations of 100 ms, with answers from 25 ms on" in first
    assert "tuned on other inputs than these" in second
    assert said_of(net, X) == []  # data stands for what it presents


def test_what_is_another_than_was_tuned_is_said():
    stack = make_stack()
    stack.layers[1].ensemble.gain = 2 * stack.layers[1].ensemble.gain
    assert said_of(in_network(stack), X) == [stack.altered]


@pytest.mark.parametrize(
    "wire",
    [
        lambda node, end: nengo.Connection(node, end, synapse=None, transform=0.1),
        lambda node, end: nengo.Connection(node, end, synapse=None, function=lambda x: x / 16),
        lambda node, end: nengo.Connection(node[[2, 1, 0]], end, synapse=None),
        lambda node, end: [nengo.Connection(node, end, synapse=None) for _ in range(2)],
    ],
)
def test_of_inputs_that_are_changed_on_their_way_nothing_is_said(wire):
    assert said_of(in_network(make_stack(), wire), 16 * X) == []


def test_it_can_be_told_not_to_say_it():
    def prepare(sim):
        sim.tells_of_tuning = False

    assert said_of(in_network(make_stack()), 16 * X, prepare=prepare) == []


def test_predict_says_it_itself_alone():
    with pytest.warns(UserWarning, match="tuned on other inputs") as caught:
        predict(make_stack(), 16 * X, progress_bar=False)
    assert len(caught) == 1
