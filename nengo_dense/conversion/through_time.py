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
from nengo_dense.conversion.circuit import Circuit, Course, Window
from nengo_dense.conversion.goal import Goals
from nengo_dense.loihi.kernel.choice import make_slopes

#: Numbers of one kind (neurons, times steps, times samples) that are kept at once.
MOST_NUMBERS = 1 << 24
#: Drives of the host's neurons, in spikes a step, between which their rate is taken to follow
#: the drive. Silent ones learn from a little below zero; beyond one spike a step is nothing.
LEAST_DRIVE, MOST_DRIVE = -0.05, 1.1


class Gradient:
    """Sum of gradients, one array for each of a circuit's weights and biases."""

    def __init__(self, circuit: Circuit) -> None:
        self.weights = [np.zeros_like(w) for w in circuit.weights]
        self.biases = [np.zeros_like(b) for b in circuit.biases]

    @property
    def all(self) -> list[np.ndarray]:
        """(list of ndarray) Of all weights, then of all biases."""
        return [*self.weights, *self.biases]


class SpikeSlopes:
    """Slopes of the loss with respect to every population's spikes: sums over its readers."""

    def __init__(self, course: Course) -> None:
        self._shapes = [spiked.shape for spiked in course.spikes]
        self._known: dict[int, np.ndarray] = {}
        self._totals: dict[int, np.ndarray] = {}

    def of(self, population: int) -> np.ndarray:
        """Return the (batch, n_steps, n_neurons) float32 array, to add to."""
        if population not in self._known:
            self._known[population] = np.zeros(self._shapes[population], dtype=np.float32)
        return self._known[population]

    def add(self, population: int, slopes: np.ndarray) -> None:
        """Add slopes of every step; the array itself may be kept and changed."""
        if population in self._known:
            self._known[population] += slopes
        else:
            self._known[population] = slopes

    def add_total(self, population: int, slopes: np.ndarray) -> None:
        """Add slopes of all steps together, (batch, n_neurons)."""
        self._totals[population] = slopes + self._totals.get(population, 0)

    def total(self, population: int) -> np.ndarray:
        """Return the sum over all steps, (batch, n_neurons)."""
        total = self._totals.get(population, 0)
        if population in self._known or population not in self._totals:
            total = total + self.of(population).sum(axis=1)
        return np.asarray(total)


def loss_and_gradient(
    circuit: Circuit, batch: Samples, goals: Goals, windows: Sequence[Window]
) -> tuple[float, Gradient]:
    """Run a batch on the integers and find the way down for all parameters.

    Parameters
    ----------
    circuit : Circuit
    batch : Samples
    goals : Goals
    windows : sequence of Window

    Returns
    -------
    loss : float
    gradient : Gradient
    """
    n_steps = max(window.stop for window in windows)
    gradient, total = Gradient(circuit), 0.0
    for part in _parts(batch, n_steps * circuit.n_neurons):
        course = circuit.show(part.x, n_steps - circuit.unread_steps, slopes=True)
        slopes = SpikeSlopes(course)
        for window in windows:
            scaled = window._replace(weight=window.weight * len(part) / len(batch))
            total += _outputs(circuit, course, part, goals, scaled, slopes, gradient)
        _layers(circuit, course, slopes, gradient)
    return total, gradient


def _parts(batch: Samples, n_numbers: int) -> Iterator[Samples]:
    """Divide a batch so that what is kept of it, of so many numbers a sample, fits in memory."""
    size = max(1, MOST_NUMBERS // n_numbers)
    yield from (batch[i : i + size] for i in range(0, len(batch), size))


def _outputs(
    circuit: Circuit,
    course: Course,
    part: Samples,
    goals: Goals,
    window: Window,
    slopes: SpikeSlopes,
    gradient: Gradient,
) -> float:
    """Add the outputs' gradients and slopes of what they read; return the window's loss."""
    read = circuit.read(course, window)
    loss, slope = goals(circuit.logits(read), part.targets, window.early)
    slope *= window.weight
    first = len(circuit.parts.layers)
    for index, (output, values) in enumerate(zip(circuit.parts.outputs, read, strict=True), first):
        of_output, slope = slope[:, : output.n], slope[:, output.n :]
        gradient.weights[index] += of_output.T @ values
        gradient.biases[index] += of_output.sum(axis=0)
        for source, columns in output.reads:
            if source in circuit.parts.inputs:
                continue
            place = circuit.place[source]
            seen = window.whole if place < circuit.n_hosts else window.seen
            of_mean = of_output @ circuit.weights[index][:, columns] / window.n_steps
            slopes.of(place)[:, seen] += np.float32(of_mean)[:, np.newaxis]
    return window.weight * loss


def _layers(circuit: Circuit, course: Course, slopes: SpikeSlopes, gradient: Gradient) -> None:
    """Add all layers' gradients, from the last to the first: readers before their sources."""
    for index, part in reversed(list(enumerate(circuit.parts.layers))):
        if part.layer.on_chip:
            _chip_layer(circuit, course, index, slopes, gradient)
        else:
            _host_layer(circuit, course, index, slopes, gradient)


def _chip_layer(
    circuit: Circuit, course: Course, index: int, slopes: SpikeSlopes, gradient: Gradient
) -> None:
    part = circuit.parts.layers[index]
    place = circuit.place[part.name]
    own, neurons = slopes.of(place), course.neurons[place - circuit.n_hosts]
    back = make_slopes()
    of_bias = back.slopes(own, course.traces[place - circuit.n_hosts], neurons).sum(axis=0)
    of_weight, of_one = circuit.per_threshold(index, neurons)
    gradient.biases[index] += of_one * of_bias
    for read in part.reads:
        source = circuit.place[read.source]
        of_spikes = back.correlate(own, course.spikes[source])
        of_source = of_weight * circuit.by_input(read, of_spikes)
        gradient.weights[index][:, read.columns] += of_source
        if circuit.is_encoded(part, read.source):
            continue
        weights = np.float32(of_weight * circuit.effective_weights(index, read))
        if source < circuit.n_hosts:
            slopes.add_total(source, own[:, 1:].sum(axis=1) @ weights)
        else:
            slopes.add(source, back.send_back(own, weights))


def _host_layer(
    circuit: Circuit, course: Course, index: int, slopes: SpikeSlopes, gradient: Gradient
) -> None:
    part = circuit.parts.layers[index]
    place = circuit.place[part.name]
    drive = course.drive[:, circuit.host_columns(place)]
    # the mean of a spike over all phases of its neuron is the drive
    follows = (drive > LEAST_DRIVE) & (drive < MOST_DRIVE)
    slope = slopes.total(place) * follows
    for source, columns in part.reads:
        values = course.x[:, circuit.parts.inputs[source]]
        gradient.weights[index][:, columns] += slope.T @ values
    gradient.biases[index] += slope.sum(axis=0)
