"""A network for a stack, with a node that is the stack's input."""

from typing import Any

import nengo
import numpy as np

from nengo_dense.context import outside_networks
from nengo_dense.layers.stack import DenseStack


def with_source(
    stack: DenseStack, output: Any = None, *, seed: int | None = 0, label: str | None = None
) -> tuple[nengo.Network, nengo.Node]:
    """Make a new network with a stack and a source that is connected to it.

    Parameters
    ----------
    stack : DenseStack
        It does not change; it may also be part of another network.
    output : optional
        Output of the source, as for `nengo.Node`; by default zeros, to be replaced by data.
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
        nengo.Connection(source, stack.input, synapse=None)
    return network, source
