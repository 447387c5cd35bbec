"""A context in which new Nengo objects are not added to the user's open network."""

from collections.abc import Iterator
from contextlib import contextmanager

from nengo import Config, Network


@contextmanager
def outside_networks() -> Iterator[None]:
    """Leave every open ``with network:`` block, and return to it at the end.

    Inside such a block, Nengo adds new objects to that network and takes defaults from its
    configuration. Networks that this package makes for itself must not be affected.

    Examples
    --------
    >>> import nengo
    >>> with nengo.Network() as network:
    ...     with outside_networks():
    ...         own = nengo.Network()
    ...     node = nengo.Node()
    >>> network.all_objects
    [<Node (unlabeled) at ...>]
    """
    stacks = Network.context, Config.context
    open_now = [list(stack) for stack in stacks]
    for stack in stacks:
        stack.clear()
    try:
        yield
    finally:
        for stack, items in zip(stacks, open_now, strict=True):
            stack.clear()
            for item in items:
                stack.append(item)
