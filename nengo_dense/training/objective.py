"""The loss of training: cross-entropy, and the distance of firing rates from a band.

Imports TensorFlow; loaded when training starts.
"""

import tensorflow as tf


class RateBand(tf.keras.losses.Loss):
    """Penalty for neurons whose peak firing rate lies outside a band.

    Faster than the band's top, rates meet the chip's whole-step periods (a rate ``r`` becomes
    ``1000 / ceil(1000 / r)``); slower than its bottom, a neuron sends no spike in a short
    presentation. The peak is the mean of the highest 1 % of a minibatch, as single samples would
    be noise; penalties are the squared distances in units of the band's top, averaged over
    neurons. The same idea, with percentiles: ``keras_spiking.regularizers.Percentile``.

    Parameters
    ----------
    low, high : float
        In hertz.
    max_rate : float
        Rate in hertz of a neuron whose probed output is 1.
    """

    def __init__(self, low: float, high: float, max_rate: float) -> None:
        super().__init__(name="rate_band")
        self.low, self.high, self.max_rate = low, high, max_rate

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Compute the penalty of outputs, (minibatch, 1, n_neurons); ``y_true`` is ignored."""
        rates = tf.transpose(y_pred[:, 0]) * self.max_rate
        n_peak = max(1, y_pred.shape[0] // 100)
        peaks = tf.reduce_mean(tf.math.top_k(rates, n_peak).values, axis=1)
        excess = tf.nn.relu(peaks - self.high) + tf.nn.relu(self.low - peaks)
        return tf.reduce_mean(tf.square(excess / self.high))


def cross_entropy() -> tf.keras.losses.Loss:
    """Cross-entropy of logits against class indices: exact where probabilities would underflow."""
    return tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
