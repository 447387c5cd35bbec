"""Who reads whom: a stack or a graph as one list of parts, the chain being the simplest graph."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nengo_dense.context import outside_networks
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.encoder import SpikeEncoder
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput
from nengo_dense.layers.stack import DenseStack


class Read(NamedTuple):
    """One of the sources of a part.

    Attributes
    ----------
    source : str
        Name of an input or of a layer.
    columns : slice
        Of the part's weights.
    """

    source: str
    columns: slice


@dataclass(frozen=True, eq=False)
class Part:
    """What reads inputs or layers.

    Attributes
    ----------
    name : str
    reads : tuple of Read
        Their columns make up the part's weights.
    """

    name: str
    reads: tuple[Read, ...]


@dataclass(frozen=True, eq=False)
class LayerPart(Part):
    """A layer of neurons.

    Attributes
    ----------
    layer : DenseLayer
    """

    layer: DenseLayer


@dataclass(frozen=True, eq=False)
class OutputPart(Part):
    """An output.

    Attributes
    ----------
    n : int
        Number of values.
    head : str
    """

    n: int
    head: str


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a stack or a graph, and their numbers.

    Attributes
    ----------
    inputs : dict of str to slice
        Name -> its columns among the values of all inputs.
    encoders : dict of str to SpikeEncoder
        Of the inputs that layers on the chip read.
    layers : list of LayerPart
        In the order of computation.
    outputs : list of OutputPart
    weights : list of (n, n_in) ndarray
        Of all layers, then of all outputs; what they read side by side.
    biases : list of (n,) ndarray
    """

    inputs: dict[str, slice]
    encoders: dict[str, SpikeEncoder]
    layers: list[LayerPart]
    outputs: list[OutputPart]
    weights: list[np.ndarray]
    biases: list[np.ndarray]

    @classmethod
    def of(cls, network: AnyDense) -> "Parts":
        """Describe a stack or a graph."""
        if isinstance(network, DenseGraph):
            return cls._of_graph(network)
        sources = ["input", *(f"layer {i}" for i in range(1, len(network.units)))]
        widths = [network.size_in, *network.units]
        reads = [
            (Read(name, slice(0, width)),) for name, width in zip(sources, widths, strict=False)
        ]
        layers = [
            LayerPart(name, read, layer)
            for name, read, layer in zip(sources[1:], reads, network.layers, strict=False)
        ]
        return cls(
            {"input": slice(0, network.size_in)},
            {} if network.encoder is None else {"input": network.encoder},
            layers,
            [OutputPart("output", reads[-1], network.units[-1], network.readout)],
            list(network.weights),
            list(network.biases),
        )

    @classmethod
    def _of_graph(cls, graph: DenseGraph) -> "Parts":
        arguments = graph.arguments()
        parts, outputs = arguments["layers"], arguments["outputs"]
        layers = [
            LayerPart(part.name, _reads(part), layer)
            for part, layer in zip(parts, graph.layers, strict=True)
        ]
        ends = [
            OutputPart(name, _reads(part), part.n, part.head) for name, part in outputs.items()
        ]
        numbers = [*parts, *outputs.values()]
        return cls(
            dict(_columns(graph.sizes.items())),
            dict(graph.encoders),
            layers,
            ends,
            [np.concatenate(list(part.weights.values()), axis=1) for part in numbers],
            [np.array(part.bias) for part in numbers],
        )

    @property
    def all(self) -> list[Part]:
        """(list of Part) All layers, then all outputs."""
        return [*self.layers, *self.outputs]


def _columns(widths: Any) -> Iterator[tuple[str, slice]]:
    """Lay parts of given widths side by side."""
    start = 0
    for name, width in widths:
        yield name, slice(start, start + width)
        start += width


def _reads(part: GraphLayer | GraphOutput) -> tuple[Read, ...]:
    widths = ((name, matrix.shape[1]) for name, matrix in part.weights.items())
    return tuple(Read(*found) for found in _columns(widths))


def set_parameters(
    network: AnyDense, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]
) -> None:
    """Exchange the numbers of a stack or a graph.

    Parameters
    ----------
    network : DenseStack or DenseGraph
    weights, biases : sequence of ndarray
        As `Parts` has them.
    """
    if isinstance(network, DenseGraph):
        network.set_parameters(**_graph_parts(network, weights, biases))
    else:
        network.set_parameters(weights, biases)


def _graph_parts(
    graph: DenseGraph, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]
) -> dict[str, Any]:
    """Return a graph's layers and outputs with other numbers."""
    arguments = graph.arguments()
    parts = [*arguments["layers"], *arguments["outputs"].values()]
    found = [
        ({read.source: w[:, read.columns] for read in _reads(part)}, b)
        for part, w, b in zip(parts, weights, biases, strict=True)
    ]
    n = len(arguments["layers"])
    layers = [
        GraphLayer(part.name, *numbers, part.max_rate, part.on_chip)
        for part, numbers in zip(arguments["layers"], found[:n], strict=True)
    ]
    outputs = {
        name: GraphOutput(*numbers, part.head)
        for (name, part), numbers in zip(arguments["outputs"].items(), found[n:], strict=True)
    }
    return {"layers": layers, "outputs": outputs}


def blank_copy(network: AnyDense) -> AnyDense:
    """Return a network of the same neurons with random weights, so that nothing hangs on them.

    Neither a layer of zeros nor axons with equal weights are left out when it is built.
    """
    arguments = {**network.arguments(), "seed": 0}
    with outside_networks():
        if isinstance(network, DenseStack):
            return DenseStack(**{**arguments, "weights": None, "biases": None})
        rng = np.random.RandomState(0)
        parts = Parts.of(network)
        weights = [rng.normal(0, 1 / np.sqrt(w.shape[1]), w.shape) for w in parts.weights]
        biases = [np.zeros_like(b) for b in parts.biases]
        return DenseGraph(**{**arguments, **_graph_parts(network, weights, biases)})
