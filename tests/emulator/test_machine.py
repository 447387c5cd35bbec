"""Lanes in several blocks give the numbers of one block, for every probe and way to keep it."""

import nengo
import numpy as np
import pytest
from small_network import relu, simulator

from nengo_dense import compat
from nengo_dense.emulator import machine, run_product

LANES = 13


@pytest.fixture
def wide_net(net):
    """The network, with probes of voltages, of some steps and of a filtered value."""
    with net:
        net.p_voltage = nengo.Probe(net.chip.neurons, "voltage")
        net.p_seldom = nengo.Probe(net.output, sample_every=0.003)
        net.p_chip_seldom = nengo.Probe(net.chip.neurons, sample_every=0.002)
        net.p_filtered = nengo.Probe(net.chip.neurons, synapse=0.01)
    return net


def drawn(net, n_steps=90, seed=0):
    """Other data in each lane, that change now and then."""
    values = np.random.RandomState(seed).uniform(size=(LANES, -(-n_steps // 30), 3))
    return {net.source: np.repeat(values, 30, axis=1)[:, :n_steps]}


@pytest.fixture
def in_blocks(monkeypatch):
    """A function that divides lanes into blocks of a few, for some threads."""
    numba = pytest.importorskip("numba", reason="its number of threads is set")

    def divide(n_threads=2, most_steps=machine.PIECE_STEPS):
        monkeypatch.setattr(machine, "FEWEST", 0)
        monkeypatch.setattr(machine, "MOST", 40)
        monkeypatch.setattr(machine, "PIECE_STEPS", most_steps)
        monkeypatch.setattr(numba, "get_num_threads", lambda: n_threads)

    return divide


def in_one_block(net, **kwargs):
    sim = simulator(net, minibatch_size=LANES, **kwargs)
    assert len(sim._machine.blocks) == 1
    return sim


#: Threads, and steps in a part of a run.
DIVIDED = [(1, 512), (2, 512), (3, 24)]


@pytest.mark.parametrize("divided", DIVIDED)
@pytest.mark.parametrize("kernel", ["numpy", "numba", "auto"])
def test_blocks_of_lanes_equal_one_block_and_nengo_loihi(wide_net, kernel, divided, in_blocks):
    runs = [drawn(wide_net), drawn(wide_net, seed=1), {}]
    with in_one_block(wide_net, kernel=kernel) as one:
        for data in runs:
            one.run_steps(90, data=data)
    in_blocks(*divided)
    with simulator(wide_net, minibatch_size=LANES, kernel=kernel) as sim:
        assert len(sim._machine.blocks) > 2
        for _ in range(2):
            for data in runs:
                sim.run_steps(90, data=data)
            for probe in wide_net.all_probes:
                np.testing.assert_array_equal(sim.data[probe], one.data[probe])
                np.testing.assert_array_equal(sim.sum(probe), one.sum(probe))
                assert sim.data[probe].dtype == one.data[probe].dtype
            sim.reset()
    for probe in (wide_net.p_seldom, wide_net.p_chip_seldom):  # nengo-loihi has no such probes
        wide_net.probes.remove(probe)
    lane = LANES - 2
    steps = np.concatenate([data[wide_net.source][lane] for data in runs[:2]])
    wide_net.source.output = lambda t: steps[round(1000 * t) - 1]
    with compat.nengo_loihi().Simulator(wide_net, progress_bar=False) as reference:
        reference.run_steps(90)
        reference.run_steps(90)
    for probe in wide_net.all_probes:
        expected = reference.data[probe]
        np.testing.assert_array_equal(one.data[probe][lane][: len(expected)], expected)


@pytest.mark.parametrize("divided", DIVIDED)
def test_what_is_not_kept_is_summed_or_seen_in_all_lanes_at_once(wide_net, divided, in_blocks):
    probes, seen = wide_net.all_probes, {}
    with simulator(wide_net, minibatch_size=LANES) as kept:
        kept.run_steps(90, data=drawn(wide_net))
    in_blocks(*divided)
    keep = {
        probe: lambda first, x, probe=probe: seen.setdefault(probe, []).append((first, x.copy()))
        for probe in probes[::2]
    }
    with simulator(wide_net, minibatch_size=LANES, keep_history=keep) as sim:
        sim.run_steps(90, data=drawn(wide_net))
        for probe in probes:
            np.testing.assert_allclose(sim.sum(probe), kept.sum(probe), rtol=1e-12)
            np.testing.assert_array_equal(sim.data[probe], kept.data[probe][:, -1:])
    for probe in probes[::2]:
        firsts, parts = zip(*seen[probe], strict=True)
        assert firsts[0] == 1
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), kept.data[probe])


def test_lanes_of_python_functions_stay_in_one_block(net, in_blocks):
    in_blocks()
    calls = []
    with net:
        after = nengo.Node(lambda t, x: calls.append(round(1000 * t)), size_in=2)
        nengo.Connection(net.output, after, synapse=None)
    calls.clear()
    with in_one_block(net) as sim:
        sim.run_steps(3)
    assert calls == [1] * LANES + [2] * LANES + [3] * LANES


class OwnNeurons(nengo.RectifiedLinear):
    """Writes down when lanes are computed."""

    calls = ()

    def step(self, dt, J, output):
        type(self).calls += (J[0],)
        super().step(dt, J, output)


def test_lanes_of_own_neuron_types_stay_in_one_block(net, in_blocks):
    in_blocks()
    with net:
        own = nengo.Ensemble(1, 1, neuron_type=OwnNeurons(), gain=np.ones(1), bias=np.zeros(1))
        net.config[own].on_chip = False
        nengo.Connection(net.source[:1], own.neurons, synapse=None)
        nengo.Probe(own.neurons)
    with in_one_block(net) as sim:
        OwnNeurons.calls = ()
        lanes = np.arange(1.0, LANES + 1)
        sim.run_steps(3, data={net.source: np.tile(lanes[:, None, None], (1, 3, 3))})
    assert OwnNeurons.calls == (*lanes,) * 3


def test_a_chip_that_waits_for_the_host_is_one_block(net, in_blocks):
    in_blocks()
    with pytest.warns(UserWarning, match="precomputable"):
        in_one_block(net, precompute=False).close()


def test_few_lanes_are_one_block_and_many_some_for_each_thread(net, monkeypatch):
    numba = pytest.importorskip("numba", reason="its number of threads is set")
    monkeypatch.setattr(numba, "get_num_threads", lambda: 2)
    lanes = machine.FEWEST * 4 // 9  # neurons: four on the host, five on the chip
    for n, n_blocks in ((lanes, 1), (lanes + 1, 2), (machine.MOST // 9 + 1, 2)):
        with simulator(net, minibatch_size=n, keep_history=False) as sim:
            assert len(sim._machine.blocks) == n_blocks
            sizes = [block.lanes for block in sim._machine.blocks]
            assert sum(sizes) == n
            assert max(sizes) - min(sizes) <= 1


def test_an_error_in_a_block_ends_the_run_and_reset_begins_again(net, in_blocks):
    in_blocks()
    big = {net.source: np.full((LANES, 20, 3), 1e308)}
    with simulator(net, minibatch_size=LANES) as sim:
        big[net.source][:-1] = 0.1  # only the last block fails
        with pytest.raises((RuntimeWarning, FloatingPointError), match="overflow"):
            sim.run_steps(20, data=big)
        sim.reset()
        sim.run_steps(90, data=drawn(net))
        with simulator(net, minibatch_size=LANES) as fresh:
            fresh.run_steps(90, data=drawn(net))
        for probe in net.all_probes:
            np.testing.assert_array_equal(sim.data[probe], fresh.data[probe])


def test_what_blocks_have_to_say_is_said_once_a_run(wide_net, in_blocks, monkeypatch):
    monkeypatch.setattr(run_product, "MOST_NUMBERS", 0)
    monkeypatch.setattr(run_product, "find_order", lambda *args: None)
    in_blocks(most_steps=24)
    with wide_net:
        nengo.Probe(nengo.Ensemble(30, 1, neuron_type=relu()))
    with simulator(wide_net, minibatch_size=LANES) as sim:
        assert len(sim._machine.blocks) > 2
        for _ in range(2):
            with pytest.warns(UserWarning, match="last bits") as said:
                sim.run_steps(90)
            assert len({str(one.message) for one in said}) == len(said)
