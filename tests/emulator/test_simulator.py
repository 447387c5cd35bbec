"""The interface: data in, values out, and what is said about bad input."""

import gc
import warnings
import weakref

import nengo
import numpy as np
import pytest
from nengo.exceptions import (
    BuildError,
    ReadonlyError,
    SimulationError,
    SimulatorClosed,
    ValidationError,
)
from nengo.utils.progress import ProgressBar

from nengo_dense import compat
from nengo_dense.emulator import Simulator


def relu(**kwargs):
    zero = {"voltage": nengo.dists.Choice([0])}
    return nengo.SpikingRectifiedLinear(initial_state=zero, **kwargs)


def layer(size, rate=100.0):
    return nengo.Ensemble(
        size, 1, neuron_type=relu(), gain=np.ones(size), bias=np.full(size, rate)
    )


@pytest.fixture
def net():
    """Three features → four neurons on the host → five on the chip → two readouts."""
    compat.nengo_loihi()
    import nengo_loihi

    rng = np.random.RandomState(3)
    with nengo.Network(seed=1) as network:
        nengo_loihi.add_params(network)
        network.source = nengo.Node(np.array([0.5, 0.2, 0.9]))
        network.hidden = layer(4, 0)
        network.config[network.hidden].on_chip = False
        network.chip = layer(5, 0)
        network.output = nengo.Node(size_in=2)
        weights = rng.uniform(0, 200, size=(4, 3))
        nengo.Connection(network.source, network.hidden.neurons, transform=weights, synapse=None)
        nengo.Connection(
            network.hidden.neurons,
            network.chip.neurons,
            transform=rng.uniform(0, 1, size=(5, 4)),
            synapse=0.005,
        )
        nengo.Connection(
            network.chip.neurons, network.output, transform=rng.normal(size=(2, 5)), synapse=0.005
        )
        network.p_output = nengo.Probe(network.output)
        network.p_chip = nengo.Probe(network.chip.neurons)
        network.p_hidden = nengo.Probe(network.hidden.neurons)
    return network


def simulator(network, **kwargs):
    return Simulator(network, progress_bar=False, **kwargs)


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


def test_sum_of_what_is_no_probe_is_refused(net):
    with simulator(net) as sim, pytest.raises(ValidationError, match="not a probe of this"):
        sim.sum(net.chip)


def test_chunks_change_nothing(net, monkeypatch):
    with simulator(net, minibatch_size=2) as whole:
        whole.run_steps(41)
    monkeypatch.setattr("nengo_dense.emulator.machine.CHUNK_STEPS", 8)
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


def test_closed_simulator_refuses_to_run_but_keeps_its_data(net):
    sim = simulator(net)
    sim.run_steps(5)
    sim.close()
    sim.close()
    assert sim.closed
    assert sim.data[net.p_chip].shape == (5, 5)
    for call in (sim.step, sim.reset, lambda: sim.run(0.1), lambda: sim.run_steps(0)):
        with pytest.raises(SimulatorClosed, match="closed"):
            call()
    with pytest.raises(SimulatorClosed, match="re-open"):
        sim.__enter__()


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


