"""Gradients through the chip's integers: spikes forward, rates backward.

Forward, the integer emulator says what every neuron really fired: quantized weights, lost
overshoot, false spikes, the first steps without input, everything. Backward, a layer is taken for
what it stands for, ``rate = relu(weights @ rates + bias)``, at the measured rates (J. Wu et al.,
"A tandem learning rule for effective training and rapid inference of deep spiking neural
networks", IEEE Trans. Neural Netw. Learn. Syst. 34(1), 2023). So weights and biases learn to make
up for what the integers do, and no simulation has to be differentiated.
"""

from collections.abc import Sequence

import numpy as np

from nengo_dense.conversion.calibration import Samples
from nengo_dense.conversion.chain import Activity, Chain, Window
from nengo_dense.conversion.distillation import Distillation

#: Samples at once.
BATCH_SIZE = 256
#: A silent neuron still learns if its mean input is above minus this, in spikes a step.
SILENT_MARGIN = 0.05
#: A neuron that fires in every step still learns below these mean inputs, on the host (where the
#: rate is exact) and on the chip (where uneven inputs keep it from firing always).
HOST_CEILING, CHIP_CEILING = 1.1, 1.3


class Gradient:
    """Sum of gradients, one array for each of a chain's weights and biases."""

    def __init__(self, chain: Chain) -> None:
        self.weights = [np.zeros_like(w) for w in chain.weights]
        self.biases = [np.zeros_like(b) for b in chain.biases]

    def add(self, index: int, slope: np.ndarray, below: np.ndarray) -> None:
        """Add a layer's part.

        Parameters
        ----------
        index : int
            Of the layer.
        slope : (batch, n_out) ndarray
            Gradient with respect to the layer's mean input.
        below : (batch, n_in) ndarray
            What the layer's weights multiply.
        """
        self.weights[index] += slope.T @ below
        self.biases[index] += slope.sum(axis=0)


def loss_and_gradient(
    chain: Chain,
    x: np.ndarray,
    targets: np.ndarray,
    distillation: Distillation,
    windows: Sequence[Window],
) -> tuple[float, Gradient]:
    """Run a batch on the integers and find the way down for all parameters.

    Parameters
    ----------
    chain : Chain
    x : (batch, size_in) ndarray
    targets : (batch, n_out) ndarray
        The source model's logits.
    distillation : Distillation
    windows : sequence of Window

    Returns
    -------
    loss : float
    gradient : Gradient
    """
    gradient = Gradient(chain)
    total = 0.0
    for activity, window in zip(chain.run(x, windows), windows, strict=True):
        loss, slope = distillation(chain.logits(activity), targets, window.early)
        total += window.weight * loss
        _backward(chain, x, activity, window.weight * slope, gradient)
    return total, gradient


def mean_loss(
    chain: Chain,
    samples: Samples,
    distillation: Distillation,
    windows: Sequence[Window],
) -> float:
    """Return the mean loss over samples and windows."""
    losses = [
        len(part)
        * window.weight
        * distillation(chain.logits(activity), part.targets, window.early)[0]
        for part in (samples[i : i + BATCH_SIZE] for i in range(0, len(samples), BATCH_SIZE))
        for activity, window in zip(chain.run(part.x, windows), windows, strict=True)
    ]
    return sum(losses) / len(samples)


def _backward(
    chain: Chain, x: np.ndarray, activity: Activity, slope: np.ndarray, gradient: Gradient
) -> None:
    """Add the gradients of one window, from the readout to the first layer."""
    slope = slope.astype(np.float32)
    rates = activity.rates
    gradient.add(len(chain.layers), slope, rates[-1])
    first = chain.first_on_chip
    weights = chain.weights[-1]
    for index in reversed(range(first, len(chain.layers))):
        below, fired = rates[index - first], rates[index - first + 1]
        slope = slope @ weights
        weights = chain.effective_weights(index).astype(np.float32)
        mean_input = below @ weights.T + chain.biases[index]
        learns = ((fired > 0) | (mean_input > -SILENT_MARGIN)) & (mean_input < CHIP_CEILING)
        slope = slope * learns
        # encoding neurons are read as the inputs that they stand for
        if index == 0 and chain.signs is not None:
            below = below @ chain.signs.T
        gradient.add(index, slope, below)
    if first:
        learns = (activity.drive > -SILENT_MARGIN) & (activity.drive < HOST_CEILING)
        gradient.add(0, (slope @ weights) * learns, x)
