"""Inputs for which a stack's rates were not chosen: seen before anything is run."""

from collections.abc import Iterator

import numpy as np
from nengo.neurons import RectifiedLinear

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.stack import DenseStack

#: Spikes a step that a layer's activations may stand for, and the share of them that may be more.
#: Models whose inputs are about 1 reach 0.08, models of inputs up to 16 or 255 0.37 to 0.99.
MOST_SPIKES, SHARE = 2.0, 0.15
#: Spikes in a presentation that the middle one of a layer's activations should stand for.
LEAST_SPIKES = 0.5

REMEDY = (
    "convert the model with calibration data, so that rates follow from its activations, or scale "
    "the inputs as it expects them"
)


def unsuited_rates(stack: DenseStack, x: np.ndarray, n_steps: int, dt: float) -> list[str]:
    """Say which layers must saturate or fall silent for given inputs.

    What the stack computes in floating point is compared with the most and the least that spikes
    can say of it. Only rectified linear layers have such a simple rule.

    Parameters
    ----------
    stack : DenseStack
    x : (n, size_in) ndarray
    n_steps : int
        Length of a presentation.
    dt : float
        Step in seconds.

    Returns
    -------
    sentences : list of str
        Each with the layer, the value, the limit, and the way out.
    """
    found = []
    for layer, spikes in _drives(stack, x, dt):
        active = spikes[spikes > 0]
        share = np.mean(active > MOST_SPIKES) if active.size else 0.0
        name = layer.ensemble.label
        if share > SHARE:
            found.append(
                f"{name} saturates for these inputs: {share:.0%} of its active neurons would have "
                f"to fire more than {MOST_SPIKES:g} spikes a step, up to {active.max():.3g}, and "
                f"the chip takes one. Its values are too large for max_rate={layer.max_rate:.4g}: "
                f"{REMEDY}."
            )
        elif active.size and np.median(active) * n_steps < LEAST_SPIKES:
            found.append(
                f"{name} falls silent for these inputs: its active neurons fire about "
                f"{np.median(active) * n_steps:.2g} spikes in {n_steps} steps. Its values are too "
                f"small for max_rate={layer.max_rate:.4g}: {REMEDY}."
            )
    return found


def _drives(
    stack: DenseStack, x: np.ndarray, dt: float
) -> Iterator[tuple[DenseLayer, np.ndarray]]:
    """Yield each population with what its neurons would have to fire, in spikes a step."""
    y = np.asarray(x, dtype=np.float64)
    if stack.encoder is not None:
        layer = stack.encoder.layer
        y = np.maximum(y @ layer.weights.T + layer.bias, 0)
        yield layer, y * (layer.max_rate * dt)
        y = y @ stack.encoder.decoders.T
    for layer in stack.layers:
        if not isinstance(layer.ensemble.neuron_type, RectifiedLinear):
            return
        y = np.maximum(y @ layer.weights.T + layer.bias, 0)
        yield layer, y * (layer.max_rate * dt)
