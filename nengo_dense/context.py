"""Work that leaves the network alone in whose context it is done."""

from collections.abc import Iterator
from contextlib import contextmanager

from nengo import Config, Network


@contextmanager
def outside_networks() -> Iterator[None]:
    """Leave every open ``with network:``, and come back to it in the end.

    What Nengo makes inside such a block is added to that network, and takes its defaults from the
    network's configuration. Networks of our own must do neither.

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
