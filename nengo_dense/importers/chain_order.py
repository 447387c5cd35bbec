"""From a graph of layers to the one chain that a dense stack can hold."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)

#: Names that a message lists.
MAX_NAMES = 10


def chain(
    inputs: Mapping[Node, Sequence[Node]], outputs: Sequence[Node]
) -> tuple[list[Node], list[str]]:
    """Order the nodes from the input to the output, if they are one chain.

    Parameters
    ----------
    inputs : mapping
        Node -> the nodes that it takes data from. One that takes from none is an input.
    outputs : sequence
        The nodes that give the model's results.

    Returns
    -------
    nodes : list
        The chain. With problems, all nodes in the order given, so that each can be looked at.
    problems : list of str
        Everything that makes the graph more than one chain.
    """
    problems = [
        f"layer {_name(node)!r}: it joins {len(sources)} branches "
        f"({_names(sources)}); a dense stack is one chain, without residual or "
        "parallel branches: retrain without it"
        for node, sources in inputs.items()
        if len(sources) > 1
    ]
    if len(outputs) != 1:
        problems.append(
            f"it has {len(outputs)} outputs ({_names(outputs)}); "
            "make a model of the one output to convert"
        )
    heads = [node for node, sources in inputs.items() if not sources]
    if len(heads) > 1:
        problems.append(
            f"it has {len(heads)} inputs ({_names(heads)}); "
            "concatenate them into one vector before training"
        )
    if problems:
        return list(inputs), problems
    nodes = dict.fromkeys(outputs)  # in order, and found at once
    node = outputs[0]
    while inputs.get(node):
        node = inputs[node][0]
        if node in nodes:
            return list(inputs), [
                f"layer {_name(node)!r}: its output comes back to its input; a dense stack has "
                "no recurrence"
            ]
        nodes[node] = None
    left_out = [node for node in inputs if node not in nodes]
    if left_out:
        return list(inputs), [
            f"layers {_names(left_out)} are not on the way from the input to the output; "
            "remove them"
        ]
    return list(nodes)[::-1], []


def _names(nodes: Sequence[Hashable]) -> str:
    """List the first few names."""
    n_more = len(nodes) - MAX_NAMES
    more = f" and {n_more} more" if n_more > 0 else ""
    return ", ".join(map(_name, nodes[:MAX_NAMES])) + more


def _name(node: Hashable) -> str:
    return str(node[0]) if isinstance(node, tuple) and node else str(node)
