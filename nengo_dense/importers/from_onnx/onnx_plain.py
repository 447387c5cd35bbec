"""An ONNX model in plain nodes: functions put in their places, sparse constants filled up."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.budget import CONSTANTS, DATA, LAYERS, current
from nengo_dense.exceptions import ConversionError

#: Most functions that are called one within the other.
MOST_NESTED = 50
#: Domains of ONNX's own operators.
STANDARD = ("", "ai.onnx")


def plain(name: str, model: Any) -> Any:
    """Return a model that computes the same in plain nodes; the given one is not changed.

    Parameters
    ----------
    name : str
        The model's, for messages.
    model : onnx.ModelProto
        With all its weights.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        Its functions call themselves, make more nodes than the limit, are for another version of
        the operators, or take the place of ONNX's own, which runtimes may follow or not.
    """
    if model.functions:
        taken = [each.name for each in model.functions if each.domain in STANDARD]
        if taken:
            problem = (
                f"its function {taken[0]!r} is in the domain of ONNX's own operators, and some "
                "runtimes follow it and some do not; export it with a domain of its own"
            )
            raise ConversionError(name, [problem])
        n_nodes, n_bytes = _Sizes(name, model).of(model.graph.node)
        current().take(LAYERS, n_nodes, f"{name} with its functions in their places")
        current().take(DATA, n_bytes, f"{name} with its functions in their places")
        inliner = compat.require("onnx.inliner", "Reading an ONNX model with functions of its own")
        model = inliner.inline_local_functions(_with_defaults(model))
        _check_none_is_left(name, model)
    nodes = [node for node in model.graph.node if _sparse_value(node) is not None]
    if nodes or model.graph.sparse_initializer:
        filled = type(model)()
        filled.CopyFrom(model)
        for node in filled.graph.node:
            sparse = _sparse_value(node)
            if sparse is not None:
                onnx = compat.require("onnx", "Reading an ONNX model")
                dense = onnx.helper.make_attribute("value", _dense(sparse))
                node.attribute[0].CopyFrom(dense)
        filled.graph.initializer.extend(_dense(each) for each in model.graph.sparse_initializer)
        del filled.graph.sparse_initializer[:]
        return filled
    return model


def _with_defaults(model: Any) -> Any:
    """Return a model whose calls of functions give all settings that have defaults.

    onnx's inliner leaves these out, so that the defaults of the nodes within would count.
    """
    filled = type(model)()
    filled.CopyFrom(model)
    defaults = {_key(each, each.name): each.attribute_proto for each in filled.functions}
    for nodes in (filled.graph.node, *(function.node for function in filled.functions)):
        for node in _all(nodes):
            given = {item.name for item in node.attribute}
            default = defaults.get(_key(node, node.op_type), ())
            node.attribute.extend(item for item in default if item.name not in given)
    return filled


def _key(owner: Any, name: str) -> tuple[str, str, str]:
    """Return what tells functions apart; before onnx 1.16 they had no overloads."""
    return owner.domain, name, getattr(owner, "overload", "")


def _check_none_is_left(name: str, model: Any) -> None:
    """Refuse a function that the inliner has passed over."""
    left = {(each.domain, each.name): each for each in model.functions}
    for node in _all(model.graph.node):
        function = left.get((node.domain, node.op_type))
        if function is not None:
            versions = ", ".join(
                f"{o.domain or 'ai.onnx'} {o.version}" for o in function.opset_import
            )
            problem = (
                f"its function {function.name!r} is written for other versions of the operators "
                f"({versions}) than the model; export both for the same"
            )
            raise ConversionError(name, [problem])


class _Sizes:
    """Counts what a model has when each of its functions stands where it is called.

    Parameters
    ----------
    name : str
    model : onnx.ModelProto
    """

    def __init__(self, name: str, model: Any) -> None:
        self.name = name
        self.functions = {(each.domain, each.name): each for each in model.functions}
        self.known: dict[tuple[str, str], tuple[int, int]] = {}

    def of(self, nodes: Iterable[Any], depth: int = 0) -> tuple[int, int]:
        """Return the numbers of nodes and of bytes."""
        if depth > MOST_NESTED:
            raise ConversionError(
                self.name,
                [
                    f"its functions call themselves, or more than {MOST_NESTED} one within the "
                    "other; export it without functions"
                ],
            )
        n_nodes = n_bytes = 0
        for node in _all(nodes):
            key = (node.domain, node.op_type)
            if key in self.functions and key not in self.known:
                self.known[key] = self.of(self.functions[key].node, depth + 1)
            more = self.known.get(key, (1, 0))
            n_nodes, n_bytes = n_nodes + more[0], n_bytes + more[1] + node.ByteSize()
        return n_nodes, n_bytes


def _all(nodes: Iterable[Any]) -> Iterator[Any]:
    """Yield nodes and those within their graphs (of ``If``, ``Loop``)."""
    for node in nodes:
        yield node
        for item in node.attribute:
            for graph in (*([item.g] if item.HasField("g") else []), *item.graphs):
                yield from _all(graph.node)


def _sparse_value(node: Any) -> Any:
    """Return the sparse tensor that a node gives, None if it gives none."""
    if node.op_type != "Constant" or len(node.attribute) != 1:
        return None
    return node.attribute[0].sparse_tensor if node.attribute[0].name == "sparse_value" else None


def _dense(sparse: Any) -> Any:
    """Return a sparse tensor with its zeros, under the same name."""
    onnx = compat.require("onnx", "Reading an ONNX model")
    name, shape = sparse.values.name, tuple(sparse.dims)
    n = int(np.prod(shape, dtype=np.float64)) if min(shape, default=0) >= 0 else 0
    current().take(CONSTANTS, n, f"sparse constant {name!r}")
    values = onnx.numpy_helper.to_array(sparse.values)
    places = onnx.numpy_helper.to_array(sparse.indices)
    full = np.zeros(shape, dtype=values.dtype)
    if places.ndim == 1:
        full.reshape(-1)[places] = values
    else:
        full[tuple(places.T)] = values
    return onnx.numpy_helper.from_array(full, name)
