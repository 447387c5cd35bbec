"""One presentation after another: what is shown to a stack, and what is recorded of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import nengo
import numpy as np

from nengo_dense.layers.stack import DenseStack


class Shown:
    """A node's output that can be exchanged between runs."""

    def __init__(self, size: int) -> None:
        self.value = np.zeros(size)

    def __call__(self, t: float) -> np.ndarray:
        """Return the value shown, at any time."""
        return self.value


@dataclass(frozen=True)
class Recording:
    """What was recorded of a batch of presentations.

    Attributes
    ----------
    logits : (batch, n_steps, n_classes) ndarray
    spike_counts : list of (batch, n_neurons) ndarray
        Spikes of each neuron in each presentation (for rate neurons: the expected number).
    """

    logits: np.ndarray
    spike_counts: list[np.ndarray]

    @classmethod
    def concatenate(cls, recordings: Sequence["Recording"]) -> "Recording":
        """Join batches."""
        counts = zip(*(recording.spike_counts for recording in recordings), strict=True)
        return cls(
            np.concatenate([recording.logits for recording in recordings]),
            [np.concatenate(count) for count in counts],
        )


class Trial:
    """A network that shows a value to a stack and records logits and spikes.

    Parameters
    ----------
    stack : DenseStack
        Left as it is, also where it is part of another network.
    """

    def __init__(self, stack: DenseStack) -> None:
        self.populations = list(stack.layers)
        if stack.encoder is not None:
            self.populations.insert(0, stack.encoder.layer)
        self.shown = Shown(stack.size_in)
        with nengo.Network(seed=stack.seed or 0, label="evaluation") as self.network:
            nengo.Network.add(stack)
            self.source = nengo.Node(self.shown, size_in=0, size_out=stack.size_in)
            nengo.Connection(self.source, stack.input, synapse=None)
            self.logits = nengo.Probe(stack.logits)
            self.spikes = [nengo.Probe(layer.neurons) for layer in self.populations]

    def recording(self, logits: np.ndarray, sums: Sequence[np.ndarray], dt: float) -> Recording:
        """Turn neuron outputs summed over time, (batch, n_neurons) a population, into counts.

        A spike's height is ``1 / max_rate / dt``.
        """
        counts = [
            total * (layer.max_rate * dt)
            for total, layer in zip(sums, self.populations, strict=True)
        ]
        return Recording(np.array(logits), counts)
