"""A stack of dense layers, from input values to class probabilities."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nengo
import numpy as np
from nengo.dists import Distribution
from nengo.exceptions import ValidationError
from nengo.neurons import NeuronType, SpikingRectifiedLinear

from nengo_dense.arguments import (
    check_fitted,
    choice,
    count,
    is_added,
    one_each,
    random_state,
)
from nengo_dense.columns import Names, check_names
from nengo_dense.files import as_path
from nengo_dense.heads import HEADS, OF_CLASSES
from nengo_dense.layers import as_told, stack_file
from nengo_dense.layers.classes import check_classes
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.encoder import SpikeEncoder, check_settings
from nengo_dense.layers.exporter import Exportable
from nengo_dense.layers.head import HeadNode, SoftmaxNode
from nengo_dense.layers.stack_synapse import check_synapses
from nengo_dense.layers.stack_units import check_parameters, check_units
from nengo_dense.layers.tunable import Tunable
from nengo_dense.layers.tuning_record import TuningRecord, check_tuned
from nengo_dense.layers.weight_init import GlorotUniform, check_count
from nengo_dense.neurons import rebuild
from nengo_dense.plugins import show

READOUTS = tuple(HEADS)
ENCODINGS = ("host", "spikes", "chip")
#: Time constant in seconds between unfiltered logits and a head that is not a softmax. Of 0, 5,
#: 10, 20 and 30 ms, this one gave the mean over 200 ms that was closest to the source model's
#: (4-20-16-2, random weights).
VALUE_TAU = 0.01


class DenseStack(Tunable, Exportable):
    """A dense network: layers of neurons, then a linear readout and a head.

    ``DenseStack([64, 32, 32, 5], size_in=16)`` corresponds to Keras's ``Dense(64, relu),
    Dense(32, relu), Dense(32, relu), Dense(5, softmax)``. The last number is the readout, computed
    on the host from the spikes of the last layer. Every other number is a layer of neurons.

    Parameters
    ----------
    units : sequence of int
        Outputs of each layer, the readout last.
    size_in : int
        Number of input values.
    readout : {"softmax", "log_softmax", "sigmoid", "tanh", "linear", "relu"}
        The head, which computes ``output`` from the logits: class probabilities, their logarithms,
        a probability for each label, values from -1 to 1, the logits, or ``max(logits, 0)``.
    encoding : {"host", "spikes", "chip"}
        Encoding of input values in spikes. ``"host"``: the first layer runs on the host, in
        floating point, and sends its spikes. ``"spikes"``: a
        `~nengo_dense.layers.encoder.SpikeEncoder` on the host encodes the inputs, and every layer
        is on the chip. ``"chip"``: nengo-loihi's own on/off neurons on the chip encode the inputs;
        they clip values outside [-1, 1].
    weights : sequence of (n_out, n_in) array_like, optional
        One for each of ``units``. Default: drawn at random, as in `DenseLayer`.
    biases : sequence of (n_out,) array_like, optional
        One for each of ``units``. Default: zeros.
    synapse : float, nengo.synapses.Synapse or None, or a list of them, optional
        Lowpass time constant in seconds between layers and into the readout. A list has one entry
        per connection: from the encoder, if there is one, then from each layer.
    neuron_type : nengo.neurons.NeuronType or list, optional
        One type for all layers, or one per layer.
    max_rate : float or list, optional
        Firing rate in hertz that represents the value 1: one for all layers, or one per layer.
    encoder : dict, optional
        Arguments of `~nengo_dense.layers.encoder.SpikeEncoder` (``scale``, ``signed``,
        ``offset``, ``resting``, ``start``, ``max_rate``), for ``encoding="spikes"``. The first
        layer gets the inputs minus ``offset``.
    classes : (n_out,) array_like of numbers or text, optional
        The class of each output, as in the source model. `evaluate` takes labels by these names.
    columns : (size_in,) sequence of str or None, optional
        Name of each input, as in the data frame of training or calibration; those of samples are
        held against them.
    tuned : TuningRecord, optional
        The conditions that the weights were tuned for; `convert` records them.
    fitted : mapping, optional
        Layer of the source -> error of its fitted activation; `convert` records it.
    label, seed, add_to_container : optional
        As in `nengo.Network`; the seed also draws weights.

    Attributes
    ----------
    input : nengo.Node
        Passthrough node of ``size_in`` values.
    encoder : SpikeEncoder or None
    layers : list of DenseLayer
    logits : nengo.Node
        The filtered, weighted spikes of the last layer, plus the readout's bias.
    output : nengo.Node
        A `~nengo_dense.layers.head.HeadNode`, or ``logits`` itself.
    classes : (n_out,) ndarray or None
        May be set: ``stack.classes = ["cat", "dog"]``.
    columns : tuple of (str or None), or None
    fitted : dict
    tuned : TuningRecord or None
        None as soon as the weights are others, because these were not tuned.
    altered : str
        Says what is another than was tuned.

    Raises
    ------
    nengo.exceptions.ValidationError
        An option is unknown, a size does not match, or `DenseLayer` refuses an argument.

    Examples
    --------
    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([8, 3], size_in=4, encoding="spikes", seed=0)
    >>> [w.shape for w in stack.weights]
    [(8, 4), (3, 8)]
    >>> halved = [w / 2 for w in stack.weights]
    >>> stack.set_parameters(halved, stack.biases)
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> stack.save(folder / "stack.npz")
    >>> nengo_dense.DenseStack.load(folder / "stack.npz").units
    [8, 3]
    >>> other = nengo_dense.DenseStack(**{**stack.arguments(), "max_rate": 100})
    >>> other.layers[0].max_rate
    100.0
    """

    def __init__(
        self,
        units: Any,
        size_in: int,
        *,
        readout: str = "softmax",
        encoding: str = "host",
        weights: Any = None,
        biases: Any = None,
        synapse: Any = 0.005,
        neuron_type: NeuronType | list[NeuronType] = SpikingRectifiedLinear(),  # noqa: B008
        max_rate: Any = 250.0,
        encoder: dict | None = None,
        classes: Any = None,
        columns: Names | None = None,
        tuned: TuningRecord | None = None,
        fitted: Mapping[str, float] | None = None,
        label: str | None = None,
        seed: int | None = None,
        add_to_container: bool | None = None,
    ) -> None:
        super().__init__(label=label, seed=seed, add_to_container=False)
        self.readout = choice(readout, READOUTS, "readout", self)
        self.encoding = choice(encoding, ENCODINGS, "encoding", self)
        self.units = check_units(units, self)
        self.size_in = count(size_in, "size_in", self)
        n_layers = len(self.units) - 1
        rates = one_each(max_rate, n_layers, "max_rate", self)
        neuron_types = one_each(neuron_type, n_layers, "neuron_type", self)
        n_connections = n_layers + (self.encoding == "spikes")
        self.synapses = check_synapses(synapse, n_connections, self)
        weights, biases = self._parameters(weights, biases, seed)
        self.classes = classes
        self.columns = check_names(columns, self.size_in, self)
        self.fitted = check_fitted(fitted, self)

        with self:
            self.input = nengo.Node(size_in=self.size_in, label="input")
            self.encoder = self._make_encoder(encoder)
            self.layers = [
                DenseLayer(
                    n_out,
                    n_in,
                    weights=weights[i],
                    bias=biases[i],
                    neuron_type=neuron_types[i],
                    max_rate=rates[i],
                    on_chip=i > 0 or self.encoding != "host",
                    label=f"layer{i + 1}",
                )
                for i, (n_in, n_out) in enumerate(zip(self._sizes, self.units[:-1], strict=False))
            ]
            self._connect()
            self._make_readout(weights[-1], biases[-1])
        self.tuned = check_tuned(tuned, self.size_in, self)
        if is_added(add_to_container, self):
            nengo.Network.add(self)

    @property
    def classes(self) -> np.ndarray | None:
        """((n_out,) ndarray or None) The class of each output; may be set."""
        return self._classes

    @classes.setter
    def classes(self, names: Any) -> None:
        self._classes = check_classes(names, self.units[-1], self)

    @property
    def _sizes(self) -> list[int]:
        return [self.size_in, *self.units[:-1]]

    def _parameters(
        self, weights: Any, biases: Any, seed: int | None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Check given weights and biases; draw missing weights, set missing biases to zero."""
        for n_in, n_out in zip(self._sizes, self.units, strict=True):
            check_count(n_out, n_in, "units", self)
        rng = random_state(seed, self)
        init = weights if isinstance(weights, Distribution) else GlorotUniform()
        if weights is None or isinstance(weights, Distribution):
            weights = [
                init.sample(n_out, n_in, rng=rng)
                for n_in, n_out in zip(self._sizes, self.units, strict=True)
            ]
        if biases is None:
            biases = [np.zeros(n) for n in self.units]
        return check_parameters(weights, biases, self._sizes, self.units, self)

    def _make_encoder(self, arguments: Mapping | None) -> SpikeEncoder | None:
        arguments = {} if arguments is None else check_settings(arguments, "encoder", self)
        if self.encoding == "spikes":
            return SpikeEncoder(self.size_in, label="encoder", **arguments)
        if arguments:
            raise ValidationError(
                f"is only used with encoding='spikes', got encoding={self.encoding!r}",
                attr="encoder",
                obj=self,
            )
        return None

    def _connect(self) -> None:
        synapses = list(self.synapses)
        first = self.layers[0].input
        if self.encoder is None:
            nengo.Connection(self.input, first, synapse=None)
        else:
            nengo.Connection(self.input, self.encoder.input, synapse=None)
            nengo.Connection(
                self.encoder.output,
                first,
                transform=self.encoder.decoders,
                synapse=synapses.pop(0),
            )
        for pre, post, synapse in zip(self.layers, self.layers[1:], synapses, strict=False):
            nengo.Connection(pre.output, post.input, synapse=synapse)

    def _make_readout(self, weights: np.ndarray, bias: np.ndarray) -> None:
        n_out = self.units[-1]
        self.logits = nengo.Node(size_in=n_out, label="logits")
        self.readout_connection = nengo.Connection(
            self.layers[-1].output,
            self.logits,
            transform=weights,
            synapse=self.synapses[-1],
            label="readout.weights",
        )
        # a connection from a constant, because NengoDL can train the connection's transform
        one = nengo.Node([1.0], label="one")
        self.bias_connection = nengo.Connection(
            one, self.logits, transform=bias[:, np.newaxis], synapse=None, label="readout.bias"
        )
        self.output = self.logits
        if self.readout != "linear":
            softmax = self.readout == "softmax"
            label = self.readout
            self.output = (
                SoftmaxNode(n_out, label=label) if softmax else HeadNode(label, n_out, label=label)
            )
            # For classes only the largest value matters. Other heads need filtered values: of
            # single spikes, a rectifier would cut off everything below zero, and change the mean.
            raw = self.synapses[-1] is None and label not in OF_CLASSES
            nengo.Connection(self.logits, self.output, synapse=VALUE_TAU if raw else None)

    @property
    def weights(self) -> tuple[np.ndarray, ...]:
        """(tuple of (n_out, n_in) array) All present weights, after any training."""
        # a tuple: nengo-gui takes lists for lists of Nengo's objects, and hashes their items
        layers = (layer.weights for layer in self.layers)
        readout = np.array(self.readout_connection.transform.init)
        return (*layers, readout.reshape(self.units[-1], -1))

    @property
    def biases(self) -> tuple[np.ndarray, ...]:
        """(tuple of (n_out,) array) All present biases, after any training."""
        layers = (layer.bias for layer in self.layers)
        # NengoDL's freeze_params turns a (1, 1) array into a scalar
        return (*layers, np.array(self.bias_connection.transform.init).reshape(self.units[-1]))

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that make an equal stack, with the present weights.

        ``DenseStack(**{**stack.arguments(), "max_rate": 100, "tuned": None})`` is the same stack
        at other firing rates, for which it was not tuned.

        Returns
        -------
        arguments : dict
            By the names of the constructor's parameters.
        """
        arguments = {
            "units": list(self.units),
            "size_in": self.size_in,
            "readout": self.readout,
            "encoding": self.encoding,
            "weights": self.weights,
            "biases": self.biases,
            "synapse": list(self.synapses),
            "neuron_type": [
                rebuild(layer.ensemble.neuron_type, amplitude=1) for layer in self.layers
            ],
            "max_rate": [layer.max_rate for layer in self.layers],
            "classes": self.classes,
            "columns": self.columns,
            "tuned": self._tuned,
            "fitted": self.fitted,
            "label": self.label,
            "seed": self.seed,
        }
        if self.encoder is not None:
            arguments["encoder"] = self.encoder.arguments()
        return arguments

    def set_parameters(self, weights: Any, biases: Any) -> None:
        """Replace all weights and biases, for example after training; ``tuned`` becomes None.

        Parameters
        ----------
        weights : sequence of (n_out, n_in) array_like
            One for each of ``units``.
        biases : sequence of (n_out,) array_like
            One for each of ``units``.

        Raises
        ------
        nengo.exceptions.ValidationError
            The number of arrays or a shape is wrong, or a value is NaN or infinite. The stack does
            not change.
        """
        for attr, given in (("weights", weights), ("biases", biases)):
            if given is None or isinstance(given, Distribution):  # these are drawn, once
                raise ValidationError(f"must be arrays, got {show(given)}", attr, self)
        weights, biases = self._parameters(weights, biases, None)
        for layer, w, b in zip(self.layers, weights, biases, strict=False):
            layer.set_parameters(w, b)
        self.readout_connection.transform = weights[-1]
        self.bias_connection.transform = biases[-1][:, np.newaxis]
        self.tuned = None

    def save(self, path: str | Path) -> None:
        """Write the stack to one ``.npz`` file, from which `load` makes it again.

        The file contains no pickle, so a file from an unknown source is safe to load.

        Parameters
        ----------
        path : str or os.PathLike
            Name of the file, with the ending ``.npz``.

        Raises
        ------
        OSError
            The file cannot be written; an old one stays as it was.
        nengo.exceptions.ValidationError
            A file of another kind has this name, or a change is none of the arguments.
        """
        stack_file.write(as_told.checked(self), as_path(path))

    @classmethod
    def load(cls, path: str | Path) -> "DenseStack":
        """Make a stack from a file that `save` wrote.

        Parameters
        ----------
        path : str or os.PathLike

        Returns
        -------
        stack : DenseStack

        Raises
        ------
        nengo_dense.exceptions.FileFormatError
            The file is damaged, not a saved stack, or of a later version.
        nengo.exceptions.ValidationError
            ``path`` is not a path.
        """
        return cls(**stack_file.read(as_path(path)))

    def __repr__(self) -> str:
        sizes = " → ".join(map(str, [self.size_in, *self.units]))
        name = f" {self.label!r}" if self.label else ""
        return f"<DenseStack{name}: {sizes} {self.readout}, encoding {self.encoding!r}>"

    __str__ = __repr__
