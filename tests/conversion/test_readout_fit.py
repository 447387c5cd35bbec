"""A readout of values is fitted to what the last layer really fires."""

import numpy as np
import pytest

from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Distillation
from nengo_dense.conversion.readout_fit import fit_readout
from nengo_dense.conversion.tuning import Samples, mean_loss
from nengo_dense.layers import DenseStack

WINDOWS = [Window(10, 60, 1.0)]


def problem(rng, scale=1.0):
    weights = [rng.randn(8, 3), rng.randn(6, 8) / 2, rng.randn(1, 6)]
    stack = DenseStack([8, 6, 1], 3, weights=weights, readout="linear", max_rate=300, seed=0)
    x = scale * rng.rand(80, 3)
    targets = 500 + 100 * x.sum(axis=1, keepdims=True)
    samples = Samples(x, targets)
    return (
        Chain(stack, 0.001),
        samples[:60],
        samples[60:],
        Distillation.for_targets(targets, "linear"),
    )


def test_values_of_any_unit_are_met(rng):
    chain, fit, judge, distillation = problem(rng)
    before = mean_loss(chain, judge, distillation, WINDOWS)
    fit_readout(chain, fit, judge, distillation, WINDOWS)
    assert mean_loss(chain, judge, distillation, WINDOWS) < 0.01 * before


def test_where_no_neuron_fires_nothing_changes(rng):
    chain, fit, judge, distillation = problem(rng, scale=0.0)
    before = chain.weights[-1].copy()
    fit_readout(chain, fit, judge, distillation, WINDOWS)
    np.testing.assert_array_equal(chain.weights[-1], before)


def test_a_readout_that_fits_already_stays(rng, monkeypatch):
    chain, fit, judge, distillation = problem(rng)
    monkeypatch.setattr("nengo_dense.conversion.readout_fit.mean_loss", lambda *args: 0.0)
    before = chain.weights[-1].copy(), chain.biases[-1].copy()
    fit_readout(chain, fit, judge, distillation, WINDOWS)
    np.testing.assert_array_equal(chain.weights[-1], before[0])
    assert chain.biases[-1] == pytest.approx(before[1])
