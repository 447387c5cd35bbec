"""What the simulator refuses, and what it says then."""

import copy
import pickle
import threading

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

from nengo_dense import DenseGraph, DenseStack, compat
from nengo_dense.emulator import Simulator
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput


def test_sum_of_what_is_no_probe_is_refused(net):
    with simulator(net) as sim, pytest.raises(ValidationError, match="not a probe of this"):
        sim.sum(net.chip)
    with simulator(net) as sim, pytest.raises(ValidationError, match=r"not a probe .* .got \["):
        sim.sum([net.p_chip])


@pytest.mark.parametrize("copied", [pickle.dumps, copy.deepcopy])
def test_a_simulator_that_is_to_be_copied_names_the_network_instead(net, copied):
    with simulator(net) as sim, pytest.raises(SimulationError, match="pickle the network"):
        copied(sim)


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


CHANGES = {
    "run": lambda sim: sim.run_steps(1),
    "reset": lambda sim: sim.reset(),
    "clear probes": lambda sim: sim.clear_probes(),
    "close": lambda sim: sim.close(),
}


def refusals(sim):
    """What each change of a simulator is refused with."""
    said = {}
    for doing, change in CHANGES.items():
        with pytest.raises(SimulationError, match=r"cannot .* while it runs") as caught:
            change(sim)
        said[doing] = str(caught.value)
    return said


def test_during_a_run_nothing_changes_a_simulator_from_within(net):
    seen = []
    with simulator(net, keep_history={net.p_chip: lambda *_: seen.append(refusals(sim))}) as sim:
        sim.run_steps(3)
        assert all(f"cannot {doing} while" in said for doing, said in seen[0].items())
        assert sim.n_steps == 3
        sim.reset()
        sim.clear_probes()
    assert sim.closed


def test_during_a_run_another_thread_reads_but_changes_nothing(net):
    running, end = threading.Event(), threading.Event()

    def pause(*_):
        running.set()
        assert end.wait(60)

    with simulator(net, keep_history={net.p_chip: pause}) as sim:
        thread = threading.Thread(target=sim.run_steps, args=(3,))
        thread.start()
        assert running.wait(60)
        refusals(sim)
        assert sim.sum(net.p_chip).shape == (0,)
        end.set()
        thread.join()
        assert sim.n_steps == 3
        assert sim.sum(net.p_chip).shape == (5,)


