"""A stack or a graph as populations on host and chip, with inputs and outputs, for a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.layers.part import Parts, side_by_side


class Population(NamedTuple):
    """Neurons that lie one after the other.

    Attributes
    ----------
    layer : DenseLayer
    part : slice
        Of the neurons of all populations, the host's first.
    sources : tuple of str
        What it reads, in the order of its weights: inputs on the host, populations on the chip.
    """

    layer: DenseLayer
    part: slice
    sources: tuple[str, ...]

    @property
    def n_neurons(self) -> int:
        """(int) Number of neurons."""
        return int(self.part.stop - self.part.start)


class Output(NamedTuple):
    """A result that the host computes.

    Attributes
    ----------
    part : slice
        Of the logits of all outputs.
    head : str
    weights : dict of {str: (n, n_source) ndarray}
        Input or population -> what of its values enters.
    bias : (n,) ndarray
    logits : nengo.Node
    """

    part: slice
    head: str
    weights: dict[str, np.ndarray]
    bias: np.ndarray
    logits: Any


@dataclass(frozen=True)
class Wiring:
    """A stack or a graph, seen as populations that read one another.

    Attributes
    ----------
    inputs : dict of {str: slice}
        Part of a sample that each input has.
    host, chip : dict of {str: Population}
        By name, in the order of computation.
    outputs : dict of {str: Output}
    synapse : object
        Between the last population and the outputs.
    """

    inputs: dict[str, slice]
    host: dict[str, Population]
    chip: dict[str, Population]
    outputs: dict[str, Output]
    synapse: Any

    @classmethod
    def of(cls, dense: AnyDense) -> "Wiring":
        """Look at a stack or a graph."""
        parts = Parts.of(dense)
        host, chip = _populations(parts)
        is_graph = isinstance(dense, DenseGraph)
        logits = dense.readouts if is_graph else {"output": dense.logits}
        places = side_by_side({part.name: part.n for part in parts.outputs})
        n = len(parts.layers)
        numbers = zip(parts.outputs, parts.weights[n:], parts.biases[n:], strict=True)
        outputs = {
            part.name: Output(
                places[part.name],
                part.head,
                {read.source: weights[:, read.columns] for read in part.reads},
                bias,
                logits[part.name],
            )
            for part, weights, bias in numbers
        }
        return cls(parts.inputs, host, chip, outputs, None if is_graph else dense.synapses[-1])

    @property
    def populations(self) -> dict[str, Population]:
        """(dict) Those on the host, then those on the chip."""
        return self.host | self.chip

    @property
    def size_in(self) -> int:
        """(int) Number of values of a sample."""
        return int(max(part.stop for part in self.inputs.values()))

    @property
    def is_chain(self) -> bool:
        """Whether each population reads the one before it alone, and the output the last."""
        populations = self.populations
        reads = [each.sources for each in populations.values()]
        reads += [tuple(output.weights) for output in self.outputs.values()]
        return reads == [(name,) for name in [*self.inputs, *populations]]

    def columns(self, sources: Iterable[str]) -> np.ndarray:
        """Return the numbers of sources among all inputs' values, or among all neurons."""
        parts = self.inputs | {name: each.part for name, each in self.populations.items()}
        return np.concatenate([np.zeros(0, dtype=int), *(np.r_[parts[name]] for name in sources)])


def _populations(parts: Parts) -> tuple[dict[str, Population], dict[str, Population]]:
    """Lay those of the host one after the other, then those of the chip."""
    layers: dict[str, DenseLayer] = {}
    reads: dict[str, tuple[str, ...]] = {}
    encoded: dict[str, str] = {}
    for name, encoder in parts.encoders.items():
        label = encoder.layer.label
        while any(label == part.name for part in parts.layers):
            label += "'"
        layers[label], reads[label], encoded[name] = encoder.layer, (name,), label
    for part in parts.layers:
        layers[part.name] = part.layer
        sources = (read.source for read in part.reads)
        reads[part.name] = tuple(
            encoded.get(source, source) if part.layer.on_chip else source for source in sources
        )
    on_host = [name for name, layer in layers.items() if not layer.on_chip]
    order = [*on_host, *(name for name in layers if name not in on_host)]
    places = side_by_side({name: layers[name].ensemble.n_neurons for name in order})
    made = {name: Population(layers[name], places[name], reads[name]) for name in order}
    return (
        {name: made[name] for name in on_host},
        {name: made[name] for name in order[len(on_host) :]},
    )
