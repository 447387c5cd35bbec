"""The graph of an ONNX model -> operations."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.importers.arithmetic_call import (
    ARITHMETIC,
    FLOWING,
    affine,
    arithmetic,
    clip,
    maximum,
    minimum,
    product,
)
from nengo_dense.importers.chain_order import chain
from nengo_dense.importers.operation import (
    Operation,
    Problem,
    Scaling,
    activation,
    attempt,
    batch_norm,
    per_feature,
    unsupported,
)

Operations = list[Operation]

#: Nodes that pass a vector on.
PASS_THROUGH = ("Dropout", "Identity")

#: Types between which a Cast only rounds.
FLOATS = ("FLOAT", "FLOAT16", "DOUBLE", "BFLOAT16")

#: Nodes that make a constant of a constant, without more elements.
CONSTANT_KINDS = ("Cast", "Identity", "Transpose")

#: Activations with settings: attribute, our name, ONNX's default.
SETTINGS: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "Celu": (("alpha", "alpha", 1.0),),
    "Elu": (("alpha", "alpha", 1.0),),
    "Gelu": (("approximate", "approximate", "none"),),
    "HardSigmoid": (("alpha", "slope", 0.2), ("beta", "offset", 0.5)),
    "LeakyRelu": (("alpha", "slope", 0.01),),
}

#: Attributes of a Scaler of ai.onnx.ml, and their values where none are given.
SCALER = (("scale", 1.0), ("offset", 0.0))

#: Since this version of the operators a Softmax is over the last axis if it names none.
SOFTMAX_LAST_AXIS_OPSET = 13


def label_of(node: Any, output: str) -> str:
    """Name a node as messages do."""
    return node.name or output


class OnnxGraph:
    """A graph with its constants apart from what depends on the input.

    Parameters
    ----------
    model : onnx.ModelProto
        With all its weights.

    Attributes
    ----------
    order : list of str
        The tensors from the input to the output, if they are one chain.
    """

    def __init__(self, model: Any) -> None:
        self.onnx = compat.require("onnx", "Reading an ONNX model")
        self.model, self.graph = model, model.graph
        self.opset = next(
            (o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 1
        )
        self.initializers = {tensor.name: tensor for tensor in self.graph.initializer}
        self.makers = {name: node for node in self.graph.node for name in node.output}
        self.order: list[str] = []
        self._roots: dict[str, str | None] = {}

    def operations(self) -> Operations:
        """Return the operations from the input to the output."""
        inputs = dict(self._inputs([output.name for output in self.graph.output]))
        order, problems = chain(inputs, [output.name for output in self.graph.output])
        ranks = {
            value.name: len(value.type.tensor_type.shape.dim)
            for value in self.graph.input
            if value.type.tensor_type.HasField("shape")
        }
        self.order = [] if problems else order
        operations: Operations = [Problem(text) for text in problems]
        rank = 2 if problems else ranks.get(order[0], 2)
        for name in order:
            node = self.makers.get(name)
            if node is None:
                continue  # the input
            label = label_of(node, name)
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
            sources = [source for source in sources if source and not self.is_constant(source)]
            yield name, sources
            waiting += sources

    def is_constant(self, name: str) -> bool:
        """Tell whether a tensor is the same for every input."""
        return self._root(name) is not None

    def is_number(self, name: str) -> bool:
        """Tell whether a tensor is a constant of one element."""
        return self.is_constant(name) and self.constant(name).size == 1

    def _root(self, name: str) -> str | None:
        """Return the stored constant that a tensor is made of, None if it is made of another."""
        way: list[str] = []
        while name not in self._roots:
            way.append(name)
            self._roots[name] = None  # what comes back to itself is made of nothing
            node = self.makers.get(name)
            if name in self.initializers or (node is not None and node.op_type == "Constant"):
                self._roots[name] = name
            elif node is not None and node.op_type in CONSTANT_KINDS:
                name = node.input[0]
        self._roots.update(dict.fromkeys(way, self._roots[name]))
        return self._roots[name]

    def constant(self, name: str) -> np.ndarray:
        """Return a tensor that is the same for every input."""
        turns = []
        root = self._root(name)
        if root is None:
            raise ValueError(f"{name!r} is computed from the input, must be constant")
        while name != root:
            node = self.makers[name]
            if node.op_type == "Transpose":
                turns.append(self.settings(node).get("perm"))
            name = node.input[0]
        array = self._stored(name)
        for axes in reversed(turns):
            array = np.transpose(array, axes)
        return array

    def _stored(self, name: str) -> np.ndarray:
        to_array = self.onnx.numpy_helper.to_array
        if name in self.initializers:
            return np.asarray(to_array(self.initializers[name]), dtype=np.float64)
        settings = self.settings(self.makers[name])
        names = ("value", "value_float", "value_floats", "value_int", "value_ints")
        value = next((settings[name] for name in names if name in settings), None)
        is_tensor = isinstance(value, self.onnx.TensorProto)
        return np.asarray(to_array(value) if is_tensor else value, dtype=np.float64)

    def settings(self, node: Any) -> dict[str, Any]:
        """Return the attributes of a node."""
        return {item.name: self.onnx.helper.get_attribute_value(item) for item in node.attribute}

    def _node(self, node: Any, label: str) -> Operations:
        if node.domain == "ai.onnx.ml" and node.op_type == "Scaler":
            return self._scaler(node, label)
        if node.domain not in ("", "ai.onnx"):
            return [unsupported(label, f"{node.op_type} of {node.domain}", node.op_type)]
        if node.op_type in PASS_THROUGH:
            return []
        if node.op_type in NODES:
            return NODES[node.op_type](self, node, label)
        return activation(node.op_type, label, **self._activation_settings(node))

    def _activation_settings(self, node: Any) -> dict[str, Any]:
        """Return the settings of an activation under our names, with ONNX's defaults."""
        given = self.settings(node)
        found = {
            ours: given.get(theirs, default)
            for theirs, ours, default in SETTINGS.get(node.op_type, ())
        }
        if node.op_type == "PRelu":
            found["slope"] = per_feature(self.constant(node.input[1]))
        return found

    def _limits(self, node: Any, label: str) -> Operations:
        """Clip, and Max and Min with a constant."""
        if node.op_type == "Clip":
            given = self.settings(node)
            low, high = (
                self.constant(node.input[place])
                if len(node.input) > place and node.input[place]
                else given.get(name)
                for place, name in ((1, "min"), (2, "max"))
            )
            return clip(low, high, label)
        values = self._arguments(node)
        if len(values) != 2:
            return [unsupported(label, f"{node.op_type} of {len(values)} values", node.op_type)]
        first, second = values
        return (maximum if node.op_type == "Max" else minimum)(first, second, label)

    def _sum(self, node: Any, label: str) -> Operations:
        """Sum one value and constants."""
        values = self._arguments(node)
        constants = [value for value in values if value is not FLOWING]
        if len(constants) != len(values) - 1:
            return [unsupported(label, "a sum of values of the model", "add")]
        total = sum(map(per_feature, constants), np.zeros(()))
        return arithmetic("add", FLOWING, total, label) if constants else []

    def _scaler(self, node: Any, label: str) -> Operations:
        """Apply ``(x - offset) * scale`` of ai.onnx.ml."""
        settings = self.settings(node)
        scale, offset = (per_feature(settings.get(name, value)) for name, value in SCALER)
        return [Scaling(scale, -offset * scale, label)]

    def _negative(self, node: Any, label: str) -> Operations:
        return [Scaling(-1.0, 0.0, label)]

    def _gemm(self, node: Any, label: str) -> Operations:
        """``alpha * x @ B + beta * C``."""
        settings = self.settings(node)
        if settings.get("transA", 0) or self.is_constant(node.input[0]):
            return [Problem(f"layer {label!r} transposes its input; export with transA=0")]
        weights = self.constant(node.input[1]) * settings.get("alpha", 1.0)
        has_bias = len(node.input) > 2 and node.input[2]
        bias = self.constant(node.input[2]) * settings.get("beta", 1.0) if has_bias else None
        return affine(weights if settings.get("transB", 0) else weights.T, bias, label)

    def _cast(self, node: Any, label: str) -> Operations:
        target = self.onnx.TensorProto.DataType.Name(self.settings(node)["to"])
        if target in FLOATS:
            return []
        return [
            Problem(
                f"layer {label!r} is a Cast to {target}, which cuts values off; export the model "
                "without it"
            )
        ]

    def _matmul(self, node: Any, label: str) -> Operations:
        first, second = self._arguments(node)
        return product(first, second, label)

    def _arguments(self, node: Any) -> list[Any]:
        """Return the constants among a node's inputs, and `FLOWING` for what is none."""
        return [self.constant(name) if self.is_constant(name) else FLOWING for name in node.input]

    def _arithmetic(self, node: Any, label: str) -> Operations:
        """Sums and products with a constant."""
        first, second = self._arguments(node)
        return arithmetic(ARITHMETIC[node.op_type.lower()], first, second, label)

    def _batch_normalization(self, node: Any, label: str) -> Operations:
        settings = self.settings(node)
        if settings.get("training_mode", 0):
            return [Problem(f"layer {label!r} is in training mode; export for evaluation")]
        gamma, beta, mean, variance = (self.constant(name) for name in node.input[1:5])
        return [batch_norm(mean, variance, gamma, beta, settings.get("epsilon", 1e-5), label)]

    def _softmax(self, node: Any, label: str) -> Operations:
        default = -1 if self.opset >= SOFTMAX_LAST_AXIS_OPSET else 1
        axis = self.settings(node).get("axis", default)
        if axis not in (1, -1):
            return [Problem(f"layer {label!r} is a softmax over axis {axis}; it must be over 1")]
        return activation(node.op_type, label)

    def _reshaping(self, node: Any, label: str) -> Operations:
        if node.op_type == "Flatten":
            axis = self.settings(node).get("axis", 1)
            return (
                [] if axis == 1 else [Problem(f"layer {label!r} flattens at axis {axis}, not 1")]
            )
        if self.is_constant(node.input[1]) and self.constant(node.input[1]).size != 2:
            return [Problem(f"layer {label!r} reshapes to more than (batch, features)")]
        return []


NODES: dict[str, Callable[[OnnxGraph, Any, str], Operations]] = {
    "Add": OnnxGraph._arithmetic,
    "BatchNormalization": OnnxGraph._batch_normalization,
    "Cast": OnnxGraph._cast,
    "Clip": OnnxGraph._limits,
    "Div": OnnxGraph._arithmetic,
    "Flatten": OnnxGraph._reshaping,
    "Gemm": OnnxGraph._gemm,
    "LogSoftmax": OnnxGraph._softmax,
    "MatMul": OnnxGraph._matmul,
    "Max": OnnxGraph._limits,
    "Min": OnnxGraph._limits,
    "Mul": OnnxGraph._arithmetic,
    "Neg": OnnxGraph._negative,
    "Reshape": OnnxGraph._reshaping,
    "Softmax": OnnxGraph._softmax,
    "Sub": OnnxGraph._arithmetic,
    "Sum": OnnxGraph._sum,
}
