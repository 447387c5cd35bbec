"""The twin: the network that is trained instead of a stack.

Imports TensorFlow and NengoDL; loaded when training starts.
"""

from typing import Any

import nengo
import nengo_dl
import numpy as np
import tensorflow as tf
from nengo.dists import Choice

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.stack import DenseStack
from nengo_dense.training import rate_neuron
from nengo_dense.training.weighted_sum import WeightedSum


class TrainingTwin:
    """A NengoDL network that computes in one step what a stack computes over time.

    It has the stack's weights, biases, gains and neurons, but rates in place of spikes and no
    filters, dropout behind every layer, and biases in the units of ``W x``. The stack itself is
    not touched before `write_back`.

    Parameters
    ----------
    stack : nengo_dense.layers.stack.DenseStack
    dropout : float
        Share of a layer's outputs set to zero, in training only.
    loihi_aware : bool
        Layers on the chip have the rates of Loihi's neurons, and layers on the host at most one
        spike a step.
    noise : bool
        Add nengo-extras' model of filtered spikes to LIF neurons on the chip.
    weight_bits, weight_clip : optional
        As in `WeightedSum`, for layers on the chip.
    dt : float
        Step of the chip in seconds.
    seed : int, optional

    Attributes
    ----------
    network : nengo.Network
    source : nengo.Node
        Takes the inputs.
    logits : nengo.Probe
    rates : list of nengo.Probe
        Firing rates of each layer in units of its ``max_rate``.
    sums : list of WeightedSum
        The trainable parts: one a layer, and the readout.
    """

    def __init__(
        self,
        stack: DenseStack,
        *,
        dropout: float = 0.0,
        loihi_aware: bool = True,
        noise: bool = False,
        weight_bits: int | None = None,
        weight_clip: float | None = None,
        dt: float = 0.001,
        seed: int | None = None,
    ) -> None:
        rate_neuron.install()
        self.stack = stack
        self.loihi_aware = loihi_aware
        self.noise = noise
        self.dt = dt
        on_chip: dict[str, Any] = {"weight_bits": weight_bits, "weight_clip": weight_clip}
        parameters = list(zip(stack.weights, stack.biases, strict=True))
        with nengo.Network(seed=seed, label="training") as self.network:
            nengo_dl.configure_settings(
                stateful=False,
                use_loop=False,
                lif_smoothing=rate_neuron.LIF_SMOOTHING,
                trainable=False,  # but for the Keras layers, which NengoDL always trains
            )
            self.source = nengo.Node(np.zeros(stack.size_in), label="source")
            self.sums: list[WeightedSum] = []
            self.rates: list[nengo.Probe] = []
            signal = self._add_encoding(self.source)
            for i, layer in enumerate(stack.layers):
                options = on_chip if layer.on_chip else {}
                signal = self._add_sum(signal, *parameters[i], f"layer{i + 1}", **options)
                signal = self._add_neurons(signal, layer, i)
                if dropout:
                    signal = self._add(signal, tf.keras.layers.Dropout(dropout))
            logits = self._add_sum(signal, *parameters[-1], "readout")
            self.logits = nengo.Probe(logits, label="logits")

    def write_back(self) -> None:
        """Give the stack the weights and biases as they are now."""
        trained = [total.trained for total in self.sums]
        self.stack.set_parameters([w for w, _ in trained], [b for _, b in trained])

    @staticmethod
    def _add(signal: Any, layer: Any, size_out: int | None = None) -> Any:
        """Put a Keras layer or a function behind a signal."""
        size_out = signal.size_out if size_out is None else size_out
        return nengo_dl.Layer(layer)(signal, shape_out=(size_out,))

    def _add_sum(
        self, signal: Any, weights: np.ndarray, bias: np.ndarray, name: str, **options: Any
    ) -> Any:
        total = WeightedSum(weights, bias, name=name, **options)
        self.sums.append(total)
        return self._add(signal, total, len(weights))

    def _add_encoding(self, signal: Any) -> Any:
        """Clip inputs where the stack's encoding clips them."""
        encoder = self.stack.encoder
        low: Any
        high: Any
        if encoder is not None:
            high = encoder.scale / (encoder.layer.max_rate * self.dt)
            low = np.where(encoder.signed, -high, 0)
        elif self.stack.encoding == "chip":
            low, high = -1.0, 1.0
        else:
            return signal
        return self._add(signal, lambda x: tf.clip_by_value(x, np.float32(low), np.float32(high)))

    def _add_neurons(self, signal: Any, layer: DenseLayer, index: int) -> Any:
        """Put a layer's neurons behind its weighted sum, with the stack's gain and bias."""
        n, loihi = layer.ensemble.n_neurons, self.loihi_aware and layer.on_chip
        synapse = self.stack.synapses[index - len(self.stack.layers)]
        neurons = nengo.Ensemble(
            n,
            1,
            encoders=Choice([[1.0]]),
            gain=np.full(n, layer.unit_gain),
            bias=np.full(n, layer.base_bias),
            neuron_type=rate_neuron.rate_neuron(
                layer.ensemble.neuron_type,
                loihi=loihi,
                noise_tau=getattr(synapse, "tau", synapse) if self.noise else None,
            ),
        ).neurons
        nengo.Connection(signal, neurons, synapse=None)
        signal = neurons
        if self.loihi_aware and not layer.on_chip:
            most = 1 / (layer.max_rate * self.dt)
            signal = self._add(neurons, lambda y: tf.minimum(y, np.float32(most)))
        self.rates.append(nengo.Probe(signal, label=f"rates{index + 1}"))
        return signal
