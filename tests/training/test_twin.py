"""The twin computes in one step what the stack's neurons do in the long run."""

import nengo
import numpy as np
import pytest

from nengo_dense.heads import softmax
from nengo_dense.layers.stack import DenseStack

pytestmark = pytest.mark.dl
REASON = "NengoDL is in the dl environment"
tf = pytest.importorskip("tensorflow", reason=REASON)
nengo_dl = pytest.importorskip("nengo_dl", reason=REASON)
nengo_loihi = pytest.importorskip("nengo_loihi")

from nengo_dense.training import twin as twins  # noqa: E402

LIF = nengo.LIF(tau_rc=0.02, tau_ref=0.001)
RELU = nengo.SpikingRectifiedLinear()


def make_stack(rng, neuron_type=RELU, max_rate=200, **kwargs):
    units, size_in = [6, 5, 3], 4
    sizes = zip(units, [size_in, *units], strict=False)
    return DenseStack(
        units,
        size_in,
        weights=[rng.uniform(-1, 1, size=shape) for shape in sizes],
        biases=[rng.uniform(-0.2, 0.4, size=n) for n in units],
        neuron_type=neuron_type,
        max_rate=max_rate,
        **kwargs,
    )


def outputs(twin, x):
    with nengo_dl.Simulator(twin.network, minibatch_size=len(x), progress_bar=False) as sim:
        data = sim.predict({twin.source: x[:, None]}, verbose=0)
    return data[twin.logits][:, 0], [data[probe][:, 0] for probe in twin.rates]


def expected(stack, x, rates):
    """Layer by layer in NumPy; ``rates(layer, J)`` in hertz."""
    y = x
    for layer in stack.layers:
        total = y @ layer.weights.T + layer.bias
        y = rates(layer, layer.unit_gain * total + layer.base_bias) / layer.max_rate
    return y @ stack.weights[-1].T + stack.biases[-1]


def nengo_rates(layer, J):
    ones, zeros = np.ones(J.shape[1]), np.zeros(J.shape[1])
    return layer.max_rate * layer.ensemble.neuron_type.rates(J, ones, zeros)


def loihi_rates(layer, J):
    if not layer.on_chip:
        return np.minimum(nengo_rates(layer, J), 1000)
    ones, zeros = np.ones(J.shape[1]), np.zeros(J.shape[1])
    neuron_type = layer.ensemble.neuron_type
    return layer.max_rate * nengo_loihi.neurons.loihi_rates(neuron_type, J, ones, zeros, dt=0.001)


