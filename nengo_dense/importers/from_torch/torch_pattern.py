"""Activations that a PyTorch module computes in several steps, such as ``x * sigmoid(x)``."""

from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.importers.form.activation_pattern import GRID, MOST_STEPS, recognized
from nengo_dense.importers.form.operation import Problem, activation
from nengo_dense.importers.from_torch.torch_activation import is_activation
from nengo_dense.importers.from_torch.torch_reading import TorchReading
from nengo_dense.importers.from_torch.torch_reference import label_of

#: Functions and methods of each element alone, beside activations.
ELEMENTWISE = (
    *(
        "add",
        "iadd",
        "sub",
        "isub",
        "subtract",
        "rsub",
        "mul",
        "imul",
        "multiply",
        "div",
        "divide",
    ),
    *("truediv", "itruediv", "true_divide", "pow", "square", "sqrt", "exp", "expm1", "log"),
    *("log1p", "neg", "negative", "abs", "sign", "reciprocal", "clamp", "clip", "clamp_min"),
    *("clamp_max", "maximum", "minimum", "max", "min", "where", "gt", "ge", "lt", "le"),
)


def as_activation(reading: TorchReading, step: Any) -> None:
    """Read a step that was refused, or follows such, as the last of an activation, if it is that.

    Parameters
    ----------
    reading : TorchReading
        Which has read the step.
    step : torch.fx.Node
    """
    place = next((i for i, each in enumerate(reading.nodes) if each.name == step), None)
    if place is None or not _is_elementwise(reading, step):
        return
    if not _is_lost(reading, reading.nodes[place]):
        return
    for base, steps in _parts(reading, step):
        found = _known(reading, base, steps)
        if found is None or isinstance(reading.names[base], list):
            continue
        name, settings = found
        label = label_of(step)
        del reading.nodes[place]
        source = reading.names[base]
        operations = activation(name, label, **settings)
        reading.add(step, [source], operations, reading.layouts.get(source), label)
        return


def _is_lost(reading: TorchReading, node: Any) -> bool:
    """Tell whether a node was refused, or takes what only refused ones give."""
    lost = {
        each.name
        for each in reading.nodes
        if any(isinstance(step, Problem) for step in each.operations)
    }
    return node.name in lost or any(source in lost for source in node.sources)


def _is_elementwise(reading: TorchReading, step: Any) -> bool:
    if step.op in ("placeholder", "output", "get_attr"):
        return False
    kind = reading.kind_of(step)
    return kind in ELEMENTWISE or is_activation(kind)


def _parts(reading: TorchReading, step: Any) -> list[tuple[Any, list[Any]]]:
    """Return the steps that one may be a function of, with those from there to it."""
    order = {each: number for number, each in enumerate(reading.traced.graph.nodes)}
    steps = [step]
    waiting = {source for source in step.all_input_nodes if source in reading.known}
    found = []
    while len(steps) <= MOST_STEPS:
        if len(waiting) == 1:
            found.append((next(iter(waiting)), steps[::-1]))
        last = max(waiting, key=lambda each: order[each], default=None)
        if last is None or not _is_elementwise(reading, last):
            break
        waiting.discard(last)
        waiting |= {source for source in last.all_input_nodes if source in reading.known}
        steps = [*steps, last]
    return found


def _known(
    reading: TorchReading, base: Any, steps: list[Any]
) -> tuple[str, dict[str, Any]] | None:
    """Return the known function that steps compute of a value."""
    torch = compat.require("torch", "Reading a PyTorch module")
    values = {base: torch.from_numpy(GRID)}
    try:
        for step in steps:
            values[step] = reading.run(step, values)
    except (RuntimeError, TypeError, ValueError, LookupError):
        return None  # it is named as what it was
    result = values[steps[-1]]
    if not hasattr(result, "detach") or result.is_complex():
        return None
    return recognized(np.asarray(result.detach().double().numpy()))
