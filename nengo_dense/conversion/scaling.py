"""How fast neurons should fire: a rate for each layer from what its activations really are.

The weights stay as they were trained. A rectified linear neuron may stand for the value 1 with
any rate, so it is enough to choose that rate layer by layer; both ends of a connection know it.
"""

from collections.abc import Sequence

import numpy as np

from nengo_dense.importers.spec import DenseSpec, forward


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
    return [rate / _busy(activation, percentile) for activation in hidden]


def _busy(activation: np.ndarray, percentile: float) -> float:
    """Return the given percentile of the values above zero (1 where there is none)."""
    positive = activation[activation > 0]
    return float(np.percentile(positive, percentile)) if positive.size else 1.0


def input_scales(x: np.ndarray) -> dict[str, np.ndarray]:
    """Choose what each feature's encoding neurons count as full rate.

    Parameters
    ----------
    x : (batch, n_in) ndarray
        Calibration inputs.

    Returns
    -------
    arguments : dict
        ``scale`` and ``signed`` of `nengo_dense.layers.encoder.SpikeEncoder`, one for each
        feature: the 99.9th percentile of its magnitude, and whether it is ever negative.
    """
    scale = np.percentile(np.abs(x), 99.9, axis=0)
    highest = np.abs(x).max(axis=0)
    scale = np.where(scale > 0, scale, np.where(highest > 0, highest, 1.0))
    return {"scale": scale, "signed": np.any(x < 0, axis=0)}
