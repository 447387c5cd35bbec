"""Gradients through time: the chip's integers forward, their own dynamics backward.

Forward, the integer emulator says what every compartment did in every step: quantized weights,
lost overshoot, false spikes, the first steps without input, everything. Backward, slopes go
through these very steps (`nengo_dense.loihi.kernel.numpy_slope`), and through the weights as if
they were not rounded (Y. Bengio, N. Léonard and A. Courville, "Estimating or propagating gradients
through stochastic neurons for conditional computation", arXiv:1308.3432, 2013). So weights and
biases learn when spikes have to come, which decides where few of them fit in.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from nengo_dense.conversion.calibration import Samples
from nengo_dense.conversion.chain import Chain, Course, Window
from nengo_dense.conversion.distillation import Distillation
from nengo_dense.loihi.kernel.choice import make_slopes

#: Numbers of one kind (neurons, times steps, times samples) that are kept at once.
MOST_NUMBERS = 1 << 24
#: Drives of the host's neurons, in spikes a step, between which their rate is taken to follow
#: the drive. Silent ones learn from a little below zero; beyond one spike a step is nothing.
LEAST_DRIVE, MOST_DRIVE = -0.05, 1.1


class Gradient:
    """Sum of gradients, one array for each of a chain's weights and biases."""

    def __init__(self, chain: Chain) -> None:
        self.weights = [np.zeros_like(w) for w in chain.weights]
        self.biases = [np.zeros_like(b) for b in chain.biases]

    @property
    def all(self) -> list[np.ndarray]:
        """(list of ndarray) Of all weights, then of all biases."""
        return [*self.weights, *self.biases]


def loss_and_gradient(
    chain: Chain, batch: Samples, distillation: Distillation, windows: Sequence[Window]
) -> tuple[float, Gradient]:
    """Run a batch on the integers and find the way down for all parameters.

    Parameters
    ----------
    chain : Chain
    batch : Samples
    distillation : Distillation
    windows : sequence of Window

    Returns
    -------
    loss : float
    gradient : Gradient
    """
    n_steps = max(window.stop for window in windows)
    gradient, total = Gradient(chain), 0.0
    for part in _parts(batch, n_steps * chain.n_neurons):
        # the readout never sees the spikes of the last step
        course = chain.trace(part.x, n_steps - 1)
        share = len(part) / len(batch)
        scaled = [window._replace(weight=share * window.weight) for window in windows]
        loss, slopes = _readout(chain, course, part, distillation, scaled, gradient)
        total += loss
        _backward(chain, course, part.x, slopes, gradient)
    return total, gradient


def _parts(batch: Samples, n_numbers: int) -> Iterator[Samples]:
    """Divide a batch so that what is kept of it, of so many numbers a sample, fits in memory."""
    size = max(1, MOST_NUMBERS // n_numbers)
    yield from (batch[i : i + size] for i in range(0, len(batch), size))


def _readout(
    chain: Chain,
    course: Course,
    part: Samples,
    distillation: Distillation,
    windows: Sequence[Window],
    gradient: Gradient,
) -> tuple[float, np.ndarray]:
    """Add the readout's gradients; return the loss and slopes of the last layer's spikes."""
    spiked = course.spikes[-1]
    slopes = np.zeros(spiked.shape, dtype=np.float32)
    total = 0.0
    for window in windows:
        seen, n_steps = window.seen, window.stop - window.start
        rates = spiked[:, seen].sum(axis=1, dtype=np.int32) / n_steps
        logits = rates @ chain.weights[-1].T + chain.biases[-1]
        loss, slope = distillation(logits, part.targets, window.early)
        total += window.weight * loss
        slope *= window.weight
        gradient.weights[-1] += slope.T @ rates
        gradient.biases[-1] += slope.sum(axis=0)
        slopes[:, seen] += np.float32(slope @ chain.weights[-1] / n_steps)[:, np.newaxis]
    return total, slopes


def _backward(
    chain: Chain, course: Course, x: np.ndarray, slopes: np.ndarray, gradient: Gradient
) -> None:
    """Add all other layers' gradients, from the last to the first."""
    back, first = make_slopes(), chain.first_on_chip
    for index in reversed(range(first, len(chain.layers))):
        below, trace = course.spikes[index - first], course.traces[index - first]
        neurons = course.neurons[index - first]
        of_bias = back.slopes(slopes, trace, neurons).sum(axis=0)
        of_weight, of_one = chain.per_threshold(index, neurons)
        of_spikes = back.correlate(slopes, below)
        gradient.weights[index] += of_weight * chain.by_input(index, of_spikes)
        gradient.biases[index] += of_one * of_bias
        if index:
            weights = np.float32(of_weight * chain.effective_weights(index))
        if index > first:
            slopes = back.send_back(slopes, weights)
    if first:
        # the mean of a spike over all phases of its neuron is the drive
        follows = (course.drive > LEAST_DRIVE) & (course.drive < MOST_DRIVE)
        slope = slopes[:, 1:].sum(axis=1) @ weights * follows
        gradient.weights[0] += slope.T @ x
        gradient.biases[0] += slope.sum(axis=0)
