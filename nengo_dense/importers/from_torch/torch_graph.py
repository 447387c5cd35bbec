"""The trace of a PyTorch module -> operations."""

from collections.abc import Iterator
from typing import Any

from nengo_dense import compat
from nengo_dense.importers.form.operation import Operation, attempt
from nengo_dense.importers.from_torch.torch_call import CHOICES, Call, read_call
from nengo_dense.importers.from_torch.torch_module import read_module
from nengo_dense.importers.from_torch.torch_move import MOVES, REDUCTIONS
from nengo_dense.importers.from_torch.torch_reference import label_of
from nengo_dense.importers.reading.chain_order import chain

Operations = list[Operation]

#: Calls that leave a vector one, and are read in a chain too.
IN_CHAINS = ("flatten", "max", "min", "reshape", "squeeze", "unsqueeze", "view")

#: Calls that move features, make one of several, or choose between two.
OF_SEVERAL = {"einsum", *CHOICES, *MOVES, *REDUCTIONS} - {*IN_CHAINS}


def operations_of_trace(traced: Any) -> Operations | None:
    """Return the operations of the traced calls from the input to the output.

    None if they are no chain.

    Parameters
    ----------
    traced : torch.fx.GraphModule
    """
    constants = constants_of(traced)
    graph = traced.graph
    (result,) = [node for node in graph.nodes if node.op == "output"]
    needed = needed_for(result)
    flowing = [
        node
        for node in graph.nodes
        if node in needed and node not in constants and not is_size(node)
    ]
    known = set(flowing)
    inputs = {node: [n for n in node.all_input_nodes if n in known] for node in flowing}
    nodes = chain(inputs, result.all_input_nodes)
    numbers = any(isinstance(leaf, int | float) for leaf in _leaves(result.args))
    if nodes is None or numbers or any(_needs_graph(node, known) for node in nodes):
        return None
    return [
        step
        for node in nodes
        for step in attempt(label_of(node), operations_of_node, traced, node, constants)
    ]


def _needs_graph(node: Any, known: set[Any]) -> bool:
    """Tell what no chain says: a move of features, and a value that is taken twice."""
    if node.op not in ("call_function", "call_method"):
        return False
    name = node.target if isinstance(node.target, str) else node.target.__name__
    given = _leaves([*node.args, *node.kwargs.values()])
    taken = [arg for arg in given if hasattr(arg, "all_input_nodes") and arg in known]
    return name in OF_SEVERAL or len(taken) > len(set(taken))


def _leaves(value: Any) -> Iterator[Any]:
    """Yield what is in lists and dicts, at any depth."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def needed_for(result: Any) -> set[Any]:
    """Return the nodes that the output depends on: not what is computed and dropped."""
    needed: set[Any] = set()
    waiting = list(result.all_input_nodes)
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting += node.all_input_nodes
    return needed


def constants_of(traced: Any) -> dict[Any, Any]:
    """Compute everything in a trace that does not depend on its inputs, such as ``W.T``."""
    fx = compat.require("torch.fx", "Reading a PyTorch module")
    interpreter = fx.Interpreter(traced)
    for node in traced.graph.nodes:
        sources = node.all_input_nodes
        if node.op not in ("output", "placeholder") and all(n in interpreter.env for n in sources):
            interpreter.env[node] = interpreter.run_node(node)
    return dict(interpreter.env)


def is_size(node: Any) -> bool:
    """Tell whether a node only asks for a shape or a type, as ``x.view(x.size(0), -1)`` does."""
    if node.op == "call_method":
        return bool(node.target == "size")
    if node.op != "call_function":
        return False
    if node.target is getattr:
        return node.args[1] in ("shape", "dtype", "device")
    sources = node.all_input_nodes
    return node.target.__name__ == "getitem" and bool(sources) and all(map(is_size, sources))


def operations_of_node(traced: Any, node: Any, constants: dict[Any, Any]) -> Operations:
    """Return the operations of one step of a trace."""
    label = label_of(node)
    if node.op == "placeholder":
        return []
    if node.op == "call_module":
        return read_module(traced.get_submodule(node.target), label)
    return read_call(Call(node, constants, label))
