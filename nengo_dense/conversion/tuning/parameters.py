"""The numbers of a stack or a graph, exchanged for others."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nengo_dense.context import outside_networks
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput
from nengo_dense.layers.part import Parts
from nengo_dense.layers.stack import DenseStack


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
    found = [
        ({read.source: w[:, read.columns] for read in part.reads}, b)
        for part, w, b in zip(Parts.of(graph).all, weights, biases, strict=True)
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
            copy: AnyDense = DenseStack(**{**arguments, "weights": None, "biases": None})
        else:
            copy = DenseGraph(**{**arguments, **_graph_parts(network, *_random(network))})
    _undo_encoders(copy)
    return copy


def _random(graph: DenseGraph) -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.RandomState(0)
    parts = Parts.of(graph)
    weights = [rng.normal(0, 1 / np.sqrt(w.shape[1]), w.shape) for w in parts.weights]
    return weights, [np.zeros_like(b) for b in parts.biases]


def _undo_encoders(network: AnyDense) -> None:
    """Divide weights by the scales of encoders: times a small one they would be left out."""
    parts = Parts.of(network)
    weights = [np.array(w) for w in parts.weights]
    for part, w in zip(parts.layers, weights, strict=False):
        for read in part.reads:
            if parts.is_encoded(part, read.source):
                w[:, read.columns] /= parts.encoders[read.source].scale
    if parts.encoders:
        set_parameters(network, weights, parts.biases)
