"""Objects that are called keep their state lane by lane."""

import copy
import threading

import nengo
import numpy as np
import pytest
from nengo.exceptions import BuildError

from nengo_dense.emulator import Simulator
from nengo_dense.emulator.host.function import LaneFunctions


def on_chip():
    """Make a network that has something on the chip."""
    network = nengo.Network(seed=1)
    with network:
        nengo.Ensemble(
            2,
            1,
            neuron_type=nengo.SpikingRectifiedLinear(
                initial_state={"voltage": nengo.dists.Choice([0])}
            ),
        )
    return network


class Delay:
    """Returns what it was given a step before."""

    def __init__(self):
        self.before = 0.0

    def __call__(self, t, x):
        now, self.before = self.before, x
        return now


@pytest.mark.parametrize("bound", [False, True])
def test_lanes_do_not_mix_in_a_node_that_keeps_state(bound):
    delay = Delay()
    with on_chip() as network:
        node = nengo.Node(delay.__call__ if bound else delay, size_in=1)
        source = nengo.Node([0.0])
        nengo.Connection(source, node, synapse=None)
        probe = nengo.Probe(node)
    x = np.arange(10.0).reshape(2, 5, 1)
    with Simulator(network, minibatch_size=2, progress_bar=False) as sim:
        sim.run_steps(5, data={source: x})
    np.testing.assert_array_equal(sim.data[probe][:, 1:], x[:, :-1])


def test_a_node_whose_state_cannot_be_copied_is_refused():
    delay = Delay()
    delay.lock = threading.Lock()
    with on_chip() as network:
        node = nengo.Node(delay, size_in=1)
        nengo.Connection(nengo.Node([0.0]), node, synapse=None)
        nengo.Probe(node)
    with pytest.raises(BuildError, match=r"'Delay'.*cannot be copied.*nengo\.Process"):
        Simulator(network, minibatch_size=2, progress_bar=False)
    with Simulator(network, progress_bar=False) as sim:
        sim.run_steps(2)


def test_what_functions_share_they_share_in_every_lane():
    delay = Delay()
    lanes = LaneFunctions(3, [])
    calls, again = lanes.of(delay.__call__), lanes.of(delay.__call__)
    objects = lanes.of(delay)
    assert objects[0] is delay
    assert len({id(item) for item in objects}) == 3
    for call, same, item in zip(calls, again, objects, strict=True):
        assert call.__self__ is same.__self__ is item


def test_plain_functions_are_not_copied():
    assert LaneFunctions(3, []).of(copy.copy) == [copy.copy] * 3


class Environment:
    """Says what was done to it."""

    def __init__(self):
        self.level = 0.0

    def observe(self, t):
        return self.level

    def act(self, t, x):
        self.level += x[0]


def test_an_object_that_is_told_the_time_alone_elsewhere_is_still_the_lanes_own():
    environment = Environment()
    with on_chip() as network:
        source = nengo.Node([0.0])
        nengo.Connection(source, nengo.Node(environment.act, size_in=1), synapse=None)
        probe = nengo.Probe(nengo.Node(environment.observe))
    x = np.arange(8.0).reshape(2, 4, 1)
    with Simulator(network, minibatch_size=2, progress_bar=False) as sim:
        sim.run_steps(4, data={source: x})
    levels = np.cumsum(x, axis=1)
    # the operators of one step run in an order of Nengo's
    same = np.array_equal(sim.data[probe], levels)
    assert same or np.array_equal(sim.data[probe][:, 1:], levels[:, :-1])
    assert environment.level == levels[0, -1, 0]


def test_a_function_of_time_is_called_once_for_all_lanes():
    calls = []
    with on_chip() as network:
        nengo.Probe(nengo.Node(lambda t: calls.append(t) or 0.0))
    calls.clear()
    with Simulator(network, minibatch_size=3, progress_bar=False) as sim:
        sim.run_steps(4)
    assert len(calls) == 4
