"""The one chain that the nodes of a graph may be."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def chain(inputs: Mapping[Node, Sequence[Node]], outputs: Sequence[Node]) -> list[Node] | None:
    """Order the nodes from the input to the output; None if they are not one chain.

    Parameters
    ----------
    inputs : mapping
        Node -> the nodes that it takes data from. One that takes from none is an input.
    outputs : sequence
        The nodes that give the model's results.
    """
    found: dict[Node, None] = {}  # in order, and found at once
    waiting = outputs
    while len(waiting) == 1:
        (node,) = waiting
        if node in found or node not in inputs:
            return None
        found[node] = None
        waiting = inputs[node]
    return None if waiting or len(found) < len(inputs) else list(found)[::-1]
