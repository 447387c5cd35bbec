"""The trace of a PyTorch module with branches -> the nodes of its graph."""

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from nengo_dense.importers.form.graph_folding import GraphNode
from nengo_dense.importers.form.operation import Problem
from nengo_dense.importers.from_torch.torch_graph import constants_of, is_size, needed_for
from nengo_dense.importers.from_torch.torch_pattern import as_activation
from nengo_dense.importers.from_torch.torch_reading import TorchReading
from nengo_dense.importers.from_torch.torch_reference import label_of
from nengo_dense.importers.from_torch.torch_trace import values_of_inputs


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
    inputs = [node for node in flowing if node.op == "placeholder"]
    values, open_inputs = values_of_inputs(traced, inputs)
    reading = TorchReading(traced, constants, values, set(flowing))
    for step, sizes in open_inputs.items():
        x = label_of(step)
        text = (
            f"input {x!r} may have several numbers of features ({sizes}, ...), and forward does "
            f"not say which; begin it with {x} = {x}.view({x}.shape[0], n) for n features"
        )
        reading.add(step, ("",), [Problem(text)], None, x)
    for step in (each for each in flowing if each not in open_inputs):
        reading.read(step)
        as_activation(reading, step)
    outputs: dict[str, Hashable] = {}
    for name, node in _named(result.args[0]):
        key = name if name not in outputs else f"{name}_{len(outputs) + 1}"
        outputs[key] = reading.end(node, name)
    return _needed(reading.nodes, outputs.values()), outputs


def _needed(nodes: list[GraphNode], outputs: Iterable[Hashable]) -> list[GraphNode]:
    """Leave out what no output takes, such as the steps of an activation that was recognized."""
    by_name = {node.name: node for node in nodes}
    needed: set[Hashable] = set()
    waiting = list(outputs)
    while waiting:
        name = waiting.pop()
        if name not in needed and name in by_name:
            needed.add(name)
            waiting += by_name[name].sources
    return [node for node in nodes if node.name in needed or not node.sources]


def _named(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a module returns, by the keys of a dict or by the names of its steps."""
    fields = getattr(getattr(value, "target", None), "_fields", None)
    if fields is not None:  # of a named tuple, that is made in the trace
        given = {**dict(zip(fields, value.args, strict=False)), **value.kwargs}
        value = {name: given[name] for name in fields if name in given}
    if isinstance(value, dict):
        for key, part in value.items():
            for _, node in _named(part):
                yield str(key), node
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _named(part)
    elif value is not None:
        yield label_of(value) if hasattr(value, "all_input_nodes") else str(value), value
