"""Activations of PyTorch: modules and functions with the same settings under the same names."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nengo_dense.importers.form.activation import key_of
from nengo_dense.importers.form.operation import Operation, Problem, activation
from nengo_dense.importers.reading.arithmetic_call import clip


class Setting(NamedTuple):
    """A setting of an activation.

    Attributes
    ----------
    theirs : str
        Name of a module's attribute and of a function's argument.
    ours : str
        As in `nengo_dense.importers.form.activation`.
    default : object
        Of the function.
    """

    theirs: str
    ours: str
    default: Any


#: Key of an activation -> its settings in the order of the function's arguments.
SETTINGS = {
    "celu": (Setting("alpha", "alpha", 1.0),),
    "elu": (Setting("alpha", "alpha", 1.0),),
    "gelu": (Setting("approximate", "approximate", "none"),),
    "hardtanh": (Setting("min_val", "low", -1.0), Setting("max_val", "high", 1.0)),
    "leakyrelu": (Setting("negative_slope", "slope", 0.01),),
    "prelu": (Setting("weight", "slope", None),),
    "softplus": (Setting("beta", "beta", 1.0), Setting("threshold", "threshold", 20.0)),
    "softshrink": (Setting("lambd", "limit", 0.5),),
}

#: Activations without settings.
PLAIN = (
    *("relu", "relu6", "tanh", "sigmoid", "softsign", "selu", "silu", "mish", "abs", "exp", "erf"),
    *("hardswish", "hardsigmoid", "logsigmoid", "tanhshrink"),
)


def is_activation(name: str) -> bool:
    """Tell whether a module's or a function's name is that of an activation."""
    return key_of(name) in (*SETTINGS, *map(key_of, PLAIN), "rrelu", "threshold")


def read_activation(name: str, get: Callable[[int, str, Any], Any], label: str) -> list[Operation]:
    """Return the operations of an activation.

    Parameters
    ----------
    name : str
    get : callable
        Returns a setting by its place among a function's arguments, its name and its default.
    label : str
    """
    key = key_of(name)
    if key == "threshold":
        limit, value = get(1, "threshold", 0.0), get(2, "value", 0.0)
        if limit == value:
            return clip(limit, None, label)
        return [
            Problem(
                f"layer {label!r} jumps from {value:g} to {limit:g} at its threshold; only a "
                "continuous function is a sum of rectifiers: set both to the same number"
            )
        ]
    if key == "rrelu":  # outside training its slope is the middle one
        slope = (get(1, "lower", 1 / 8) + get(2, "upper", 1 / 3)) / 2
        return activation("leaky_relu", label, slope=slope)
    settings = {
        setting.ours: get(place, setting.theirs, setting.default)
        for place, setting in enumerate(SETTINGS.get(key, ()), start=1)
    }
    if key == "prelu":
        slope = np.asarray(settings["slope"], dtype=np.float64)
        settings["slope"] = slope.reshape(()) if slope.size == 1 else slope
    return activation(name, label, **settings)