@pytest.mark.parametrize("neuron_type", [RELU, LIF], ids=["relu", "lif"])
def test_without_the_chip_it_computes_the_rates_of_nengo(rng, neuron_type):
    stack = make_stack(rng, neuron_type)
    x = rng.uniform(-1, 1, size=(7, 4))
    logits, _ = outputs(twins.TrainingTwin(stack, loihi_aware=False), x)
    np.testing.assert_allclose(logits, expected(stack, x, nengo_rates), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("neuron_type", [RELU, LIF], ids=["relu", "lif"])
def test_aware_of_the_chip_it_computes_the_rates_of_nengo_loihi(rng, neuron_type):
    stack = make_stack(rng, neuron_type, max_rate=400)
    x = rng.uniform(-2, 2, size=(20, 4))
    logits, rates = outputs(twins.TrainingTwin(stack), x)
    np.testing.assert_allclose(logits, expected(stack, x, loihi_rates), rtol=1e-4, atol=1e-5)
    periods = 1000 / (400 * rates[1][rates[1] > 0])
    np.testing.assert_allclose(periods, np.round(periods), rtol=1e-4)
    assert rates[0].max() <= 1000 / 400 * (1 + 1e-6)


def test_dropout_is_for_training_only(rng):
    stack = make_stack(rng)
    x = rng.uniform(-1, 1, size=(4, 4))
    without, _ = outputs(twins.TrainingTwin(stack), x)
    with_dropout, _ = outputs(twins.TrainingTwin(stack, dropout=0.5, seed=0), x)
    np.testing.assert_array_equal(with_dropout, without)


def test_dropout_drops_in_training(rng):
    stack = make_stack(rng)
    twin = twins.TrainingTwin(stack, dropout=0.5, seed=0)
    x = np.tile(rng.uniform(0, 1, size=(1, 4)), (64, 1)).astype(np.float32)
    with nengo_dl.Simulator(twin.network, minibatch_size=64, progress_bar=False) as sim:
        steps = tf.ones((64, 1), dtype=tf.int32)
        logits = sim.keras_model([x[:, None], steps], training=True)[len(twin.rates)].numpy()
    assert (
        len(np.unique(logits[:, 0].round(5), axis=0)) > 10
    )  # the same input, dropped differently


@pytest.mark.parametrize(
    "kwargs, low, high",
    [
        ({"encoding": "chip"}, -1, 1),
        ({"encoding": "spikes", "encoder": {"max_rate": 500, "scale": 0.5}}, -1, 1),
        ({"encoding": "spikes", "encoder": {"max_rate": 500, "signed": False}}, 0, 2),
    ],
)
def test_inputs_are_clipped_where_the_encoding_clips(rng, kwargs, low, high):
    stack = make_stack(rng, **kwargs)
    x = rng.uniform(-4, 4, size=(8, 4))
    logits, _ = outputs(twins.TrainingTwin(stack), x)
    clipped, _ = outputs(twins.TrainingTwin(stack), np.clip(x, low, high))
    np.testing.assert_array_equal(logits, clipped)


def test_the_stack_is_not_touched_before_weights_are_written_back(rng):
    stack = make_stack(rng)
    before = stack.weights + stack.biases
    twin = twins.TrainingTwin(stack)
    with nengo_dl.Simulator(twin.network, minibatch_size=2, progress_bar=False) as sim:
        for total in twin.sums:
            total.set_weights([value + 1 for value in total.get_weights()])
        for old, now in zip(before, stack.weights + stack.biases, strict=True):
            np.testing.assert_array_equal(old, now)
        twin.write_back()
        assert sim.keras_model.trainable_weights
    for old, now in zip(before, stack.weights + stack.biases, strict=True):
        np.testing.assert_allclose(now, old + 1, rtol=1e-6)


def test_all_weights_and_biases_train_and_nothing_else(rng):
    twin = twins.TrainingTwin(make_stack(rng))
    with nengo_dl.Simulator(twin.network, minibatch_size=2, progress_bar=False) as sim:
        shapes = sorted(tuple(w.shape) for w in sim.keras_model.trainable_weights)
    assert shapes == sorted([(4, 6), (6,), (6, 5), (5,), (5, 3), (3,)])


def test_gradients_of_logits_are_those_of_the_formula(rng):
    """One linear region of rectified linear layers, so that the chain rule is exact."""
    stack = make_stack(rng)
    twin = twins.TrainingTwin(stack, loihi_aware=False)
    x = rng.uniform(-1, 1, size=(5, 4)).astype(np.float32)
    labels = np.array([0, 1, 2, 0, 1])
    with nengo_dl.Simulator(twin.network, minibatch_size=5, progress_bar=False) as sim:
        with tf.GradientTape() as tape:
            data = sim.keras_model([x[:, None], tf.ones((5, 1), tf.int32)], training=True)
            logits = data[len(twin.rates)]
            loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)(
                labels, logits[:, 0]
            )
        last = twin.sums[-1]
        d_kernel, d_bias = tape.gradient(loss, [last.kernel, last.bias])
    error = (softmax(logits[:, 0]) - np.eye(3)[labels]) / 5
    hidden = x
    for layer in stack.layers:
        hidden = np.maximum(hidden @ layer.weights.T + layer.bias, 0)
    np.testing.assert_allclose(d_kernel, hidden.T @ error, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(d_bias, error.sum(axis=0), rtol=1e-4, atol=1e-6)
