"""The trace of a PyTorch module -> operations."""

from typing import Any

from nengo_dense import compat
from nengo_dense.importers.graph import chain
from nengo_dense.importers.operation import Operation, Problem, attempt
from nengo_dense.importers.torch_call import Call, read_call
from nengo_dense.importers.torch_module import read_module
from nengo_dense.importers.torch_reference import label_of

Operations = list[Operation]


def operations_of_trace(traced: Any) -> Operations:
    """Return the operations of the traced calls from the input to the output.

    Parameters
    ----------
    traced : torch.fx.GraphModule
    """
    constants = _constants(traced)
    graph = traced.graph
    (result,) = [node for node in graph.nodes if node.op == "output"]
    needed = _needed(result)
    flowing = [
        node
        for node in graph.nodes
        if node in needed and node not in constants and not _is_size(node)
    ]
    known = set(flowing)
    inputs = {node: [n for n in node.all_input_nodes if n in known] for node in flowing}
    nodes, problems = chain(inputs, result.all_input_nodes)
    operations: Operations = [Problem(text) for text in problems]
    for node in nodes:
        label = label_of(node)
        steps = attempt(label, _node, traced, node, constants)
        operations += [s for s in steps if not problems or isinstance(s, Problem)]
    return operations


def _needed(result: Any) -> set[Any]:
    """Return the nodes that the output depends on: not what is computed and dropped."""
    needed: set[Any] = set()
    waiting = list(result.all_input_nodes)
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting += node.all_input_nodes
    return needed


def _constants(traced: Any) -> dict[Any, Any]:
    """Compute everything in a trace that does not depend on its inputs, such as ``W.T``."""
    fx = compat.require("torch.fx", "Reading a PyTorch module")
    interpreter = fx.Interpreter(traced)
    for node in traced.graph.nodes:
        sources = node.all_input_nodes
        if node.op not in ("output", "placeholder") and all(n in interpreter.env for n in sources):
            interpreter.env[node] = interpreter.run_node(node)
    return dict(interpreter.env)


def _is_size(node: Any) -> bool:
    """Tell whether a node only asks for a shape, as ``x.view(x.size(0), -1)`` does."""
    if node.op == "call_method":
        return bool(node.target == "size")
    if node.op != "call_function":
        return False
    if node.target is getattr:
        return bool(node.args[1] == "shape")
    sources = node.all_input_nodes
    return node.target.__name__ == "getitem" and bool(sources) and all(map(_is_size, sources))


def _node(traced: Any, node: Any, constants: dict[Any, Any]) -> Operations:
    label = label_of(node)
    if node.op == "placeholder":
        return []
    if node.op == "call_module":
        return read_module(traced.get_submodule(node.target), label)
    return read_call(Call(node, constants, label))
