"""The trainable part of a layer, ``W x + b``, as Keras computes it inside NengoDL.

Imports TensorFlow; loaded when training starts.
"""

from typing import Any

import numpy as np
import tensorflow as tf


class WeightedSum(tf.keras.layers.Dense):
    """A linear layer that can train as if its weights had the chip's few bits.

    Biases are in the units of ``W x``. As Nengo's currents they would be ``gain`` times as
    large (``max_rate`` times for rectified linear neurons), and an optimizer whose steps do not
    grow with them, as Adam's, would leave them where they are.

    Parameters
    ----------
    weights : (n_out, n_in) ndarray
        To start from.
    bias : (n_out,) ndarray
        To start from.
    weight_bits : int, optional
        Bits to round weights to in the forward pass, while gradients pass straight through
        ("straight-through estimator": Y. Bengio, N. Léonard and A. Courville, "Estimating or
        propagating gradients through stochastic neurons", 2013, arXiv:1308.3432).
    weight_clip : float, optional
        Largest magnitude of a weight, after every step of the optimizer.
    name : str
        For messages.
    """

    def __init__(
        self,
        weights: np.ndarray,
        bias: np.ndarray,
        *,
        weight_bits: int | None = None,
        weight_clip: float | None = None,
        name: str,
    ) -> None:
        super().__init__(
            len(weights),
            kernel_initializer=tf.keras.initializers.Constant(weights.T),
            bias_initializer=tf.keras.initializers.Constant(bias),
            kernel_constraint=None if weight_clip is None else Clip(weight_clip),
            name=name,
        )
        self.weight_bits = weight_bits

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Compute the sum, and stop if it is not finite."""
        kernel = self.kernel
        if self.weight_bits is not None:
            kernel = kernel + tf.stop_gradient(round_to_bits(kernel, self.weight_bits) - kernel)
        value = tf.matmul(inputs, kernel) + self.bias
        return tf.debugging.check_numerics(value, f"<{self.name}>")

    @property
    def trained(self) -> tuple[np.ndarray, np.ndarray]:
        """((n_out, n_in), (n_out,) arrays) Weights, as the forward pass sees them, and biases."""
        kernel, bias = (np.asarray(value, dtype=np.float64) for value in self.get_weights())
        if self.weight_bits is not None:
            kernel = np.asarray(round_to_bits(kernel, self.weight_bits))
        return kernel.T, bias


def round_to_bits(weights: Any, bits: int) -> Any:
    """Round to ``2**bits - 1`` evenly spaced values, the largest magnitude among them.

    With 8 bits these are the values of a mixed-sign weight on Loihi, -254, -252, ..., 254, as
    nengo-loihi scales each block (``nengo_loihi.builder.discretize.discretize_weights``).
    """
    step = tf.reduce_max(tf.abs(weights)) / (2 ** (bits - 1) - 1)
    return tf.round(tf.math.divide_no_nan(weights, step)) * step


class Clip(tf.keras.constraints.Constraint):
    """Keep weights within ``±limit``."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Clip them."""
        return tf.clip_by_value(weights, -self.limit, self.limit)
