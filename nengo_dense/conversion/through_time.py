"""Gradients through time: the chip's integers forward, their own dynamics backward.

Forward, the integer emulator says what every compartment did in every step: quantized weights,
lost overshoot, false spikes, the first steps without input, everything. Backward, slopes go
through these very steps (`nengo_dense.loihi.kernel.numpy_slope`), and through the weights as if
they were not rounded (Y. Bengio, N. Léonard and A. Courville, "Estimating or propagating gradients
through stochastic neurons for conditional computation", arXiv:1308.3432, 2013). So weights and
biases learn when spikes have to come, which decides where few of them fit in.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from nengo_dense.conversion.answer import Answer, Samples, Window
from nengo_dense.conversion.circuit import Circuit, Course
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
        self.weights = [np.zeros(w.shape) for w in circuit.weights]
        self.biases = [np.zeros(b.shape) for b in circuit.biases]

    @property
    def all(self) -> list[np.ndarray]:
        """(list of ndarray) Of all weights, then of all biases."""
        return [*self.weights, *self.biases]


class SpikeSlopes:
    """Slopes of the loss with respect to every population's spikes: sums over its readers.

    Outputs come first, and then the layers, readers before their sources.
    """

    def __init__(self, course: Course) -> None:
        self._course = course
        self._shapes = [spiked.shape for spiked in course.spikes]
        self._alike: dict[int, list[tuple[Any, slice, np.ndarray]]] = {}
        self._known: dict[int, np.ndarray] = {}
        self._totals: dict[int, np.ndarray] = {}

    def of(self, population: int) -> np.ndarray:
        """Return the (batch, n_steps, n_neurons) float32 array, to add to."""
        if population not in self._known:
            self._known[population] = self._spread(population)
        return self._known[population]

    def add_alike(self, population: int, rows: Any, steps: slice, slopes: np.ndarray) -> None:
        """Add slopes that are the same in some steps: (n_rows, n_neurons), before all others."""
        self._alike.setdefault(population, []).append((rows, steps, np.float32(slopes)))

    def _spread(self, population: int) -> np.ndarray:
        """Add up slopes that are alike, and write every step once."""
        lanes, n_steps, n = self._shapes[population]
        found = np.empty((lanes, n_steps, n), dtype=np.float32)
        alike = self._alike.get(population, [])
        bounds = {0, n_steps, *(bound for _, s, _ in alike for bound in s.indices(n_steps)[:2])}
        for start, stop in itertools.pairwise(sorted(bounds)):
            here = np.zeros((lanes, n), dtype=np.float32)
            for rows, steps, slopes in alike:
                first, end, _ = steps.indices(n_steps)
                if first <= start and stop <= end:
                    here[rows] += slopes
            found[:, start:stop] = here[:, np.newaxis]
        return found

    def add(self, population: int, slopes: np.ndarray) -> None:
        """Add slopes of every step; the array itself may be kept and changed."""
        if population in self._known or population in self._alike:
            self.of(population)[...] += slopes
        else:
            self._known[population] = slopes

    def add_totals(self, population: int, slopes: np.ndarray) -> None:
        """Add slopes of all steps of each frame together, (batch, n_frames, n_neurons)."""
        self._totals[population] = slopes + self._totals.get(population, 0)

    def totals(self, population: int) -> np.ndarray:
        """Return the sums over all steps of each frame, (batch, n_frames, n_neurons)."""
        totals = self._totals.get(population, 0)
        by_step = population in self._known or population in self._alike
        if by_step or population not in self._totals:
            totals = totals + self._course.by_frame(self.of(population))
        return np.asarray(totals)


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
    gradient, total = Gradient(circuit), 0.0
    every = sum(answer.weight for answer in batch.answers(windows))
    n_steps = max(window.stop for window in windows)
    for part in batch.parts(max(1, MOST_NUMBERS // (n_steps * circuit.n_neurons))):
        answers = part.answers(windows)
        n_shown = max(answer.window.stop for answer in answers) - circuit.unread_steps
        course = circuit.show(part, n_shown, slopes=True)
        slopes = SpikeSlopes(course)
        read = circuit.read(course, answers)
        compared = goals.of_answers([circuit.logits(values) for values in read], answers)
        for answer, values, (loss, slope) in zip(answers, read, compared, strict=True):
            share = answer.weight / every
            total += share * loss
            _outputs(circuit, answer, values, share * slope, slopes, gradient)
        _layers(circuit, course, slopes, gradient)
    return total, gradient


def _outputs(
    circuit: Circuit,
    answer: Answer,
    read: list[np.ndarray],
    slope: np.ndarray,
    slopes: SpikeSlopes,
    gradient: Gradient,
) -> None:
    """Add the outputs' gradients, and slopes of what they read, by those of their logits."""
    window, rows = answer.window, answer.rows
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
            slopes.add_alike(place, rows, seen, of_mean)


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
        if circuit.parts.is_encoded(part, read.source):
            continue
        weights = np.float32(of_weight * circuit.effective_weights(index, read))
        if source < circuit.n_hosts:
            # the chip gets a spike of the host one step after it was fired
            slopes.add_totals(source, course.by_frame(own[:, 1:]) @ weights)
        else:
            slopes.add(source, back.send_back(own, weights))


def _host_layer(
    circuit: Circuit, course: Course, index: int, slopes: SpikeSlopes, gradient: Gradient
) -> None:
    part = circuit.parts.layers[index]
    place = circuit.place[part.name]
    drive = course.drive[..., circuit.host_columns(place)]
    # the mean of a spike over all phases of its neuron is the drive
    follows = (drive > LEAST_DRIVE) & (drive < MOST_DRIVE)
    slope = (slopes.totals(place) * follows).reshape(-1, drive.shape[-1])
    for source, columns in part.reads:
        values = course.x[..., circuit.parts.inputs[source]]
        gradient.weights[index][:, columns] += slope.T @ values.reshape(len(slope), -1)
    gradient.biases[index] += slope.sum(axis=0)
