"""ONNX graphs of multi-layer perceptrons, from any exporter."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.exceptions import FileFormatError
from nengo_dense.importers.file import check_size, existing, suffix
from nengo_dense.importers.graph import chain
from nengo_dense.importers.importer import modules_of
from nengo_dense.importers.operation import (
    Affine,
    Operation,
    Problem,
    Scaling,
    activation,
    attempt,
    batch_norm,
)
from nengo_dense.importers.source_model import SourceModel

Operations = list[Operation]

#: Nodes that pass a vector on.
PASS_THROUGH = ("Cast", "Dropout", "Identity")

#: Since this version of the operators a Softmax is over the last axis if it names none.
SOFTMAX_LAST_AXIS_OPSET = 13


class OnnxImporter:
    """Reads ONNX models and ``.onnx`` files."""

    reads = "ONNX models of dense layers (a ModelProto, or a path to an .onnx file)"

    def recognizes(self, model: Any) -> bool:
        """Tell whether this is a ModelProto or the path of an ``.onnx`` file."""
        return suffix(model) == ".onnx" or any(
            module.partition(".")[0] == "onnx" for module in modules_of(model)
        )

    def read(self, model: Any) -> SourceModel:
        """Read the layers of the graph."""
        name = "ONNX model"
        if suffix(model) == ".onnx":
            name, model = f"ONNX file {model}", _load(model)
        if not hasattr(model, "graph") or not model.graph.node:
            raise FileFormatError(f"{name} holds no graph; give a whole ONNX model")
        return SourceModel(name, _Graph(model).operations())


def _load(path: Any) -> Any:
    onnx = compat.require("onnx", "Reading an ONNX file")
    message = compat.require("google.protobuf.message", "Reading an ONNX file")
    file = existing(path)
    check_size(str(file), file.stat().st_size)
    try:
        return onnx.load(file)
    except (OSError, ValueError, message.DecodeError, onnx.checker.ValidationError) as err:
        raise FileFormatError(f"{file} is damaged or no ONNX file: {err}") from err


class _Graph:
    """A graph with its constants apart from what depends on the input."""

    def __init__(self, model: Any) -> None:
        self.onnx = compat.require("onnx", "Reading an ONNX model")
        self.graph = model.graph
        self.opset = next(
            (o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 1
        )
        self.initializers = {tensor.name: tensor for tensor in self.graph.initializer}
        self.makers = {name: node for node in self.graph.node for name in node.output}

    def operations(self) -> Operations:
        """Return the operations from the input to the output."""
        inputs = dict(self._inputs([output.name for output in self.graph.output]))
        order, problems = chain(inputs, [output.name for output in self.graph.output])
        ranks = {
            value.name: len(value.type.tensor_type.shape.dim)
            for value in self.graph.input
            if value.type.tensor_type.HasField("shape")
        }
        operations: Operations = [Problem(text) for text in problems]
        rank = 2 if problems else ranks.get(order[0], 2)
        for name in order:
            node = self.makers.get(name)
            if node is None:
                continue  # the input
            label = node.name or name
            if node.op_type in ("Flatten", "Reshape"):
                rank = 2
            if rank != 2 and node.op_type in ("Gemm", "MatMul"):
                operations.append(
                    Problem(f"layer {label!r} is applied to inputs of rank {rank}; flatten first")
                )
            steps = attempt(label, self._node, node, label)
            operations += [s for s in steps if not problems or isinstance(s, Problem)]
        return operations

    def _inputs(self, names: list[str]) -> Iterator[tuple[str, list[str]]]:
        """Walk back from the outputs; yield each tensor with those that it is made of."""
        seen, waiting = set(), list(names)
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            node = self.makers.get(name)
            sources = list(node.input) if node is not None else []
            if node is not None and node.op_type == "Reshape":
                sources = sources[:1]  # the other is the shape, often computed from the input's
            sources = [source for source in sources if source and not self._is_constant(source)]
            yield name, sources
            waiting += sources

    def _is_constant(self, name: str) -> bool:
        """Tell whether a tensor is the same for every input."""
        while name not in self.initializers:
            node = self.makers.get(name)
            if node is None or node.op_type not in ("Identity", "Cast", "Transpose"):
                return node is not None and node.op_type == "Constant"
            name = node.input[0]
        return True

    def _constant(self, name: str) -> np.ndarray:
        to_array = self.onnx.numpy_helper.to_array
        if name in self.initializers:
            return np.asarray(to_array(self.initializers[name]), dtype=np.float64)
        node = self.makers[name]
        if node.op_type == "Constant":
            settings = self._settings(node)
            value = settings.get(
                "value", settings.get("value_float", settings.get("value_floats"))
            )
            is_tensor = isinstance(value, self.onnx.TensorProto)
            return np.asarray(to_array(value) if is_tensor else value, dtype=np.float64)
        array = self._constant(node.input[0])
        if node.op_type == "Transpose":
            return np.transpose(array, self._settings(node).get("perm"))
        return array

    def _settings(self, node: Any) -> dict[str, Any]:
        return {item.name: self.onnx.helper.get_attribute_value(item) for item in node.attribute}

    def _node(self, node: Any, label: str) -> Operations:
        if node.op_type in PASS_THROUGH:
            return []
        if node.op_type in NODES and node.domain in ("", "ai.onnx"):
            return NODES[node.op_type](self, node, label)
        return activation(node.op_type, label)

    def _gemm(self, node: Any, label: str) -> Operations:
        """``alpha * x @ B + beta * C``."""
        settings = self._settings(node)
        if settings.get("transA", 0) or self._is_constant(node.input[0]):
            return [Problem(f"layer {label!r} transposes its input; export with transA=0")]
        weights = self._constant(node.input[1]) * settings.get("alpha", 1.0)
        weights = weights if settings.get("transB", 0) else weights.T
        bias = None
        if len(node.input) > 2 and node.input[2]:
            vector = self._vector(node.input[2]) * settings.get("beta", 1.0)
            bias = np.broadcast_to(vector, weights.shape[0])
        return [Affine(weights, bias, label)]

    def _matmul(self, node: Any, label: str) -> Operations:
        if not self._is_constant(node.input[1]):
            return [Problem(f"layer {label!r} multiplies from the left; use x @ weights")]
        return [Affine(self._constant(node.input[1]).T, None, label)]

    def _vector(self, name: str) -> np.ndarray:
        """Return a constant that is the same for every sample: a number or one a feature."""
        values = self._constant(name)
        if values.size not in (1, values.shape[-1] if values.ndim else 1):
            raise ValueError(f"constant {name!r} of shape {values.shape} is not one per feature")
        return values.reshape(()) if values.size == 1 else values.ravel()

    def _arithmetic(self, node: Any, label: str) -> Operations:
        """Sums and products with a constant."""
        constant_first = self._is_constant(node.input[0])
        values = self._vector(node.input[0 if constant_first else 1])
        if node.op_type == "Add":
            return [Scaling(1.0, values, label)]
        if node.op_type == "Mul":
            return [Scaling(values, 0.0, label)]
        if node.op_type == "Sub":
            return [
                Scaling(-1.0, values, label) if constant_first else Scaling(1.0, -values, label)
            ]
        if constant_first:
            return [Problem(f"layer {label!r} divides by its input; only products are linear")]
        return [Scaling(1 / values, 0.0, label)]

    def _batch_normalization(self, node: Any, label: str) -> Operations:
        settings = self._settings(node)
        if settings.get("training_mode", 0):
            return [Problem(f"layer {label!r} is in training mode; export for evaluation")]
        gamma, beta, mean, variance = (self._constant(name) for name in node.input[1:5])
        return [batch_norm(mean, variance, gamma, beta, settings.get("epsilon", 1e-5), label)]

    def _softmax(self, node: Any, label: str) -> Operations:
        default = -1 if self.opset >= SOFTMAX_LAST_AXIS_OPSET else 1
        axis = self._settings(node).get("axis", default)
        if axis not in (1, -1):
            return [Problem(f"layer {label!r} is a softmax over axis {axis}; it must be over 1")]
        return activation("softmax", label)

    def _reshaping(self, node: Any, label: str) -> Operations:
        if node.op_type == "Flatten":
            axis = self._settings(node).get("axis", 1)
            return (
                [] if axis == 1 else [Problem(f"layer {label!r} flattens at axis {axis}, not 1")]
            )
        if self._is_constant(node.input[1]) and self._constant(node.input[1]).size != 2:
            return [Problem(f"layer {label!r} reshapes to more than (batch, features)")]
        return []


NODES: dict[str, Callable[[_Graph, Any, str], Operations]] = {
    "Add": _Graph._arithmetic,
    "BatchNormalization": _Graph._batch_normalization,
    "Div": _Graph._arithmetic,
    "Flatten": _Graph._reshaping,
    "Gemm": _Graph._gemm,
    "LogSoftmax": _Graph._softmax,
    "MatMul": _Graph._matmul,
    "Mul": _Graph._arithmetic,
    "Reshape": _Graph._reshaping,
    "Softmax": _Graph._softmax,
    "Sub": _Graph._arithmetic,
}
