"""Nodes of an ONNX graph that take several values of the model, or reduce several features."""

from typing import Any

import numpy as np

from nengo_dense.importers.arithmetic_call import FLOWING, clip
from nengo_dense.importers.feature_layout import moved, selection
from nengo_dense.importers.graph_folding import Merge
from nengo_dense.importers.onnx_reading import OnnxReading, Operations
from nengo_dense.importers.operation import Affine, Problem, Scaling

#: Nodes that make one feature of several.
REDUCTIONS = ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum")

#: Features of which the largest may be taken: each but one needs a rectifier after the others.
MOST_OF_MAXIMUM = 64


def summed(reading: OnnxReading, node: Any, label: str, factors: tuple[float, ...]) -> Operations:
    """Add a sum of values of the model, and of constants."""
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
        return reading.add(node.output[0], names, steps, layout, label)
    after: Operations = [Scaling(1.0, offset, label)] if np.any(offset) else []
    return reading.add(node.output[0], names, after, layout, label, Merge("sum", weights))


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


def joined(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Add values of the model one after the other, along any axis."""
    if any(reading.graph.is_constant(name) for name in node.input):
        return [Problem(f"layer {label!r} joins constants to values; add them to the bias")]
    layouts = [reading.layouts[name] for name in node.input]
    total, start = sum(layout.n for layout in layouts), 0
    parts = []
    for layout in layouts:
        samples, features = np.divmod(layout.places, layout.n)
        parts.append(samples * total + start + features)
        start += layout.n
    axis = reading.graph.settings(node).get("axis", -1 if node.domain else 1)
    together = ("joined", node.output[0])
    reading.add(together, list(node.input), [], layouts[0], label, Merge("concat"))
    n_samples = layouts[0].n_samples
    try:
        layout, rows = moved(np.concatenate(parts, axis=axis), total, n_samples)
    except ValueError as err:
        return [Problem(f"layer {label!r}: {err}; join the features of each sample")]
    return reading.add(node.output[0], [together], selection(rows, total, label), layout, label)


def reduced(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Add the sum, the mean, or the largest or smallest of features along axes."""
    settings = reading.graph.settings(node)
    source = node.input[0]
    layout = reading.layouts[source]
    given = reading.optional(node, 1)
    axes = settings.get("axes") if given is None else [int(axis) for axis in given.ravel()]
    if not axes and settings.get("noop_with_empty_axes", 0):
        return reading.add(node.output[0], [source], [], layout, label)
    rank = len(layout.shape)
    places = sorted({axis % rank for axis in axes} if axes else range(rank))
    n_reduced = int(np.prod([layout.shape[place] for place in places]))
    keeps = settings.get("keepdims", 1)
    shape = [1 if at in places else n for at, n in enumerate(layout.shape)]
    shape = shape if keeps else [n for at, n in enumerate(shape) if at not in places]
    last = np.moveaxis(layout.places, places, range(rank - len(places), rank))
    last = last.reshape(-1, n_reduced)
    if np.any(last // layout.n != last[:, :1] // layout.n):
        return [Problem(f"layer {label!r} makes one value of several samples; keep them apart")]
    found = [moved(column.reshape(shape), layout.n, layout.n_samples) for column in last.T]
    after = found[0][0]
    if node.op_type in ("ReduceMean", "ReduceSum"):
        matrix = np.zeros((after.n, layout.n))
        for _, rows in found:
            np.add.at(matrix, (np.arange(after.n), rows), 1.0)
        matrix /= n_reduced if node.op_type == "ReduceMean" else 1
        return reading.add(node.output[0], [source], [Affine(matrix, None, label)], after, label)
    if n_reduced > MOST_OF_MAXIMUM:
        return [
            Problem(
                f"layer {label!r} takes the largest of {n_reduced} values, more than "
                f"{MOST_OF_MAXIMUM}; train with smaller groups"
            )
        ]
    names = [(node.output[0], number) for number in range(n_reduced)]
    for name, (_, rows) in zip(names, found, strict=True):
        reading.add(name, [source], selection(rows, layout.n, label), after, label)
    merge = Merge("max" if node.op_type == "ReduceMax" else "min")
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
    layout = found[0][1]
    if any(not np.array_equal(other.samples, layout.samples) for _, other in found):
        raise ValueError("it brings different samples together")
    return [name for name, _ in found], layout
