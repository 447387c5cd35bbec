"""Activations that exporters write as several nodes: ``x * sigmoid(x)`` for SiLU.

What computes each element from one value alone is computed on a grid of numbers. If it is one of
the known functions there, it is read as that.
"""

from typing import Any

import numpy as np

from nengo_dense.importers.form.activation_pattern import GRID, MOST_STEPS, recognized
from nengo_dense.importers.form.operation import activation
from nengo_dense.importers.from_onnx.onnx_constant import ELEMENTWISE, evaluate
from nengo_dense.importers.from_onnx.onnx_graph import DOMAINS, label_of
from nengo_dense.importers.from_onnx.onnx_reading import OnnxReading

#: Nodes that leave the range of single precision where the function itself does not.
UNSTABLE = ("Exp", "Log")


def as_activation(reading: OnnxReading, node: Any) -> None:
    """Read a node that was refused, or follows such, as the last of an activation, if it is that.

    Parameters
    ----------
    reading : OnnxReading
        Which has read the node.
    node : onnx.NodeProto
    """
    output = node.output[0]
    if node.op_type not in ELEMENTWISE or node.domain not in DOMAINS:
        return
    if output in reading.layouts or not reading.nodes or reading.nodes[-1].name != output:
        return
    for base, nodes in _parts(reading, node):
        found = _known(reading, base, nodes)
        if found is not None and base in reading.layouts:
            name, settings = found
            label = label_of(node, output)
            reading.nodes.pop()  # the refused node, which was read last
            steps = activation(name, label, **settings)
            reading.add(output, [base], steps, reading.layouts[base], label)
            if any(each.op_type in UNSTABLE for each in nodes):
                reading.unstable = label
            return


def _parts(reading: OnnxReading, node: Any) -> list[tuple[str, list[Any]]]:
    """Return the tensors that a node may be a function of, with the nodes from there to it."""
    graph = reading.graph
    nodes: list[Any] = [node]
    waiting = {name for name in node.input if name and not graph.is_constant(name)}
    found = []
    while len(nodes) <= MOST_STEPS:
        if len(waiting) == 1:
            found.append((next(iter(waiting)), nodes[::-1]))
        last = max(waiting, key=lambda name: reading.places.get(name, -1), default="")
        maker = graph.makers.get(last)
        if maker is None or maker.op_type not in ELEMENTWISE or maker.domain not in DOMAINS:
            break
        waiting.discard(last)
        waiting |= {name for name in maker.input if name and not graph.is_constant(name)}
        nodes = [*nodes, maker]
    return found


def _known(reading: OnnxReading, base: str, nodes: list[Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the known function that nodes compute of a tensor."""
    graph = reading.graph
    values: dict[str, np.ndarray] = {base: GRID}
    try:
        for node in nodes:
            for name in node.input:
                if name and name not in values:
                    constant = graph.constant(name)
                    if constant.size != 1:
                        return None
                    values[name] = constant.reshape(())
            values.update(zip(node.output, evaluate(graph.model, node, values), strict=False))
    except ValueError:
        return None  # it is named as what it was
    return recognized(values[nodes[-1].output[0]])
