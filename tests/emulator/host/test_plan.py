"""A host that follows its plan gives what single steps give, and what nengo-loihi gives."""

import functools

import nengo
import numpy as np
import pytest
from host_network import NEURONS, make_network, presentations, run

from nengo_dense import compat
from nengo_dense.emulator import Simulator
from nengo_dense.exceptions import NumberError
from nengo_dense.layers import DenseStack

LANES, PIECES = 3, [25, 1, 14]


@pytest.fixture(params=["numpy", "numba"])
def kernel(request):
    if request.param == "numba":
        pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    return request.param


def assert_same(ours, expected):
    for mine, other in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(mine, other)
        assert mine.any()


def make_watched(name, parts, probed):
    net = make_network(name, parts)
    if probed:
        with net:
            net.watched.append(nengo.Probe(net.hidden.neurons))
    return net


@functools.cache
def reference(name, parts, probed):
    """Run nengo-loihi once for all kernels; return the values of each lane."""
    x, lanes = presentations(LANES, sum(PIECES)), []
    for lane in range(LANES):
        alone = make_watched(name, parts, probed)
        alone.source.output = lambda t, lane=lane: x[lane, round(t / 0.001) - 1]
        with compat.nengo_loihi().Simulator(alone) as sim:
            for n_steps in PIECES:
                sim.run_steps(n_steps)
        lanes.append([sim.data[probe] for probe in alone.watched])
    return lanes


@pytest.mark.parametrize("probed", [False, True])
@pytest.mark.parametrize("parts", [False, True])
@pytest.mark.parametrize("name", list(NEURONS))
def test_following_a_plan_equals_nengo_loihi(name, parts, probed, kernel):
    net, x = make_watched(name, parts, probed), presentations(LANES, sum(PIECES))
    ours, followed = run(net, kernel, {net.source: x}, PIECES)
    # one step alone is no stretch, and neither is the second presentation
    assert followed == {"host_pre": 0 if name == "lif" else 38, "host": 39}
    for lane, expected in enumerate(reference(name, parts, probed)):
        assert_same([values[lane] for values in ours], expected)


@pytest.mark.parametrize("attr", ["voltage", "output"])
@pytest.mark.parametrize("name", list(NEURONS))
def test_neurons_of_which_a_probe_alone_reads_anything_go_on(name, attr, kernel):
    """Their output may lead nowhere, and be read by nobody where their voltage is."""
    with nengo.Network(seed=0) as net:
        compat.nengo_loihi().add_params(net)
        on_chip = nengo.Ensemble(5, 1, neuron_type=NEURONS["relu"])
        nengo.Connection(nengo.Node([0.5]), on_chip)
        alone = nengo.Ensemble(12, 1, neuron_type=NEURONS[name], seed=1)
        net.config[alone].on_chip = False
        probe = nengo.Probe(alone.neurons, attr)
    with compat.nengo_loihi().Simulator(net) as reference:
        reference.run_steps(30)
    with Simulator(net, kernel=kernel, minibatch_size=2) as sim:
        sim.run_steps(30)
    assert reference.data[probe].any()
    for lane in sim.data[probe]:
        np.testing.assert_array_equal(lane, reference.data[probe])


def test_data_that_holds_replaces_the_bias_of_a_readout(kernel):
    bias = np.random.RandomState(2).normal(size=(LANES, 3, 2)).repeat([10, 1, 9], axis=1)
    results = []
    for plans in (True, False):
        net = make_network()
        data = {net.source: presentations(LANES, 20), net.bias: bias}
        values, followed = run(net, kernel, data, [20], plans)
        assert followed["host"] == (19 if plans else 0)
        results.append(values)
    assert_same(*results)
    assert (results[0][1][:, 9] != results[0][1][:, 11]).any()


def test_data_that_changes_in_every_step_is_followed_step_by_step(kernel):
    bias = np.random.RandomState(2).normal(size=(LANES, 20, 2))
    results = []
    for plans in (True, False):
        net = make_network()
        data = {net.source: presentations(LANES, 20), net.bias: bias}
        values, followed = run(net, kernel, data, [20], plans)
        assert followed["host"] == 0
        results.append(values)
    assert_same(*results)


def test_a_node_whose_data_ends_has_its_own_output_again(kernel):
    from nengo_dense.emulator import Simulator

    net = make_network()
    with Simulator(net, minibatch_size=2, progress_bar=False, kernel=kernel) as sim:
        sim.run_steps(5, data={net.bias: np.full((2, 5, 2), 7.0)})
        sim.run_steps(5)
    alone = make_network()
    alone.bias.output = lambda t: [7.0, 7.0] if t < 0.0055 else [0.3, -0.2]
    with compat.nengo_loihi().Simulator(alone) as reference:
        reference.run_steps(5)
        reference.run_steps(5)
    np.testing.assert_array_equal(sim.data[net.watched[1]][1], reference.data[alone.watched[1]])


@pytest.mark.parametrize("attr", ["voltage", "input"])
def test_probes_see_what_neurons_hold_and_what_holds_still(attr, kernel):
    results = []
    for plans in (True, False):
        net = make_network()
        with net:
            net.watched += [nengo.Probe(net.hidden.neurons, attr), nengo.Probe(net.source)]
        data = {net.source: presentations(LANES, 40)}
        values, followed = run(net, kernel, data, PIECES, plans)
        assert followed["host_pre"] == (38 if plans else 0)
        results.append(values)
    assert_same(*results)


def test_a_node_that_nothing_reaches_reads_zeros(kernel):
    from nengo_dense.emulator import Simulator

    net = make_network()
    with net:
        alone = nengo.Probe(nengo.Node(size_in=2))
    del net.connections[:]
    net.probes[:] = [alone]
    with Simulator(net, progress_bar=False, kernel=kernel) as sim:
        sim.run_steps(5)
    np.testing.assert_array_equal(sim.data[alone], np.zeros((5, 2)))


@pytest.mark.parametrize("encoding", ["host", "spikes"])
@pytest.mark.filterwarnings("ignore:overflow encountered in multiply")  # Nengo's, and ours
def test_a_drive_that_overflows_ends_every_simulator(encoding, kernel):
    with nengo.Network(seed=0) as net:
        source = nengo.Node(np.full(4, 1e308))
        stack = DenseStack([8, 5, 3], 4, encoding=encoding, seed=0)
        nengo.Connection(source, stack.input, synapse=None)
    with (
        pytest.raises(FloatingPointError, match="invalid value encountered in subtract"),
        compat.nengo_loihi().Simulator(net) as reference,
    ):
        reference.run_steps(2)
    with (
        Simulator(net, kernel=kernel, minibatch_size=2) as sim,
        pytest.raises(NumberError, match="make data or weights smaller"),
    ):
        sim.run_steps(2)
