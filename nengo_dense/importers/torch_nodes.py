"""The trace of a PyTorch module with branches -> the nodes of its graph."""

from collections.abc import Hashable, Iterator
from itertools import islice, product
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.importers.graph_folding import GraphNode, Merge
from nengo_dense.importers.operation import Affine, Operation, Problem, attempt
from nengo_dense.importers.torch_call import Call
from nengo_dense.importers.torch_graph import (
    SELECTIONS,
    constants_of,
    is_size,
    needed_for,
    operations_of_node,
)
from nengo_dense.importers.torch_reference import label_of

#: Functions that take several values of a model -> what they do, and their factors.
MERGES = {
    **dict.fromkeys(("add", "iadd"), Merge("sum", (1.0, 1.0))),
    **dict.fromkeys(("sub", "isub", "subtract"), Merge("sum", (1.0, -1.0))),
    **dict.fromkeys(("cat", "concat", "concatenate", "hstack"), Merge("concat")),
    **dict.fromkeys(("max", "maximum"), Merge("max")),
    **dict.fromkeys(("min", "minimum"), Merge("min")),
}

#: Numbers of features that are tried for the inputs.
MOST_TRIALS = 200
#: Samples with which calls are tried, an odd number that nothing else has.
N_SAMPLES = 37


def nodes_of_trace(traced: Any) -> tuple[list[GraphNode], dict[str, Hashable]]:
    """Return the nodes of a trace and its outputs by name.

    Parameters
    ----------
    traced : torch.fx.GraphModule
        In evaluation mode.
    """
    (result,) = [node for node in traced.graph.nodes if node.op == "output"]
    needed, constants = needed_for(result), constants_of(traced)
    flowing = [
        node
        for node in traced.graph.nodes
        if node in needed and node not in constants and not is_size(node)
    ]
    values = _values(traced, [node for node in flowing if node.op == "placeholder"])
    known = set(flowing)
    nodes = [_node(traced, node, known, constants, values) for node in flowing]
    outputs: dict[str, Hashable] = {}
    for name, node in _named(result.args[0]):
        outputs[name if name not in outputs else f"{name}_{len(outputs) + 1}"] = node
    return nodes, outputs


def _values(traced: Any, inputs: list[Any]) -> dict[Any, Any]:
    """Run the trace on zeros of the numbers of features that fit; empty if none does."""
    torch = compat.require("torch", "Reading a PyTorch module")
    fx = compat.require("torch.fx", "Reading a PyTorch module")
    sizes = {
        int(size)
        for module in traced.modules()
        for size in (getattr(module, "in_features", None), getattr(module, "num_features", None))
        if size
    }
    sizes |= {int(p.shape[-1]) for p in traced.parameters() if p.ndim}
    like = next((p for p in traced.parameters()), torch.zeros(()))
    for widths in islice(product(sorted(sizes), repeat=len(inputs)), MOST_TRIALS):
        interpreter = fx.Interpreter(traced, garbage_collect_values=False)
        zeros = [torch.zeros((N_SAMPLES, n), dtype=like.dtype, device=like.device) for n in widths]
        try:
            interpreter.run(*zeros)
        except Exception:  # these numbers do not fit, in any of PyTorch's ways to say so
            continue
        return dict(interpreter.env)
    return {}


def _node(
    traced: Any, node: Any, known: set[Any], constants: dict[Any, Any], values: dict[Any, Any]
) -> GraphNode:
    label = label_of(node)
    if node.op == "placeholder":
        value = values.get(node)
        return GraphNode(node, width=None if value is None else value[0].numel(), label=label)
    sources = tuple(source for source in _sources(node) if source in known)
    kind = "" if node.op == "call_module" else Call(node, constants, label).kind
    if kind in SELECTIONS:
        steps = attempt(label, _selection, node, values, label)
        return GraphNode(node, sources, steps, label=label)
    if len(sources) < 2:
        steps = attempt(label, operations_of_node, traced, node, constants)
        return GraphNode(node, sources, steps, label=label)
    merge, problems = _merge(Call(node, constants, label), kind, len(sources), values.get(node))
    return GraphNode(node, sources, problems, merge, label=label)


def _sources(node: Any) -> Iterator[Any]:
    """Yield what a node takes, in order, and twice what it takes twice."""

    def walk(value: Any) -> Iterator[Any]:
        if hasattr(value, "all_input_nodes"):
            yield value
        elif isinstance(value, list | tuple):
            for part in value:
                yield from walk(part)
        elif isinstance(value, dict):
            yield from walk(list(value.values()))

    yield from walk(node.args)
    yield from walk(node.kwargs)


def _merge(call: Call, kind: str, n: int, value: Any) -> tuple[Merge | None, list[Operation]]:
    merge = MERGES.get(kind)
    if kind in ("stack",) or (merge is not None and value is not None and value.ndim > 2):
        merge = None
    if merge is None:
        return None, [
            Problem(
                f"layer {call.label!r}: {kind} of {n} values that all depend on the input is no "
                "sum of rectifiers; merge them by +, -, torch.cat, maximum or minimum, and train "
                "again"
            )
        ]
    if merge.kind == "sum" and "alpha" in call.keywords:
        return Merge("sum", (1.0, merge.factors[1] * float(call.keywords["alpha"]))), []
    axis = call.get(1, "dim", call.keywords.get("axis", 0 if kind != "hstack" else 1))
    if merge.kind == "concat" and axis not in (1, -1):
        return None, [
            Problem(
                f"layer {call.label!r} puts samples one after the other (dim={axis}); "
                "concatenate along dim=1"
            )
        ]
    return merge, []


def _selection(node: Any, values: dict[Any, Any], label: str) -> list[Operation]:
    """Read what chooses features, by what it makes of their numbers."""
    torch = compat.require("torch", "Reading a PyTorch module")
    source = node.all_input_nodes[0]
    before = values[source]
    if isinstance(values[node], list | tuple):
        return []  # its parts are taken one by one
    if isinstance(before, list | tuple):  # one of these parts
        ends = np.cumsum([0, *(part.shape[-1] for part in before)])
        place = int(node.args[1]) % len(before)
        rows = np.arange(ends[place], ends[place + 1])
        return [Affine(np.eye(int(ends[-1]))[rows], None, label)]
    n = int(before.shape[-1])
    numbers = torch.arange(n, dtype=torch.float64).repeat(N_SAMPLES, 1)
    arguments = [numbers if arg is source else arg for arg in node.args]
    keywords = {key: numbers if arg is source else arg for key, arg in node.kwargs.items()}
    if isinstance(node.target, str):
        chosen = getattr(numbers, node.target)(*arguments[1:], **keywords)
    else:
        chosen = node.target(*arguments, **keywords)
    is_whole = chosen.ndim == 2 and len(chosen) == N_SAMPLES
    if not is_whole or any(not torch.equal(row, chosen[0]) for row in chosen):
        return [Problem(f"layer {label!r} does not choose the same features of each sample")]
    return [Affine(np.eye(n)[chosen[0].long().numpy()], None, label)]


def _named(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a module returns, by the keys of a dict or by the names of its steps."""
    if isinstance(value, dict):
        for key, part in value.items():
            for _, node in _named(part):
                yield str(key), node
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _named(part)
    elif value is not None:
        yield label_of(value), value
