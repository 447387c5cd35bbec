"""The inputs of stacks and graphs in a network, for those that know neither's class."""

from collections.abc import Iterator, Mapping
from typing import Any

import nengo


def stack_inputs(network: nengo.Network) -> Iterator[nengo.Node]:
    """Yield the nodes that the stacks and graphs of a network take their inputs from.

    Parameters
    ----------
    network : nengo.Network
        It may be a stack itself.
    """
    stack: Any
    for stack in (network, *network.all_networks):
        if not hasattr(stack, "tuned"):
            continue
        named = getattr(stack, "inputs", None)
        nodes = named.values() if isinstance(named, Mapping) else [getattr(stack, "input", None)]
        yield from (node for node in nodes if isinstance(node, nengo.Node))
