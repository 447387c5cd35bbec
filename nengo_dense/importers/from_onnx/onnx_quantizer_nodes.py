"""Nodes of an ONNX graph that quantize a value of the model -> operations."""

from typing import Any

import numpy as np

from nengo_dense.importers.form.operation import Problem, unsupported
from nengo_dense.importers.from_onnx.onnx_graph import OnnxGraph, label_of
from nengo_dense.importers.from_onnx.onnx_quantizer import (
    QONNX_DOMAINS,
    QUANT,
    linear_quantizer,
    quantizer_of,
)
from nengo_dense.importers.from_onnx.onnx_reading import OnnxReading, Operations, Reader
from nengo_dense.importers.reading.quantizer import Quantizer, jump

#: TensorProto.UINT8 in onnx.proto: the type of levels if nothing says another.
UINT8 = 2


def _quant(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Read a quantizer of QONNX between layers."""
    arrays = [reading.constant(name) for name in node.input[1:4]]
    quantizer = quantizer_of(arrays, reading.graph.settings(node))
    if quantizer is None:
        return [jump(label, "gives only signs")]
    return _quantizer(reading, node, label, quantizer)


def _quantizer(reading: OnnxReading, node: Any, label: str, quantizer: Quantizer) -> Operations:
    """Add a quantizer; that of an input, which neurons need not do, is left out."""
    layout = reading.layouts[node.input[0]]
    steps = quantizer.operations(label, layout.vector)
    if reading.is_input(node.input[0]) and not any(isinstance(step, Problem) for step in steps):
        reading.rounded_inputs[label] = node.input[0], quantizer.spread(layout.vector)
        steps = []
    return reading.each(node, steps, label)


def _bipolar(reading: OnnxReading, node: Any, label: str) -> Operations:
    return [jump(label, "gives only signs")]


def _quantize(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Read ``QuantizeLinear`` as it and the ``DequantizeLinear`` that must follow."""
    settings = reading.graph.settings(node)
    scale, zero = _scale_and_zero(reading, node, settings.get("axis", 1))
    zero_point = node.input[2] if len(node.input) > 2 else ""
    kind = reading.graph.level_type(zero_point, settings.get("output_dtype") or UINT8)
    return _quantizer(reading, node, label, linear_quantizer(scale, zero, kind))


def _dequantize(reading: OnnxReading, node: Any, label: str) -> Operations:
    maker = reading.graph.makers.get(node.input[0])
    if maker is None or maker.op_type != "QuantizeLinear":
        return [unsupported(label, node.op_type, node.op_type)]
    ours, theirs = (_scale_and_zero(reading, each, 0) for each in (node, maker))
    if any(not np.array_equal(*pair) for pair in zip(ours, theirs, strict=True)):
        quantizer = label_of(maker, node.input[0])
        return [Problem(f"layer {label!r} has another scale or zero point than {quantizer!r}")]
    return reading.each(node, [], label)


def _scale_and_zero(reading: OnnxReading, node: Any, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Return both in a shape that is broadcast along an axis."""
    layout = reading.layouts[node.input[0]]
    scale, zero = reading.constant(node.input[1]), reading.optional(node, 2)
    zero = np.zeros(scale.shape) if zero is None else zero
    if scale.size > 1:
        shape = [1] * len(layout.shape)
        shape[axis] = -1
        scale, zero = scale.reshape(shape), zero.reshape(shape)
    return scale, zero


def before_rounding(graph: OnnxGraph, tensor: str) -> tuple[str, str]:
    """Return the probabilities that a model rounds at its end, and a sentence that says it.

    Of what stands behind a softmax nothing can be computed by neurons. To leave out the rounding
    of probabilities changes no class, unless limits are below a half, where two may be as large.

    Parameters
    ----------
    graph : OnnxGraph
    tensor : str
        An output.

    Returns
    -------
    tensor : str
        The output itself where no such probabilities are rounded; then the sentence is empty.
    """
    after = graph.makers.get(tensor)
    before = graph.makers.get(after.input[0]) if after is not None else None
    if after is None or before is None or after.op_type != "DequantizeLinear":
        return tensor, ""
    taken = before.input[0]
    maker = graph.makers.get(taken)
    is_pair = before.op_type == "QuantizeLinear" and before.input[1:] == after.input[1:]
    if not is_pair or maker is None or maker.op_type not in ("Sigmoid", "Softmax"):
        return tensor, ""
    if not all(graph.is_number(name) for name in before.input[1:]):
        return tensor, ""
    scale = graph.constant(before.input[1])
    zero_point = before.input[2] if len(before.input) > 2 else ""
    zero = graph.constant(zero_point) if zero_point else np.zeros(())
    kind = graph.level_type(zero_point, graph.settings(before).get("output_dtype") or UINT8)
    if "int" not in kind:
        return tensor, ""
    found = linear_quantizer(scale, zero, kind)
    low, high = (float((end - found.zero) * found.step) for end in (found.low, found.high))
    if low > 0 or high < 0.5:
        return tensor, ""
    return taken, (
        f"the quantizer of its outputs ({label_of(before, before.output[0])}) is left out: the "
        f"source gives probabilities in steps of {float(found.step):.3g}, up to {high:.3g}"
    )


QUANTIZER_NODES: dict[str, Reader] = {
    **dict.fromkeys((f"{d}.{kind}" for d in QONNX_DOMAINS for kind in QUANT), _quant),
    **dict.fromkeys((f"{d}.BipolarQuant" for d in QONNX_DOMAINS), _bipolar),
    "DequantizeLinear": _dequantize,
    "QuantizeLinear": _quantize,
}
