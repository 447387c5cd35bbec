"""Host layers that run ahead and readouts that follow give what single steps give."""

import nengo
import numpy as np
import pytest

from nengo_dense import compat
from nengo_dense.emulator import Simulator

compat.nengo_loihi()
import nengo_loihi  # noqa: E402

pytest.importorskip("numba", reason="only compiled hosts run ahead: the extra 'fast'")

ZERO = {"voltage": nengo.dists.Choice([0])}
NEURONS = {
    "relu": nengo.SpikingRectifiedLinear(amplitude=0.5, initial_state=ZERO),
    "loihi relu": nengo_loihi.neurons.LoihiSpikingRectifiedLinear(initial_state=ZERO),
    "regular": nengo.RegularSpiking(nengo.LIFRate(), initial_state=ZERO),
    "lif": nengo.LIF(initial_state=ZERO),
}


def make_network(neuron_type, parts=False, filtered=None):
    """Build source → host layer → chip → filtered readout."""
    rng = np.random.RandomState(8)
    with nengo.Network(seed=3) as net:
        nengo_loihi.add_params(net)
        net.source = nengo.Node(np.zeros(3))
        hidden = nengo.Ensemble(
            6, 1, neuron_type=neuron_type, gain=np.full(6, 50.0), bias=rng.uniform(0, 20, 6)
        )
        net.config[hidden].on_chip = False
        chip = nengo.Ensemble(5, 1, neuron_type=NEURONS["relu"], gain=np.ones(5), bias=np.zeros(5))
        output, bias = nengo.Node(size_in=2), nengo.Node([0.3, -0.2])
        nengo.Connection(bias, output, transform=rng.normal(size=(2, 2)), synapse=None)
        weights = rng.uniform(0, 5, size=(6, 3))
        nengo.Connection(net.source, hidden.neurons, transform=weights, synapse=filtered)
        pre = hidden.neurons[1:4] if parts else hidden.neurons
        weights = rng.uniform(0, 1, size=(5, pre.size_out))
        nengo.Connection(pre, chip.neurons, transform=weights, synapse=0.005)
        if parts:
            weights = rng.normal(size=(5, 6))
            nengo.Connection(hidden.neurons, chip.neurons, transform=weights, synapse=0.005)
        for synapse in (0.005, 0.02):
            weights = rng.normal(size=(2, 5))
            nengo.Connection(chip.neurons, output, transform=weights, synapse=synapse)
        net.watched = [
            nengo.Probe(hidden.neurons),
            nengo.Probe(chip.neurons),
            nengo.Probe(output),
        ]
        net.bias = bias
    return net


def presentations(lanes, n_steps):
    """Three inputs one after another, the second for one step."""
    x = np.random.RandomState(1).uniform(0, 1, size=(lanes, 3, 3))
    return np.repeat(x, [n_steps // 2, 1, n_steps - n_steps // 2 - 1], axis=1)


def run(net, kernel, x, pieces):
    with Simulator(net, minibatch_size=len(x), progress_bar=False, kernel=kernel) as sim:
        start = 0
        for n_steps in pieces:
            sim.run_steps(n_steps, data={net.source: x[:, start : start + n_steps]})
            start += n_steps
        plans = {name: host.plan for name, host in sim._machine.hosts.items()}
    return [sim.data[probe] for probe in net.watched], plans


@pytest.mark.parametrize("parts", [False, True])
@pytest.mark.parametrize("name", list(NEURONS))
def test_running_ahead_equals_nengo_loihi(name, parts):
    lanes, n_steps = 3, 40
    x = presentations(lanes, n_steps)
    compiled, plans = run(make_network(NEURONS[name], parts), "numba", x, [25, 1, 14])
    assert (plans["host_pre"] is None) == (name == "lif")
    assert plans["host"] is not None
    plain, _ = run(make_network(NEURONS[name], parts), "numpy", x, [25, 1, 14])
    for lane in range(lanes):
        net = make_network(NEURONS[name], parts)
        net.source.output = lambda t, lane=lane: x[lane, round(t / 0.001) - 1]
        with nengo_loihi.Simulator(net) as reference:
            for piece in (25, 1, 14):
                reference.run_steps(piece)
        for probe, mine, other in zip(net.watched, compiled, plain, strict=True):
            np.testing.assert_array_equal(mine[lane], reference.data[probe])
            np.testing.assert_array_equal(other[lane], reference.data[probe])
    assert all(values.any() for values in compiled)


def test_probe_of_some_neurons_keeps_the_host_in_step():
    net = make_network(NEURONS["relu"])
    with net:
        net.watched.append(nengo.Probe(net.ensembles[0].neurons[::2]))
    values, plans = run(net, "numba", presentations(2, 20), [20])
    assert plans["host_pre"] is None
    np.testing.assert_array_equal(values[-1], values[0][:, :, ::2])


def test_host_that_changes_by_itself_does_not_run_ahead():
    x = presentations(2, 20)
    _, plans = run(make_network(NEURONS["relu"], filtered=0.01), "numba", x, [20])
    assert plans["host_pre"] is None


def test_source_without_data_does_not_run_ahead():
    net = make_network(NEURONS["relu"])
    net.source.output = lambda t: np.full(3, t)
    with Simulator(net, progress_bar=False) as sim:
        sim.run_steps(10)
        host = sim._machine.hosts["host_pre"]
        assert len(host.plan.sources) == 1


def test_data_for_the_bias_of_a_readout_is_followed_step_by_step():
    net = make_network(NEURONS["relu"])
    given = np.random.RandomState(2).normal(size=(2, 12, 2))
    values = []
    for kernel in ("numba", "numpy"):
        with Simulator(net, minibatch_size=2, progress_bar=False, kernel=kernel) as sim:
            sim.run_steps(12, data={net.bias: given})
            sim.run_steps(5)
        values.append(sim.data[net.watched[2]])
    np.testing.assert_array_equal(*values)
    assert (values[0][:, 1] != values[0][:, 2]).any()


def test_a_node_that_nothing_reaches_reads_zeros():
    net = make_network(NEURONS["relu"])
    with net:
        alone = nengo.Probe(nengo.Node(size_in=2))
    del net.connections[:]
    net.probes[:] = [alone]
    with Simulator(net, progress_bar=False, kernel="numba") as sim:
        sim.run_steps(5)
    np.testing.assert_array_equal(sim.data[alone], np.zeros((5, 2)))
