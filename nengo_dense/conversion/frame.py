"""The frame in which a stack is tuned: an equivalent stack with better numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nengo_dense.layers.stack import DenseStack

#: nengo-loihi's synapse between a node and the chip, in seconds (``Model.decode_tau``).
NODE_TAU = 0.005


@dataclass(frozen=True)
class Frame:
    """A stack that fires as the one to be tuned does, if it gets ``(x - shift) / scale``.

    Attributes
    ----------
    stack : DenseStack
        Belongs to no network.
    shift, scale : (size_in,) ndarray
    """

    stack: DenseStack
    shift: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, stack: DenseStack, x: np.ndarray, dt: float) -> "Frame":
        """Choose a frame.

        With the first layer on the host, each input is standardised. Else inputs of different
        sizes, or far from zero, would need steps of different sizes.

        nengo-loihi's neurons between a node and the chip are part of no network before it is
        built, so a `SpikeEncoder` of the same neurons takes their place.

        Parameters
        ----------
        stack : DenseStack
            Left as it is.
        x : (batch, size_in) ndarray
            Calibration inputs.
        dt : float
            Step in seconds.
        """
        arguments = {**stack.arguments(), "add_to_container": False}
        shift, scale = np.zeros(stack.size_in), np.ones(stack.size_in)
        if stack.encoding == "host":
            deviation = x.std(axis=0)
            shift, scale = x.mean(axis=0), np.where(deviation > 0, deviation, 1.0)
            first, *weights = stack.weights
            bias, *biases = stack.biases
            arguments["weights"] = [first * scale, *weights]
            arguments["biases"] = [bias + first @ shift, *biases]
        elif stack.encoding == "chip":
            arguments["encoding"] = "spikes"
            arguments["encoder"] = {"resting": 1.0, "max_rate": 0.5 / dt}
            arguments["synapse"] = [NODE_TAU, *stack.synapses]
        return cls(DenseStack(**arguments), shift, scale)

    def inputs(self, x: np.ndarray) -> np.ndarray:
        """Return what the frame's stack gets in place of ``x``, (batch, size_in)."""
        return (x - self.shift) / self.scale

    def restore(
        self, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return weights and biases of the stack that the frame was made of."""
        first = weights[0] / self.scale
        return [first, *weights[1:]], [biases[0] - first @ self.shift, *biases[1:]]
