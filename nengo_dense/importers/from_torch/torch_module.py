"""Modules of ``torch.nn`` -> operations."""

from collections.abc import Callable
from typing import Any

from nengo_dense import compat
from nengo_dense.importers.form.operation import (
    Affine,
    Operation,
    Problem,
    Scaling,
    activation,
    batch_norm,
    unsupported,
)
from nengo_dense.importers.from_torch.torch_activation import is_activation, read_activation
from nengo_dense.importers.from_torch.torch_state import settled, to_numpy

Operations = list[Operation]

#: Modules that pass a vector on in evaluation.
PASS_THROUGH = ("AlphaDropout", "Dropout", "FeatureAlphaDropout", "Identity")


def read_module(module: Any, label: str) -> Operations:
    """Return the operations of a module, with the weights that it would use."""
    parametrize = compat.require("torch.nn.utils.parametrize", "Reading a PyTorch module")
    kind = parametrize.type_before_parametrizations(module)
    if kind.__module__.startswith("torch.nn.modules."):
        if kind.__name__ in PASS_THROUGH:
            return []
        if kind.__name__ in MODULES:
            return MODULES[kind.__name__](settled(module), label)
        if is_activation(kind.__name__):
            return read_activation(kind.__name__, _setting_of(module), label)
    if ".quantized" in kind.__module__ or ".qat" in kind.__module__:
        return [
            Problem(
                f"layer {label!r} is quantized; give the model as it was before its quantization, "
                "the chip's own is done here"
            )
        ]
    return [unsupported(label, kind.__name__, kind.__name__)]


def _setting_of(module: Any) -> Callable[[int, str, Any], Any]:
    def get(place: int, name: str, default: Any) -> Any:
        value = getattr(module, name, default)
        return to_numpy(value) if hasattr(value, "detach") else value

    return get


def _linear(module: Any, label: str) -> Operations:
    bias = None if module.bias is None else to_numpy(module.bias)
    return [Affine(to_numpy(module.weight), bias, label)]


def _batch_norm(module: Any, label: str) -> Operations:
    if module.running_mean is None:
        return [
            Problem(
                f"layer {label!r} normalizes by each batch's own statistics; retrain with "
                "track_running_stats=True"
            )
        ]
    gamma = 1.0 if module.weight is None else to_numpy(module.weight)
    beta = 0.0 if module.bias is None else to_numpy(module.bias)
    mean, variance = to_numpy(module.running_mean), to_numpy(module.running_var)
    return [batch_norm(mean, variance, gamma, beta, module.eps, label)]


def flattening(start: int, end: int, label: str) -> Operations:
    """Read a flattening of the dimensions from `start` to `end`."""
    if (start, end) == (1, -1):
        return []
    return [
        Problem(
            f"layer {label!r} flattens dimensions {start} to {end}, which mixes the samples or "
            "leaves several dimensions; flatten 1 to -1"
        )
    ]


def softmax(dim: int | None, label: str, name: str = "softmax") -> Operations:
    """Read a softmax, or softmin, over a dimension, which must be that of the features."""
    if dim not in (None, 1, -1):  # None means 1 for a batch of vectors
        return [Problem(f"layer {label!r} is a {name} over dimension {dim}; it must be over 1")]
    if name == "softmin":
        return [Scaling(-1.0, 0.0, label), *activation("softmax", label)]
    return activation(name, label)


MODULES: dict[str, Callable[[Any, str], Operations]] = {
    "BatchNorm1d": _batch_norm,
    "Flatten": lambda module, label: flattening(module.start_dim, module.end_dim, label),
    "Linear": _linear,
    "LogSoftmax": lambda module, label: softmax(module.dim, label, "log_softmax"),
    "Softmax": lambda module, label: softmax(module.dim, label),
    "Softmin": lambda module, label: softmax(module.dim, label, "softmin"),
    "SyncBatchNorm": _batch_norm,
}
