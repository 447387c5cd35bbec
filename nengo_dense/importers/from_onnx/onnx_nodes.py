"""Nodes of an ONNX graph that take one value of the model -> operations."""

from dataclasses import replace
from typing import Any

import numpy as np

from nengo_dense.importers.form.operation import (
    Affine,
    Problem,
    Scaling,
    activation,
    batch_norm,
    unsupported,
)
from nengo_dense.importers.from_onnx.onnx_constant import MOVING
from nengo_dense.importers.from_onnx.onnx_merge import (
    REDUCTIONS,
    chosen,
    compared_by,
    contracted,
    joined,
    limits,
    multiplied,
    reduced,
    summed,
)
from nengo_dense.importers.from_onnx.onnx_quantizer_nodes import QUANTIZER_NODES
from nengo_dense.importers.from_onnx.onnx_reading import OnnxReading, Operations, Reader
from nengo_dense.importers.reading.arithmetic_call import (
    ARITHMETIC,
    FLOWING,
    affine,
    arithmetic,
    clip,
    power,
)
from nengo_dense.importers.reading.feature_layout import Layout, along_last

#: Activations with settings: attribute, our name, ONNX's default.
SETTINGS: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "Celu": (("alpha", "alpha", 1.0),),
    "Elu": (("alpha", "alpha", 1.0),),
    "Gelu": (("approximate", "approximate", "none"),),
    "HardSigmoid": (("alpha", "slope", 0.2), ("beta", "offset", 0.5)),
    "LeakyRelu": (("alpha", "slope", 0.01),),
    "Swish": (("alpha", "beta", 1.0),),
}

#: Attributes of a Scaler of ai.onnx.ml, and their values where none are given.
SCALER = (("scale", 1.0), ("offset", 0.0))
#: Settings of a SELU, rounded to single precision as ONNX has them.
SELU = (("alpha", 1.67326319217681884765625), ("gamma", 1.05070102214813232421875))

#: Arithmetic of two values of the model that is no sum -> how they are merged.
PRODUCTS = {"multiply": "product", "divide": "quotient"}

#: Since this version of the operators a Softmax is over the last axis if it names none.
SOFTMAX_LAST_AXIS_OPSET = 13
#: Since this version a BatchNormalization says whether it trains.
STATISTICS_OPSET = 14


def _pass(reading: OnnxReading, node: Any, label: str) -> Operations:
    source = node.input[0]
    return reading.add(node.output[0], [source], [], reading.layouts[source], label)


def _dropout(reading: OnnxReading, node: Any, label: str) -> Operations:
    trains = reading.optional(node, 2)
    is_test = reading.graph.settings(node).get("is_test", 1)  # of versions before 7
    if (trains is not None and np.any(trains)) or not is_test:
        return [Problem(f"layer {label!r} is in training mode; export for evaluation")]
    return _pass(reading, node, label)


def _activation(reading: OnnxReading, node: Any, label: str) -> Operations:
    given = reading.graph.settings(node)
    settings = {
        ours: given.get(theirs, _single(default))
        for theirs, ours, default in SETTINGS.get(node.op_type, ())
    }
    name = "silu" if node.op_type == "Swish" else node.op_type
    return reading.each(node, activation(name, label, **settings), label)


def _single(value: Any) -> Any:
    """Return a number as ONNX has it, whose attributes are in single precision."""
    return float(np.float32(value)) if isinstance(value, float) else value


def _p_relu(reading: OnnxReading, node: Any, label: str) -> Operations:
    slope = reading.layouts[node.input[0]].vector(reading.constant(node.input[1]))
    return reading.each(node, activation("prelu", label, slope=slope), label)


def _selu(reading: OnnxReading, node: Any, label: str) -> Operations:
    """``gamma * (x if x > 0 else alpha * (exp(x) - 1))``."""
    alpha, gamma = (reading.graph.settings(node).get(name, value) for name, value in SELU)
    steps = activation("selu", label, alpha=alpha, scale=gamma)
    return reading.each(node, steps, label)


