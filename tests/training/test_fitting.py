"""`fit`: learns, leaves a stack that deploys as it is, and says what is wrong."""

import sys

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulationError, ValidationError

from nengo_dense.emulator.simulator import Simulator
from nengo_dense.evaluation import evaluate
from nengo_dense.exceptions import MissingDependencyError
from nengo_dense.layers.stack import DenseStack
from nengo_dense.training import fit

REASON = "NengoDL is in the dl environment"
LIF = nengo.LIF(tau_rc=0.02, tau_ref=0.001)


@pytest.fixture(scope="module")
def tf():
    pytest.importorskip("nengo_dl", reason=REASON)
    return pytest.importorskip("tensorflow", reason=REASON)


@pytest.fixture(scope="module")
def digits():
    datasets = pytest.importorskip("sklearn.datasets", reason="the digits are scikit-learn's")
    data = datasets.load_digits()
    order = np.random.RandomState(0).permutation(len(data.target))
    x, y = data.data[order] / 16, data.target[order]
    return (x[:1400], y[:1400]), (x[1400:], y[1400:])


@pytest.fixture
def blobs(rng):
    """Two classes that any network tells apart."""
    y = np.arange(80) % 2
    return rng.normal(size=(80, 3)) + 4 * y[:, None] - 2, y


def small_stack(**kwargs):
    return DenseStack([8, 4, 2], 3, seed=0, **kwargs)


@pytest.mark.dl
@pytest.mark.parametrize("neuron_type", [nengo.SpikingRectifiedLinear(), LIF], ids=["relu", "lif"])
def test_the_emulator_is_as_good_as_validation_said(tf, digits, neuron_type):
    stack = DenseStack([48, 24, 10], 64, neuron_type=neuron_type, max_rate=200, seed=1)
    result = fit(
        stack, *digits[0], epochs=25, dropout=0.1, rate_target=300, seed=0, progress_bar=False
    )
    assert result.history["val_accuracy"][result.best_epoch] > 0.93
    evaluation = evaluate(stack, *digits[1], presentation_time=0.06, progress_bar=False)
    assert evaluation.accuracy > 0.92


@pytest.mark.dl
def test_the_same_stack_runs_on_the_emulator_in_a_users_network(tf, blobs):
    with nengo.Network() as net:
        source = nengo.Node([2.0, 2.0, 2.0])
        stack = small_stack()
        nengo.Connection(source, stack.input, synapse=None)
        probe = nengo.Probe(stack.output)
    ensembles = net.all_ensembles
    fit(
        stack,
        *blobs,
        epochs=15,
        minibatch_size=8,
        learning_rate=0.02,
        dropout=0,
        seed=0,
        progress_bar=False,
    )
    assert net.all_ensembles == ensembles
    with Simulator(net, progress_bar=False) as sim:
        sim.run(0.1)
    assert sim.data[probe][-20:].mean(axis=0)[1] > 0.7


