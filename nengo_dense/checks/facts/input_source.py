"""The inputs of a network: source nodes, unconnected inputs, presented samples."""

from collections.abc import Iterator
from typing import Any

import nengo
import numpy as np
from nengo.processes import PresentInput

from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.loihi.membership import base
from nengo_dense.stack_inputs import stack_inputs


def feeding(graph: Graph) -> dict[nengo.Ensemble, set[nengo.Node]]:
    """Find the source nodes whose values reach each ensemble on the chip."""
    before: dict[Any, list[Any]] = {}
    for link in graph.links:
        before.setdefault(base(link.post), []).append(base(link.pre))
    result = {}
    for ensemble in graph.chip:
        seen, queue = {ensemble}, [ensemble]
        for obj in queue:
            for pre in before.get(obj, []):
                if pre not in seen:
                    seen.add(pre)
                    queue.append(pre)
        result[ensemble] = {
            obj for obj in seen if isinstance(obj, nengo.Node) and not before.get(obj)
        }
    return result


def is_zero(node: nengo.Node) -> bool:
    """Tell whether a node always gives zeros."""
    output = node.output.inputs if isinstance(node.output, PresentInput) else node.output
    return isinstance(output, np.ndarray) and not output.any()


def shows_zeros(node: nengo.Node, seconds: float) -> bool:
    """Tell whether the samples that a node presents for so long from the start are all zeros."""
    if not isinstance(node.output, PresentInput):
        return is_zero(node)
    shown = int(np.ceil(seconds / node.output.presentation_time - 1e-9))
    return not np.any(node.output.inputs[:shown])


def open_inputs(graph: Graph) -> list[nengo.Node]:
    """List the passthrough nodes that send to the chip and have no input."""
    fed = {conn.post_obj for conn in graph.network.all_connections}
    senders = {link.pre_obj: None for link in graph.links}
    return [
        node
        for node in senders
        if isinstance(node, nengo.Node) and node.output is None and node not in fed
    ]


def partly_open(graph: Graph) -> Iterator[tuple[nengo.Node, list[int]]]:
    """List the inputs of stacks and graphs of which some values get nothing, with these values."""
    network = graph.network
    for node in stack_inputs(network):
        into = [conn for conn in network.all_connections if conn.post_obj is node]
        fed = {int(i) for conn in into for i in np.arange(node.size_in)[conn.post_slice]}
        if into and len(fed) < node.size_in:
            yield node, [i for i in range(node.size_in) if i not in fed]


def presented(graph: Graph) -> Iterator[tuple[nengo.Node, PresentInput]]:
    """List the nodes that present samples, with their processes."""
    for node in graph.network.all_nodes:
        if isinstance(node.output, PresentInput):
            yield node, node.output
