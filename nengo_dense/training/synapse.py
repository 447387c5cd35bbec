"""Training on single steps, without synapses."""

from collections.abc import Iterator
from contextlib import contextmanager

import nengo


@contextmanager
def without_synapses(network: nengo.Network) -> Iterator[None]:
    """Take all filters out of a network for as long as the context lasts.

    NengoDL trains on firing rates, whose value is there in a single step; a filter would pass
    only a small part of it in that step. The filters come back when the context is left, however
    it is left.

    Parameters
    ----------
    network : nengo.Network
        With all networks in it.

    Yields
    ------
    None

    Examples
    --------
    >>> import nengo
    >>> from nengo_dense.layers.stack import DenseStack
    >>> stack = DenseStack([4, 2], 3, synapse=0.005)
    >>> with without_synapses(stack):
    ...     print(stack.readout_connection.synapse)
    None
    >>> stack.readout_connection.synapse
    Lowpass(tau=0.005)
    """
    filtered = [*network.all_connections, *network.all_probes]
    synapses = [(item, item.synapse) for item in filtered if item.synapse is not None]
    try:
        for item, _ in synapses:
            item.synapse = None
        yield
    finally:
        for item, synapse in synapses:
            item.synapse = synapse
