import numpy as np
import pytest

from nengo_dense.conversion.tuning.answer import Samples, Window
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.goal import Goals
from nengo_dense.conversion.tuning.judgement import answer_all, judge
from nengo_dense.conversion.tuning.readout_fit import fit_readout
from nengo_dense.layers.stack import DenseStack

WINDOWS = [Window(2, 20, 0.3, early=True), Window(5, 50, 0.7)]


@pytest.fixture
def circuit(rng):
    weights = [rng.randn(10, 4), rng.randn(8, 10) / 3, rng.randn(2, 8)]
    biases = [0.2 * rng.randn(n) for n in (10, 8, 2)]
    return Circuit(
        DenseStack(
            [10, 8, 2], 4, weights=weights, biases=biases, max_rate=300.0, synapse=[0.002, None]
        ),
        0.001,
    )


def read_late(circuit, samples):
    """Return what the output reads of the whole presentation."""
    return np.concatenate([read[0] for _, read in answer_all(circuit, samples, WINDOWS[1:])])


def samples_of(circuit, rng, n=300):
    """Values that a readout of the real rates gives: large, and differences of larger terms."""
    x = rng.randn(n, 4)
    late = read_late(circuit, Samples(x, x))
    weights = 300 * rng.randn(2, 8)
    return Samples(x, late @ weights.T + [500.0, -40.0])


def test_a_readout_that_exists_is_found(circuit, rng):
    samples = samples_of(circuit, rng)
    fit, held_back = samples[:250], samples[250:]
    goals = Goals.for_targets(samples.targets[:, 0], ["linear"]).at(WINDOWS)
    before = judge(circuit, held_back, goals).loss
    after = fit_readout(circuit, fit, held_back, goals)
    assert after < 0.01 * before
    assert after == pytest.approx(judge(circuit, held_back, goals).loss)


def test_the_readout_stays_where_nothing_is_better(circuit, rng):
    samples = samples_of(circuit, rng, 60)
    goals = Goals.for_targets(samples.targets[:, 0], ["linear"]).at(WINDOWS)
    late = read_late(circuit, samples)
    right = Samples(samples.x, circuit.logits([late]))
    noise = Samples(samples.x, 1e3 * rng.randn(60, 2))
    before = circuit.weights[-1].copy(), circuit.biases[-1].copy()
    loss = fit_readout(circuit, noise, right, goals)
    assert loss == pytest.approx(0, abs=1e-9)
    np.testing.assert_array_equal(circuit.weights[-1], before[0])
    np.testing.assert_array_equal(circuit.biases[-1], before[1])


def test_silent_neurons_are_no_trouble(circuit, rng):
    samples = samples_of(circuit, rng, 60)
    circuit.biases[1][:] = -10.0
    goals = Goals.for_targets(samples.targets[:, 0], ["linear"]).at(WINDOWS)
    fit_readout(circuit, samples, samples, goals)
    np.testing.assert_allclose(circuit.biases[-1], samples.targets.mean(axis=(0, 1)))
