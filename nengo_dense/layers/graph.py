"""Dense layers with skip connections, several inputs or several outputs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError
from nengo.neurons import NeuronType, RectifiedLinear, SpikingRectifiedLinear

from nengo_dense.arguments import check_fitted, count, dict_of, is_added, list_of
from nengo_dense.columns import Names, check_names
from nengo_dense.files import as_path
from nengo_dense.heads import OF_CLASSES
from nengo_dense.layers import as_told, graph_file
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.encoder import SpikeEncoder, check_settings
from nengo_dense.layers.exporter import Exportable
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput, check_parts
from nengo_dense.layers.head import HeadNode
from nengo_dense.layers.stack import VALUE_TAU, DenseStack
from nengo_dense.layers.stack_synapse import check_synapses
from nengo_dense.layers.tunable import Tunable
from nengo_dense.layers.tuning_record import TuningRecord, check_tuned
from nengo_dense.neurons import check_neuron_type


class DenseGraph(Tunable, Exportable):
    """A dense network whose layers read any inputs and earlier layers.

    `nengo_dense.DenseStack` is the chain of it, and the simpler thing where it is enough.

    Parameters
    ----------
    inputs : mapping of str to int
        Name -> number of values.
    layers : sequence of GraphLayer
        In the order of computation.
    outputs : mapping of str to GraphOutput
    encoders : mapping of str to dict, optional
        Arguments of `~nengo_dense.layers.encoder.SpikeEncoder` for inputs that a layer on the
        chip reads. It gets the inputs less ``offset``.
    synapse : float, nengo.synapses.Synapse or None, optional
        In front of every layer that gets spikes. An output has none: its window averages.
    neuron_type : nengo.neurons.NeuronType, optional
        Of the layers on the chip; those on the host are exact, in rates where these are.
    columns : sequence of str or None, optional
        Names of the values of all inputs side by side, as in the data frames of calibration.
    tuned : TuningRecord, optional
        What the weights were tuned for, with the values of all inputs side by side.
    fitted : mapping, optional
        Layer of the source model -> error of the rectifiers that stand for its activation.
    label, seed, add_to_container : optional
        As in `nengo.Network`.

    Attributes
    ----------
    inputs : dict of str to nengo.Node
        Passthrough nodes.
    encoders : dict of str to SpikeEncoder
    layers : list of DenseLayer
        With the names of their parts as labels.
    readouts : dict of str to nengo.Node
        The logits of each output.
    outputs : dict of str to nengo.Node
        Behind the head.
    heads : dict of str to str
        The head of each output.
    input, logits, output, readout
        The only input, its logits, output and head, where there is one of the kind: the names
        that they have in `nengo_dense.DenseStack`.
    classes : None
        A graph knows no classes.
    columns : tuple of (str or None), or None
    tuned : TuningRecord or None
        What its weights were tuned for; None as soon as they are others.

    Raises
    ------
    nengo.exceptions.ValidationError
        Parts that do not fit one another, or what `DenseLayer` refuses.

    Examples
    --------
    >>> import numpy as np
    >>> import nengo_dense
    >>> from nengo_dense.layers import GraphLayer, GraphOutput
    >>> hidden = GraphLayer("hidden", {"x": np.ones((2, 3))})
    >>> output = GraphOutput({"hidden": np.ones((1, 2)), "x": np.ones((1, 3))})   # skips a layer
    >>> encoders = {"x": {"signed": False}}
    >>> graph = nengo_dense.DenseGraph({"x": 3}, [hidden], {"y": output}, encoders=encoders)
    >>> graph
    <DenseGraph: 3 → 2 → 1 linear>
    >>> arguments = graph.arguments()
    >>> graph.set_parameters(arguments["layers"], arguments["outputs"])
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> graph.save(folder / "graph.npz")
    >>> nengo_dense.DenseGraph.load(folder / "graph.npz")
    <DenseGraph: 3 → 2 → 1 linear>
    """

    classes: Any = None

    def __init__(
        self,
        inputs: Mapping[str, int],
        layers: Sequence[GraphLayer],
        outputs: Mapping[str, GraphOutput],
        *,
        encoders: Mapping[str, dict] | None = None,
        synapse: Any = 0.005,
        neuron_type: NeuronType = SpikingRectifiedLinear(),  # noqa: B008 (frozen)
        columns: Names | None = None,
        tuned: TuningRecord | None = None,
        fitted: Mapping[str, float] | None = None,
        label: str | None = None,
        seed: int | None = None,
        add_to_container: bool | None = None,
    ) -> None:
        super().__init__(label=label, seed=seed, add_to_container=False)
        sizes = dict_of(inputs, object, "inputs", self)
        self.sizes = {name: count(n, "inputs", self) for name, n in sizes.items()}
        self.columns = check_names(columns, self.size_in, self)
        self._layers = list_of(layers, GraphLayer, "layers", self)
        self._outputs = dict_of(outputs, GraphOutput, "outputs", self)
        self.heads = {name: part.head for name, part in self._outputs.items()}
        settings = {} if encoders is None else dict_of(encoders, object, "encoders", self)
        self._encoder_arguments = {
            name: check_settings(given, "encoders", self) for name, given in settings.items()
        }
        (self.synapse,) = check_synapses(synapse, 1, self)
        self.neuron_type = check_neuron_type(neuron_type, self)
        self.fitted = check_fitted(fitted, self)
        check_parts(self.sizes, self._layers, self._outputs, self)
        with self:
            self.inputs = {n: nengo.Node(size_in=size, label=n) for n, size in self.sizes.items()}
            self.encoders = {name: self._encoder(name) for name in self._encoded()}
            self._by_name: dict[str, DenseLayer] = {}
            for part in self._layers:
                self._by_name[part.name] = self._layer(part)
            self.layers = list(self._by_name.values())
            self.readouts: dict[str, nengo.Node] = {}
            self.outputs: dict[str, nengo.Node] = {}
            self._readout_connections: dict[tuple[str, str], nengo.Connection] = {}
            self._bias_connections: dict[str, nengo.Connection] = {}
            one = nengo.Node([1.0], label="one")
            for name, part_out in self._outputs.items():
                self._output(name, part_out, one)
        self.tuned = check_tuned(tuned, self.size_in, self)
        if is_added(add_to_container, self):
            nengo.Network.add(self)

    def _encoded(self) -> list[str]:
        """Name the inputs that a layer on the chip reads."""
        read = {source for part in self._layers if part.on_chip for source in part.weights}
        return [name for name in self.sizes if name in read]

    def _encoder(self, name: str) -> SpikeEncoder:
        arguments = self._encoder_arguments.get(name, {})
        encoder = SpikeEncoder(self.sizes[name], label=f"{name} encoder", **arguments)
        nengo.Connection(self.inputs[name], encoder.input, synapse=None)
        return encoder

    def _layer(self, part: GraphLayer) -> DenseLayer:
        exact = SpikingRectifiedLinear() if self.neuron_type.spiking else RectifiedLinear()
        layer = DenseLayer(
            part.n,
            sum(matrix.shape[1] for matrix in part.weights.values()),
            weights=np.concatenate(list(part.weights.values()), axis=1),
            bias=part.bias,
            neuron_type=self.neuron_type if part.on_chip else exact,
            max_rate=part.max_rate,
            on_chip=part.on_chip,
            label=part.name,
        )
        start = 0
        for source, matrix in part.weights.items():
            stop = start + matrix.shape[1]
            target = layer.input if len(part.weights) == 1 else layer.input[start:stop]
            self._connect(source, target, part.on_chip)
            start = stop
        return layer

    def _connect(self, source: str, target: Any, on_chip: bool) -> None:
        if source in self._by_name:
            nengo.Connection(self._by_name[source].output, target, synapse=self.synapse)
        elif on_chip:
            encoder = self.encoders[source]
            nengo.Connection(
                encoder.output, target, transform=encoder.decoders, synapse=self.synapse
            )
        else:
            nengo.Connection(self.inputs[source], target, synapse=None)

    def _output(self, name: str, part: GraphOutput, one: nengo.Node) -> None:
        logits = self.readouts[name] = nengo.Node(size_in=part.n, label=f"{name} logits")
        for source, matrix in part.weights.items():
            layer = self._by_name.get(source)
            self._readout_connections[name, source] = nengo.Connection(
                self.inputs[source] if layer is None else layer.output,
                logits,
                transform=matrix,
                synapse=None,
            )
        self._bias_connections[name] = nengo.Connection(
            one, logits, transform=part.bias[:, np.newaxis], synapse=None
        )
        self.outputs[name] = logits
        if part.head != "linear":
            head = self.outputs[name] = HeadNode(part.head, part.n, label=name)
            # what bends values needs the values themselves, not single spikes
            tau = None if part.head in OF_CLASSES else VALUE_TAU
            nengo.Connection(logits, head, synapse=tau)

    def _only(self, kind: str) -> nengo.Node:
        found: dict[str, nengo.Node] = getattr(self, kind)
        if len(found) != 1:
            raise AttributeError(
                f"the graph has {len(found)} {kind} ({', '.join(found)}); name one of them: "
                f"graph.{kind}[{next(iter(found))!r}]"
            )
        return next(iter(found.values()))

    @property
    def input(self) -> nengo.Node:
        """(nengo.Node) The input, if there is one."""
        return self._only("inputs")

    @property
    def logits(self) -> nengo.Node:
        """(nengo.Node) The logits, if there is one output."""
        return self._only("readouts")

    @property
    def output(self) -> nengo.Node:
        """(nengo.Node) The output, if there is one."""
        return self._only("outputs")

    @property
    def readout(self) -> str:
        """(str) The head, if there is one output."""
        return str(self._only("heads"))

    @property
    def size_in(self) -> int:
        """(int) Number of values of all inputs."""
        return sum(self.sizes.values())

    @property
    def units(self) -> list[int]:
        """(list of int) Neurons of each layer, and last the number of values of all outputs."""
        n_out = sum(part.n for part in self._outputs.values())
        return [*(part.n for part in self._layers), n_out]

    @property
    def encoding(self) -> str:
        """(str) ``"spikes"`` where every layer is on the chip, else ``"host"``."""
        return "spikes" if all(layer.on_chip for layer in self.layers) else "host"

    def arguments(self) -> dict[str, Any]:
        """Return what would make this graph again, with its weights as they are now.

        Returns
        -------
        arguments : dict
            By the names of the constructor's parameters.
        """
        layers = []
        for part, layer in zip(self._layers, self.layers, strict=True):
            ends = np.cumsum([matrix.shape[1] for matrix in part.weights.values()])[:-1]
            parts = np.split(layer.weights, ends, axis=1)
            weights = dict(zip(part.weights, parts, strict=True))
            layers.append(GraphLayer(part.name, weights, layer.bias, part.max_rate, part.on_chip))
        # NengoDL's freeze_params turns a (1, 1) array into a scalar
        links = self._readout_connections.items()
        read = {ends: np.array(link.transform.init) for ends, link in links}
        outputs = {
            name: GraphOutput(
                {source: read[name, source].reshape(part.n, -1) for source in part.weights},
                np.array(self._bias_connections[name].transform.init).reshape(part.n),
                part.head,
            )
            for name, part in self._outputs.items()
        }
        return {
            "inputs": dict(self.sizes),
            "layers": layers,
            "outputs": outputs,
            "encoders": {name: encoder.arguments() for name, encoder in self.encoders.items()},
            "synapse": self.synapse,
            "neuron_type": self.neuron_type,
            "columns": self.columns,
            "tuned": self._tuned,
            "fitted": self.fitted,
            "label": self.label,
            "seed": self.seed,
        }

    def set_parameters(
        self, layers: Sequence[GraphLayer], outputs: Mapping[str, GraphOutput]
    ) -> None:
        """Exchange all weights and biases, after training elsewhere; ``tuned`` becomes None.

        Parameters
        ----------
        layers : sequence of GraphLayer
        outputs : mapping of str to GraphOutput
            As `arguments` gives them, with other numbers; rates and places stay as they were.

        Raises
        ------
        nengo.exceptions.ValidationError
            Parts that read something else; the graph stays as it was.
        """
        layers = list_of(layers, GraphLayer, "layers", self)
        outputs = dict_of(outputs, GraphOutput, "outputs", self)
        same = [_shape_of(p) for p in layers] == [_shape_of(p) for p in self._layers]
        same = same and {n: _shape_of(o) for n, o in outputs.items()} == {
            n: _shape_of(o) for n, o in self._outputs.items()
        }
        if not same:
            raise ValidationError(
                "must have the names, sources and shapes of the graph's own layers and outputs, "
                "as arguments() gives them",
                attr="layers",
                obj=self,
            )
        for part, layer in zip(layers, self.layers, strict=True):
            layer.set_parameters(np.concatenate(list(part.weights.values()), axis=1), part.bias)
        for name, output in outputs.items():
            for source, matrix in output.weights.items():
                self._readout_connections[name, source].transform = matrix
            self._bias_connections[name].transform = output.bias[:, np.newaxis]
        self.tuned = None

    def save(self, path: str | Path) -> None:
        """Write everything needed to make this graph again to one ``.npz`` file.

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
        graph_file.write(as_told.checked(self), as_path(path))

    @classmethod
    def load(cls, path: str | Path) -> "DenseGraph":
        """Make a graph from a file that `save` wrote.

        Parameters
        ----------
        path : str or os.PathLike

        Returns
        -------
        graph : DenseGraph

        Raises
        ------
        nengo_dense.exceptions.FileFormatError
            The file is damaged, foreign, or of a later version.
        nengo.exceptions.ValidationError
            ``path`` is not a path.
        """
        return cls(**graph_file.read(as_path(path)))

    def __repr__(self) -> str:
        sizes = " + ".join(map(str, self.sizes.values()))
        units = ", ".join(str(layer.n) for layer in self._layers)
        ends = " + ".join(f"{part.n} {part.head}" for part in self._outputs.values())
        name = f" {self.label!r}" if self.label else ""
        return f"<DenseGraph{name}: {sizes} → {units} → {ends}>"

    __str__ = __repr__


AnyDense = DenseStack | DenseGraph


def _shape_of(part: GraphLayer | GraphOutput) -> list[Any]:
    return [getattr(part, "name", ""), [(n, np.shape(w)) for n, w in part.weights.items()]]
