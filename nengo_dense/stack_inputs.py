"""The inputs of stacks and graphs in a network, for those that know neither's class."""

from collections.abc import Iterator, Mapping
from typing import Any

import nengo


def inputs_of(network: nengo.Network) -> Iterator[tuple[Any, list[nengo.Node]]]:
    """Yield the stacks and graphs of a network, and the nodes that each takes its inputs from.

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
        yield stack, [node for node in nodes if isinstance(node, nengo.Node)]


def stack_inputs(network: nengo.Network) -> Iterator[nengo.Node]:
    """Yield the nodes that all stacks and graphs of a network take their inputs from."""
    for _, nodes in inputs_of(network):
        yield from nodes