@pytest.mark.parametrize(
    "data, message",
    [
        (lambda net: np.zeros((2, 9, 3)), "must be a dict"),
        (lambda net: {net.source: np.zeros((2, 9, 4))}, r"shape \(2, n_steps, 3\).*\(2, 9, 4\)"),
        (lambda net: {net.source: np.zeros((9, 3))}, r"shape \(2, n_steps, 3\).*\(9, 3\)"),
        (lambda net: {net.source: np.zeros((2, 5, 3))}, "has 5 steps, but the run has 9"),
        (lambda net: {net.source: [[["a"] * 3] * 9] * 2}, "must be numbers, got texts"),
        (lambda net: {net.source: np.zeros((2, 9, 3), complex)}, "numbers, got complex values"),
        (lambda net: {net.source: [[1], [1, 2]]}, "must be one array, got a list of parts"),
        (lambda net: {net.source: [[[10**400] * 3] * 9] * 2}, "numbers that a float can hold"),
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
    with (
        simulator(net) as sim,
        pytest.raises(ValidationError, match="steps: must be a whole number of at least 0 and"),
    ):
        sim.run_steps(steps)


def test_negative_time_is_refused(net):
    with simulator(net) as sim, pytest.raises(ValidationError, match=r"must be positive.*got -1"):
        sim.run(-1)


def test_hardware_is_not_emulated(net):
    with pytest.raises(BuildError, match=r"nengo_loihi.Simulator"):
        simulator(net, target="loihi")
    with pytest.raises(ValidationError, match="must be one of 'sim', 'simreal', got 'gpu'"):
        simulator(net, target="gpu")


def test_bad_kernel_is_refused(net):
    with pytest.raises(
        ValidationError, match="must be one of 'auto', 'numpy', 'numba', got 'cuda'"
    ):
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


def test_function_that_returns_no_number_is_named(net):
    def broken(t):
        return "high" if t > 0 else 0.0  # Nengo itself asks for the value at 0

    with net:
        nengo.Node(broken)
    with (
        simulator(net) as sim,
        pytest.raises(SimulationError, match=r"'broken' returned a value 'high' of invalid type"),
    ):
        sim.run_steps(2)


def test_missing_network_is_refused():
    with pytest.raises(ValidationError, match="network parameter must not be None"):
        simulator(None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dt": 0}, "dt: must be above 0 seconds, got 0"),
        ({"dt": -0.001}, "dt: must be above 0 seconds, got -0.001"),
        ({"dt": "1"}, "dt: must be numbers, got texts such as '1'"),
        ({"dt": np.nan}, "dt: 1 of 1 values are NaN or infinite"),
        ({"dt": 1e-320}, "dt: must be from 1e-100"),
        ({"dt": 10**400}, "dt: must be numbers that a float can hold"),
        ({"seed": -1}, "seed: must be None or a whole number from 0"),
        ({"seed": 1.5}, "seed: must be None or a whole number from 0"),
        ({"seed": True}, "seed: must be None or a whole number from 0"),
        ({"target": np.zeros(2)}, r"target: must be one of 'sim', 'simreal', got array"),
        ({"kernel": np.zeros(2)}, r"kernel: must be one of 'auto', 'numpy', 'numba', got array"),
        ({"minibatch_size": 2**40}, "minibatch_size: .*at most 1048576, got 1099511627776"),
        ({"minibatch_size": np.array([2, 3])}, "minibatch_size: must be a whole number"),
        ({"precompute": "no"}, "precompute: must be True or False, got 'no'"),
        ({"remove_passthrough": 0}, "remove_passthrough: must be True or False, got 0"),
        ({"hardware_options": "no"}, "hardware_options: must be a dict, got 'no'"),
        ({"keep_history": np.array(3)}, "must be a bool or a list of probes .got array"),
        ({"keep_history": ""}, "must be a bool or a list of probes .got ''"),
        ({"keep_history": np.zeros(2)}, "must be a bool or a list of probes .got array"),
        ({"keep_history": [[1]]}, r"has an entry that is not a probe of this network .\[1\]"),
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


def test_lanes_that_memory_does_not_hold_are_refused(net, monkeypatch):
    def full(*args):
        raise MemoryError("Unable to allocate 3 TiB")

    monkeypatch.setattr("nengo_dense.emulator.simulator.Machine", full)
    with pytest.raises(ValidationError, match=r"minibatch_size: 7 lanes .* run fewer at once"):
        Simulator(net, minibatch_size=7, progress_bar=False)


TIMES = {
    "0.1": "must be numbers, got texts",
    None: "got NoneType",
    1j: "must be numbers, got complex values",
    np.inf: "NaN or infinite",
    np.nan: "NaN or infinite",
    -1: "must be positive or 0 seconds, got -1",
    1e300: r"must be at most 2147483647 steps of 0\.001 seconds, got 1e\+300",
    10**30: "must be at most 2147483647 steps",
    10**5000: "must be numbers that a float can hold",
}


def test_a_time_that_is_none_is_refused(net):
    with Simulator(net, progress_bar=False) as sim:
        for seconds, message in TIMES.items():
            with pytest.raises(ValidationError, match=f"time_in_seconds: .*{message}"):
                sim.run(seconds)
        for steps in (10**30, 10**5000, np.zeros(2), None):
            with pytest.raises(ValidationError, match="steps: must be a whole number of at least"):
                sim.run_steps(steps)
        assert sim.n_steps == 0


def test_a_progress_bar_that_is_none_is_refused_before_the_first_step(net):
    with Simulator(net, progress_bar=False) as sim:
        with pytest.raises(ValidationError, match="progress_bar: must be True, False or a"):
            sim.run_steps(5, progress_bar="yes")
        assert sim.n_steps == 0


@pytest.mark.parametrize("period", ["x", 0, -1, np.nan, np.zeros(2)])
def test_a_sampling_period_that_is_none_is_refused(net, period):
    with (
        Simulator(net, progress_bar=False) as sim,
        pytest.raises(ValidationError, match="sample_every: "),
    ):
        sim.trange(period)


def test_padding_behind_a_run_is_not_looked_at(net):
    data = np.ones((1, 5, 3))
    data[:, 3:] = np.nan
    with Simulator(net, progress_bar=False) as sim:
        sim.run_steps(3, data={net.source: data})
        with pytest.raises(ValidationError, match=r"must be finite .*step 3"):
            sim.run_steps(4, data={net.source: data})
        with pytest.raises(ValidationError, match="values are masked"):
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


def test_a_stack_without_input_is_said():
    weights = np.ones((3, 2))
    graph = DenseGraph(
        {"one": 2, "two": 2},
        [GraphLayer("layer", {"one": weights, "two": weights})],
        {"out": GraphOutput({"layer": np.ones((1, 3))})},
    )
    with nengo.Network() as net:
        stack, source = DenseStack([3, 3, 2], 2), nengo.Node([1.0, 1.0])
        net.add(graph)
        nengo.Connection(source[0], stack.input[1])
        nengo.Connection(source, graph.inputs["one"])
    with pytest.warns(UserWarning, match="Nothing is connected to") as caught:
        Simulator(net, progress_bar=False).close()
    (said,) = caught
    assert said.filename == __file__
    assert str(graph.inputs["two"]) in str(said.message)
    with net:
        nengo.Connection(source, graph.inputs["two"])
    Simulator(net, progress_bar=False).close()
    with pytest.warns(UserWarning, match="which gets zeros"):
        Simulator(stack, progress_bar=False).close()
