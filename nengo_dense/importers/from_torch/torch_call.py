"""Functions and methods that a PyTorch module calls -> operations."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nengo_dense.importers.form.condition import COMPARISONS
from nengo_dense.importers.form.operation import (
    Operation,
    Problem,
    Scaling,
    activation,
    batch_norm,
    unsupported,
)
from nengo_dense.importers.from_torch.torch_activation import is_activation, read_activation
from nengo_dense.importers.from_torch.torch_module import flattening, softmax
from nengo_dense.importers.from_torch.torch_state import to_numpy
from nengo_dense.importers.reading.arithmetic_call import (
    ARITHMETIC,
    FLOWING,
    affine,
    arithmetic,
    clip,
    compare,
    constant,
    maximum,
    minimum,
    power,
    product,
)

Operations = list[Operation]

#: Functions and methods that choose between values -> names of their arguments.
CHOICES = {"where": ("condition", "input", "other"), "masked_fill": ("input", "mask", "value")}

#: Functions and methods that pass a vector on in evaluation.
PASS_THROUGH = {
    *("clone", "contiguous", "cpu", "cuda", "detach", "type_as"),
    *("bfloat16", "double", "float", "half"),  # their rounding aside
    *("squeeze", "unsqueeze"),  # axes of one element, between which a vector stays one
}


class Call:
    """A call in a trace, with its constants in place.

    Parameters
    ----------
    node : torch.fx.Node
    constants : dict
        Node -> its value, for all that does not depend on the input.
    label : str

    Attributes
    ----------
    kind : str
        The function's or method's name, without what tells variants apart (``relu_``).
    args : list
    keywords : dict
        Numbers, arrays, or whatever Python has; `FLOWING` for what depends on the input.
    """

    def __init__(self, node: Any, constants: dict[Any, Any], label: str) -> None:
        name = node.target if isinstance(node.target, str) else node.target.__name__
        self.kind, self.label = name.strip("_"), label
        self.args = [_resolved(value, constants) for value in node.args]
        self.keywords = {key: _resolved(v, constants) for key, v in node.kwargs.items()}

    def get(self, position: int, name: str, default: Any = None) -> Any:
        """Return an argument by its place or its name."""
        if len(self.args) > position:
            return self.args[position]
        return self.keywords.get(name, default)


def read_call(call: Call) -> Operations:
    """Return the operations of a call, such as ``torch.relu(x)`` or ``x.flatten(1)``."""
    if call.kind in PASS_THROUGH:
        return []
    if call.kind in CALLS:
        return CALLS[call.kind](call)
    if is_activation(call.kind):
        return read_activation(call.kind, call.get, call.label)
    return activation(call.kind, call.label)


def _resolved(value: Any, constants: dict[Any, Any]) -> Any:
    if hasattr(value, "all_input_nodes"):
        if value not in constants:
            return FLOWING
        value = constants[value]
    return to_numpy(value) if hasattr(value, "detach") else value


def _arithmetic(call: Call) -> Operations:
    if call.keywords.get("rounding_mode") is not None:
        return [unsupported(call.label, f"{call.kind} with rounding", "divide")]
    factor = float(call.keywords.get("alpha", 1))
    first, second = call.get(0, "input"), call.get(1, "other")
    return arithmetic(ARITHMETIC[call.kind], first, second, call.label, factor)


def _matmul(call: Call) -> Operations:
    second = call.get(1, "other", call.keywords.get("mat2", call.keywords.get("vec")))
    return product(call.get(0, "input"), second, call.label)


def _addmm(call: Call) -> Operations:
    """``beta * bias + alpha * x @ weights``."""
    bias, matrix = call.get(0, "input"), call.get(2, "mat2")
    alpha, beta = call.keywords.get("alpha", 1), call.keywords.get("beta", 1)
    if bias is FLOWING or matrix is FLOWING:
        return [unsupported(call.label, call.kind, "add")]
    return affine(alpha * np.transpose(matrix), beta * bias, call.label)


def _linear(call: Call) -> Operations:
    weights, bias = call.get(1, "weight"), call.get(2, "bias")
    if weights is FLOWING or bias is FLOWING:
        return [unsupported(call.label, "a layer whose weights depend on the input", "pow")]
    return affine(weights, bias, call.label)


def _clamp(call: Call) -> Operations:
    if call.kind == "clamp_max":
        return clip(None, call.get(1, "max"), call.label)
    return clip(call.get(1, "min"), call.get(2, "max"), call.label)


def is_limit(call: Call) -> bool:
    """Tell ``torch.max(x, tensor)`` from that along an axis, ``torch.max(x, dim)``."""
    other = call.get(1, "other")
    return other is FLOWING or isinstance(other, np.ndarray)


def _limit(call: Call) -> Operations:
    if not is_limit(call):
        return [unsupported(call.label, f"{call.kind} of several features", call.kind)]
    function = maximum if call.kind.startswith("max") else minimum
    return function(call.get(0, "input"), call.get(1, "other"), call.label)


def _compare(call: Call) -> Operations:
    return compare(call.kind, call.get(0, "input"), call.get(1, "other"), call.label)


def _not(call: Call) -> Operations:
    return [Scaling(-1.0, 1.0, call.label)]


def choice_of(node: Any, kind: str) -> list[Any] | None:
    """Return the condition of a choice and its two values, as its step is called with them.

    None if they are fewer.
    """
    order = CHOICES[kind]
    if kind == "where" and node.op == "call_method":  # of the first value
        order = ("input", "condition", "other")
    places = {**dict(zip(order, node.args, strict=False)), **node.kwargs}
    names = ("condition", "input", "other") if kind == "where" else ("mask", "value", "input")
    return [places[name] for name in names] if all(name in places for name in names) else None


def _power(call: Call) -> Operations:
    return power(call.get(0, "input"), call.get(1, "exponent"), call.label)


def _dropout(call: Call) -> Operations:
    default = call.kind == "dropout"  # the others are for evaluation if nothing is said
    if call.get(2, "training", call.keywords.get("train", default)) and call.get(1, "p", 0.5):
        return [
            Problem(
                f"layer {call.label!r} drops units at random in evaluation too; give it "
                "training=self.training"
            )
        ]
    return []


def _batch_norm(call: Call) -> Operations:
    mean, variance, gamma, beta = (
        call.get(place, name)
        for place, name in enumerate(("running_mean", "running_var", "weight", "bias"), start=1)
    )
    if call.get(5, "training", False) or mean is None:
        return [
            Problem(
                f"layer {call.label!r} normalizes by each batch's own statistics; give it "
                "training=self.training"
            )
        ]
    gamma, beta = (1.0 if gamma is None else gamma), (0.0 if beta is None else beta)
    return [batch_norm(mean, variance, gamma, beta, call.get(7, "eps", 1e-5), call.label)]


def _to(call: Call) -> Operations:
    """Read a change of type or device; a type without fractions would cut values off."""
    for value in [*call.args[1:], *call.keywords.values()]:
        if hasattr(value, "is_floating_point") and not value.is_floating_point:
            return [unsupported(call.label, f"{call.kind} {value}", "to")]
    return []


def _flatten(call: Call) -> Operations:
    start, end = call.get(1, "start_dim", 0), call.get(2, "end_dim", -1)
    return _one_number(call) if (start, end) == (0, -1) else flattening(start, end, call.label)


def _reshape(call: Call) -> Operations:
    shape = call.args[1:]
    if len(shape) == 1 and isinstance(shape[0], list | tuple):
        shape = list(shape[0])
    if len(shape) == 2:
        return []
    if shape == [-1]:
        return _one_number(call)
    return [unsupported(call.label, f"{call.kind} to {len(shape)}-D", "reshape")]


def _one_number(call: Call) -> Operations:
    """Read what makes one axis of all, which keeps the samples apart if each is one number."""
    return [Scaling(np.ones(1), 0.0, call.label)]


def _softmax(call: Call) -> Operations:
    return softmax(call.get(1, "dim"), call.label, call.kind)


CALLS: dict[str, Callable[[Call], Operations]] = {
    **dict.fromkeys(ARITHMETIC, _arithmetic),
    **dict.fromkeys(COMPARISONS, _compare),
    **dict.fromkeys(("invert", "bitwise_not"), _not),
    **dict.fromkeys(("alpha_dropout", "dropout", "feature_alpha_dropout"), _dropout),
    **dict.fromkeys(("clamp", "clamp_max", "clamp_min", "clip"), _clamp),
    **dict.fromkeys(("log_softmax", "softmax", "softmin"), _softmax),
    **dict.fromkeys(("matmul", "mm", "mv"), _matmul),
    **dict.fromkeys(("max", "maximum", "min", "minimum"), _limit),
    **dict.fromkeys(("reshape", "view"), _reshape),
    **dict.fromkeys(("to", "type"), _to),
    "addmm": _addmm,
    "batch_norm": _batch_norm,
    "flatten": _flatten,
    "linear": _linear,
    "pow": _power,
    "full_like": lambda call: constant(float(call.get(1, "fill_value")), call.label),
    "neg": lambda call: [Scaling(-1.0, 0.0, call.label)],
    "ones_like": lambda call: constant(1.0, call.label),
    "zeros_like": lambda call: constant(0.0, call.label),
}