@pytest.mark.dl
def test_one_hot_and_index_labels_train_alike(tf, blobs):
    x, y = blobs
    stacks = [small_stack(), small_stack()]
    for stack, labels in zip(stacks, (y, np.eye(2)[y]), strict=True):
        fit(stack, x, labels, epochs=2, seed=3, progress_bar=False)
    for one, other in zip(stacks[0].weights, stacks[1].weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


@pytest.mark.dl
def test_training_goes_on_from_the_weights_there_are(tf, blobs):
    stack = small_stack()
    first = fit(stack, *blobs, epochs=20, dropout=0, seed=0, progress_bar=False)
    again = fit(stack, *blobs, epochs=1, dropout=0, seed=0, progress_bar=False)
    assert again.history["val_loss"][0] < first.history["val_loss"][0]


@pytest.mark.dl
def test_training_stops_early_and_keeps_the_best_epoch(tf, blobs):
    x, y = blobs
    stack = small_stack()
    noise = np.random.RandomState(0).randint(2, size=80)  # nothing to learn for other samples
    result = fit(
        stack,
        x,
        noise,
        validation=(x[:, ::-1], y),
        epochs=60,
        patience=2,
        learning_rate=0.05,
        seed=0,
        progress_bar=False,
    )
    assert result.n_epochs == result.best_epoch + 3 < 60
    again = fit(
        stack,
        x,
        noise,
        validation=(x[:, ::-1], y),
        epochs=1,
        learning_rate=1e-12,
        dropout=0,
        seed=0,
        progress_bar=False,
    )
    best = min(result.history["val_loss"])
    assert again.history["val_loss"][0] == pytest.approx(best, rel=1e-4)


@pytest.mark.dl
def test_without_validation_every_epoch_is_run(tf, blobs):
    result = fit(small_stack(), *blobs, validation=None, epochs=3, patience=1, progress_bar=False)
    assert result.n_epochs == 3
    assert set(result.history) == {"loss", "cross_entropy", "accuracy"}


@pytest.mark.dl
def test_rates_are_drawn_into_the_band(tf, blobs):
    x, y = blobs
    peaks = {}
    for rate_target in (None, 100):
        stack = small_stack(max_rate=250)
        fit(
            stack,
            x,
            y,
            validation=None,
            epochs=30,
            minibatch_size=16,
            learning_rate=0.02,
            dropout=0,
            rate_target=rate_target,
            rate_weight=10,
            seed=0,
            progress_bar=False,
        )
        layers = evaluate(stack, x, y, presentation_time=0.1, progress_bar=False).layers
        peaks[rate_target] = max(layer.rates.max() for layer in layers)
    assert peaks[100] < 130 < peaks[None]


@pytest.mark.dl
def test_few_bits_and_clipping_reach_the_stack(tf, blobs):
    stack = small_stack()
    fit(stack, *blobs, epochs=2, weight_bits=3, weight_clip=0.3, seed=0, progress_bar=False)
    host, chip, _ = stack.weights
    assert len(np.unique(chip.round(9))) <= 7
    assert np.abs(chip).max() <= 0.3 * (1 + 1e-6)
    assert np.abs(host).max() > 0.3


@pytest.mark.dl
def test_users_callbacks_see_the_validation(tf, blobs):
    seen = []
    callback = tf.keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(logs)
    )
    fit(small_stack(), *blobs, epochs=2, callbacks=[callback], progress_bar=False)
    assert len(seen) == 2
    assert all({"val_loss", "val_accuracy", "loss"} <= set(logs) for logs in seen)


@pytest.mark.dl
def test_the_progress_bar_is_that_of_keras(tf, blobs, capsys):
    fit(small_stack(), *blobs, epochs=1, progress_bar=True)
    out = capsys.readouterr().out
    assert "[======" in out
    assert "val_accuracy" in out


@pytest.mark.dl
@pytest.mark.parametrize("index, name", [(0, "layer1"), (1, "layer2"), (2, "readout")])
def test_divergence_names_the_layer_and_leaves_the_stack_alone(tf, blobs, index, name):
    stack = small_stack()
    weights, biases = list(stack.weights), list(stack.biases)
    weights[index] = np.full_like(weights[index], 3e38)  # times a few inputs: no float32 any more
    biases[0] += 1  # so that there is something to multiply
    biases[1] += 1
    stack.set_parameters(weights, biases)
    with pytest.raises(SimulationError, match=f"the weighted sum of {name} is not finite"):
        fit(stack, *blobs, epochs=1, loihi_aware=False, dropout=0, progress_bar=False)
    for old, now in zip(weights, stack.weights, strict=True):
        np.testing.assert_array_equal(old, now)


@pytest.mark.dl
def test_an_error_of_tensorflow_that_is_no_divergence_stays_what_it_is(tf, blobs):
    def fail(*_):
        raise tf.errors.InvalidArgumentError(None, None, "the callback's own")

    callback = tf.keras.callbacks.LambdaCallback(on_epoch_end=fail)
    with pytest.raises(tf.errors.InvalidArgumentError, match="the callback's own"):
        fit(small_stack(), *blobs, epochs=1, callbacks=[callback], progress_bar=False)


@pytest.mark.dl
def test_neurons_without_rates_are_refused(tf, blobs):
    with pytest.raises(ValidationError, match="AdaptiveLIF has no rate neuron to train"):
        fit(small_stack(neuron_type=nengo.AdaptiveLIF()), *blobs, progress_bar=False)


def test_without_tensorflow_the_extra_is_named(monkeypatch, blobs):
    monkeypatch.delitem(sys.modules, "nengo_dl", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(MissingDependencyError, match='pip install "tensorflow>='):
        fit(small_stack(), *blobs)


def test_noise_of_spikes_needs_lif_neurons_on_the_chip(tf, blobs):
    with pytest.raises(ValidationError, match=r"noise: models the spikes of LIF neurons"):
        fit(small_stack(), *blobs, noise=True, progress_bar=False)


def test_classes_are_not_trained_behind_a_relu(blobs):
    with pytest.raises(ValidationError, match="stack: ends in a relu, behind which all logits"):
        fit(small_stack(readout="relu"), *blobs)
