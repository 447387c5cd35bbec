"""The interface: data in, values out."""

import gc
import warnings
import weakref

import nengo
import numpy as np
import pytest
from nengo.exceptions import (
    ReadonlyError,
    SimulationError,
)
from nengo.utils.progress import ProgressBar
from small_network import layer, simulator

from nengo_dense.emulator import Simulator


@pytest.mark.parametrize(
    "minibatch_size, shape", [(None, (30, 2)), (1, (1, 30, 2)), (4, (4, 30, 2))]
)
def test_values_have_a_lane_axis_with_a_minibatch_size(net, minibatch_size, shape):
    with simulator(net, minibatch_size=minibatch_size) as sim:
        sim.run(0.03)
    assert sim.data[net.p_output].shape == shape
    assert not sim.data[net.p_output].flags.writeable
    assert np.abs(sim.data[net.p_output]).sum() > 0


def test_lanes_without_data_are_alike(net):
    with simulator(net, minibatch_size=3) as sim:
        sim.run_steps(40)
    for probe in (net.p_output, net.p_chip, net.p_hidden):
        np.testing.assert_array_equal(sim.data[probe], sim.data[probe][:1].repeat(3, axis=0))


def test_data_replaces_a_node_for_one_run_only(net):
    value = net.source.output
    with simulator(net) as sim:
        sim.run_steps(20, data={net.source: np.zeros((20, 3))})
        assert not sim.data[net.p_hidden].any()
        sim.run_steps(20)
    with simulator(net) as alone:
        alone.run_steps(20, data={net.source: np.zeros((1, 20, 3))})
        alone.run_steps(20, data={net.source: np.broadcast_to(value, (1, 20, 3))})
    assert sim.data[net.p_hidden].any()
    np.testing.assert_array_equal(sim.data[net.p_hidden], alone.data[net.p_hidden])


def test_data_of_more_steps_than_the_run_is_cut(net):
    x = np.random.RandomState(0).uniform(size=(2, 50, 3))
    with simulator(net, minibatch_size=2) as sim, simulator(net, minibatch_size=2) as other:
        sim.run_steps(30, data={net.source: x})
        other.run_steps(30, data={net.source: x[:, :30]})
    np.testing.assert_array_equal(sim.data[net.p_chip], other.data[net.p_chip])


def test_reset_starts_again(net):
    with simulator(net) as sim:
        sim.run_steps(30)
        first = sim.data[net.p_chip].copy()
        sim.reset()
        assert (sim.n_steps, sim.time) == (0, 0)
        assert len(sim.data[net.p_chip]) == 0
        sim.run_steps(30)
        np.testing.assert_array_equal(sim.data[net.p_chip], first)


def test_clear_probes_keeps_the_state(net):
    with simulator(net) as sim, simulator(net) as whole:
        sim.run_steps(17)
        sim.clear_probes()
        sim.run_steps(13)
        whole.run_steps(30)
    np.testing.assert_array_equal(sim.data[net.p_chip], whole.data[net.p_chip][17:])
    np.testing.assert_array_equal(sim.data[net.p_output], whole.data[net.p_output][17:])
    assert sim.n_steps == 30


@pytest.mark.parametrize("kernel", ["numpy", "auto"])
def test_sum_is_that_of_the_values_kept_or_not(net, kernel):
    probes = [net.p_chip, net.p_hidden, net.p_output]
    with (
        simulator(net, minibatch_size=2, kernel=kernel) as kept,
        simulator(net, minibatch_size=2, kernel=kernel, keep_history=[net.p_hidden]) as summed,
    ):
        for sim in (kept, summed):
            sim.run_steps(20)
            sim.run_steps(30)
    for probe in probes:
        np.testing.assert_allclose(summed.sum(probe), kept.data[probe].sum(axis=1), rtol=1e-12)
        np.testing.assert_allclose(kept.sum(probe), summed.sum(probe), rtol=1e-12)
    assert summed.data[net.p_chip].shape == (2, 1, 5)
    np.testing.assert_array_equal(summed.data[net.p_chip][:, 0], kept.data[net.p_chip][:, -1])
    assert summed.data[net.p_hidden].shape == (2, 50, 4)


