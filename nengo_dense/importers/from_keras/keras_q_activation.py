"""QKeras's quantizers between layers -> operations: their limits, without their rounding.

Formulas are those of QKeras 0.9 (see `.keras_quantizer`), with m levels up to 1 and
i = 2**integer:

- ``quantized_relu`` with a ``negative_slope`` s has half as many levels on each side:
  ``s z`` down to -i s, and z up to i (1 - 1/m).
- with ``use_sigmoid`` it has the same limits, and steps twice as large.
- ``quantized_tanh``: ``clip(z, -1, 1 - 1/m)``, of ``tanh`` with ``use_real_tanh``;
  ``quantized_sigmoid``: ``clip(z / 2 + 1/2, 0, 1 - 1/m)``, of ``sigmoid`` with
  ``use_real_sigmoid``. Where they are symmetric, the lowest level is left out.
- ``quantized_hswish``: ``z clip(z + shift, 0, bound) / bound``, then as ``quantized_bits``.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from nengo_dense.importers.form.activation import Function
from nengo_dense.importers.form.operation import (
    Activation,
    Operation,
    Problem,
    Scaling,
    activation,
    unsupported,
)
from nengo_dense.importers.form.piecewise import PiecewiseLinear
from nengo_dense.importers.from_keras.keras_quantizer import (
    SETTINGS,
    bits_quantizer,
    name_of,
    parsed,
)
from nengo_dense.importers.from_keras.keras_shape import numbers
from nengo_dense.importers.reading.quantizer import LEAST_LEVELS, Quantizer, jump

#: Those that jump, so that no activation of theirs has a rectifier form.
JUMPS = (
    *("binary", "ternary", "stochastic_binary", "stochastic_ternary", "bernoulli"),
    *("binary_sigmoid", "binary_tanh"),
)

#: Those whose steps grow with the value, up to half of it.
POWERS_OF_TWO = ("quantized_po2", "quantized_relu_po2")

#: Functions of QKeras whose names mean others in Keras -> slope and offset before the limits 0 and
#: 1, and what is done to the result.
FUNCTIONS = {
    "hard_sigmoid": (0.5, 1.0, 0.0),
    "smooth_sigmoid": (0.1875, 1.0, 0.0),
    "hard_tanh": (0.5, 2.0, -1.0),
    "smooth_tanh": (0.1875, 2.0, -1.0),
}


def is_quantizer(declared: Any) -> bool:
    """Tell whether an ``activation`` is one of QKeras's quantizers."""
    return name_of(declared) in (*SETTINGS, *JUMPS)


def is_function(declared: Any) -> bool:
    """Tell whether an ``activation`` of a layer of QKeras is a function of that package."""
    return isinstance(declared, str) and declared in FUNCTIONS


def activation_of(declared: Any, label: str) -> list[Operation]:
    """Return the operations of a quantizer of activations: its limits, without its rounding."""
    name = name_of(declared)
    if name in JUMPS:
        return [jump(label, f"is {name}")]
    if name in POWERS_OF_TWO:
        return [
            Problem(
                f"layer {label!r} rounds its values to powers of two by {name}, which changes "
                "them by up to a half; train with quantized_relu or quantized_bits activations"
            )
        ]
    if name in FUNCTIONS:
        slope, scale, offset = FUNCTIONS[name]
        steps = activation("hard_sigmoid", label, slope=slope)
        return steps if scale == 1 else [*steps, Scaling(scale, offset, label)]
    name, settings = parsed(declared)
    reader = READERS.get(name)
    if reader is None:
        return [unsupported(label, f"the quantizer {name}", name)]
    return reader(settings, label)


def _bits(settings: dict[str, Any], label: str) -> list[Operation]:
    alpha = settings["alpha"]
    if isinstance(alpha, str):
        return [Problem(f"layer {label!r} scales its values by the batch; give it alpha=1")]
    scale = np.float64(1.0) if alpha is None else numbers(alpha)
    after: list[Operation] = [] if np.all(scale == 1) else [Scaling(scale, 0.0, label)]
    return [*bits_quantizer(settings).operations(label), *after]


