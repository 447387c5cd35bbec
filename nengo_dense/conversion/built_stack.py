"""A stack that is built for the chip once, whose weights and biases can be replaced many times."""

import warnings
from collections.abc import Sequence
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError
from nengo.neurons import SpikingRectifiedLinear

from nengo_dense.context import outside_networks
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.source import with_source
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.build import build_floats
from nengo_dense.loihi.kernel.choice import make_kernel
from nengo_dense.loihi.kernel.numpy_slope import Neurons, Trace
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.layout import layers_of
from nengo_dense.loihi.program import Program
from nengo_dense.loihi.renewal import Renewal
from nengo_dense.neurons import known


class BuiltStack:
    """The cores that nengo-loihi makes of a stack, and what they do with any parameters.

    The stack itself is not built but one with the same neurons and other weights, so that nothing
    hangs on their values: neither a layer of zeros nor axons with equal weights are left out.

    Parameters
    ----------
    stack : DenseStack
        With ``encoding="host"`` or ``"spikes"``.
    dt : float
        Step in seconds.

    Attributes
    ----------
    host : DenseLayer
        The neurons on the host: the first dense layer, or those of the encoder.
    layers : list of DenseLayer
        On the chip.

    Raises
    ------
    nengo.exceptions.ValidationError
        Neurons or synapses for which there are no integers, or that the host does not run.
    nengo.exceptions.BuildError
        Layers that no cores can hold.
    """

    def __init__(self, stack: DenseStack, dt: float) -> None:
        _check_neurons(stack)
        _check_synapses(stack)
        self.dt = dt
        with outside_networks():
            self._stack = DenseStack(
                **{**stack.arguments(), "weights": None, "biases": None, "seed": 0}
            )
        network, _ = with_source(self._stack)
        encoder = self._stack.encoder
        populations = [*([encoder.layer] if encoder else []), *self._stack.layers]
        self.host: DenseLayer = populations[0]
        self.layers: list[DenseLayer] = populations[1:]
        self._below = [layer.ensemble for layer in populations[:-1]]
        random_state = np.random.get_state()  # from which Nengo seeds what has no seed
        try:
            self._floats = build_floats(network, dt)
        finally:
            np.random.set_state(random_state)
        self._renewal = Renewal(self._floats)
        self._columns = _columns(self._floats.model, [layer.ensemble for layer in self.layers])

    def set_parameters(self, weights: list[np.ndarray], biases: list[np.ndarray]) -> None:
        """Exchange all weights and biases; finite ones, of the stack's own shapes.

        Layers on the chip are not told: to look at an array as Nengo does costs as much as to
        make integers of it.
        """
        if self._stack.encoder is None:
            self.host.set_parameters(weights[0], biases[0])
            weights, biases = weights[1:], biases[1:]
        for pre, layer, w, b in zip(self._below, self.layers, weights, biases, strict=False):
            self._floats.set_bias(layer.ensemble, layer.base_bias + layer.unit_gain * b)
            self._floats.set_weights(pre, layer.ensemble, self._transform(layer, w))

    def _transform(self, layer: DenseLayer, weights: np.ndarray) -> np.ndarray:
        """Return what nengo-loihi makes of the transforms between neurons and a layer."""
        encoder = self._stack.encoder
        if encoder is None or layer is not self.layers[0]:
            return weights
        return times_columns(weights, encoder.decoders)

    def program(self) -> Program:
        """Make the integers of the parameters that are set.

        Raises
        ------
        nengo.exceptions.BuildError
            Weights or biases that the chip cannot store.
        """
        with warnings.catch_warnings():
            # said once when the finished stack is built, not for each of hundreds of trials
            warnings.filterwarnings("ignore", message="Lost .* extra bits in weight rounding")
            return self._renewal.program()

    def drive(self, x: np.ndarray) -> np.ndarray:
        """Return the input of the host's neurons in spikes a step: (batch, n_neurons).

        In Nengo's order of operations and with its calls of BLAS, one for each sample, because
        the last bit can decide in which step a neuron fires.
        """
        ensemble = self.host.ensemble
        transform = self.host.connection.transform.init
        if self._stack.encoder is not None:  # one input for each neuron, whose sum is a product
            weighted = times_columns(x, np.transpose(transform))
        else:
            weighted = np.matmul(transform, x[:, :, np.newaxis])[:, :, 0]
        return (ensemble.gain * weighted + ensemble.bias) * self.dt

    def run(self, spikes: np.ndarray) -> list[np.ndarray]:
        """Send spikes of the host to a chip just switched on.

        Parameters
        ----------
        spikes : (batch, n_steps, n_neurons) uint8 array
            Of `host`.

        Returns
        -------
        fired : list of (batch, n_steps, n_neurons) uint8 array
            Spikes of each layer on the chip.
        """
        return self._record(self.program(), spikes, ["spiked"])[0]

    def trace(self, spikes: np.ndarray) -> tuple[list[Trace], list[Neurons]]:
        """Do as `run`, and keep what slopes depend on, for each layer on the chip."""
        program = self.program()
        recorded = self._record(program, spikes, list(Trace._fields))
        traces = [Trace(*parts) for parts in zip(*recorded, strict=True)]
        return traces, [Neurons.of(program.compartments, c) for c in self._columns]

    def _record(
        self, program: Program, spikes: np.ndarray, keys: Sequence[str]
    ) -> list[list[np.ndarray]]:
        """Return some states of every layer, for each key and layer."""
        lanes, n_steps, _ = spikes.shape
        columns = np.concatenate(self._columns)
        recordings = [
            Recording(
                key,
                columns,
                np.empty((lanes, n_steps, len(columns)), _dtype(key, program)),
            )
            for key in keys
        ]
        state = ChipState.zeros(program, lanes)
        make_kernel("auto", program).advance(state, Drive(spikes), recordings)
        ends = np.cumsum([len(c) for c in self._columns])[:-1]
        return [np.split(recording.values, ends, axis=2) for recording in recordings]


