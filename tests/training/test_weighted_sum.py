"""The trainable layer: the chip's few bits forward, true gradients backward."""

import numpy as np
import pytest

pytestmark = pytest.mark.dl
tf = pytest.importorskip("tensorflow", reason="TensorFlow is in the dl environment")
pytest.importorskip("nengo_dl", reason="NengoDL is in the dl environment")

from nengo_dense.training import weighted_sum as layer  # noqa: E402


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_rounding_leaves_no_more_values_than_bits_allow(rng, bits):
    weights = rng.normal(size=(50, 60)).astype(np.float32)
    rounded = np.asarray(layer.round_to_bits(weights, bits))
    step = np.abs(weights).max() / (2 ** (bits - 1) - 1)
    assert len(np.unique(rounded)) <= 2**bits - 1
    np.testing.assert_allclose(rounded / step, np.round(rounded / step), atol=1e-4)
    assert np.abs(rounded - weights).max() <= step / 2 * (1 + 1e-5)
    largest = np.abs(weights).argmax()
    assert rounded.flat[largest] == pytest.approx(weights.flat[largest])


def test_zero_weights_stay_zero():
    np.testing.assert_array_equal(layer.round_to_bits(np.zeros((2, 2), np.float32), 8), 0)


def test_gradients_pass_straight_through_the_rounding(rng):
    weights = rng.normal(size=(3, 4))
    x = tf.constant(rng.normal(size=(5, 4)), tf.float32)
    gradients = []
    for bits in (None, 3):
        total = layer.WeightedSum(weights, np.zeros(3), weight_bits=bits, name="layer1")
        total.build((5, 4))
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(total(x))
        gradients.append(tape.gradient(value, total.kernel).numpy())
    np.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-6)


def test_the_forward_pass_and_what_is_written_back_are_rounded_alike(rng):
    weights, bias = rng.normal(size=(3, 4)), rng.normal(size=3)
    x = rng.normal(size=(5, 4)).astype(np.float32)
    total = layer.WeightedSum(weights, bias, weight_bits=3, name="layer1")
    y = total(x).numpy()
    trained_weights, trained_bias = total.trained
    assert trained_weights.shape == (3, 4)
    np.testing.assert_allclose(y, x @ trained_weights.T + trained_bias, rtol=1e-4, atol=1e-6)
    assert np.abs(trained_weights - weights).max() > 0.01


def test_weights_are_clipped_after_every_update():
    total = layer.WeightedSum(np.full((2, 3), 0.9), np.zeros(2), weight_clip=1.0, name="layer1")
    total.build((1, 3))
    optimizer = tf.keras.optimizers.SGD(1.0)
    optimizer.apply_gradients([(tf.fill((3, 2), -5.0), total.kernel)])
    np.testing.assert_array_equal(total.kernel, np.ones((3, 2)))


def test_a_sum_that_is_not_finite_stops_and_says_where():
    total = layer.WeightedSum(np.ones((2, 3)), np.zeros(2), name="layer7")
    with pytest.raises(tf.errors.InvalidArgumentError, match="<layer7> : Tensor had NaN"):
        total(np.array([[np.nan, 0, 0]], np.float32))
