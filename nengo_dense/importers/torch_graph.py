"""The trace of a PyTorch module -> operations."""

from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.importers.graph import chain
from nengo_dense.importers.operation import (
    Affine,
    Operation,
    Problem,
    activation,
    attempt,
    unsupported,
)
from nengo_dense.importers.torch_module import flattening, read_module, softmax
from nengo_dense.importers.torch_reference import label_of
from nengo_dense.importers.torch_state import to_numpy

Operations = list[Operation]

#: Functions and methods that pass a vector on in evaluation.
PASS_THROUGH = ("alpha_dropout", "contiguous", "detach", "dropout", "float")


def operations_of_trace(traced: Any) -> Operations:
    """Return the operations of the traced calls from the input to the output.

    Parameters
    ----------
    traced : torch.fx.GraphModule
    """
    constants = _constants(traced)
    graph = traced.graph
    (result,) = [node for node in graph.nodes if node.op == "output"]
    flowing = [
        node
        for node in graph.nodes
        if node.op != "output" and node not in constants and not _is_size(node)
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
        return node.target == "size"
    if node.op != "call_function":
        return False
    if node.target is getattr:
        return node.args[1] == "shape"
    sources = node.all_input_nodes
    return node.target.__name__ == "getitem" and bool(sources) and all(map(_is_size, sources))


def _node(traced: Any, node: Any, constants: dict[Any, Any]) -> Operations:
    label = label_of(node)
    if node.op == "placeholder":
        return []
    if node.op == "call_module":
        return read_module(traced.get_submodule(node.target), label)
    kind = node.target if isinstance(node.target, str) else node.target.__name__
    return _call(node, kind.rstrip("_"), label, constants)


def _call(node: Any, kind: str, label: str, constants: dict[Any, Any]) -> Operations:
    """Read a function or method call, such as ``torch.relu(x)`` or ``x.flatten(1)``."""
    args, keywords = list(node.args), dict(node.kwargs)
    if kind in PASS_THROUGH:
        return []
    if kind == "flatten":
        start = keywords.get("start_dim", args[1] if len(args) > 1 else 0)
        return flattening(start, keywords.get("end_dim", args[2] if len(args) > 2 else -1), label)
    if kind in ("view", "reshape"):
        shape = args[1:] if len(args) != 2 or not isinstance(args[1], list | tuple) else args[1]
        return [] if len(shape) == 2 else [unsupported(label, f"{kind} to {len(shape)}-D", "")]
    if kind in ("softmax", "log_softmax"):
        return softmax(keywords.get("dim", args[1] if len(args) > 1 else None), label)
    if kind == "linear":
        weights = keywords.get("weight", args[1] if len(args) > 1 else None)
        bias = keywords.get("bias", args[2] if len(args) > 2 else None)
        vector = None if bias is None else _value(bias, constants)
        return [Affine(_value(weights, constants), vector, label)]
    return activation(kind, label)


def _value(node: Any, constants: dict[Any, Any]) -> np.ndarray:
    """Return a constant of the trace as an array."""
    return to_numpy(constants[node])
