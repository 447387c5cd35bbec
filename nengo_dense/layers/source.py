"""A network for a stack or a graph, with a node that is its input."""

from typing import Any

import nengo
import numpy as np

from nengo_dense.context import outside_networks
from nengo_dense.layers.graph import AnyDense, DenseGraph


def with_source(
    stack: AnyDense, output: Any = None, *, seed: int | None = 0, label: str | None = None
) -> tuple[nengo.Network, nengo.Node]:
    """Make a new network with a stack or a graph and a source that is connected to it.

    Parameters
    ----------
    stack : DenseStack or DenseGraph
        It does not change; it may also be part of another network.
    output : optional
        Output of the source, as for `nengo.Node`; by default zeros, to be replaced by data. The
        values of several inputs lie one after the other.
    seed : int, optional
    label : str, optional
        Of the network.

    Returns
    -------
    network : nengo.Network
    source : nengo.Node
    """
    with outside_networks(), nengo.Network(seed=seed, label=label) as network:
        nengo.Network.add(stack)
        shown = np.zeros(stack.size_in) if output is None else output
        source = nengo.Node(shown, label="samples")
        if isinstance(stack, DenseGraph):
            start = 0
            for node in stack.inputs.values():
                part = source[start : start + node.size_in]
                nengo.Connection(part, node, synapse=None)
                start += node.size_in
        else:
            nengo.Connection(source, stack.input, synapse=None)
    return network, source