@pytest.mark.parametrize(
    "data, message",
    [
        (lambda net: np.zeros((2, 9, 3)), "must be a dict"),
        (lambda net: {net.source: np.zeros((2, 9, 4))}, r"shape \(2, n_steps, 3\).*\(2, 9, 4\)"),
        (lambda net: {net.source: np.zeros((9, 3))}, r"shape \(2, n_steps, 3\).*\(9, 3\)"),
        (lambda net: {net.source: np.zeros((2, 5, 3))}, "has 5 steps, but the run has 9"),
        (lambda net: {net.source: [[["a"] * 3] * 9] * 2}, "must be real numbers"),
        (lambda net: {net.source: np.zeros((2, 9, 3), complex)}, "must be real numbers"),
        (lambda net: {net.source: [[1], [1, 2]]}, "is not an array"),
        (
            lambda net: {net.source: np.full((2, 9, 3), np.nan)},
            "finite .got nan in lane 0, step 0",
        ),
        (lambda net: {net.output: np.zeros((2, 9, 2))}, "takes an input of size 2"),
        (lambda net: {net.chip: np.zeros((2, 9, 5))}, "keys must be nodes"),
        (
            lambda net: {nengo.Node(0, add_to_container=False): np.zeros((2, 9, 1))},
            "not in the simulated network",
        ),
    ],
)
def test_bad_data_is_refused(net, data, message):
    with simulator(net, minibatch_size=2) as sim:
        with pytest.raises(ValidationError, match=message):
            sim.run_steps(9, data=data(net))
        assert sim.n_steps == 0


@pytest.mark.parametrize("size", [0, -1, 2.5, "2", True])
def test_bad_minibatch_size_is_refused(net, size):
    with pytest.raises(ValidationError, match="whole number of at least 1"):
        simulator(net, minibatch_size=size)


@pytest.mark.parametrize("steps", [-1, 2.5, "2"])
def test_bad_number_of_steps_is_refused(net, steps):
    with simulator(net) as sim, pytest.raises(ValidationError, match="whole number of steps"):
        sim.run_steps(steps)


def test_negative_time_is_refused(net):
    with simulator(net) as sim, pytest.raises(ValidationError, match="Must be positive"):
        sim.run(-1)


def test_hardware_is_not_emulated(net):
    with pytest.raises(BuildError, match=r"nengo_loihi.Simulator"):
        simulator(net, target="loihi")
    with pytest.raises(ValidationError, match=r"'sim' or 'simreal' .got 'gpu'"):
        simulator(net, target="gpu")


def test_bad_kernel_is_refused(net):
    with pytest.raises(ValidationError, match=r"auto, numpy, numba .got 'cuda'"):
        simulator(net, kernel="cuda")


def test_what_is_no_network_is_refused():
    with pytest.raises(ValidationError, match=r"must be a nengo.Network .got int"):
        simulator(3)


def test_network_without_chip_gives_nengo_loihis_message():
    with nengo.Network() as empty:
        nengo.Node(0)
    with pytest.raises(BuildError, match="No neurons marked for execution on-chip"):
        simulator(empty)


def test_refusal_names_the_object(net):
    with net:
        nengo.Connection(
            net.hidden.neurons,
            net.chip.neurons,
            transform=np.zeros((5, 4)),
            synapse=nengo.Alpha(0.01),
            label="guilty",
        )
    with pytest.raises(BuildError, match=r"guilty.*Cannot handle non-Lowpass synapses"):
        simulator(net)


def test_probe_that_the_chip_has_not_is_refused(net):
    with net:
        nengo.Probe(net.chip, "input")
    with pytest.raises(BuildError, match="cannot be emulated: the chip can be probed for"):
        simulator(net)


def test_overflow_warns_once_a_run_as_nengo_loihi():
    with nengo.Network(seed=1) as network:
        pre, post = layer(60, 900.0), layer(3, 0.0)
        nengo.Connection(pre.neurons, post.neurons, transform=np.ones((3, 60)), synapse=0.1)
    with simulator(network) as sim:
        with pytest.warns(UserWarning, match="Overflow in (q0|current|u2)") as record:
            sim.run_steps(300)
        messages = [str(warning.message) for warning in record]
        assert len(set(messages)) == len(messages)


def test_function_that_returns_nonsense_is_named(net):
    def broken(t):
        return np.nan

    with net:
        nengo.Node(broken)
    with (
        simulator(net) as sim,
        pytest.raises(SimulationError, match="'broken' returned non-finite"),
    ):
        sim.run_steps(2)


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


