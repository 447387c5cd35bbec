"""What the simulator refuses, and what it says then."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import (
    BuildError,
    SimulationError,
    SimulatorClosed,
    ValidationError,
)
from small_network import simulator

from nengo_dense import compat
from nengo_dense.emulator import Simulator


def test_sum_of_what_is_no_probe_is_refused(net):
    with simulator(net) as sim, pytest.raises(ValidationError, match="not a probe of this"):
        sim.sum(net.chip)


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
        (lambda net: {net.output: np.zeros((2, 9, 2))}, "has an input of size 2"),
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


def test_missing_network_is_refused():
    with pytest.raises(ValidationError, match="network parameter must not be None"):
        simulator(None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dt": 0}, "dt: must be seconds above 0"),
        ({"dt": -0.001}, "dt: must be seconds above 0"),
        ({"dt": "1"}, "dt: must be seconds above 0"),
        ({"seed": -1}, "seed: must be None or a whole number from 0"),
        ({"seed": 1.5}, "seed: must be None or a whole number from 0"),
        ({"model": 3}, "model: must be a nengo_loihi.builder.Model .got int"),
        ({"keep_history": ["p"]}, "has an entry that is not a probe of this network .'p'"),
        ({"keep_history": 1}, "must be a bool or a list of probes .got 1"),
    ],
)
def test_arguments_that_cannot_be_are_refused(net, arguments, message):
    with pytest.raises(ValidationError, match=message):
        Simulator(net, progress_bar=False, **arguments)


def test_an_observer_that_cannot_be_called_is_refused(net):
    with pytest.raises(ValidationError, match=r"a function of first step and values .got True"):
        Simulator(net, progress_bar=False, keep_history={net.p_output: True})


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
