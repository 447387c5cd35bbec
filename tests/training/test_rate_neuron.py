"""Rates with gradients that training can use; the values are tested with the twin."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

pytestmark = pytest.mark.dl
REASON = "NengoDL is in the dl environment"
tf = pytest.importorskip("tensorflow", reason=REASON)
nengo_dl = pytest.importorskip("nengo_dl", reason=REASON)
nengo_loihi = pytest.importorskip("nengo_loihi")

from nengo_dense.training import rate_neuron  # noqa: E402

LIF = nengo.LIF(tau_rc=0.02, tau_ref=0.001, amplitude=0.01)


def rates_and_gradients(neuron_type, currents, training=True):
    currents = np.asarray(currents, np.float32)
    rate_neuron.install()
    with nengo.Network() as net:
        nengo_dl.configure_settings(stateful=False, lif_smoothing=rate_neuron.LIF_SMOOTHING)
        source = nengo.Node(np.zeros(len(currents)))
        n = len(currents)
        ensemble = nengo.Ensemble(n, 1, gain=np.ones(n), bias=np.ones(n), neuron_type=neuron_type)
        nengo.Connection(source, ensemble.neurons, synapse=None)
        nengo.Probe(ensemble.neurons)
    with nengo_dl.Simulator(net, progress_bar=False) as sim:
        values = tf.Variable(currents[None, None] - 1)  # as the bias is 1
        with tf.GradientTape() as tape:
            outputs = sim.keras_model([values, tf.ones((1, 1), tf.int32)], training=training)[0]
            total = tf.reduce_sum(outputs)
        return outputs.numpy()[0, 0], tape.gradient(total, values).numpy()[0, 0]


@pytest.mark.parametrize("loihi", [False, True])
def test_gradient_of_lif_is_finite_and_useful_around_the_threshold(loihi):
    neuron_type = rate_neuron.rate_neuron(LIF, loihi=loihi)
    currents = [0.95, 1 - 1e-6, 1.0, 1 + 1e-6, 1.05, 2.0]
    _, gradients = rates_and_gradients(neuron_type, currents)
    assert np.all(np.isfinite(gradients))
    assert np.all(gradients > 0)
    assert gradients.max() < 50  # the true one is infinite at 1


def test_lif_rates_are_exact_where_the_gradient_is_smoothed():
    currents = np.array([0.5, 0.99, 1.01, 1.5, 5.0])
    rates, _ = rates_and_gradients(rate_neuron.rate_neuron(LIF, loihi=False), currents)
    expected = nengo.LIFRate(tau_rc=0.02, tau_ref=0.001, amplitude=0.01).rates(
        currents[None], np.ones(5), np.zeros(5)
    )
    np.testing.assert_allclose(rates, expected[0], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_rates_are_the_same_in_training_and_validation(training):
    currents = [0.0, 90.0, 260.0, 400.0, 700.0, 1500.0]
    neuron_type = rate_neuron.rate_neuron(nengo.SpikingRectifiedLinear(), loihi=True)
    rates, _ = rates_and_gradients(neuron_type, currents, training)
    np.testing.assert_allclose(rates, [0, 1000 / 12, 250, 1000 / 3, 500, 1000], rtol=1e-4)


def test_noise_comes_from_nengo_extras_and_has_the_mean_of_the_rates():
    exact = rate_neuron.rate_neuron(LIF, loihi=True)
    noisy = rate_neuron.rate_neuron(LIF, loihi=True, noise_tau=0.005)
    currents = np.full(4000, 3.0)
    rate, _ = rates_and_gradients(exact, currents)
    noise, _ = rates_and_gradients(noisy, currents)
    assert noise.std() > 0.02 * rate[0]
    assert noise.mean() == pytest.approx(rate[0], rel=0.05)


@pytest.mark.parametrize("neuron_type", [nengo.Izhikevich(), nengo.AdaptiveLIF()])
def test_other_neurons_are_refused_by_name(neuron_type):
    name = type(neuron_type).__name__
    with pytest.raises(ValidationError, match=f"{name} has no rate neuron to train"):
        rate_neuron.rate_neuron(neuron_type, loihi=True)
