"""How fast neurons should fire: rates from the activations that a model really has.

The weights stay as they were trained. A rectified linear neuron may stand for the value 1 with
any rate, so it is enough to choose that rate layer by layer; both ends of a connection know it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from nengo.neurons import SpikingRectifiedLinear

from nengo_dense.conversion.calibration import usual_magnitude
from nengo_dense.importers.spec import DenseSpec, forward

#: Percentiles of activations that fire as fast as neurons can, by the most steps of a presentation
#: that they are for, where tuning follows. More neurons at the fastest rate make more spikes, and
#: these tell more in few steps; in many, it costs more that faster ones saturate. On letters held
#: back from training, 90 loses 2.3 points in 10 steps. On small random models, 97 was
#: best at 25 steps; at 100, 99.9 lost nothing to an untuned stack, and 90 up to 2 points.
PERCENTILES = {10: 90.0, 50: 97.0}
#: The same for longer ones, other neurons, and where no tuning follows.
USUAL_PERCENTILE = 99.9
#: Least share of a feature's largest magnitude that full rate stands for.
LEAST_KEPT = 1 / 3


def layer_rates(
    specs: Sequence[DenseSpec], x: np.ndarray, rate: float, percentile: float
) -> list[float]:
    """Choose each hidden layer's ``max_rate`` so that busy neurons fire at ``rate``.

    Scaling by a high percentile rather than the maximum keeps one odd sample from slowing a
    whole layer down (B. Rueckauer et al., "Conversion of continuous-valued deep networks to
    efficient event-driven networks for image classification", Front. Neurosci. 11:682, 2017).

    Parameters
    ----------
    specs : sequence of DenseSpec
    x : (batch, n_in) array_like
        Calibration inputs.
    rate : float
        Rate in hertz for an activation at the percentile.
    percentile : float
        Of all activations above zero of a layer, 0 to 100.

    Returns
    -------
    max_rates : list of float
        Rates in hertz that stand for the value 1, one for each layer but the last.
    """
    hidden = forward(specs, x)[:-1]
    return [rate / busy(activation, percentile) for activation in hidden]


def busy(activation: np.ndarray, percentile: float) -> float:
    """Return the given percentile of the values above zero (1 where there is none)."""
    positive = activation[activation > 0]
    return float(np.percentile(positive, percentile)) if positive.size else 1.0


def busy_percentile(tuned: bool, n_steps: int, kinds: Any) -> float:
    """Choose a percentile by what tuning can make up for.

    LIF neurons always keep the one at which their rates stay below their limit.
    """
    kinds = kinds if isinstance(kinds, list | tuple) else [kinds]
    if tuned and all(isinstance(kind, SpikingRectifiedLinear) for kind in kinds):
        for most, chosen in PERCENTILES.items():
            if n_steps <= most:
                return chosen
    return USUAL_PERCENTILE


def input_encoding(x: np.ndarray, percentile: float = 100.0) -> dict[str, np.ndarray]:
    """Choose how each feature is encoded.

    Full rate stands for the largest magnitude, so that no neuron would have to fire more than
    once a step; only odd values are clipped. Where tuning makes up for clipped values, and few
    spikes fit in, full rate stands for the percentile, if that is `LEAST_KEPT` of the largest or
    more: on letters held back from training, a network lost 19 points in 10 steps without, and 9
    with half the range. A feature that is further from zero than it varies
    is encoded as the difference from its least value.

    Parameters
    ----------
    x : (batch, n_in) ndarray
        Calibration inputs.
    percentile : float, optional
        Of each feature's magnitudes above zero, 0 to 100; from `USUAL_PERCENTILE` on, the largest
        counts.

    Returns
    -------
    arguments : dict
        ``scale``, ``signed`` and ``offset`` of `nengo_dense.layers.encoder.SpikeEncoder`, one for
        each feature.
    """
    low, high = x.min(axis=0), x.max(axis=0)
    far = np.maximum(low, -high) > high - low
    offset = np.where(far, low, 0.0)
    scale = usual_magnitude(x - offset)
    if percentile < USUAL_PERCENTILE:
        columns = np.abs(x - offset).T
        shares = [np.percentile(c[c > 0], percentile) if c.any() else 1.0 for c in columns]
        scale = np.clip(shares, LEAST_KEPT * scale, scale)
    return {
        "scale": scale,
        "signed": low < offset,
        "offset": offset,
    }
