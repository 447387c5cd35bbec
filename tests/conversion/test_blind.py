"""Without data, rates follow from what usual inputs would make of the weights."""

import warnings

import numpy as np
import pytest

from nengo_dense.conversion.blind import blind_rates
from nengo_dense.importers.spec import DenseSpec


def layers(rng, scale=1.0):
    first = DenseSpec(rng.randn(8, 4) * scale, activation="relu", label="first")
    second = DenseSpec(rng.randn(6, 8) / 3, activation="relu", label="second")
    return [first, second, DenseSpec(rng.randn(2, 6))]


def test_usual_weights_have_the_usual_rate(rng):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert blind_rates(layers(rng), 250.0) == [250.0, 250.0]


@pytest.mark.parametrize("scale", [1e-4, 1e3])
def test_unusual_weights_have_rates_of_their_own_scale_and_are_said(rng, scale):
    with pytest.warns(UserWarning, match=r"of the order of first .*, second .*calibration="):
        rates = blind_rates(layers(rng, scale), 250.0)
    busy = rates[0] * scale
    assert 25 < busy < 2500
    np.testing.assert_allclose(rates[0], rates[1], rtol=10)
