"""Rates where nothing is known of the data: from the scale that the weights themselves have."""

import warnings
from collections.abc import Sequence

import numpy as np

from nengo_dense.importers.spec import DenseSpec, forward

#: Rate in hertz that stands for the value 1 where nothing is known of a layer's values.
BLIND_RATE = 250.0
#: Values that a layer of usual scale reaches, for inputs of usual scale. Beyond, neurons at
#: `BLIND_RATE` would fire in every step, or a few times in a second.
LEAST_USUAL, MOST_USUAL = 0.1, 10.0
#: Inputs of usual scale that are drawn: half of them standardised, half between 0 and 1.
N_DRAWN = 1000


def blind_rates(layers: Sequence[DenseSpec], rate: float) -> list[float]:
    """Choose each hidden layer's ``max_rate`` by what usual inputs would make of it.

    A layer whose values are of the order of 1 gets ``rate``. Another one gets it for the values
    that it is likely to have, and a warning says that this is a guess.

    Parameters
    ----------
    layers : sequence of DenseSpec
    rate : float
        In hertz.

    Returns
    -------
    max_rates : list of float
        One for each layer but the last.
    """
    rng = np.random.RandomState(0)
    half = (N_DRAWN // 2, layers[0].n_in)
    x = np.concatenate([rng.standard_normal(half), rng.uniform(size=half)])
    reached = [_busy(activation) for activation in forward(layers[:-1], x)]
    unusual = {
        layer.label or f"layer{i + 1}": value
        for i, (layer, value) in enumerate(zip(layers, reached, strict=False))
        if not LEAST_USUAL <= value <= MOST_USUAL
    }
    if unusual:
        named = ", ".join(f"{name} {value:.3g}" for name, value in unusual.items())
        warnings.warn(
            "The weights are of unusual scale: for inputs of the order of 1, values would be of "
            f"the order of {named}. Firing rates were chosen for these, which is a guess: pass "
            "some thousand training inputs as calibration=, prepared as the model sees them.",
            stacklevel=3,
        )
    return [rate if LEAST_USUAL <= value <= MOST_USUAL else rate / value for value in reached]


def _busy(activation: np.ndarray) -> float:
    """Return a high percentile of the values above zero, 1 where there is none."""
    positive = activation[activation > 0]
    return float(np.percentile(positive, 99)) if positive.size else 1.0