def _thresholded(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Read ``x if x > alpha else 0``, which is continuous where alpha is 0."""
    if reading.graph.settings(node).get("alpha", 1.0) != 0:
        return [unsupported(label, node.op_type, node.op_type)]
    return reading.each(node, activation("relu", label), label)


def _clip(reading: OnnxReading, node: Any, label: str) -> Operations:
    given = reading.graph.settings(node)
    low, high = (
        given.get(name) if (limit := reading.optional(node, place)) is None else limit
        for place, name in ((1, "min"), (2, "max"))
    )
    return reading.each(node, clip(low, high, label), label)


def _arithmetic(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Sums and products, of which one of two may be a constant."""
    first, second = reading.arguments(node)
    kind = ARITHMETIC[node.op_type.lower()]
    if first is FLOWING and second is FLOWING:
        if kind in PRODUCTS:
            return multiplied(reading, node, label, PRODUCTS[kind])
        return summed(reading, node, label, (1.0, -1.0 if kind == "subtract" else 1.0))
    source = reading.flowing(node)
    constant = second if first is FLOWING else first
    try:
        shape = np.broadcast_shapes(reading.layouts[source].shape, constant.shape)
    except ValueError as err:
        raise ValueError(
            f"a constant of shape {constant.shape} is not one per feature of "
            f"{reading.layouts[source].shape[1:]}"
        ) from err
    name, layout = reading.brought(source, shape, label)
    vector = layout.vector(constant)
    ours, theirs = (FLOWING, vector) if first is FLOWING else (vector, FLOWING)
    steps = arithmetic(kind, ours, theirs, label)
    return reading.add(node.output[0], [name], steps, layout, label)


def _sum(reading: OnnxReading, node: Any, label: str) -> Operations:
    n = len(node.input)
    return summed(reading, node, label, (1.0 / n if node.op_type == "Mean" else 1.0,) * n)


def _negative(reading: OnnxReading, node: Any, label: str) -> Operations:
    return reading.each(node, [Scaling(-1.0, 0.0, label)], label)


def _not(reading: OnnxReading, node: Any, label: str) -> Operations:
    return reading.each(node, [Scaling(-1.0, 1.0, label)], label)


def _power(reading: OnnxReading, node: Any, label: str) -> Operations:
    first, second = reading.arguments(node)
    return reading.each(node, power(first, second, label), label)


def _scaler(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Apply ``(x - offset) * scale`` of ai.onnx.ml."""
    settings = reading.graph.settings(node)
    layout = reading.layouts[node.input[0]]
    scale, offset = (layout.vector(settings.get(name, value)) for name, value in SCALER)
    return reading.each(node, [Scaling(scale, -offset * scale, label)], label)


def _gemm(reading: OnnxReading, node: Any, label: str) -> Operations:
    """``alpha * x @ B + beta * C``."""
    settings = reading.graph.settings(node)
    if reading.graph.is_constant(node.input[0]):
        return [Problem(f"layer {label!r} multiplies from the left; use x @ weights")]
    weights = reading.constant(node.input[1]) * settings.get("alpha", 1.0)
    weights = weights if settings.get("transB", 0) else weights.T
    turned, beta = bool(settings.get("transA", 0)), settings.get("beta", 1.0)
    if len(node.input) > 2 and node.input[2] and not reading.graph.is_constant(node.input[2]):
        product = f"{node.output[0]}/product"
        added = reading.graph.onnx.helper.make_node("Add", [product, node.input[2]], node.output)
        problems = _dense(reading, node, label, weights, None, turned, product)
        return problems or summed(reading, added, label, (1.0, beta))
    bias = reading.optional(node, 2)
    bias = None if bias is None else bias * beta
    return _dense(reading, node, label, weights, bias, turned)


def _matmul(reading: OnnxReading, node: Any, label: str) -> Operations:
    first, second = reading.arguments(node)
    if first is FLOWING and second is FLOWING:
        return [unsupported(label, "a product of two values that depend on the input", "matmul")]
    if first is FLOWING:
        steps = _dense(reading, node, label, np.atleast_2d(second.T), None, False)
        layout = reading.layouts.get(node.output[0])
        if second.ndim == 1 and layout is not None:  # a vector takes the axis with it
            reading.layouts[node.output[0]] = Layout(layout.samples[..., 0], layout.n)
        return steps
    source = reading.layouts[node.input[1]]
    if first.shape[1:] != source.shape[:1] or not _is_by_column(source):
        return [Problem(f"layer {label!r} multiplies from the left; use x @ weights")]
    after = Layout(np.broadcast_to(source.samples[:1], (len(first), source.shape[1])), len(first))
    return reading.add(node.output[0], [node.input[1]], affine(first, None, label), after, label)


def _is_by_column(layout: Layout) -> bool:
    """Tell whether each column of a matrix holds one sample."""
    is_matrix = len(layout.shape) == 2 and layout.shape[0] == layout.n
    return is_matrix and bool((layout.samples == layout.samples[:1]).all())


def _dense(
    reading: OnnxReading,
    node: Any,
    label: str,
    weights: np.ndarray,
    bias: np.ndarray | None,
    is_turned: bool,
    output: str = "",
) -> Operations:
    """Multiply the last axis, or the first of two, with (n_out, n_in) weights."""
    source = node.input[0]
    layout = reading.layouts[source]
    if is_turned and not _is_by_column(layout):
        return [Problem(f"layer {label!r} transposes its input; export with transA=0")]
    if weights.ndim != 2 or 0 in weights.shape:
        raise ValueError(f"weights of shape {weights.shape} are no matrix")
    samples = layout.samples.T if is_turned else layout.samples
    if not samples.ndim or np.any(samples != samples[..., :1]):
        return [Problem(f"layer {label!r} gets several samples in a row; give each its own")]
    if samples.shape[-1] != weights.shape[1]:
        n_in = weights.shape[1]
        return [Problem(f"layer {label!r} takes {n_in} inputs, but gets {samples.shape[-1]}")]
    n_out = len(weights) * (layout.n // weights.shape[1])
    after = Layout(np.broadcast_to(samples[..., :1], (*samples.shape[:-1], len(weights))), n_out)
    dense = along_last(Affine(weights, None, label), layout.n)
    vector = None if bias is None else np.broadcast_to(after.vector(bias), n_out)
    steps: Operations = [replace(dense, bias=vector)]
    return reading.add(output or node.output[0], [source], steps, after, label)


def _cast(reading: OnnxReading, node: Any, label: str) -> Operations:
    kind = reading.graph.settings(node)["to"]
    if reading.graph.is_float(kind):
        return _pass(reading, node, label)
    target = reading.graph.onnx.TensorProto.DataType.Name(kind)
    return [
        Problem(
            f"layer {label!r} is a Cast to {target}, which cuts values off; export the model "
            "without it"
        )
    ]


def _batch_normalization(reading: OnnxReading, node: Any, label: str) -> Operations:
    settings = reading.graph.settings(node)
    # before version 14 one that trains gives its statistics, too
    trains = reading.graph.opset < STATISTICS_OPSET and any(node.output[1:])
    if trains or settings.get("training_mode", 0) or not settings.get("is_test", 1):
        return [Problem(f"layer {label!r} is in training mode; export for evaluation")]
    layout = reading.layouts[node.input[0]]
    rank = len(layout.shape)
    gamma, beta, mean, variance = (
        layout.vector(np.reshape(reading.constant(name), (1, -1, *(1,) * (rank - 2))))
        for name in node.input[1:5]
    )
    scaling = batch_norm(
        mean, variance, gamma, beta, settings.get("epsilon", _single(1e-5)), label
    )
    return reading.each(node, [scaling], label)


def _softmax(reading: OnnxReading, node: Any, label: str) -> Operations:
    is_last = reading.graph.opset >= SOFTMAX_LAST_AXIS_OPSET
    axis = reading.graph.settings(node).get("axis", -1 if is_last else 1)
    layout = reading.layouts[node.input[0]]
    rank = len(layout.shape)
    if not -rank <= axis < rank:
        raise ValueError(f"it has no axis {axis}")
    groups = np.moveaxis(layout.samples, axis, -1)
    if not is_last:  # those made one axis of it and all after it
        groups = layout.samples.reshape(int(np.prod(layout.shape[: axis % rank])), -1)
    if groups.shape[-1] != layout.n or np.any(groups != groups[..., :1]):
        return [Problem(f"layer {label!r} is a softmax over axis {axis}; it must be over 1")]
    return reading.each(node, activation(node.op_type, label), label)


def _moved(reading: OnnxReading, node: Any, label: str) -> Operations:
    return reading.moved(node, label)


def _feature_extractor(reading: OnnxReading, node: Any, label: str) -> Operations:
    """Choose columns by their numbers, which ai.onnx.ml calls extracting features."""
    source = reading.flowing(node)
    layout = reading.layouts[source]
    columns = np.asarray(reading.constant(node.input[1]), dtype=np.int64).ravel()
    return reading.rearranged(node, source, [layout.places[..., columns]], label)


NODES: dict[str, Reader] = {
    **dict.fromkeys(("Add", "Div", "Mul", "Sub"), _arithmetic),
    **dict.fromkeys(("LogSoftmax", "Softmax"), _softmax),
    **dict.fromkeys(("Greater", "GreaterOrEqual", "Less", "LessOrEqual"), compared_by),
    **dict.fromkeys(("Max", "Min"), limits),
    **dict.fromkeys(("Mean", "Sum"), _sum),
    **dict.fromkeys(MOVING - {"ArrayFeatureExtractor", "Concat", "Identity"}, _moved),
    **dict.fromkeys(REDUCTIONS, reduced),
    **QUANTIZER_NODES,
    **dict.fromkeys(
        ("Abs", "Celu", "Elu", "Erf", "Exp", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu"),
        _activation,
    ),
    **dict.fromkeys(
        ("Mish", "Relu", "Sigmoid", "Softplus", "Softsign", "Swish", "Tanh"), _activation
    ),
    "BatchNormalization": _batch_normalization,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": joined,
    "Dropout": _dropout,
    "Einsum": contracted,
    "Gemm": _gemm,
    "Identity": _pass,
    "MatMul": _matmul,
    "Neg": _negative,
    "Not": _not,
    "PRelu": _p_relu,
    "Pow": _power,
    "Selu": _selu,
    "ThresholdedRelu": _thresholded,
    "Where": chosen,
    "ai.onnx.ml.ArrayFeatureExtractor": _feature_extractor,
    "ai.onnx.ml.FeatureVectorizer": joined,
    "ai.onnx.ml.Scaler": _scaler,
    "ai.onnx.ml.ZipMap": _pass,
}
