"""A stack or a graph that is built for the chip once, whose numbers can be replaced many times."""

import itertools
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import nengo
import numpy as np
from nengo.exceptions import ValidationError
from nengo.neurons import SpikingRectifiedLinear

from nengo_dense.conversion.tuning.parameters import blank_copy
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.layers.part import Parts
from nengo_dense.layers.source import with_source
from nengo_dense.loihi.build import build_floats
from nengo_dense.loihi.kernel.choice import make_kernel
from nengo_dense.loihi.kernel.numpy_slope import Neurons, Trace
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.layout import layers_of, senders_of
from nengo_dense.loihi.program import Program
from nengo_dense.loihi.renewal import Renewal
from nengo_dense.neurons import known


class HostLayer(NamedTuple):
    """Neurons on the host: a dense layer, or those of an encoder.

    Attributes
    ----------
    name : str
        Of the layer, or of the input that is encoded.
    layer : DenseLayer
    columns : (n_in,) int array
        The values that it reads, among those of all inputs.
    """

    name: str
    layer: DenseLayer
    columns: np.ndarray


class BuiltNetwork:
    """The cores that nengo-loihi makes of a stack or a graph, and what they do with any numbers.

    The network itself is not built but a copy with the same neurons and other weights, so that
    nothing hangs on their values (`nengo_dense.conversion.tuning.parameters.blank_copy`).

    Parameters
    ----------
    network : DenseStack or DenseGraph
        With ``encoding="host"`` or ``"spikes"``.
    dt : float
        Step in seconds.

    Attributes
    ----------
    parts : Parts
        Of the copy.
    hosts : list of HostLayer
        Encoders, then layers.
    start : (n_neurons,) ndarray
        Voltages that the neurons of `hosts` start at.

    Raises
    ------
    nengo.exceptions.ValidationError
        Neurons or synapses for which there are no integers, or that the host does not run.
    nengo.exceptions.BuildError
        Layers that no cores can hold.
    """

    def __init__(self, network: AnyDense, dt: float) -> None:
        _check_neurons(network)
        _check_synapses(network)
        self.dt = dt
        copy = blank_copy(network)
        self.parts = parts = Parts.of(copy)
        places = {name: np.arange(copy.size_in)[where] for name, where in parts.inputs.items()}
        self.hosts = [
            HostLayer(name, encoder.layer, places[name])
            for name, encoder in parts.encoders.items()
        ]
        for part in parts.layers:
            if not part.layer.on_chip:
                columns = np.concatenate([places[read.source] for read in part.reads])
                self.hosts.append(HostLayer(part.name, part.layer, columns))
        # weights, and biases as Nengo has them, of layers and encoders on the host
        self._host_numbers = {
            host.name: (np.asarray(host.layer.connection.transform.init), host.layer.ensemble.bias)
            for host in self.hosts
        }
        self.start = np.repeat(
            [host.layer.start for host in self.hosts],
            [host.layer.n_neurons for host in self.hosts],
        )
        self._ensembles = {host.name: host.layer.ensemble for host in self.hosts}
        chip = {part.name: part.layer.ensemble for part in parts.layers if part.layer.on_chip}
        self._ensembles |= chip
        random_state = np.random.get_state()  # from which Nengo seeds what has no seed
        try:
            self._floats = build_floats(with_source(copy)[0], dt)
        finally:
            np.random.set_state(random_state)
        self._renewal = Renewal(self._floats)
        self._columns = _columns(self._floats.model, list(chip.values()))
        ends = np.cumsum([0, *(len(columns) for columns in self._columns)]).tolist()
        self._recorded = list(itertools.starmap(slice, itertools.pairwise(ends)))
        self._sent = _sent(self._floats.model, [host.layer.ensemble for host in self.hosts])

    def set_parameters(self, weights: list[np.ndarray], biases: list[np.ndarray]) -> None:
        """Exchange all weights and biases; finite ones, of the network's own shapes.

        Layers are not told: to look at an array as Nengo does costs as much as to make integers
        of it.
        """
        for part, w, b in zip(self.parts.layers, weights, biases, strict=False):
            layer = part.layer
            bias = layer.base_bias + layer.unit_gain * b
            if not layer.on_chip:
                self._host_numbers[part.name] = np.ascontiguousarray(w), bias
                continue
            self._floats.set_bias(layer.ensemble, bias)
            for read in part.reads:
                self._floats.set_weights(
                    self._ensembles[read.source],
                    layer.ensemble,
                    self._transform(read.source, w[:, read.columns]),
                )

    def _transform(self, source: str, weights: np.ndarray) -> np.ndarray:
        """Return what nengo-loihi makes of the transforms between neurons and a layer."""
        encoder = self.parts.encoders.get(source)
        return weights if encoder is None else times_columns(weights, encoder.decoders)

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

    def drive(self, x: np.ndarray, exact: bool = True) -> np.ndarray:
        """Return the input of the host's neurons in spikes a step: (batch, n_neurons).

        In Nengo's order of operations and with its calls of BLAS, one for each sample, because
        the last bit can decide in which step a neuron fires; or, if it need not be ``exact``,
        with one call for all samples, which takes a fourth of the time in wide layers.
        """
        return np.concatenate([self._drive_of(host, x, exact) for host in self.hosts], axis=1)

    def _drive_of(self, host: HostLayer, x: np.ndarray, exact: bool) -> np.ndarray:
        transform, bias = self._host_numbers[host.name]
        if host.name in self.parts.encoders:  # one input for each neuron: the sum is a product
            weighted = times_columns(x[:, host.columns], transform.T)
        elif exact:
            weighted = np.matmul(transform, x[:, host.columns, np.newaxis])[:, :, 0]
        else:
            weighted = x[:, host.columns] @ transform.T
        weighted *= host.layer.ensemble.gain
        weighted += bias
        weighted *= self.dt
        return weighted

    def run(self, spikes: np.ndarray) -> list[np.ndarray]:
        """Send spikes of the host to a chip just switched on.

        Parameters
        ----------
        spikes : (batch, n_steps, n_neurons) uint8 array
            Of `hosts`, side by side.

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
        sent = spikes if self._sent is None else np.take(spikes, self._sent, axis=2)
        make_kernel("auto", program).advance(state, Drive(sent), recordings)
        return [[r.values[:, :, part] for part in self._recorded] for r in recordings]


def _dtype(key: str, program: Program) -> np.dtype:
    return np.dtype(np.uint8 if key == "spiked" else program.dtype)


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


def _sent(model: Any, hosts: list[nengo.Ensemble]) -> np.ndarray | None:
    """Find the host's neuron behind each input of the chip; None where they are in order.

    nengo-loihi sends the spikes of a layer once for each layer that reads them.
    """
    found: dict[int, np.ndarray] = {}
    start = 0
    for ensemble in hosts:
        for source, numbers in senders_of(model, ensemble):
            found[id(source)] = start + numbers
        start += ensemble.n_neurons
    sent = np.concatenate([found[id(source)] for source in model.inputs])
    return None if np.array_equal(sent, np.arange(start)) else sent


def _check_neurons(network: AnyDense) -> None:
    for layer in network.layers:
        neuron_type = layer.ensemble.neuron_type
        if not layer.on_chip and type(neuron_type) is not SpikingRectifiedLinear:
            fits = "SpikingRectifiedLinear on the host to be tuned"
        elif layer.on_chip and not known(neuron_type).on_loihi:
            fits = "SpikingRectifiedLinear or LIF to be tuned on the chip's integers"
        else:
            continue
        raise ValidationError(
            f"must be {fits}, got {type(neuron_type).__name__}. Choose one of them, or convert "
            "with tune=False.",
            attr="neuron_type",
            obj=network,
        )


def _check_synapses(network: AnyDense) -> None:
    stack = not isinstance(network, DenseGraph)
    for synapse in network.synapses[:-1] if stack else [network.synapse]:
        lowpass = nengo.Lowpass(synapse) if isinstance(synapse, int | float) else synapse
        if not (lowpass is None or isinstance(lowpass, nengo.Lowpass)):
            raise ValidationError(
                f"must be Lowpass or None between layers on the chip, got {lowpass}",
                attr="synapse",
                obj=network,
            )
