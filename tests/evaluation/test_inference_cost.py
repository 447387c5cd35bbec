"""What an inference costs, from counts that a reader can make by hand."""

from dataclasses import replace

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.evaluation import evaluate
from nengo_dense.evaluation.device import DEVICES, Device, device_of, register_device
from nengo_dense.evaluation.inference_cost import InferenceCost
from nengo_dense.evaluation.work import Work
from nengo_dense.layers import DenseGraph, DenseStack, GraphLayer, GraphOutput
from nengo_dense.loihi.energy import Energy

QUICK = {"presentation_time": 0.05, "progress_bar": False}
COST = InferenceCost(Energy(1000, 2000), Work(300.0, 400, 20, 50, (64, 20.0)), 0.05)


@pytest.fixture(scope="module")
def result():
    rng = np.random.RandomState(0)
    weights = [rng.rand(20, 6) / 2, rng.rand(12, 20) / 6, rng.rand(4, 12)]
    stack = DenseStack([20, 12, 4], 6, weights=weights, seed=1)
    return evaluate(stack, rng.rand(10, 6), np.zeros(10, int), **QUICK)


def test_a_stack_is_counted_as_by_hand(result):
    host, chip = result.layers
    work = result.cost.work
    assert work.source_operations == 6 * 20 + 20 * 12 + 12 * 4
    assert work.source_neurons == 32
    # the first layer in each of 50 steps, and four weights for each spike of the second
    assert work.host_operations == pytest.approx(6 * 20 * 50 + 4 * chip.spikes)
    assert result.energy.synaptic_operations == pytest.approx(12 * host.spikes)
    assert work.busiest == (12, pytest.approx(12 * host.spikes / 50))


def test_skip_connections_and_encoders_are_counted_too(rng):
    layers = [
        GraphLayer("a", {"x": rng.rand(8, 3)}, on_chip=False),
        GraphLayer("b", {"a": rng.rand(6, 8) / 4, "z": rng.rand(6, 2)}),
    ]
    outputs = {
        "y": GraphOutput({"a": rng.rand(2, 8), "x": rng.rand(2, 3)}),
        "k": GraphOutput({"b": rng.rand(4, 6)}, head="softmax"),
    }
    graph = DenseGraph({"x": 3, "z": 2}, layers, outputs, seed=0)
    y = {"y": rng.rand(5, 2), "k": np.zeros(5, int)}
    result = evaluate(graph, rng.rand(5, 5), y, **QUICK)
    spikes = {layer.label: layer.spikes for layer in result.layers}
    work = result.cost.work
    read = 2 * 8 + 2 * 3 + 4 * 6
    assert work.source_operations == 3 * 8 + 6 * (8 + 2) + read
    sent = 2 * spikes["a"] + 4 * spikes["b"] + 2 * 3 * 50
    assert work.host_operations == pytest.approx(3 * 8 * 50 + 2 * 50 + sent)


def test_one_formula_for_every_device():
    assert COST.joules("loihi") == pytest.approx(1000 * 23.6e-12 + 2000 * 81e-12)
    assert COST.joules("loihi") == COST.energy.joules
    assert COST.joules("cpu") == pytest.approx(420 * 8.6e-9)
    assert COST.host_joules() == pytest.approx(300 * 8.6e-9)
    assert COST.static_joules("loihi") == pytest.approx(0.05 * 3.34 / 32)
    assert COST.static_joules("gpu") is None


def test_latency_is_steps_times_the_time_of_each():
    assert COST.step_time == pytest.approx(64 * 8.4e-9 + 20 * 3.5e-9 + 465e-9)
    assert COST.latency() == pytest.approx(50 * COST.step_time)
    assert COST.latency(0.001) == pytest.approx(0.05)
    assert COST.latency(0.001, host_time=0.0005) == pytest.approx(0.075)
    with pytest.raises(ValidationError, match="step_time"):
        COST.latency(-1)
    assert COST.lines()[1].endswith(", 50 ms at 1 ms a step")


def test_latency_in_real_time_is_of_the_steps_of_the_run():
    slow = replace(COST, presentation_time=0.25)
    assert slow.lines()[1].endswith(", 250 ms at 5 ms a step")


def test_a_users_device_is_beside_the_others():
    with pytest.raises(ValidationError, match=r"must be one of loihi, spinnaker.*register_device"):
        COST.joules("mine")
    numbers = {"energy_per_synaptic_operation": 1e-12, "energy_per_neuron_update": 0}
    try:
        device = register_device("mine", **numbers, spiking=True, source="page 3", static_power=2)
        assert device_of("mine") is device
        assert COST.joules("mine") == pytest.approx(1e-9)
        assert COST.static_joules("mine") == pytest.approx(0.1)
        assert "mine" in str(COST)
        assert COST.numbers()["devices"]["mine"]["source"] == "page 3"
    finally:
        del DEVICES["mine"]
    assert COST.joules(Device("a", 0, 1, False, "none")) == 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"energy_per_synaptic_operation": -1}, "energy_per_synaptic_operation"),
        ({"source": ""}, "source: must be text"),
        ({"spiking": "no"}, "spiking"),
        ({"static_power": -0.1}, "static_power"),
    ],
)
def test_a_device_without_sense_is_refused(change, message):
    numbers = {"energy_per_synaptic_operation": 1, "energy_per_neuron_update": 0}
    given = {**numbers, "spiking": True, "source": "page 3", **change}
    with pytest.raises(ValidationError, match=message):
        register_device("mine", **given)
    assert "mine" not in DEVICES


def test_reports_have_the_cost(result):
    assert "multiply-accumulates on the host; 408 for the source's layers" in result.summary()
    assert "Cost of an inference, estimated" in result._repr_html_()
    assert result.to_dict()["cost"]["devices"]["loihi"]["joules"] == result.energy.joules
    assert str(result.cost).splitlines()[0].split() == [
        "device",
        "operations",
        "updates",
        "uJ",
        "static",
        "uJ",
    ]
