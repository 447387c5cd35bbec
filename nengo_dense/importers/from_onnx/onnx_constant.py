"""Single nodes of an ONNX graph computed by onnx's own reference implementation, within bounds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.importers.reading.feature_layout import MAX_ELEMENTS

#: Products that a multiplication of constants may take, some seconds' work.
MAX_PRODUCTS = 2**33

#: Nodes whose result has at most the elements of all that they take.
MOVING = {
    *("ArrayFeatureExtractor", "Concat", "DepthToSpace", "Expand", "Flatten", "Gather"),
    *("GatherElements", "GatherND", "Identity", "Reshape", "Slice", "SpaceToDepth", "Split"),
    *("Squeeze", "Tile", "Transpose", "Unsqueeze"),
}

#: Nodes that compute each element from those at the same place.
ELEMENTWISE = {
    *("Abs", "Add", "And", "Ceil", "Clip", "Cos", "Div", "Equal", "Erf", "Exp", "Floor"),
    *("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Log", "Max", "Mean", "Min", "Mod"),
    *("Mul", "Neg", "Not", "Or", "Pow", "Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Sin"),
    *("Softplus", "Sqrt", "Sub", "Sum", "Tanh", "Where", "HardSigmoid", "LeakyRelu", "Elu"),
    *("Xor", "DequantizeLinear", "QuantizeLinear"),
}

#: Nodes that make fewer elements.
REDUCING = {"ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "Size"}

#: Nodes that are computed where all that they take is constant.
FOLDED = {*MOVING, *ELEMENTWISE, *REDUCING, "ConstantOfShape", "MatMul", "Range"}


def evaluate(
    model: Any, node: Any, values: dict[str, np.ndarray], most: int = MAX_ELEMENTS
) -> list[np.ndarray]:
    """Compute one node.

    Parameters
    ----------
    model : onnx.ModelProto
        Whose versions of the operators count.
    node : onnx.NodeProto
        Of a kind in `FOLDED`.
    values : dict
        Name of a tensor -> its value, of all that the node takes.
    most : int, optional
        Elements that it may make.

    Raises
    ------
    ValueError
        It cannot be computed, or its result would be too large.
    """
    arrays = [values[name] for name in node.input if name]
    try:
        check_growth(node.op_type, arrays, most)
    except (LookupError, TypeError) as err:
        raise ValueError(f"{node.op_type} does not take {len(arrays)} such values") from err
    onnx = compat.require("onnx", "Reading an ONNX model")
    tools = compat.require("onnx.reference", "Reading an ONNX model")
    names = [name for name in dict.fromkeys(node.input) if name]
    graph = onnx.helper.make_graph(
        [node],
        "one",
        [onnx.ValueInfoProto(name=name) for name in names],
        [onnx.ValueInfoProto(name=name) for name in node.output if name],
    )
    versions = list(model.opset_import)
    if not any(entry.domain == "ai.onnx.ml" for entry in versions):
        versions.append(onnx.helper.make_opsetid("ai.onnx.ml", 1))
    one = onnx.helper.make_model(graph, opset_imports=versions)
    try:
        with np.errstate(all="ignore"):  # what comes of it is looked at
            results = tools.ReferenceEvaluator(one).run(
                None, {name: values[name] for name in names}
            )
    except Exception as err:  # its operators raise whatever comes up in them
        raise ValueError(
            f"{node.op_type} cannot be computed: {type(err).__name__}: {err}"
        ) from err
    return [np.asarray(result) for result in results]


def check_growth(kind: str, arrays: Sequence[np.ndarray], most: int) -> None:
    """Refuse what would make much of little.

    Raises
    ------
    ValueError
    """
    n_elements = _bound(kind, [np.shape(array) for array in arrays], arrays)
    if n_elements > most:
        raise ValueError(f"{kind} would make more than {most} values")


def _bound(kind: str, shapes: list[tuple[int, ...]], arrays: Sequence[np.ndarray]) -> float:
    """Return the most elements that a node makes."""
    sizes = [float(np.prod(shape, dtype=np.float64)) for shape in shapes]
    if kind in ("Tile", "ConstantOfShape", "Expand"):
        target = np.asarray(arrays[-1], dtype=np.float64)
        factor = float(np.prod(np.maximum(target, 1)))
        return factor if kind == "ConstantOfShape" else sizes[0] * factor
    if kind == "Range":
        start, limit, step = (float(np.ravel(array)[0]) for array in arrays)
        return abs((limit - start) / step) if step else np.inf
    if kind in ("ArrayFeatureExtractor", "Gather", "GatherElements", "GatherND"):
        return sizes[0] * sizes[1]
    if kind == "MatMul":
        inner = max(1, shapes[0][-1] if shapes[0] else 1)
        products = sizes[0] * sizes[1] / inner
        return np.inf if products > MAX_PRODUCTS else products / inner
    if kind in ELEMENTWISE and "Linear" not in kind:  # those broadcast along an axis of theirs
        return float(np.prod(np.broadcast_shapes(*shapes), dtype=np.float64))
    return sum(sizes)
