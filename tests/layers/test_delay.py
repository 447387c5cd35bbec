"""How late an input shows in the outputs, against a change of input that is seen to arrive."""

import nengo
import numpy as np
import pytest

from nengo_dense.evaluation.trial import Trial
from nengo_dense.layers import DenseGraph, DenseStack, GraphLayer, GraphOutput
from nengo_dense.layers.delay import delay_of, half_life

CHANGE, STEPS = 8, 24
#: Of a synapse through which more than half of a spike comes in the first step.
FAST = 0.001


def seen_after(network, target):
    """Change an input from nothing to so much that neurons fire at once; return when it shows."""
    trial = Trial(network, target, 0.001, 2)
    x = np.zeros((2, STEPS, network.size_in))
    x[1, CHANGE:] = 1
    sim = trial.simulator(True)
    sim.run_steps(STEPS, data={trial.source: x})
    without, changed = sim.data[trial.logits]
    sim.close()
    return int((without != changed).any(axis=1).argmax()) - CHANGE


def make_stack(rng, encoding, synapse):
    shapes = ((20, 4), (20, 20), (20, 20), (3, 20))
    fast = {"encoder": {"max_rate": 1000.0}} if encoding == "spikes" else {}
    return DenseStack(
        [20, 20, 20, 3],
        4,
        weights=[3 * rng.rand(*shape) for shape in shapes],
        readout="linear",
        encoding=encoding,
        max_rate=1000.0,
        synapse=synapse,
        **fast,
    )


@pytest.mark.parametrize("target", ["sim", "simreal", "nengo"])
@pytest.mark.parametrize(
    ("encoding", "synapse"),
    [
        ("host", FAST),
        ("host", None),
        ("host", [FAST, None, None]),
        ("host", [None, None, FAST]),
        ("spikes", [FAST, None, FAST, None]),
        ("spikes", [None, FAST, FAST, FAST]),
        ("spikes", None),
        ("chip", [FAST, FAST, None]),
        ("chip", FAST),
    ],
)
def test_the_delay_is_when_a_change_is_seen(rng, encoding, synapse, target):
    stack = make_stack(rng, encoding, synapse)
    # nengo-loihi's synapse of 5 ms before the chip, with encoding="chip"
    held = 3 if encoding == "chip" and target != "nengo" else 0
    assert delay_of(stack, target, 0.001) == seen_after(stack, target) + held


@pytest.mark.parametrize("synapse", [FAST, None])
@pytest.mark.parametrize("on_chip", [False, True])
@pytest.mark.parametrize("target", ["sim", "nengo"])
def test_of_a_graph_the_longest_way_counts(rng, on_chip, synapse, target):
    layers = [
        GraphLayer("a", {"x": 9 * rng.rand(8, 3)}, on_chip=on_chip, max_rate=1000.0),
        GraphLayer("b", {"a": 3 * rng.rand(6, 8)}, max_rate=1000.0),
        GraphLayer("c", {"a": 3 * rng.rand(6, 8), "b": 3 * rng.rand(6, 6)}, max_rate=1000.0),
    ]
    encoders = {"x": {"max_rate": 1000.0}} if on_chip else {}

    def make(**reads):
        output = GraphOutput({name: rng.rand(2, n) for name, n in reads.items()})
        return DenseGraph({"x": 3}, layers, {"y": output}, synapse=synapse, encoders=encoders)

    whole, long_way = make(x=3, a=8, c=6), make(c=6)
    assert seen_after(whole, target) == 0
    # by the way through b alone: c hears of a two steps before
    depth = 3 + on_chip if target == "sim" else (synapse is not None) * (2 + on_chip)
    assert delay_of(whole, target, 0.001) == delay_of(long_way, target, 0.001) == depth
    assert delay_of(make(x=3), target, 0.001) == 0


@pytest.mark.parametrize("kind", [nengo.Lowpass, nengo.Alpha])
@pytest.mark.parametrize("tau", [0.0005, 0.001, 0.002, 0.005, 0.02])
def test_half_of_a_spike_has_come_after_the_half_life(tau, kind):
    impulse = np.zeros((400, 1))
    impulse[0] = 1
    come = np.cumsum(kind(tau).filt(impulse, dt=0.001, axis=0, y0=0))
    steps = half_life(kind(tau), 0.001)
    assert come[steps] >= 0.5
    assert steps == 0 or come[steps - 1] < 0.5
    assert half_life(tau, 0.001) == half_life(nengo.Lowpass(tau), 0.001)


def test_synapses_that_hold_spikes_back_add_up(rng):
    stack = make_stack(rng, "spikes", [0.002, 0.005, None, 0.005])
    assert delay_of(stack, "sim", 0.001) == 4 + 1 + 3 + 1 + 3
    assert delay_of(stack, "sim", 0.001, readout=False) == 4 + 1 + 3
    assert delay_of(stack, "nengo", 0.001) == 3 + 1 + 3 + 3
    assert delay_of(stack, "sim", 0.002) == 4 + 0 + 1 + 1 + 1
    assert half_life(nengo.synapses.Triangle(0.01), 0.001) == 0