def _relu(settings: dict[str, Any], label: str) -> list[Operation]:
    slope, size = float(settings["negative_slope"] or 0.0), 2.0 ** int(settings["integer"])
    m = 2.0 ** (int(settings["bits"]) - bool(slope))
    step = size / m * (2 if settings["use_sigmoid"] else 1)
    if m < LEAST_LEVELS * (2 if settings["use_sigmoid"] else 1):
        return [jump(label)]
    high = size * (1 - 1 / m)
    bound = settings["relu_upper_bound"]
    if bound is not None and not settings["is_quantized_clip"]:
        high = min(high, float(bound))
    if not slope and not settings["use_sigmoid"]:
        return Quantizer(step, 0.0, high / step).operations(label)
    if slope:
        form = PiecewiseLinear([-size, 0.0, high], [0.0, slope, 1.0, 0.0], -size * slope)
        function = Function(f"quantized_relu(negative_slope={slope:.4g})", form)
    else:
        form = PiecewiseLinear([0.0, high], [0.0, 1.0, 0.0])
        function = Function("quantized_relu", form, limits=(0.0, high))
    return [Activation(function.name, label, replace(function, rounding=step / 2))]


def _real(name: str, levels: float, label: str) -> list[Operation]:
    """Return a smooth function, which the highest level cuts by a whole step."""
    return [
        replace(step, function=replace(step.function, rounding=1 / levels))
        for step in activation(name, label)
        if isinstance(step, Activation) and step.function is not None
    ]


def _tanh(settings: dict[str, Any], label: str) -> list[Operation]:
    m = 2.0 ** (int(settings["bits"]) - 1)
    if settings["use_real_tanh"]:
        return _real("tanh", m, label)
    return Quantizer(1 / m, bool(settings["symmetric"]) - m, m - 1).operations(label)


def _sigmoid(settings: dict[str, Any], label: str) -> list[Operation]:
    m = 2.0 ** int(settings["bits"])
    if settings["use_real_sigmoid"]:
        return _real("sigmoid", m, label)
    quantizer = Quantizer(1 / m, bool(settings["symmetric"]), m - 1)
    return [Scaling(0.5, 0.5, label), *quantizer.operations(label)]


def _hard_swish(settings: dict[str, Any], label: str) -> list[Operation]:
    alpha = settings["alpha"]
    if isinstance(alpha, str):
        return [Problem(f"layer {label!r} scales its values by the batch; give it alpha=1")]
    shift, bound = float(settings["relu_shift"]), float(settings["relu_upper_bound"])
    if not (shift > 0 and bound > 0):
        raise ValueError(f"its relu_shift and relu_upper_bound must be above 0: {shift}, {bound}")
    quantizer, scale = bits_quantizer(settings), 1.0 if alpha is None else float(numbers(alpha))
    if quantizer.high - quantizer.low + 1 < LEAST_LEVELS:
        return [jump(label)]
    low, high = quantizer.low * quantizer.step, quantizer.high * quantizer.step

    def compute(z: np.ndarray) -> np.ndarray:
        value = z * np.clip(z + shift, 0.0, bound) / bound
        return np.asarray(scale * np.clip(value, low, high))

    error = scale * quantizer.step / 2
    function = Function("quantized_hswish", compute, (0.0, 0.0), rounding=error)
    return [Activation(function.name, label, function)]


#: Name of a quantizer -> what reads its settings.
READERS: dict[str, Callable[[dict[str, Any], str], list[Operation]]] = {
    "quantized_bits": _bits,
    "quantized_hswish": _hard_swish,
    "quantized_relu": _relu,
    "quantized_sigmoid": _sigmoid,
    "quantized_tanh": _tanh,
}
