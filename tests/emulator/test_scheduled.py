"""Inputs whose spikes are fixed when the model is built, as those of an event camera's file."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import BuildError, SimulationError

from nengo_dense import compat
from nengo_dense.emulator import Simulator

compat.nengo_loihi()
import nengo_loihi  # noqa: E402
from nengo_loihi.builder import Builder  # noqa: E402
from nengo_loihi.inputs import ChipProcess, SpikeInput  # noqa: E402


class Scheduled(ChipProcess):
    """Spikes of four neurons at given steps."""

    def __init__(self, events):
        self.events = events
        super().__init__(default_size_out=4)

    def make_step(self, shape_in, shape_out, dt, rng, state):
        raise NotImplementedError("runs on the chip")


@pytest.fixture(autouse=True)
def builder():
    def build(model, process, node=None):
        spikes = SpikeInput(4, label="camera")
        for step, indices in process.events.items():
            spikes.add_spikes(step, np.array(indices), permanent=True)
        model.add_input(spikes)
        return spikes

    Builder.register(Scheduled)(build)
    yield
    del Builder.builders[Scheduled]


def make_network(events):
    with nengo.Network(seed=2) as net:
        nengo_loihi.add_params(net)
        camera = nengo.Node(Scheduled(events), size_out=4)
        zero = {"voltage": nengo.dists.Choice([0])}
        layer = nengo.Ensemble(
            5, 1, neuron_type=nengo.SpikingRectifiedLinear(initial_state=zero),
            gain=np.ones(5), bias=np.full(5, 20.0),
        )  # fmt: skip
        weights = np.random.RandomState(0).normal(size=(5, 4)) * 0.3
        nengo.Connection(camera, layer.neurons, transform=weights, synapse=0.005)
        net.watched = [nengo.Probe(layer.neurons), nengo.Probe(layer.neurons, "voltage")]
    return net


@pytest.mark.parametrize("kernel", ["numpy", "auto"])
@pytest.mark.parametrize(
    "target, events",
    [
        ("sim", {1: [0, 2], 2: [3], 7: [1, 1, 0, 1], 15: [0, 1], 20: [3, 2, 1, 0]}),
        ("simreal", {1: [0, 2], 2: [3], 7: [0, 1, 1, 1], 15: [0, 1], 20: [0, 1, 2, 3]}),
    ],
)
def test_scheduled_spikes_arrive_as_often_as_they_were_sent(target, events, kernel):
    reference_net, net = make_network(events), make_network(events)
    with nengo_loihi.Simulator(reference_net, target=target) as reference:
        reference.run_steps(40)
    with Simulator(net, minibatch_size=2, target=target, progress_bar=False, kernel=kernel) as sim:
        for n_steps in (15, 10, 15):
            sim.run_steps(n_steps)
        first = [sim.data[probe].copy() for probe in net.watched]
        sim.reset()
        sim.run_steps(40)
    for mine, again, theirs in zip(first, net.watched, reference_net.watched, strict=True):
        for lane in range(2):
            np.testing.assert_array_equal(mine[lane], reference.data[theirs])
            np.testing.assert_array_equal(sim.data[again][lane], reference.data[theirs])
    assert not np.array_equal(sim.data[net.watched[1]][0, 5], sim.data[net.watched[1]][0, 25])


def test_floating_point_spikes_out_of_order_are_refused():
    with pytest.raises(BuildError, match=r"camera: its spikes in step 7 .* target='sim'"):
        Simulator(make_network({7: [2, 1]}), target="simreal", progress_bar=False)


def test_more_spikes_than_a_byte_counts_are_refused():
    with Simulator(make_network({1: [2] * 255}), progress_bar=False) as sim:
        sim.run_steps(2)
    with (
        Simulator(make_network({1: [2] * 256}), progress_bar=False) as sim,
        pytest.raises(
            SimulationError, match="camera: one neuron has 256 spikes in step 1; at most"
        ),
    ):
        sim.run_steps(2)
