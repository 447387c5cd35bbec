"""The nodes of an ONNX graph in order, and what in it is the same for every input."""

from typing import Any

import numpy as np
from nengo.exceptions import NengoException

from nengo_dense import compat
from nengo_dense.budget import CONSTANTS, current
from nengo_dense.importers.from_onnx.onnx_constant import FOLDED, evaluate
from nengo_dense.importers.from_onnx.onnx_quantizer import dequantized, is_quantizer, quantized

#: Types of numbers with fractions, between which a Cast only rounds.
FLOATS = ("FLOAT", "FLOAT16", "DOUBLE", "BFLOAT16")

#: Names of the operators' own domain.
DOMAINS = ("", "ai.onnx")


def label_of(node: Any, output: str) -> str:
    """Name a node as messages do."""
    return node.name or output


def taken_by(node: Any) -> list[str]:
    """List the tensors that a node takes, also within its graphs (of ``If``, ``Loop``)."""
    names = [name for name in node.input if name]
    for item in node.attribute:
        for graph in (*([item.g] if item.HasField("g") else []), *item.graphs):
            own = {value.name for value in (*graph.input, *graph.initializer)}
            own |= {name for inner in graph.node for name in inner.output}
            inside = [name for inner in graph.node for name in taken_by(inner)]
            names += [name for name in inside if name not in own]
    return list(dict.fromkeys(names))