@pytest.mark.parametrize("minibatch_size", [None, 2])
def test_observers_see_what_would_have_been_kept(net, minibatch_size, monkeypatch):
    monkeypatch.setattr("nengo_dense.emulator.machine.PIECE_STEPS", 8)
    probes = [net.p_chip, net.p_hidden, net.p_output]
    seen = {probe: [] for probe in probes}
    observers = {
        probe: lambda first_step, values, probe=probe: seen[probe].append((first_step, values))
        for probe in probes
    }
    with (
        simulator(net, minibatch_size=minibatch_size) as kept,
        simulator(net, minibatch_size=minibatch_size, keep_history=observers) as observed,
    ):
        for sim in (kept, observed):
            sim.run_steps(20)
            sim.run_steps(11)
    for probe in probes:
        assert [first for first, _ in seen[probe]] == [1, 9, 17, 21, 29]
        values = np.concatenate([piece for _, piece in seen[probe]], axis=1)
        expected = kept.data[probe] if minibatch_size else kept.data[probe][None]
        np.testing.assert_array_equal(values, expected)
        np.testing.assert_array_equal(
            observed.data[probe][..., -1, :], kept.data[probe][..., -1, :]
        )


def test_pieces_change_nothing(net, monkeypatch):
    with simulator(net, minibatch_size=2) as whole:
        whole.run_steps(41)
    monkeypatch.setattr("nengo_dense.emulator.machine.PIECE_STEPS", 8)
    with simulator(net, minibatch_size=2) as pieces:
        pieces.run_steps(41)
    for probe in (net.p_output, net.p_chip, net.p_hidden):
        np.testing.assert_array_equal(whole.data[probe], pieces.data[probe])


def test_sample_every_thins_probes_on_chip_and_host(net):
    with net:
        thin = [
            nengo.Probe(net.chip.neurons, sample_every=0.004),
            nengo.Probe(net.output, sample_every=0.004),
        ]
    with simulator(net) as sim:
        sim.run_steps(30)
    for probe, full in zip(thin, (net.p_chip, net.p_output), strict=True):
        np.testing.assert_array_equal(sim.data[probe], sim.data[full][3::4])
    np.testing.assert_allclose(sim.trange(sample_every=0.004), 0.004 * np.arange(1, 8))


def test_built_parameters_are_nengo_loihis(net):
    import nengo_loihi

    with simulator(net) as sim, nengo_loihi.Simulator(net) as reference:
        for ensemble in (net.chip, net.hidden):
            for built, expected in zip(sim.data[ensemble], reference.data[ensemble], strict=True):
                np.testing.assert_array_equal(built, expected)
        objects = {type(key).__name__ for key in sim.data}
        assert objects == {type(key).__name__ for key in reference.data}
        assert len(sim.data) == len(reference.data)
        assert net.p_chip in sim.data


def test_time_counts_steps(net):
    with simulator(net, dt=0.002) as sim:
        sim.run(0.03)
        sim.step()
        assert (sim.n_steps, sim.dt) == (16, 0.002)
        assert sim.time == 16 * 0.002
        np.testing.assert_allclose(sim.trange(), 0.002 * np.arange(1, 17))
        with pytest.raises(ReadonlyError, match="dt"):
            sim.dt = 0.001


def test_open_simulator_warns_when_it_goes(net):
    sim = simulator(net)
    with pytest.warns(ResourceWarning, match="deallocated while open"):
        sim.__del__()
    sim.close()


def test_zero_steps_warn(net):
    with simulator(net) as sim:
        with pytest.warns(UserWarning, match="0.0001 results in running for 0 timesteps"):
            sim.run(0.0001)
        with pytest.warns(UserWarning, match="0 timesteps"):
            sim.run_steps(0)
        assert sim.n_steps == 0


class CountingBar(ProgressBar):
    def __init__(self):
        self.last = None

    def update(self, progress):
        self.last = progress

    def close(self):
        self.closed = True


def test_progress_bar_sees_every_step(net):
    bar = CountingBar()
    with simulator(net) as sim:
        sim.run_steps(12, progress_bar=bar)
    assert (bar.last.n_steps, bar.last.max_steps, bar.last.name_during) == (12, 12, "Simulating")
    assert bar.closed


def test_overflow_warns_once_a_run_as_nengo_loihi():
    with nengo.Network(seed=1) as network:
        pre, post = layer(60, 900.0), layer(3, 0.0)
        nengo.Connection(pre.neurons, post.neurons, transform=np.ones((3, 60)), synapse=0.1)
    with simulator(network) as sim:
        with pytest.warns(UserWarning, match="Overflow in (q0|current|u2)") as record:
            sim.run_steps(300)
        messages = [str(warning.message) for warning in record]
        assert len(set(messages)) == len(messages)