def _dtype(key: str, program: Program) -> Any:
    return np.uint8 if key == "spiked" else program.dtype


def times_columns(weights: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Multiply by a matrix with one number in each column: exactly, and without a product's time.

    Parameters
    ----------
    weights : (n_out, n_in) array
    columns : (n_in, n_neurons) array
    """
    rows = np.abs(columns).argmax(axis=0)
    return np.take(weights, rows, axis=1) * columns[rows, np.arange(len(rows))]


def sum_columns(values: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Multiply by the transpose of such a matrix, likewise.

    Parameters
    ----------
    values : (n_out, n_neurons) array
    columns : (n_in, n_neurons) array
    """
    rows = np.abs(columns).argmax(axis=0)
    order = np.argsort(rows, kind="stable")
    present, starts = np.unique(rows[order], return_index=True)
    signed = np.take(values * columns[rows, np.arange(len(rows))], order, axis=1)
    result = np.zeros((len(values), len(columns)), dtype=signed.dtype)
    result[:, present] = np.add.reduceat(signed, starts, axis=1)
    return result


def _columns(model: Any, ensembles: list[nengo.Ensemble]) -> list[np.ndarray]:
    """Find the compartment of each neuron of each ensemble among those of all blocks."""
    starts = np.cumsum([0, *(block.n_neurons for block in model.blocks)])
    first = {id(block): start for block, start in zip(model.blocks, starts, strict=False)}
    found = {}
    for layer in layers_of(model):
        found[layer.ensemble] = columns = np.empty(layer.n_neurons, dtype=np.int64)
        for block, neurons in zip(layer.blocks, layer.neurons, strict=True):
            columns[neurons] = first[id(block)] + np.arange(block.n_neurons)
    return [found[ensemble] for ensemble in ensembles]


def _check_neurons(stack: DenseStack) -> None:
    host = stack.layers[:1] if stack.encoder is None else []
    for layer in stack.layers:
        neuron_type = layer.ensemble.neuron_type
        if layer in host and type(neuron_type) is not SpikingRectifiedLinear:
            fits = "SpikingRectifiedLinear on the host to be tuned"
        elif layer not in host and not known(neuron_type).on_loihi:
            fits = "SpikingRectifiedLinear or LIF to be tuned on the chip's integers"
        else:
            continue
        raise ValidationError(
            f"must be {fits}, got {type(neuron_type).__name__}. Choose one of them, or convert "
            "with tune=False.",
            attr="neuron_type",
            obj=stack,
        )


def _check_synapses(stack: DenseStack) -> None:
    for synapse in stack.synapses[:-1]:
        lowpass = nengo.Lowpass(synapse) if isinstance(synapse, int | float) else synapse
        if not (lowpass is None or isinstance(lowpass, nengo.Lowpass)):
            raise ValidationError(
                f"must be Lowpass or None between layers on the chip, got {lowpass}",
                attr="synapse",
                obj=stack,
            )
