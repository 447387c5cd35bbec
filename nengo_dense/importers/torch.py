"""PyTorch modules, as `torch.fx` traces them: what the forward method really calls."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.folding import fold
from nengo_dense.importers.graph import chain
from nengo_dense.importers.importer import modules_of
from nengo_dense.importers.operation import (
    Affine,
    Operation,
    Problem,
    activation,
    attempt,
    batch_norm,
    unsupported,
)
from nengo_dense.importers.spec import DenseSpec

Operations = list[Operation]

#: Modules that pass a vector on in evaluation.
PASS_THROUGH = ("AlphaDropout", "Dropout", "FeatureAlphaDropout", "Identity")

#: Functions and methods that do.
PASS_THROUGH_CALLS = ("alpha_dropout", "contiguous", "detach", "dropout", "float")


class TorchImporter:
    """Reads PyTorch modules; batch normalization and dropout as in evaluation."""

    reads = "PyTorch modules (nn.Sequential, or any whose forward torch.fx can trace)"

    def recognizes(self, model: Any) -> bool:
        """Tell whether a class of PyTorch, and none of Keras on PyTorch, is in the model's."""
        packages = {module.partition(".")[0] for module in modules_of(model)}
        return "torch" in packages and "keras" not in packages

    def read(self, model: Any) -> list[DenseSpec]:
        """Read the module's layers."""
        fx = compat.require("torch.fx", "Reading a PyTorch module")
        name = f"PyTorch {type(model).__name__}"
        try:
            graph = fx.Tracer().trace(model)
        except Exception as err:  # forward is the user's own code and may raise anything
            raise ConversionError(
                name,
                [
                    f"its forward cannot be traced ({type(err).__name__}: {err}); give a torch "
                    "nn.Module whose forward has no branches on data, or an nn.Sequential of the "
                    "layers"
                ],
            ) from err
        return fold(name, _operations(model, graph))


def _operations(model: Any, graph: Any) -> Operations:
    """Return the operations of the traced calls from the input to the output."""
    (result,) = [node for node in graph.nodes if node.op == "output"]
    inputs = {
        node: [source for source in node.all_input_nodes if source.op != "get_attr"]
        for node in graph.nodes
        if node.op not in ("output", "get_attr")
    }
    inputs = {node: sources for node, sources in inputs.items() if not _is_size(node)}
    inputs = {
        node: [source for source in sources if source in inputs]
        for node, sources in inputs.items()
    }
    nodes, problems = chain(inputs, result.all_input_nodes)
    operations: Operations = [Problem(text) for text in problems]
    for node in nodes:
        label = str(node.target if node.op == "call_module" else node.name)
        steps = attempt(label, _node, model, node, label)
        operations += [s for s in steps if not problems or isinstance(s, Problem)]
    return operations


def _is_size(node: Any) -> bool:
    """Tell whether a node only asks for a shape, as ``x.view(x.size(0), -1)`` does."""
    if node.op == "call_method":
        return node.target == "size"
    if node.op != "call_function":
        return False
    if node.target is getattr:
        return node.args[1] == "shape"
    sources = node.all_input_nodes
    return node.target.__name__ == "getitem" and bool(sources) and all(map(_is_size, sources))


def _node(model: Any, node: Any, label: str) -> Operations:
    if node.op == "placeholder":
        return []
    if node.op == "call_module":
        module = model.get_submodule(node.target)
        parametrize = compat.require("torch.nn.utils.parametrize", "Reading a PyTorch module")
        kind = parametrize.type_before_parametrizations(module)
        if kind.__module__.startswith("torch.nn.modules."):
            if kind.__name__ in PASS_THROUGH:
                return []
            if kind.__name__ in MODULES:
                return MODULES[kind.__name__](module, label)
        return [unsupported(label, kind.__name__, kind.__name__)]
    kind = node.target if isinstance(node.target, str) else node.target.__name__
    return _call(model, node, kind.rstrip("_"), label)


def _call(model: Any, node: Any, kind: str, label: str) -> Operations:
    """Read a function or method call, such as ``torch.relu(x)`` or ``x.flatten(1)``."""
    args, keywords = list(node.args), dict(node.kwargs)
    if kind in PASS_THROUGH_CALLS:
        return []
    if kind == "flatten":
        start = keywords.get("start_dim", args[1] if len(args) > 1 else 0)
        return _flattening(start, keywords.get("end_dim", args[2] if len(args) > 2 else -1), label)
    if kind in ("view", "reshape"):
        shape = args[1:] if len(args) != 2 or not isinstance(args[1], list | tuple) else args[1]
        return [] if len(shape) == 2 else [unsupported(label, f"{kind} to {len(shape)}-D", "")]
    if kind in ("softmax", "log_softmax"):
        return _softmax(keywords.get("dim", args[1] if len(args) > 1 else None), label)
    if kind == "linear":
        weights = keywords.get("weight", args[1] if len(args) > 1 else None)
        bias = keywords.get("bias", args[2] if len(args) > 2 else None)
        return [
            Affine(_value(model, weights), None if bias is None else _value(model, bias), label)
        ]
    return activation(kind, label)


def _value(model: Any, node: Any) -> np.ndarray:
    """Return the parameter or buffer that a node fetches from the model."""
    owner, _, name = node.target.rpartition(".")
    return _numpy(getattr(model.get_submodule(owner), name))


def _numpy(tensor: Any) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()


def _linear(module: Any, label: str) -> Operations:
    bias = None if module.bias is None else _numpy(module.bias)
    return [Affine(_numpy(module.weight), bias, label)]


def _batch_norm(module: Any, label: str) -> Operations:
    if module.running_mean is None:
        return [
            Problem(
                f"layer {label!r} normalizes by each batch's own statistics; retrain with "
                "track_running_stats=True"
            )
        ]
    gamma = 1.0 if module.weight is None else _numpy(module.weight)
    beta = 0.0 if module.bias is None else _numpy(module.bias)
    mean, variance = _numpy(module.running_mean), _numpy(module.running_var)
    return [batch_norm(mean, variance, gamma, beta, module.eps, label)]


def _flattening(start: int, end: int, label: str) -> Operations:
    if (start, end) == (1, -1):
        return []
    return [
        Problem(
            f"layer {label!r} flattens dimensions {start} to {end}, which mixes the samples or "
            "leaves several dimensions; flatten 1 to -1"
        )
    ]


def _softmax(dim: int | None, label: str) -> Operations:
    if dim in (None, 1, -1):  # None means 1 for a batch of vectors
        return activation("softmax", label)
    return [Problem(f"layer {label!r} is a softmax over dimension {dim}; it must be over 1")]


MODULES: dict[str, Callable[[Any, str], Operations]] = {
    "BatchNorm1d": _batch_norm,
    "Flatten": lambda module, label: _flattening(module.start_dim, module.end_dim, label),
    "Linear": _linear,
    "LogSoftmax": lambda module, label: _softmax(module.dim, label),
    "ReLU": lambda module, label: activation("relu", label),
    "Sigmoid": lambda module, label: activation("sigmoid", label),
    "Softmax": lambda module, label: _softmax(module.dim, label),
}