class OnnxGraph:
    """A graph with its constants apart from what depends on the input.

    Parameters
    ----------
    model : onnx.ModelProto
        With all its weights.

    Attributes
    ----------
    inputs : dict
        Name -> ValueInfoProto, of the inputs that are no constants, in their order.
    makers : dict
        Name of a tensor -> the node that makes it.
    """

    def __init__(self, model: Any) -> None:
        self.onnx = compat.require("onnx", "Reading an ONNX model")
        self.model, self.graph = model, model.graph
        self.opset = next((o.version for o in model.opset_import if o.domain in DOMAINS), 1)
        self.initializers = {tensor.name: tensor for tensor in self.graph.initializer}
        self.inputs = {
            value.name: value for value in self.graph.input if value.name not in self.initializers
        }
        self.makers = {name: node for node in self.graph.node for name in node.output if name}
        self._constants: dict[str, np.ndarray | ValueError] = {}

    def needed(self, outputs: list[str]) -> tuple[list[Any], str]:
        """Return the nodes that tensors depend on, in the order of computation.

        Returns
        -------
        nodes : list of NodeProto
        circle : str
            A tensor that is made of itself, if there is one; the order is none then.
        """
        order: dict[str, Any] = {}  # first output of a node -> the node
        open_nodes: set[str] = set()
        waiting = [(name, False) for name in reversed(outputs)]
        circle = ""
        while waiting:
            name, is_done = waiting.pop()
            node = self.makers.get(name)
            if node is None:
                continue
            key = next(output for output in node.output if output)
            if is_done:
                open_nodes.discard(key)
                order[key] = node
            elif key in open_nodes:
                circle = circle or name
            elif key not in order:
                open_nodes.add(key)
                waiting.append((name, True))
                waiting += [(source, False) for source in reversed(taken_by(node))]
        return list(order.values()), circle

    def is_constant(self, name: str) -> bool:
        """Tell whether a tensor is the same for every input."""
        return name in self.initializers or name in self._constants

    def is_number(self, name: str) -> bool:
        """Tell whether a tensor is a constant of one element."""
        return self.is_constant(name) and self.constant(name).size == 1

    def constant(self, name: str) -> np.ndarray:
        """Return a tensor that is the same for every input; fractions as float64.

        Raises
        ------
        ValueError
            It is none, or it is damaged.
        """
        if name in self.initializers and name not in self._constants:
            self._keep(name, lambda: self._array(self.initializers[name]))
        found = self._constants.get(name)
        if found is None:
            raise ValueError(f"{name!r} is computed from the input, must be constant")
        if isinstance(found, ValueError):
            raise found
        return found

    def know(self, name: str, value: Any) -> None:
        """Take a tensor for constant."""
        array = np.asarray(value)
        current().take(CONSTANTS, array.size, f"constant {name!r}")
        self._constants[name] = _double(array)

    def fold(self, node: Any) -> bool:
        """Compute a node that takes nothing but constants; tell whether it is one."""
        if node.op_type == "Constant" and node.domain in DOMAINS:
            self._keep(node.output[0], lambda: self._value(node))
            return True
        if not node.input or not all(self.is_constant(name) for name in node.input if name):
            return False
        if is_quantizer(node):
            settings = self.settings(node)
            self._keep(node.output[0], lambda: quantized(node, self._taken(node), settings))
            return True
        if node.domain not in (*DOMAINS, "ai.onnx.ml"):
            return False
        if node.op_type == "DequantizeLinear":
            how = self.settings(node)
            axis, block = how.get("axis", 1), how.get("block_size", 0)
            self._keep(node.output[0], lambda: dequantized(self._taken(node), axis, block))
            return True
        if node.op_type == "Cast":
            self._keep(node.output[0], lambda: self._cast(node))
            return True
        if node.op_type not in FOLDED and node.op_type != "Shape":
            return False
        try:
            if node.op_type == "Shape":
                self.know_shape(node, self.constant(node.input[0]).shape)
                return True
            values = {name: self.constant(name) for name in node.input if name}
            for name, array in zip(node.output, evaluate(self.model, node, values), strict=False):
                self.know(name, array)
        except NengoException:
            raise  # the budget is spent
        except ValueError as err:
            self._constants.update((name, err) for name in node.output)
        return True

    def _taken(self, node: Any) -> list[np.ndarray]:
        """Return the constants that a node takes; a ValueError if one is damaged."""
        return [self.constant(name) for name in node.input if name]

    def know_shape(self, node: Any, shape: tuple[int, ...]) -> None:
        """Take what a Shape node gives for constant."""
        settings = self.settings(node)
        part = shape[settings.get("start", 0) : settings.get("end", len(shape))]
        self.know(node.output[0], np.array(part, dtype=np.int64))

    def settings(self, node: Any) -> dict[str, Any]:
        """Return the attributes of a node."""
        return {item.name: self.onnx.helper.get_attribute_value(item) for item in node.attribute}

    def type_name(self, kind: int) -> str:
        """Return NumPy's name of an element type."""
        return str(self.onnx.helper.tensor_dtype_to_np_dtype(kind))

    def level_type(self, name: str, kind: int) -> str:
        """Return the type of a zero point, or of levels that have none ("int4")."""
        if name in self.initializers:
            kind = self.initializers[name].data_type
        elif name:
            return str(self.constant(name).dtype)
        return str(self.onnx.TensorProto.DataType.Name(kind)).lower()

    def is_float(self, kind: int) -> bool:
        """Tell whether numbers of this type have fractions."""
        return self.onnx.TensorProto.DataType.Name(kind) in FLOATS

    def _keep(self, name: str, make: Any) -> None:
        try:
            self.know(name, make())
        except NengoException:
            raise  # the budget is spent
        except (ArithmeticError, LookupError, TypeError, ValueError) as err:
            self._constants[name] = ValueError(f"constant {name!r}: {err}")

    def _array(self, tensor: Any) -> np.ndarray:
        return np.asarray(self.onnx.numpy_helper.to_array(tensor))

    def _cast(self, node: Any) -> np.ndarray:
        array, kind = self.constant(node.input[0]), self.settings(node)["to"]
        cast = array.astype(self.type_name(kind))  # which rounds also between fractions
        return cast.astype(np.float64) if self.is_float(kind) else cast

    def _value(self, node: Any) -> np.ndarray:
        settings = self.settings(node)
        names = ("value", "value_float", "value_floats", "value_int", "value_ints")
        value = next((settings[name] for name in names if name in settings), None)
        if value is None:
            raise ValueError("it has no value")
        return self._array(value) if isinstance(value, self.onnx.TensorProto) else np.array(value)


def _double(array: np.ndarray) -> np.ndarray:
    """Return numbers with fractions in double precision, whatever they are stored in."""
    if array.dtype.kind in "iub":
        return array
    return array.astype(np.float64) if array.dtype.kind not in "OSU" else array
