"""Steps of a PyTorch trace that take constants beside values of a model: choices and einsum."""

from collections.abc import Hashable
from itertools import compress
from typing import Any

from nengo_dense.importers.form.graph_folding import Merge
from nengo_dense.importers.form.operation import Operation, unsupported
from nengo_dense.importers.from_torch.torch_call import choice_of
from nengo_dense.importers.from_torch.torch_state import to_numpy
from nengo_dense.importers.reading import contraction
from nengo_dense.importers.reading.arithmetic_call import constant

Operations = list[Operation]


def chosen(reading: Any, step: Any, kind: str, sources: list[Any], label: str) -> Operations:
    """Read a choice by a condition between two values, each of which may be a constant.

    Parameters
    ----------
    reading : nengo_dense.importers.from_torch.torch_reading.TorchReading
        Which takes this function.
    step : torch.fx.Node
    kind : str
        Its function's name.
    sources : list
        The values of the model that it takes.
    label : str
    """
    values = choice_of(step, kind)
    if values is None:
        return [unsupported(label, f"{kind} of one value", "where")]
    flowing = [any(value is source for source in sources) for value in values]
    names, layout = reading.brought(step, list(compress(values, flowing)), label)
    if step in reading.values and reading.values[step].shape != layout.shape:
        return [unsupported(label, f"{kind} with a constant of more axes", "where")]
    taken = iter(names)
    parts: list[Hashable] = []
    for number, (value, flows) in enumerate(zip(values, flowing, strict=True)):
        if flows:
            parts.append(next(taken))
            continue
        parts.append((step, "constant", number))
        steps = constant(layout.vector(_fixed(reading, value)), label)
        reading.add(parts[-1], [names[0]], steps, layout, label)
    reading.add(step, parts, [], layout, label, Merge("where"))
    return []


def contracted(reading: Any, step: Any, kind: str, sources: list[Any], label: str) -> Operations:
    """Read a sum of products by indices, of one value and of constants; as `chosen`."""
    (source,) = sources
    equation, *given = step.args
    given = given[0] if given and isinstance(given[0], list | tuple) else given
    if not isinstance(equation, str):
        return [unsupported(label, "einsum without an equation", kind)]
    name = reading.names[source]
    operands = [reading.layouts[name] if g is source else _fixed(reading, g) for g in given]
    layout, steps = contraction.contracted(equation, operands, label)
    reading.add(step, [name], steps, layout, label)
    return []


def _fixed(reading: Any, value: Any) -> Any:
    """Return the number or the array that a constant is."""
    found = reading.constants.get(value, value)
    return to_numpy(found) if hasattr(found, "detach") else found
