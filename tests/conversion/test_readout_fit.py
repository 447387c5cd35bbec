import numpy as np
import pytest

from nengo_dense.conversion.calibration import Samples
from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Distillation
from nengo_dense.conversion.judgement import judge
from nengo_dense.conversion.readout_fit import fit_readout
from nengo_dense.layers.stack import DenseStack

WINDOWS = [Window(2, 20, 0.3, early=True), Window(5, 50, 0.7)]


@pytest.fixture
def chain(rng):
    weights = [rng.randn(10, 4), rng.randn(8, 10) / 3, rng.randn(2, 8)]
    biases = [0.2 * rng.randn(n) for n in (10, 8, 2)]
    return Chain(
        DenseStack(
            [10, 8, 2], 4, weights=weights, biases=biases, max_rate=300.0, synapse=[0.002, None]
        ),
        0.001,
    )


def samples_of(chain, rng, n=300):
    """Values that a readout of the real rates gives: large, and differences of larger terms."""
    x = rng.randn(n, 4)
    (_, late) = chain.run(x, WINDOWS)
    weights = 300 * rng.randn(2, 8)
    return Samples(x, late.rates[-1] @ weights.T + [500.0, -40.0])


def test_a_readout_that_exists_is_found(chain, rng):
    samples = samples_of(chain, rng)
    fit, held_back = samples[:250], samples[250:]
    distillation = Distillation.for_targets(samples.targets, "linear")
    before = judge(chain, held_back, distillation, WINDOWS).loss
    after = fit_readout(chain, fit, held_back, distillation, WINDOWS)
    assert after < 0.01 * before
    assert after == pytest.approx(judge(chain, held_back, distillation, WINDOWS).loss)


def test_the_readout_stays_where_nothing_is_better(chain, rng):
    samples = samples_of(chain, rng, 60)
    distillation = Distillation.for_targets(samples.targets, "linear")
    (_, late) = chain.run(samples.x, WINDOWS)
    right = Samples(samples.x, chain.logits(late))
    noise = Samples(samples.x, 1e3 * rng.randn(60, 2))
    before = chain.weights[-1].copy(), chain.biases[-1].copy()
    loss = fit_readout(chain, noise, right, distillation, WINDOWS)
    assert loss == pytest.approx(0, abs=1e-9)
    np.testing.assert_array_equal(chain.weights[-1], before[0])
    np.testing.assert_array_equal(chain.biases[-1], before[1])


def test_silent_neurons_are_no_trouble(chain, rng):
    samples = samples_of(chain, rng, 60)
    chain.biases[1][:] = -10.0
    distillation = Distillation.for_targets(samples.targets, "linear")
    fit_readout(chain, samples, samples, distillation, WINDOWS)
    np.testing.assert_allclose(chain.biases[-1], samples.targets.mean(axis=0))
