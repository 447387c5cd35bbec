"""Who reads whom in a stack or a graph: populations on host and chip, inputs, and outputs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.layers.graph_part import GraphOutput
from nengo_dense.layers.stack import DenseStack


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
        return _of_graph(dense) if isinstance(dense, DenseGraph) else _of_stack(dense)

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


def _of_stack(stack: DenseStack) -> Wiring:
    encoder = [] if stack.encoder is None else [stack.encoder.layer]
    layers = [*encoder, *stack.layers]
    parts = _parts({str(number): layer.ensemble.n_neurons for number, layer in enumerate(layers)})
    names = ["input", *(layer.label for layer in layers)]
    populations = {
        layer.label: Population(layer, part, (source,))
        for layer, part, source in zip(layers, parts.values(), names, strict=False)
    }
    host = dict(list(populations.items())[:1])
    output = Output(
        slice(0, stack.units[-1]),
        stack.readout,
        {names[-1]: stack.weights[-1]},
        stack.biases[-1],
        stack.logits,
    )
    return Wiring(
        {"input": slice(0, stack.size_in)},
        host,
        {name: each for name, each in populations.items() if name not in host},
        {"output": output},
        stack.synapses[-1],
    )


def _of_graph(graph: DenseGraph) -> Wiring:
    arguments = graph.arguments()
    layers, reads, encoded = {}, {}, {}
    for name, encoder in graph.encoders.items():
        label = encoder.layer.label
        while any(label == part.name for part in arguments["layers"]):
            label += "'"
        layers[label], reads[label], encoded[name] = encoder.layer, (name,), label
    for part, layer in zip(arguments["layers"], graph.layers, strict=True):
        layers[part.name] = layer
        sources = (encoded.get(s, s) if part.on_chip else s for s in part.weights)
        reads[part.name] = tuple(sources)
    on_host = [name for name, layer in layers.items() if not layer.on_chip]
    order = [*on_host, *(name for name in layers if name not in on_host)]
    parts = _parts({name: layers[name].ensemble.n_neurons for name in order})
    made = {name: Population(layers[name], parts[name], reads[name]) for name in order}
    return Wiring(
        _parts(graph.sizes),
        {name: made[name] for name in on_host},
        {name: made[name] for name in order[len(on_host) :]},
        _outputs(arguments["outputs"], graph.readouts),
        None,
    )


def _outputs(given: Mapping[str, GraphOutput], logits: Mapping[str, Any]) -> dict[str, Output]:
    parts = _parts({name: output.n for name, output in given.items()})
    return {
        name: Output(parts[name], each.head, dict(each.weights), each.bias, logits[name])
        for name, each in given.items()
    }


def _parts(sizes: Mapping[str, int]) -> dict[str, slice]:
    """Lay things one after the other.

    >>> _parts({"a": 2, "b": 3})
    {'a': slice(0, 2, None), 'b': slice(2, 5, None)}
    """
    ends = accumulate(sizes.values(), initial=0)
    return {name: slice(*pair) for name, pair in zip(sizes, pairwise(ends), strict=True)}
