"""A network of its own for a stack, with a node whose values it is shown."""

from typing import Any

import nengo
import numpy as np

from nengo_dense.context import outside_networks
from nengo_dense.layers.stack import DenseStack


def with_source(
    stack: DenseStack, output: Any = None, *, seed: int | None = 0, label: str | None = None
) -> tuple[nengo.Network, nengo.Node]:
    """Put a stack into a new network, behind a source.

    Parameters
    ----------
    stack : DenseStack
        Left as it is, also where it is part of another network.
    output : optional
        The source's, as `nengo.Node` takes it; zeros, in the place of data, if not given.
    seed : int, optional
    label : str, optional
        The network's.

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
