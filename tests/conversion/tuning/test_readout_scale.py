import numpy as np
import pytest

from nengo_dense.conversion.tuning.answer import Samples, Window
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.goal import Goals
from nengo_dense.conversion.tuning.judgement import answer_all
from nengo_dense.conversion.tuning.readout_scale import FACTORS, scale_readout
from nengo_dense.layers.graph import DenseGraph
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput
from nengo_dense.layers.stack import DenseStack

WINDOWS = [Window(2, 20, 0.3, early=True), Window(5, 50, 0.7)]


@pytest.fixture
def circuit(rng):
    weights = [rng.randn(10, 4), rng.randn(8, 10) / 3, rng.randn(3, 8)]
    stack = DenseStack([10, 8, 3], 4, weights=weights, max_rate=300.0, synapse=[0.002, None])
    return Circuit(stack, 0.001)


def logits(circuit, x, n_out=3):
    """Return those of the whole presentation."""
    samples = Samples(x, np.zeros((len(x), n_out)))
    ((_, read),) = answer_all(circuit, samples, WINDOWS[1:])
    return circuit.logits(read)


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
@pytest.mark.parametrize("factor", [0.5, 1.0, 2**1.5, 4.0])
def test_the_factor_between_logits_is_found(circuit, rng, head, factor):
    x = rng.randn(100, 4)
    before, wanted = circuit.weights[-1].copy(), factor * logits(circuit, x)
    scale_readout(circuit, Samples(x, wanted), Goals.for_targets(wanted, [head]).at(WINDOWS))
    np.testing.assert_allclose(circuit.weights[-1], factor * before)
    np.testing.assert_allclose(logits(circuit, x), wanted)


def test_what_fits_best_stays_exactly(circuit, rng):
    x = rng.randn(100, 4)
    before, wanted = logits(circuit, x), logits(circuit, x)
    scale_readout(circuit, Samples(x, wanted), Goals.for_targets(wanted, ["softmax"]).at(WINDOWS))
    np.testing.assert_array_equal(logits(circuit, x), before)


def test_what_no_factor_makes_better_stays_exactly(circuit, rng):
    x, before = rng.randn(100, 4), circuit.weights[-1].copy()
    one = np.zeros((100, 1))  # of which a softmax says the same, whatever the logit
    scale_readout(circuit, Samples(x, one), Goals.for_targets(one, ["softmax"]).at(WINDOWS))
    np.testing.assert_array_equal(circuit.weights[-1], before)


def test_each_output_has_its_own_factor(rng):
    layers = [
        GraphLayer("a", {"x": rng.randn(10, 4)}, on_chip=False, max_rate=300.0),
        GraphLayer("b", {"a": rng.randn(8, 10) / 3}, max_rate=300.0),
    ]
    outputs = {
        "kind": GraphOutput({"b": rng.randn(3, 8)}, None, "softmax"),
        "labels": GraphOutput({"a": rng.randn(2, 10), "b": rng.randn(2, 8)}, None, "sigmoid"),
    }
    circuit, x = Circuit(DenseGraph({"x": 4}, layers, outputs), 0.001), rng.randn(100, 4)
    before = [w.copy() for w in circuit.weights]
    wanted = logits(circuit, x, 5) * [2.0, 2.0, 2.0, 0.5, 0.5]
    goals = Goals.for_targets(wanted, ["softmax", "sigmoid"], [3, 2]).at(WINDOWS)
    scale_readout(circuit, Samples(x, wanted), goals)
    np.testing.assert_allclose(logits(circuit, x, 5), wanted)
    for now, then, factor in zip(circuit.weights, before, [1, 1, 2, 0.5], strict=True):
        np.testing.assert_array_equal(now, factor * then)


def test_classes_stay_and_factors_have_an_end(circuit, rng):
    x = rng.randn(100, 4)
    before = logits(circuit, x)
    wanted = 100 * before
    scale_readout(circuit, Samples(x, wanted), Goals.for_targets(before, ["softmax"]).at(WINDOWS))
    found = logits(circuit, x)
    np.testing.assert_allclose(found, FACTORS[-1] * before)
    np.testing.assert_array_equal(found.argmax(axis=1), before.argmax(axis=1))
