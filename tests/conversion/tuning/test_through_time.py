"""Gradients through time against the tangent of the same steps, taken forward."""

import nengo
import numpy as np
import pytest

from nengo_dense.conversion.tuning import through_time
from nengo_dense.conversion.tuning.answer import (
    Samples,
    Window,
    deadlines,
    deadlines_by_length,
    frame_windows,
)
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.goal import Goals
from nengo_dense.conversion.tuning.judgement import judge
from nengo_dense.conversion.tuning.through_time import (
    LEAST_DRIVE,
    MOST_DRIVE,
    loss_and_gradient,
)
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.kernel.numpy_slope import REACH

WINDOWS = [Window(1, 8, 0.25, early=True), Window(2, 16, 0.75)]
RELU, LIF = nengo.SpikingRectifiedLinear(), nengo.LIF(tau_rc=0.03, min_voltage=0)


def make_circuit(rng, encoding="host", neuron_type=RELU, synapse=0.002):
    n = 2 if encoding == "host" else 3
    stack = DenseStack(
        [6, 5, 3],
        4,
        weights=[rng.normal(0.3, 0.4, s) for s in ((6, 4), (5, 6), (3, 5))],
        biases=[rng.normal(0.1, 0.1, k) for k in (6, 5, 3)],
        max_rate=400.0,
        neuron_type=[RELU, neuron_type] if encoding == "host" else neuron_type,
        synapse=[synapse] * (n - 1) + [None],
        encoding=encoding,
        encoder={"max_rate": 600.0} if encoding == "spikes" else None,
    )
    return Circuit(stack, 0.001)


@pytest.fixture
def batch(rng):
    return Samples(rng.uniform(-0.5, 1.2, (8, 4)), rng.normal(size=(8, 3)))


def tangent_of_layer(circuit, index, course, moves, changes):
    """Follow a small change of weights, bias and spikes below through a layer's steps."""
    part, n = circuit.parts.layers[index], len(circuit.weights)
    k = circuit.place[part.name] - circuit.n_hosts
    trace, neurons = course.traces[k], course.neurons[k]
    of_weight, of_one = circuit.per_threshold(index, neurons)
    arriving = np.zeros(trace.spiked.shape)
    for read in part.reads:
        spikes = course.spikes[circuit.place[read.source]]
        weights = circuit.effective_weights(index, read)
        of_weights = moves[index][:, read.columns]
        if circuit.parts.is_encoded(part, read.source):
            of_weights = of_weights @ np.sign(circuit.parts.encoders[read.source].decoders)
        below = changes.get(read.source, np.zeros(spikes.shape))
        arriving += of_weight * (spikes @ of_weights.T + below @ weights.T)
    current, after = np.zeros((2, len(arriving), len(neurons.bias)))
    result = np.zeros(trace.spiked.shape)
    wait = np.zeros(current.shape)
    for step in range(arriving.shape[1]):
        current = neurons.keep_u * current + (arriving[:, step - 1] if step else 0)
        before = trace.current[:, step] + neurons.bias
        if step:
            before = before + neurons.keep_v * trace.voltage[:, step - 1]
        moved = (before >= neurons.vmin) & (wait == 0)
        change = moved * (current + of_one * moves[n + index] + neurons.keep_v * after)
        apart = np.abs(before / neurons.vth - 1) / REACH
        result[:, step] = change * np.maximum(1 - apart, 0)
        after = np.where(trace.spiked[:, step], 0, change)
        wait = np.maximum(np.where(trace.spiked[:, step], neurons.refract, wait) - 1, 0)
    return result


def tangent_on_host(circuit, index, course, moves):
    """Follow a small change of weights and bias to the rates of a layer on the host."""
    part, n = circuit.parts.layers[index], len(circuit.weights)
    columns = circuit.host_columns(circuit.place[part.name])
    drive = course.drive[..., columns]
    follows = (drive > LEAST_DRIVE) & (drive < MOST_DRIVE)
    parts = [course.x[..., circuit.parts.inputs[r.source]] for r in part.reads]
    change = (np.concatenate(parts, axis=2) @ moves[index].T + moves[n + index]) * follows
    frames = np.arange(course.fired.shape[1]) // course.frame_steps
    return change[:, np.minimum(frames, change.shape[1] - 1)]


def mean_change(circuit, course, source, changes, answer):
    window = answer.window
    if source in circuit.parts.inputs:
        return np.zeros_like(course.x[answer.rows][:, 0, circuit.parts.inputs[source]])
    on_host = circuit.place[source] < circuit.n_hosts
    seen = changes[source][answer.rows, window.whole if on_host else window.seen]
    return seen.sum(axis=1) / window.n_steps