def test_missing_network_is_refused():
    with pytest.raises(ValidationError, match="network parameter must not be None"):
        simulator(None)


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
    hosts = [weakref.ref(host) for host in sim._machine.hosts.values()]
    sim.close()
    gc.collect()
    assert hosts
    assert all(host() is None for host in hosts)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dt": 0}, "dt: must be seconds above 0"),
        ({"dt": -0.001}, "dt: must be seconds above 0"),
        ({"dt": "1"}, "dt: must be seconds above 0"),
        ({"seed": -1}, "seed: must be None or a whole number from 0"),
        ({"seed": 1.5}, "seed: must be None or a whole number from 0"),
        ({"model": 3}, "model: must be a nengo_loihi.builder.Model .got int"),
        ({"keep_history": ["p"]}, "names what is not a probe of this network .'p'"),
        ({"keep_history": 1}, "must be a bool or a list of probes .got 1"),
    ],
)
def test_arguments_that_cannot_be_are_refused(net, arguments, message):
    with pytest.raises(ValidationError, match=message):
        Simulator(net, progress_bar=False, **arguments)


def test_a_model_of_another_dt_is_refused(net):
    model = compat.nengo_loihi().builder.Model(dt=0.002)
    with pytest.raises(ValidationError, match=r"model: has a dt of 0\.002, not 0\.001 seconds"):
        Simulator(net, model=model, progress_bar=False)


def test_a_seed_that_is_refused_changes_nothing(net):
    with Simulator(net, progress_bar=False) as sim:
        with pytest.raises(ValidationError, match="seed: must be None"):
            sim.reset(seed=1.5)
        sim.reset()
        sim.run_steps(2)


@pytest.mark.parametrize("seconds", ["0.1", None, [0.1], 1j, np.inf, np.nan, -1])
def test_a_time_that_is_none_is_refused(net, seconds):
    with (
        Simulator(net, progress_bar=False) as sim,
        pytest.raises(ValidationError, match="time_in_seconds: Must be positive seconds"),
    ):
        sim.run(seconds)


def test_padding_behind_a_run_is_not_looked_at(net):
    data = np.ones((1, 5, 3))
    data[:, 3:] = np.nan
    with Simulator(net, progress_bar=False) as sim:
        sim.run_steps(3, data={net.source: data})
        with pytest.raises(ValidationError, match=r"must be finite .*step 3"):
            sim.run_steps(4, data={net.source: data})
        with pytest.raises(ValidationError, match="has masked values"):
            sim.run_steps(3, data={net.source: np.ma.masked_invalid(data)})


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_what_nengo_loihi_does_not_expect_is_a_build_error(net):
    with net:
        nengo.Connection(
            net.hidden.neurons,
            net.chip.neurons,
            transform=nengo.Sparse((5, 4), indices=np.zeros((0, 2))),
        )
    with pytest.raises(BuildError, match=r"nengo-loihi cannot build .*Error"):
        Simulator(net, progress_bar=False)


def test_pieces_have_more_than_one_step(net, monkeypatch):
    monkeypatch.setattr("nengo_dense.emulator.machine.CHUNK_BYTES", 1)
    with Simulator(net, progress_bar=False) as sim:
        for n_steps in range(1, 12):
            pieces = list(sim._machine.chunks(n_steps))
            assert sum(pieces) == n_steps
            assert n_steps == 1 or min(pieces) > 1


def test_hosts_that_may_share_something_run_one_after_the_other(net, monkeypatch):
    monkeypatch.setattr("nengo_dense.emulator.machine.CHUNK_BYTES", 1)
    order = []
    net.source.output = lambda t: order.append("before") or [0.5, 0.2, 0.9]
    with net:
        after = nengo.Node(lambda t, x: order.append("after"), size_in=2)
        nengo.Connection(net.output, after, synapse=None)
    order.clear()
    with Simulator(net, progress_bar=False) as sim:
        sim.run_steps(8)
    assert order == ["before"] * 8 + ["after"] * 8
