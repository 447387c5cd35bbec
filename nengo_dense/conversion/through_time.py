"""Gradients through time: the chip's integers forward, their own dynamics backward.

Forward, the integer emulator says what every compartment did in every step: quantized weights,
lost overshoot, false spikes, the first steps without input, everything. Backward, slopes go
through these very steps (`nengo_dense.loihi.kernel.numpy_slope`), and through the weights as if
they were not rounded (Y. Bengio, N. Léonard and A. Courville, "Estimating or propagating gradients
through stochastic neurons for conditional computation", arXiv:1308.3432, 2013). So weights and
biases learn *when* spikes have to come, which decides where few of them fit in.
"""

from collections.abc import Sequence

import numpy as np

from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Distillation
from nengo_dense.loihi.kernel.choice import make_slopes

#: Drives of the host's neurons, in spikes a step, between which their rate is taken to follow
#: the drive. Silent ones learn from a little below zero; at one spike a step there is no more.
LEAST_DRIVE, MOST_DRIVE = -0.05, 1.1


class Gradient:
    """Sum of gradients, one array for each of a chain's weights and biases."""

    def __init__(self, chain: Chain) -> None:
        self.weights = [np.zeros_like(w) for w in chain.weights]
        self.biases = [np.zeros_like(b) for b in chain.biases]


def loss_and_gradient(
    chain: Chain,
    x: np.ndarray,
    targets: np.ndarray,
    distillation: Distillation,
    windows: Sequence[Window],
) -> tuple[float, Gradient]:
    n_steps = max(window.stop for window in windows)
    # the readout sees spikes one step late, and none of the last step
    drive, sent, traces, neurons = chain.trace(x, n_steps - 1)
    gradient = Gradient(chain)
    spikes = [sent, *(trace.spiked for trace in traces)]
    loss, above = _readout(chain, spikes[-1], targets, distillation, windows, gradient)
    slopes = make_slopes()
    first = chain.first_on_chip
    for index in reversed(range(first, len(chain.layers))):
        trace, below = traces[index - first], spikes[index - first]
        of_bias = slopes(above, trace, neurons[index - first])
        k_w, k_b = chain.per_threshold(index, neurons[index-first])
        # a spike arrives in the step after
        late = above[:, 1:].reshape(-1, above.shape[2])
        early = below[:, :-1].reshape(-1, below.shape[2]).astype(np.float32)
        of_weights = late.T @ early
        if index == 0 and chain.signs is not None:
            of_weights = of_weights @ chain.signs.T
        gradient.weights[index] += k_w * of_weights
        gradient.biases[index] += k_b * of_bias.sum(axis=0)
        if index:
            weights = (k_w * chain.effective_weights(index)).astype(np.float32)
            above = np.zeros(below.shape, np.float32)
            above[:, :-1] = (late @ weights).reshape(len(x), n_steps - 2, -1)
    if first:
        slope = above.sum(axis=1) * ((drive > LEAST_DRIVE) & (drive < MOST_DRIVE))
        gradient.weights[0] += slope.T @ x
        gradient.biases[0] += slope.sum(axis=0)
    return loss, gradient


def _readout(chain, spiked, targets, distillation, windows, gradient):
    total = 0.0
    above = np.zeros(spiked.shape, dtype=np.float32)
    weights = chain.weights[-1].astype(np.float32)
    for window in windows:
        seen = slice(max(window.start - 1, 0), window.stop - 1)
        n = window.stop - window.start
        rates = spiked[:, seen].sum(axis=1, dtype=np.int32) / n
        logits = rates @ chain.weights[-1].T + chain.biases[-1]
        loss, slope = distillation(logits, targets, window.early)
        total += window.weight * loss
        slope = window.weight * slope
        gradient.weights[-1] += slope.T @ rates
        gradient.biases[-1] += slope.sum(axis=0)
        above[:, seen] += ((slope.astype(np.float32) @ weights) / np.float32(n))[:, np.newaxis]
    return total, above