def tangent_by_rate(circuit, index, course, moves, changes):
    """Follow a small change of weights, bias and rates below to the rates of a layer."""
    part, n = circuit.parts.layers[index], len(circuit.weights)
    steps = [course.spikes[circuit.place[r.source]] for r in part.reads]
    change = moves[n + index] + np.zeros((*steps[0].shape[:2], 1))
    frames = np.arange(steps[0].shape[1]) // course.frame_steps
    frames = np.minimum(frames, course.x.shape[1] - 1)

    def rates(spikes):
        found = np.zeros(spikes.shape)
        for frame in np.unique(frames):
            found[:, frames == frame] = spikes[:, frames == frame].mean(axis=1, keepdims=True)
        return found

    for read, spikes in zip(part.reads, steps, strict=True):
        of_weights = moves[index][:, read.columns]
        if circuit.parts.is_encoded(part, read.source):
            of_weights = of_weights @ np.sign(circuit.parts.encoders[read.source].decoders)
        below = changes.get(read.source, np.zeros(spikes.shape))
        weights = circuit.effective_weights(index, read)
        change = change + rates(spikes) @ of_weights.T + below @ weights.T
    own = rates(course.spikes[circuit.place[part.name]])
    return change * ((own > 0) & (own < 1))


def tangent_of_loss(circuit, batch, goals, moves, by_rate=False):
    """Follow a small change of all parameters through all steps to the loss."""
    n_shown = goals.n_steps - circuit.unread_steps
    course = circuit.show(batch, n_shown, exact=False, traces=True)
    changes, n = {}, len(circuit.weights)
    on_chip = tangent_by_rate if by_rate else tangent_of_layer
    for index, part in enumerate(circuit.parts.layers):
        if part.layer.on_chip:
            changes[part.name] = on_chip(circuit, index, course, moves, changes)
        else:
            changes[part.name] = tangent_on_host(circuit, index, course, moves)
    total, first, answers = 0.0, len(circuit.parts.layers), batch.answers(goals.windows)
    for answer, read in zip(answers, circuit.read(course, answers), strict=True):
        moved = []
        for k, part in enumerate(circuit.parts.outputs):
            parts = [mean_change(circuit, course, r.source, changes, answer) for r in part.reads]
            of_read = np.concatenate(parts, axis=1) @ circuit.weights[first + k].T
            moved.append(of_read + read[k] @ moves[first + k].T + moves[n + first + k])
        ((_, slope),) = goals.of_answers([circuit.logits(read)], [answer])
        total += answer.weight * (slope * np.concatenate(moved, axis=1)).sum()
    return total / sum(answer.weight for answer in answers)


def assert_gradient_is_the_transpose(rng, circuit, batch, goals, by_rate=False):
    _, gradient = loss_and_gradient(circuit, batch, goals, by_rate=by_rate)
    for place, found in enumerate(gradient.all):
        moves = [np.zeros_like(p) for p in gradient.all]
        moves[place] = rng.normal(size=found.shape)
        expected = tangent_of_loss(circuit, batch, goals, moves, by_rate)
        assert (found * moves[place]).sum() == pytest.approx(expected, rel=1e-4, abs=1e-6)
        assert found.any()


@pytest.mark.parametrize("encoding", ["host", "spikes"])
@pytest.mark.parametrize("neuron_type", [RELU, LIF], ids=["relu", "lif"])
@pytest.mark.parametrize("synapse", [0.002, None])
@pytest.mark.parametrize("by_rate", [False, True], ids=["through time", "by rate"])
def test_gradient_is_the_transpose_of_the_tangent(
    rng, batch, encoding, neuron_type, synapse, by_rate
):
    circuit = make_circuit(rng, encoding, neuron_type, synapse)
    goals = Goals.for_targets(batch.targets[:, 0], ["softmax"]).at(WINDOWS)
    assert_gradient_is_the_transpose(rng, circuit, batch, goals, by_rate=by_rate)


LENGTHS = np.array([4, 2, 4, 1, 3, 4, 2, 3])


