"""Who reads whom: a stack or a graph as one list of parts, the chain being the simplest graph."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.encoder import SpikeEncoder
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput


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
        sources = ["input", *(layer.label for layer in network.layers)]
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
            side_by_side(graph.sizes),
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

    def is_encoded(self, part: Part, source: str) -> bool:
        """Tell whether a part gets an input as its encoder's spikes."""
        on_chip = isinstance(part, LayerPart) and part.layer.on_chip
        return on_chip and source in self.encoders

    @property
    def depth(self) -> int:
        """(int) Populations that a spike travels through on the longest way to an output.

        One step each. After so many steps an input can first show in the outputs by every way.
        """
        return self.longest_way(self.populations)

    def populations(self, part: Part, source: str) -> int:
        """Return in how many populations spikes are made for a part of a source: 0, 1 or 2."""
        return isinstance(part, LayerPart) + self.is_encoded(part, source)

    def longest_way(self, steps_of: Callable[[Part, str], int]) -> int:
        """Add up steps on the longest way from an input to an output.

        Parameters
        ----------
        steps_of : callable
            Gives the steps from a source, by its name, to a part that reads it.
        """
        steps = dict.fromkeys(self.inputs, 0)
        for part in self.layers:
            ways = [steps[read.source] + steps_of(part, read.source) for read in part.reads]
            steps[part.name] = max(ways)
        return max(
            steps[read.source] + steps_of(part, read.source)
            for part in self.outputs
            for read in part.reads
        )


def side_by_side(widths: Mapping[str, int]) -> dict[str, slice]:
    """Lay things of given widths one after the other.

    >>> side_by_side({"a": 2, "b": 3})
    {'a': slice(0, 2, None), 'b': slice(2, 5, None)}
    """
    ends = accumulate(widths.values(), initial=0)
    return {name: slice(*pair) for name, pair in zip(widths, pairwise(ends), strict=True)}


def _reads(part: GraphLayer | GraphOutput) -> tuple[Read, ...]:
    columns = side_by_side({name: matrix.shape[1] for name, matrix in part.weights.items()})
    return tuple(Read(*found) for found in columns.items())
