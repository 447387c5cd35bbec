"""Gradients through time against the tangent of the same steps, taken forward."""

import nengo
import numpy as np
import pytest

from nengo_dense.conversion import through_time
from nengo_dense.conversion.calibration import Samples
from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Distillation
from nengo_dense.conversion.through_time import LEAST_DRIVE, MOST_DRIVE, loss_and_gradient
from nengo_dense.layers.stack import DenseStack

WINDOWS = [Window(1, 8, 0.25, early=True), Window(2, 16, 0.75)]
RELU, LIF = nengo.SpikingRectifiedLinear(), nengo.LIF(tau_rc=0.03, min_voltage=0)


def make_chain(rng, encoding="host", neuron_type=RELU, synapse=0.002):
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
    return Chain(stack, 0.001)


@pytest.fixture
def batch(rng):
    return Samples(rng.uniform(-0.5, 1.2, (8, 4)), rng.normal(size=(8, 3)))


def tangent_of_layer(chain, index, course, of_weights, of_bias, below):
    """Follow a small change of weights, bias and spikes below through a layer's steps."""
    k = index - chain.first_on_chip
    trace, neurons, spikes = course.traces[k], course.neurons[k], course.spikes[k]
    of_weight, of_one = chain.per_threshold(index, neurons)
    weights = chain.effective_weights(index)
    if index == 0:
        of_weights = of_weights @ chain.signs
    arriving = of_weight * (spikes @ of_weights.T + below @ weights.T)
    current, after = np.zeros((2, len(spikes), len(neurons.bias)))
    result = np.zeros(trace.spiked.shape)
    wait = np.zeros(current.shape)
    for step in range(spikes.shape[1]):
        current = neurons.keep_u * current + (arriving[:, step - 1] if step else 0)
        before = trace.current[:, step] + neurons.bias
        if step:
            before = before + neurons.keep_v * trace.voltage[:, step - 1]
        moves = (before >= neurons.vmin) & (wait == 0)
        change = moves * (current + of_one * of_bias + neurons.keep_v * after)
        result[:, step] = change * np.maximum(1 - np.abs(before / neurons.vth - 1), 0)
        after = np.where(trace.spiked[:, step], 0, change)
        wait = np.maximum(np.where(trace.spiked[:, step], neurons.refract, wait) - 1, 0)
    return result


def tangent_of_loss(chain, batch, distillation, of_weights, of_biases):
    """Follow a small change of all parameters through all steps to the loss."""
    course = chain.trace(batch.x, max(w.stop for w in WINDOWS) - 1)
    below = np.zeros(course.spikes[0].shape)
    if chain.first_on_chip:
        follows = (course.drive > LEAST_DRIVE) & (course.drive < MOST_DRIVE)
        below += ((batch.x @ of_weights[0].T + of_biases[0]) * follows)[:, np.newaxis]
    for index in range(chain.first_on_chip, len(chain.layers)):
        below = tangent_of_layer(chain, index, course, of_weights[index], of_biases[index], below)
    total = 0.0
    for window in WINDOWS:
        n = window.stop - window.start
        rates, change = (s[:, window.seen].sum(axis=1) / n for s in (course.spikes[-1], below))
        logits = rates @ chain.weights[-1].T + chain.biases[-1]
        _, slope = distillation(logits, batch.targets, window.early)
        moved = change @ chain.weights[-1].T + rates @ of_weights[-1].T + of_biases[-1]
        total += window.weight * (slope * moved).sum()
    return total


@pytest.mark.parametrize("encoding", ["host", "spikes"])
@pytest.mark.parametrize("neuron_type", [RELU, LIF], ids=["relu", "lif"])
@pytest.mark.parametrize("synapse", [0.002, None])
def test_gradient_is_the_transpose_of_the_tangent(rng, batch, encoding, neuron_type, synapse):
    chain = make_chain(rng, encoding, neuron_type, synapse)
    distillation = Distillation.for_targets(batch.targets, "softmax")
    _, gradient = loss_and_gradient(chain, batch, distillation, WINDOWS)
    for place, found in enumerate(gradient.all):
        moves = [np.zeros_like(p) for p in gradient.all]
        moves[place] = rng.normal(size=found.shape)
        n = len(chain.weights)
        expected = tangent_of_loss(chain, batch, distillation, moves[:n], moves[n:])
        assert (found * moves[place]).sum() == pytest.approx(expected, rel=1e-4, abs=1e-6)
        assert found.any()


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_loss_is_that_of_the_chains_own_logits(rng, batch, encoding):
    chain = make_chain(rng, encoding)
    distillation = Distillation.for_targets(batch.targets, "softmax")
    expected = sum(
        window.weight * distillation(chain.logits(activity), batch.targets, window.early)[0]
        for activity, window in zip(chain.run(batch.x, WINDOWS), WINDOWS, strict=True)
    )
    loss, _ = loss_and_gradient(chain, batch, distillation, WINDOWS)
    assert loss == pytest.approx(expected, rel=1e-6)


def test_scales_are_those_of_the_chips_integers(rng):
    for neuron_type in (RELU, LIF):
        chain = make_chain(rng, "host", neuron_type)
        (projection,) = chain.program().projections
        (neurons,) = chain.trace(np.zeros((1, 4)), 2).neurons
        of_weight, of_one = chain.per_threshold(1, neurons)
        stored = projection.weights.values.reshape(6, 5).T / neurons.vth[:, np.newaxis]
        # as near as eight bits are
        largest = np.abs(stored).max()
        np.testing.assert_allclose(of_weight * chain.weights[1], stored, atol=largest / 128)
        bias = neurons.bias / neurons.vth
        chain.biases[1] += 0.1
        more = chain.trace(np.zeros((1, 4)), 2).neurons[0]
        np.testing.assert_allclose(more.bias / more.vth - bias, 0.1 * of_one, rtol=0.05)


def test_parts_of_a_batch_make_the_whole(rng, batch, monkeypatch):
    chain = make_chain(rng)
    distillation = Distillation.for_targets(batch.targets, "softmax")
    late = [WINDOWS[1]._replace(weight=1.0)]
    loss, whole = loss_and_gradient(chain, batch, distillation, late)
    monkeypatch.setattr(through_time, "MOST_NUMBERS", 3 * 16 * chain.n_neurons)
    in_parts, parts = loss_and_gradient(chain, batch, distillation, late)
    assert in_parts == pytest.approx(loss, rel=1e-9)
    for a, b in zip(whole.all, parts.all, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7)


def test_a_host_neuron_beyond_one_spike_a_step_does_not_learn(rng, batch):
    chain = make_chain(rng)
    chain.biases[0][2] = 5.0
    _, gradient = loss_and_gradient(
        chain, batch, Distillation.for_targets(batch.targets, "softmax"), WINDOWS
    )
    np.testing.assert_array_equal(gradient.weights[0][2], 0)
    assert gradient.weights[0][[0, 1, 3, 4, 5]].any()