def test_precomputable_network_in_turns_warns(net):
    with pytest.warns(UserWarning, match="Model is precomputable"):
        sim = simulator(net, precompute=False)
    with warnings.catch_warnings(), sim:
        warnings.simplefilter("error")
        sim.run_steps(3)


def test_strict_emulator_raises_instead_of_warning(monkeypatch):
    from nengo_loihi.emulator import EmulatorInterface

    monkeypatch.setattr(EmulatorInterface, "strict", True)
    with nengo.Network(seed=1) as network:
        pre, post = layer(60, 900.0), layer(3, 0.0)
        nengo.Connection(pre.neurons, post.neurons, transform=np.ones((3, 60)), synapse=0.1)
    with simulator(network) as sim, pytest.raises(SimulationError, match="Overflow in"):
        sim.run_steps(300)


def test_timers_say_how_long_building_and_the_last_run_took():
    with nengo.Network(seed=0) as network:
        layer(5)
    with Simulator(network, progress_bar=False) as sim:
        assert set(sim.timers) == {"build"}
        sim.run_steps(3)
    assert set(sim.timers) == {"build", "run"}
    assert all(seconds > 0 for seconds in sim.timers.values())


def test_an_interrupted_step_must_be_reset(net):
    with net:
        node = nengo.Node(lambda t: 1 / 0 if 0.0055 < t < 0.0065 else t)
        probe = nengo.Probe(node)
    with Simulator(net, progress_bar=False) as sim:
        with pytest.raises(ZeroDivisionError):
            sim.run_steps(10)
        with pytest.raises(SimulationError, match=r"ended inside a step.*reset"):
            sim.run_steps(1)
        sim.reset()
        sim.run_steps(3)
        np.testing.assert_array_equal(sim.data[probe], sim.trange()[:, None])


def test_closing_frees_what_running_needs(net):
    sim = Simulator(net, progress_bar=False)
    hosts = [weakref.ref(host) for host in sim._machine.blocks[0].hosts.values()]
    sim.close()
    gc.collect()
    assert hosts
    assert all(host() is None for host in hosts)


def test_pieces_have_more_than_one_step(net, monkeypatch):
    monkeypatch.setattr("nengo_dense.emulator.machine.PIECE_BYTES", 1)
    with Simulator(net, progress_bar=False) as sim:
        for n_steps in range(1, 12):
            pieces = list(sim._machine.pieces(n_steps))
            assert sum(pieces) == n_steps
            assert n_steps == 1 or min(pieces) > 1


def test_a_run_a_little_longer_than_fits_stays_whole(net, monkeypatch):
    monkeypatch.setattr("nengo_dense.emulator.machine.PIECE_STEPS", 96)
    with Simulator(net, progress_bar=False) as sim:
        pieces = {n_steps: list(sim._machine.pieces(n_steps)) for n_steps in (100, 120, 121, 200)}
    assert pieces == {100: [100], 120: [120], 121: [96, 25], 200: [96, 104]}


def test_hosts_that_may_share_something_run_one_after_the_other(net, monkeypatch):
    monkeypatch.setattr("nengo_dense.emulator.machine.PIECE_BYTES", 1)
    order = []
    net.source.output = lambda t: order.append("before") or [0.5, 0.2, 0.9]
    with net:
        after = nengo.Node(lambda t, x: order.append("after"), size_in=2)
        nengo.Connection(net.output, after, synapse=None)
    order.clear()
    with Simulator(net, progress_bar=False) as sim:
        sim.run_steps(8)
    assert order == ["before"] * 8 + ["after"] * 8


@pytest.mark.parametrize("lanes", [None, 3])
def test_what_was_built_can_be_changed_and_runs_are_as_before(net, lanes):
    with simulator(net, minibatch_size=lanes) as sim:
        sim.run_steps(20)
        expected = sim.data[net.p_hidden]
        sim.reset()
        sim.data[net.hidden].bias[...] += 400
        sim.data[net.hidden].gain[...] *= 2
        sim.run_steps(20)
        np.testing.assert_array_equal(sim.data[net.p_hidden], expected)


def test_a_function_without_a_result_is_said_to_be_one(net):
    with net:
        root = nengo.Node(lambda t, x: np.sqrt(0 * x + 0.0015 - t), size_in=2)
        nengo.Connection(net.output, root, synapse=None)
    with (
        simulator(net) as sim,
        pytest.raises(SimulationError, match=r"sqrt.*in a function of a node"),
    ):
        sim.run_steps(3)
