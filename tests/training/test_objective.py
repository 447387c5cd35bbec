"""What training minimises."""

import numpy as np
import pytest

from nengo_dense.heads import softmax

pytestmark = pytest.mark.dl
tf = pytest.importorskip("tensorflow", reason="TensorFlow is in the dl environment")
pytest.importorskip("nengo_dl", reason="NengoDL is in the dl environment")

from nengo_dense.training import objective  # noqa: E402


def penalty(outputs, low=100, high=300, max_rate=200):
    outputs = np.asarray(outputs, np.float32)[:, None]
    return float(objective.RateBand(low, high, max_rate)(np.zeros((len(outputs), 1, 1)), outputs))


def test_peaks_within_the_band_cost_nothing():
    assert penalty([[0.0, 1.0], [1.0, 0.2]]) == 0  # peaks of 200 Hz


def test_peaks_outside_cost_the_square_of_their_distance():
    # peaks of 600 and 200 Hz: the first is 300 Hz above 300 Hz, once the top of the band
    assert penalty([[3.0, 1.0], [0.0, 0.0]]) == pytest.approx(1 / 2)
    # peaks of 40 and 200 Hz: the first is 60 Hz short of 100 Hz
    assert penalty([[0.2, 1.0], [0.0, 0.0]]) == pytest.approx((60 / 300) ** 2 / 2)


def test_the_peak_is_the_mean_of_the_highest_hundredth():
    outputs = np.ones((200, 1))
    outputs[:2] = [[3.0], [2.0]]  # 600 and 400 Hz: 500 on average
    assert penalty(outputs) == pytest.approx((200 / 300) ** 2)


def test_the_penalty_pulls_fast_neurons_down():
    outputs = tf.Variable([[[3.0, 1.0]]])
    with tf.GradientTape() as tape:
        value = objective.RateBand(0, 300, 200)(np.zeros((1, 1, 1)), outputs)
    gradient = tape.gradient(value, outputs).numpy()[0, 0]
    assert gradient[0] > 0
    assert gradient[1] == 0


def test_cross_entropy_of_logits_of_any_size():
    logits = np.array([[1.0, 2.0, -1.0], [1000.0, -1000.0, 0.0]])
    expected = -np.log(softmax(logits[0]))[1] / 2 + 2000 / 2
    assert float(objective.cross_entropy()([1, 1], logits)) == pytest.approx(expected, rel=1e-5)