@pytest.mark.parametrize("encoding", ["host", "spikes"])
@pytest.mark.parametrize(
    "lengths, windows",
    [
        (None, deadlines(16, 2)),
        (LENGTHS, deadlines_by_length(4 * LENGTHS, 2)),
        (LENGTHS, frame_windows(4, 4, 3)),
        (None, frame_windows(4, 1, 3)),
    ],
    ids=["sequences", "ragged", "frames", "frames of a step"],
)
@pytest.mark.parametrize("by_rate", [False, True], ids=["through time", "by rate"])
def test_gradient_is_the_transpose_for_sequences(
    rng, make_graph, encoding, lengths, windows, by_rate
):
    x, targets = rng.uniform(-0.5, 1.2, (8, 4, 5)), rng.normal(size=(8, 4, 5))
    circuit = Circuit(make_graph(encoding), 0.001, x[:, 0])
    goals = Goals.for_targets(targets[:, 0], ["softmax", "linear"], [3, 2]).at(windows)
    batch = Samples(x, targets, None, lengths, 4)
    assert_gradient_is_the_transpose(rng, circuit, batch, goals, by_rate)


@pytest.mark.parametrize("encoding", ["host", "spikes"])
@pytest.mark.parametrize("neuron_type", [RELU, LIF], ids=["relu", "lif"])
@pytest.mark.parametrize("by_rate", [False, True], ids=["through time", "by rate"])
def test_slopes_reach_every_layer_of_a_graph_from_all_that_read_it(
    rng, make_graph, encoding, neuron_type, by_rate
):
    x, targets = rng.uniform(-0.5, 1.2, (8, 5)), rng.normal(size=(8, 5))
    circuit = Circuit(make_graph(encoding, neuron_type=neuron_type), 0.001, x)
    goals = Goals.for_targets(targets, ["softmax", "linear"], [3, 2]).at(WINDOWS)
    samples = Samples(x, targets)
    assert_gradient_is_the_transpose(rng, circuit, samples, goals, by_rate=by_rate)


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_loss_is_that_of_the_chains_own_logits(rng, batch, encoding):
    circuit = make_circuit(rng, encoding)
    goals = Goals.for_targets(batch.targets[:, 0], ["softmax"]).at(WINDOWS)
    expected = judge(circuit, batch, goals).loss
    loss, _ = loss_and_gradient(circuit, batch, goals)
    assert loss == pytest.approx(expected, rel=1e-6)


def test_scales_are_those_of_the_chips_integers(rng):
    for neuron_type in (RELU, LIF):
        circuit = make_circuit(rng, "host", neuron_type)
        (projection,) = circuit.program().projections
        nothing = Samples(np.zeros((1, 4)), np.zeros((1, 3)))
        (neurons,) = circuit.show(nothing, 2, exact=False, traces=True).neurons
        of_weight, of_one = circuit.per_threshold(1, neurons)
        stored = projection.weights.values.reshape(6, 5).T / neurons.vth[:, np.newaxis]
        # as near as eight bits are
        largest = np.abs(stored).max()
        np.testing.assert_allclose(of_weight * circuit.weights[1], stored, atol=largest / 128)
        bias = neurons.bias / neurons.vth
        circuit.biases[1] += 0.1
        more = circuit.show(nothing, 2, exact=False, traces=True).neurons[0]
        np.testing.assert_allclose(more.bias / more.vth - bias, 0.1 * of_one, rtol=0.05)


def test_parts_of_a_batch_make_the_whole(rng, batch, monkeypatch):
    circuit = make_circuit(rng)
    late = [WINDOWS[1]._replace(weight=1.0)]
    goals = Goals.for_targets(batch.targets[:, 0], ["softmax"]).at(late)
    loss, whole = loss_and_gradient(circuit, batch, goals)
    monkeypatch.setattr(through_time, "MOST_NUMBERS", 3 * 16 * circuit.n_neurons)
    in_parts, parts = loss_and_gradient(circuit, batch, goals)
    assert in_parts == pytest.approx(loss, rel=1e-9)
    for a, b in zip(whole.all, parts.all, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7)


def test_a_host_neuron_beyond_one_spike_a_step_does_not_learn(rng, batch):
    circuit = make_circuit(rng)
    circuit.biases[0][2] = 5.0
    goals = Goals.for_targets(batch.targets[:, 0], ["softmax"]).at(WINDOWS)
    _, gradient = loss_and_gradient(circuit, batch, goals)
    np.testing.assert_array_equal(gradient.weights[0][2], 0)
    assert gradient.weights[0][[0, 1, 3, 4, 5]].any()


def test_neurons_on_the_chip_that_are_silent_or_always_fire_do_not_learn_by_rate(rng, batch):
    circuit = make_circuit(rng, synapse=None)
    circuit.biases[1][:2] = [-50.0, 50.0]
    goals = Goals.for_targets(batch.targets[:, 0], ["softmax"]).at([Window(2, 17, 1.0)])
    _, gradient = loss_and_gradient(circuit, batch, goals, by_rate=True)
    np.testing.assert_array_equal(gradient.biases[1][0], 0)
    assert gradient.biases[1][2:].any()
