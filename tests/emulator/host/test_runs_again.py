"""A host after a reset, which computes again only what has changed: as one that is new."""

import nengo
import nengo_loihi
import numpy as np
import pytest

from tests.emulator.small_network import relu, simulator

LANES = 40  # so that the first layer is estimated


def make_network(with_functions):
    """Make a network whose host computes by a plan, with an estimate, or step by step."""
    weights = np.random.RandomState(0).normal(scale=90, size=(210, 6))
    with nengo.Network(seed=4) as net:
        given, bias, added = nengo.Node(np.linspace(-1, 1, 6)), nengo.Node([9]), nengo.Node([0.3])
        layer = nengo.Ensemble(210, 1, neuron_type=relu(), gain=np.ones(210), bias=np.zeros(210))
        chip = nengo.Ensemble(12, 1, neuron_type=relu())
        inputs, out = nengo.Node(size_in=6), nengo.Node(size_in=2)
        nengo.Connection(given, inputs, synapse=None)
        nengo.Connection(inputs, layer.neurons, transform=weights, synapse=None)
        nengo.Connection(bias, layer.neurons, transform=np.ones((210, 1)), synapse=None)
        spikes = np.full((12, 210), 0.001)
        nengo.Connection(layer.neurons, chip.neurons, transform=spikes, synapse=0.005)
        nengo.Connection(chip, out[0], synapse=0.01)
        nengo.Connection(added, out[1], synapse=None)
        net.inputs = [given, bias, added]
        if with_functions:
            rates = nengo.Ensemble(9, 2, neuron_type=nengo.RectifiedLinear())
            noise = nengo.Node(nengo.processes.WhiteSignal(0.1, high=50, seed=1))
            called = nengo.Node(lambda t: np.sin(300 * t), size_out=1)
            nengo.Connection(noise, rates[0], synapse=0.01)
            nengo.Connection(added, rates[1], synapse=None)
            nengo.Connection(called, out[1], synapse=None)
            net.inputs += [noise, called]
        net.probed = [nengo.Probe(out), nengo.Probe(chip.neurons)]
        net.probed += [nengo.Probe(rates)] if with_functions else []
    nengo_loihi.add_params(net)
    for ensemble in [layer, rates] if with_functions else [layer]:
        net.config[ensemble].on_chip = False
    return net


def drawn(net, rng, n_steps):
    """Draw data for some of the nodes, which change during the run or do not."""
    data = {}
    for node in net.inputs:
        if rng.uniform() < 0.4:
            n_values = n_steps if rng.uniform() < 0.3 else 1
            values = rng.uniform(-1, 1, size=(LANES, n_values, node.size_out))
            data[node] = np.broadcast_to(values, (LANES, n_steps, node.size_out))
    return data


@pytest.mark.parametrize("kernel", ["numpy", "numba"])
@pytest.mark.parametrize("with_functions", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_runs_after_resets_are_those_of_a_new_simulator(with_functions, kernel, seed):
    rng, net = np.random.RandomState(seed), make_network(with_functions)
    options = {"minibatch_size": LANES, "kernel": kernel, "precompute": True}
    with simulator(net, **options) as sim:
        hosts = sim._machine.blocks[0].hosts
        assert with_functions or hosts["host_pre"]._estimate is not None
        for _ in range(8):
            sim.reset()
            runs = [(n, drawn(net, rng, n)) for n in rng.randint(1, 60, size=2)]
            with simulator(net, **options) as new:
                for n_steps, data in runs:
                    sim.run_steps(n_steps, data=data)
                    new.run_steps(n_steps, data=data)
                for probe in net.probed:
                    np.testing.assert_array_equal(sim.data[probe], new.data[probe])
                    assert sim.data[probe].any() or n_steps < 10


@pytest.mark.parametrize("kernel", ["numpy", "numba"])
def test_what_was_only_estimated_is_computed_after_a_reset(kernel):
    net = make_network(with_functions=False)
    changing = {net.inputs[1]: np.random.RandomState(0).uniform(0, 99, size=(LANES, 60, 1))}
    options = {"minibatch_size": LANES, "kernel": kernel, "precompute": True}
    with simulator(net, **options) as sim, simulator(net, **options) as new:
        sim.run_steps(60)
        sim.reset()
        for each in (sim, new):
            each.run_steps(60, data=changing)
        for probe in net.probed:
            np.testing.assert_array_equal(sim.data[probe], new.data[probe])
            assert sim.data[probe].any()
