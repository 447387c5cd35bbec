"""How late an input shows in the outputs, against a change of input that is seen to arrive."""

import numpy as np
import pytest

from nengo_dense.evaluation.trial import Trial
from nengo_dense.layers import DenseGraph, DenseStack, GraphLayer, GraphOutput
from nengo_dense.layers.delay import delay_of

CHANGE, STEPS = 8, 24


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
        ("host", 0.002),
        ("host", None),
        ("host", [0.002, None, None]),
        ("host", [None, None, 0.002]),
        ("spikes", [0.002, None, 0.002, None]),
        ("spikes", [None, 0.002, 0.002, 0.002]),
        ("spikes", None),
        ("chip", [0.002, 0.002, None]),
        ("chip", 0.002),
    ],
)
def test_the_delay_is_when_a_change_is_seen(rng, encoding, synapse, target):
    stack = make_stack(rng, encoding, synapse)
    assert delay_of(stack, target) == seen_after(stack, target)


@pytest.mark.parametrize("synapse", [0.002, None])
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
    assert delay_of(whole, target) == delay_of(long_way, target) == depth
    assert delay_of(make(x=3), target) == 0
