"""Nodes of an ONNX graph that take several values of the model, or reduce several features."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nengo_dense.importers.form.condition import COMPARISONS, compared
from nengo_dense.importers.form.graph_folding import Merge
from nengo_dense.importers.form.operation import Operation, Problem, Scaling, unsupported
from nengo_dense.importers.from_onnx.onnx_reading import OnnxReading, Operations
from nengo_dense.importers.reading import contraction, feature_merge
from nengo_dense.importers.reading.arithmetic_call import FLOWING, clip, constant
from nengo_dense.importers.reading.feature_layout import selection
from nengo_dense.importers.reading.feature_merge import (
    added,
    check_group,
    groups,
    with_same_samples,
)

#: Nodes that make one feature of all along the axes after the second one.
POOLS = {"GlobalAveragePool": "ReduceMean", "GlobalMaxPool": "ReduceMax"}

#: Nodes that make one feature of several.
REDUCTIONS = ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", *POOLS)


def summed(
    reading: OnnxReading,
    node: Any,
    label: str,
    factors: tuple[float, ...],
    then: Sequence[Operation] = (),
) -> Operations:
    """Add a sum of values of the model, and of constants, and what is done to it."""
    values = reading.arguments(node)
    names, layout = _brought(reading, node, label)
    weights = tuple(f for f, value in zip(factors, values, strict=True) if value is FLOWING)
    offset = sum(
        (f * layout.vector(v) for f, v in zip(factors, values, strict=True) if v is not FLOWING),
        np.zeros(()),
    )
    if len(names) == 1:
        steps: Operations = [Scaling(weights[0], offset, label)]
        steps = steps if weights[0] != 1 or np.any(offset) else []
        return reading.add(node.output[0], names, [*steps, *then], layout, label)
    after: Operations = [Scaling(1.0, offset, label)] if np.any(offset) else []
    after += then
    return reading.add(node.output[0], names, after, layout, label, Merge("sum", weights))


def compared_by(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Add a comparison of two values, of which one may be a constant."""
    kind = node.op_type.lower()
    return summed(reading, node, label, COMPARISONS[kind], compared(kind, label))


def chosen(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Add a choice between two values by a condition, each of which may be a constant."""
    if len(node.input) != 3:
        raise ValueError(f"it takes {len(node.input)} values, must be a condition and two")
    names, layout = _brought(reading, node, label)
    parts, flowing = [], iter(names)
    for number, value in enumerate(reading.arguments(node)):
        if value is FLOWING:
            parts.append(next(flowing))
            continue
        parts.append((node.output[0], "constant", number))
        steps = constant(layout.vector(value), label)
        reading.add(parts[-1], [names[0]], steps, layout, label)
    return reading.add(node.output[0], parts, [], layout, label, Merge("where"))


def multiplied(reading: OnnxReading, node: Any, label: str, kind: str) -> Operations:
    """Add a product or a quotient of values of the model."""
    names, layout = _brought(reading, node, label)
    return reading.add(node.output[0], names, [], layout, label, Merge(kind))


def limits(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Add the largest or the smallest of values of the model and of constants."""
    names, layout = _brought(reading, node, label)
    choose = np.maximum if node.op_type == "Max" else np.minimum
    constants = [layout.vector(v) for v in reading.arguments(node) if v is not FLOWING]
    steps: Operations = []
    if constants:
        limit = constants[0]
        for each in constants[1:]:
            limit = choose(limit, each)
        is_lower = node.op_type == "Max"
        steps = clip(limit if is_lower else None, None if is_lower else limit, label)
    merge = Merge(node.op_type.lower()) if len(names) > 1 else None
    return reading.add(node.output[0], names, steps, layout, label, merge)


def contracted(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Add a sum of products by indices, of one value of the model and of constants."""
    values = reading.arguments(node)
    if sum(value is FLOWING for value in values) > 1:
        return [unsupported(label, "an Einsum of two values of the model", "matmul")]
    source = reading.flowing(node)
    operands = [reading.layouts[source] if v is FLOWING else v for v in values]
    equation = reading.graph.settings(node)["equation"].decode()
    layout, steps = contraction.contracted(equation, operands, label)
    return reading.add(node.output[0], [source], steps, layout, label)


def joined(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Add values of the model one after the other, along any axis."""
    if any(reading.graph.is_constant(name) for name in node.input):
        return [Problem(f"layer {label!r} joins constants to values; add them to the bias")]
    layouts = [reading.layouts[name] for name in node.input]
    axis = reading.graph.settings(node).get("axis", -1 if node.domain else 1)
    together = ("joined", node.output[0])
    reading.add(together, list(node.input), [], layouts[0], label, Merge("concat"))
    total = sum(layout.n for layout in layouts)
    try:
        layout, rows = feature_merge.joined(layouts, lambda p: np.concatenate(p, axis=axis))
    except ValueError as err:
        return [Problem(f"layer {label!r}: {err}; join the features of each sample")]
    return reading.add(node.output[0], [together], selection(rows, total, label), layout, label)


def reduced(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Add the sum, the mean, or the largest or smallest of features along axes."""
    settings = reading.graph.settings(node)
    source = node.input[0]
    layout = reading.layouts[source]
    kind = POOLS.get(node.op_type, node.op_type)
    given = reading.optional(node, 1)
    axes = settings.get("axes") if given is None else [int(axis) for axis in given.ravel()]
    axes = list(range(2, len(layout.shape))) if node.op_type in POOLS else axes
    if not axes and settings.get("noop_with_empty_axes", 0):
        return reading.add(node.output[0], [source], [], layout, label)
    is_limit = kind in ("ReduceMax", "ReduceMin")
    try:
        after, found = groups(layout, axes or None, bool(settings.get("keepdims", 1)))
        check_group(len(found) if is_limit else 1)
    except ValueError as err:
        return [Problem(f"layer {label!r}: {err}")]
    if not is_limit:
        steps = added(found, layout.n, label, mean=kind == "ReduceMean")
        return reading.add(node.output[0], [source], steps, after, label)
    names = [(node.output[0], number) for number in range(len(found))]
    for name, rows in zip(names, found, strict=True):
        reading.add(name, [source], selection(rows, layout.n, label), after, label)
    merge = Merge("max" if kind == "ReduceMax" else "min")
    return reading.add(node.output[0], names, [], after, label, merge)


def _brought(reading: OnnxReading, node: Any, label: str) -> tuple[list[Any], Any]:
    """Return the values of the model that a node takes, as they are broadcast together."""
    shapes = [
        reading.layouts[name].shape if value is FLOWING else value.shape
        for name, value in zip(node.input, reading.arguments(node), strict=True)
    ]
    shape = np.broadcast_shapes(*shapes)
    flowing = [n for n in node.input if not reading.graph.is_constant(n)]
    found = [reading.brought(name, shape, label) for name in flowing]
    layout = with_same_samples([each for _, each in found])
    return [name for name, _ in found], layout
