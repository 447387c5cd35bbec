"""Gradients through time: the chip's integers forward, their own dynamics or rates backward.

Forward, the integer emulator says what every compartment did in every step: quantized weights,
lost overshoot, false spikes, the first steps without input, everything. Backward, slopes go
through these very steps (`nengo_dense.loihi.kernel.numpy_slope`), and through the weights as if
they were not rounded (Y. Bengio, N. Léonard and A. Courville, "Estimating or propagating gradients
through stochastic neurons for conditional computation", arXiv:1308.3432, 2013). So weights and
biases learn when spikes have to come, which decides where few of them fit in.

Where many fit in, it matters how many come, and not when. Slopes through every step say less of
that, as each spike's reset counts as given, and they take most of the time. There the rate of a
neuron follows what drives it, as in the network that was converted (J. Wu et al., "A tandem
learning rule for effective training and rapid inference of deep spiking neural networks", IEEE
Trans. Neural Netw. Learn. Syst. 34(1), 2023).
"""

import numpy as np

from nengo_dense.conversion.tuning.answer import Answer, Samples
from nengo_dense.conversion.tuning.circuit import Circuit, Course
from nengo_dense.conversion.tuning.goal import Goals
from nengo_dense.conversion.tuning.spike_slopes import SpikeSlopes
from nengo_dense.layers.part import LayerPart
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


def loss_and_gradient(
    circuit: Circuit, batch: Samples, goals: Goals, *, by_rate: bool = False
) -> tuple[float, Gradient]:
    """Run a batch on the integers and find the way down for all parameters.

    Parameters
    ----------
    circuit : Circuit
    batch : Samples
    goals : Goals
    by_rate : bool, optional
        Whether slopes of neurons on the chip go by their rates, and not through every step.

    Returns
    -------
    loss : float
    gradient : Gradient
    """
    gradient, total = Gradient(circuit), 0.0
    every = sum(answer.weight for answer in batch.answers(goals.windows))
    for part in batch.parts(max(1, MOST_NUMBERS // (goals.n_steps * circuit.n_neurons))):
        answers = part.answers(goals.windows)
        n_shown = max(answer.window.stop for answer in answers) - circuit.unread_steps
        course = circuit.show(part, n_shown, exact=False, traces=not by_rate)
        slopes = SpikeSlopes(course)
        read = circuit.read(course, answers)
        compared = goals.of_answers([circuit.logits(values) for values in read], answers)
        for answer, values, (loss, slope) in zip(answers, read, compared, strict=True):
            share = answer.weight / every
            total += share * loss
            _add_outputs(circuit, answer, values, share * slope, slopes, gradient)
        _add_layers(circuit, course, slopes, gradient)
    return total, gradient


def _add_outputs(
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


def _add_layers(circuit: Circuit, course: Course, slopes: SpikeSlopes, gradient: Gradient) -> None:
    """Add all layers' gradients, from the last to the first: readers before their sources."""
    for index, part in reversed(list(enumerate(circuit.parts.layers))):
        if part.layer.on_chip and course.traces:
            _add_through_steps(circuit, course, index, slopes, gradient)
        else:
            _add_by_rate(circuit, course, index, slopes, gradient)


def _add_through_steps(
    circuit: Circuit, course: Course, index: int, slopes: SpikeSlopes, gradient: Gradient
) -> None:
    """Add the gradient of a layer on the chip, through the steps that it went through."""
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


def _add_by_rate(
    circuit: Circuit, course: Course, index: int, slopes: SpikeSlopes, gradient: Gradient
) -> None:
    """Add the gradient of a layer whose neurons are taken to fire as often as they are driven."""
    part = circuit.parts.layers[index]
    slope = slopes.totals(circuit.place[part.name]) * _follows(circuit, course, part)
    by_row = slope.reshape(-1, slope.shape[2])
    gradient.biases[index] += by_row.sum(axis=0)
    for read in part.reads:
        if not part.layer.on_chip:
            values = course.x[..., circuit.parts.inputs[read.source]]
            gradient.weights[index][:, read.columns] += by_row.T @ values.reshape(len(by_row), -1)
            continue
        source = circuit.place[read.source]
        of_spikes = by_row.T @ course.rates[source].reshape(len(by_row), -1)
        gradient.weights[index][:, read.columns] += circuit.by_input(read, of_spikes)
        if not circuit.parts.is_encoded(part, read.source):
            weights = np.float32(circuit.effective_weights(index, read))
            slopes.add_totals(source, slope @ weights)


def _follows(circuit: Circuit, course: Course, part: LayerPart) -> np.ndarray:
    """Tell which neurons' rates follow what drives them, (batch, n_frames, n_neurons) of bool."""
    place = circuit.place[part.name]
    if part.layer.on_chip:
        rates = course.rates[place]
        return np.asarray((rates > 0) & (rates < 1))
    # the mean of a spike over all phases of its neuron is the drive
    drive = course.drive[..., circuit.host_columns(place)]
    return np.asarray((drive > LEAST_DRIVE) & (drive < MOST_DRIVE))
