"""Layers of QKeras as they are deployed, read from configurations and weights alone.

What QKeras 0.9 computes [1]_, with m = 2**(bits - sign) and i = 2**integer:

- ``quantized_bits``: ``i / m * clip(round(x m / i), low, m - 1)``, where low is 0 without a sign,
  else -m, or 1 - m if it is symmetric; times alpha. Of a kernel that gives no alpha it is
  ``auto_po2``: a power of two for each unit, found from its weights in five rounds.
- ``quantized_relu``: ``i / m * clip(round(x m / i), 0, m - 1)``.
- ``binary`` and ``ternary``: -1, (0,) 1 times alpha, which is found like that, too.
- ``quantized_tanh`` and ``quantized_sigmoid``: by itself of the hard forms, -1 to 1 with slope 1
  and 0 to 1 with slope 1/2.

References
----------
.. [1] C. N. Coelho et al., "Automatic heterogeneous quantization of deep neural networks for
   low-latency inference on the edge for particle detectors", Nature Machine Intelligence 3, 2021;
   ``qkeras/quantizers.py`` of google/qkeras.
"""

import ast
from typing import Any

import numpy as np

from nengo_dense.importers.keras_shape import numbers
from nengo_dense.importers.operation import Operation, Problem, Scaling, activation, unsupported
from nengo_dense.importers.quantizer import Quantizer, jump

#: Quantizers -> their settings in QKeras's order, and the values where none are given.
SETTINGS: dict[str, dict[str, Any]] = {
    "quantized_bits": {
        **{"bits": 8, "integer": 0, "symmetric": 0, "keep_negative": True, "alpha": None},
        **{"use_stochastic_rounding": False, "scale_axis": None, "qnoise_factor": 1.0},
    },
    "quantized_relu": {
        **{"bits": 8, "integer": 0, "use_sigmoid": 0, "negative_slope": 0.0},
        **{"use_stochastic_rounding": False, "relu_upper_bound": None},
        **{"is_quantized_clip": True, "qnoise_factor": 1.0},
    },
    "quantized_tanh": {"bits": 8, "use_stochastic_rounding": False, "use_real_tanh": False},
    "quantized_sigmoid": {"bits": 8, "use_real_sigmoid": False, "use_stochastic_rounding": False},
    "binary": {"use_01": False, "alpha": None, "use_stochastic_rounding": False},
    "ternary": {
        **{"alpha": None, "threshold": None, "use_stochastic_rounding": False},
        "number_of_unrolls": 5,
    },
}
SETTINGS["stochastic_binary"] = SETTINGS["binary"]
SETTINGS["stochastic_ternary"] = SETTINGS["ternary"]

#: Those that jump, so that no activation of theirs has a rectifier form.
JUMPS = ("binary", "ternary", "stochastic_binary", "stochastic_ternary", "bernoulli")

#: Where QKeras's ternary without a scale of its own becomes zero.
TERNARY_THRESHOLD = 0.33

#: Keras's ``backend.epsilon()``, which QKeras adds to what it divides by.
EPSILON = np.float32(1e-7)

#: Rounds in which a scale is found.
N_ROUNDS = 5

#: Most bits that are read: more are no rounding in single precision.
MAX_BITS = 24


def parsed(declared: Any) -> tuple[str, dict[str, Any]]:
    """Return a quantizer's name and settings, from a text or from what Keras serializes.

    Raises
    ------
    ValueError
        It is no quantizer with constant settings.
    """
    if isinstance(declared, dict):
        name, given = str(declared.get("class_name")), dict(declared.get("config") or {})
    else:
        name, given = _called(str(declared))
    if name not in SETTINGS:
        return name, {}
    if "" in given:
        given.update(zip(SETTINGS[name], given.pop(""), strict=False))
    settings = {key: given.get(key, value) for key, value in SETTINGS[name].items()}
    if float(settings.get("qnoise_factor", 1.0)) != 1.0:
        raise ValueError("it was saved while its quantization noise was being raised to 1")
    for key in ("bits", "integer"):
        if key in settings and abs(int(settings[key])) > MAX_BITS:
            raise ValueError(f"its {key} must be at most {MAX_BITS}, got {settings[key]}")
    return name, settings


def _called(text: str) -> tuple[str, dict[str, Any]]:
    """Read ``name(1, 2, alpha=1)`` as data."""
    try:
        call = ast.parse(text[:1000].strip(), mode="eval").body
        if isinstance(call, ast.Name):
            return call.id, {}
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            raise ValueError(f"{text[:80]!r} is no quantizer")
        given = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
        return call.func.id, {**given, "": [ast.literal_eval(each) for each in call.args]}
    except (SyntaxError, RecursionError, MemoryError) as err:
        raise ValueError(f"{text[:80]!r} is no quantizer") from err


def is_quantizer(declared: Any) -> bool:
    """Tell whether an ``activation`` is one of QKeras's quantizers."""
    name = declared.get("class_name") if isinstance(declared, dict) else declared
    return str(name).partition("(")[0].strip() in (*SETTINGS, *JUMPS)


def quantized(weights: np.ndarray, declared: Any, is_kernel: bool) -> np.ndarray:
    """Return weights as a quantizer gives them, in single precision as QKeras computes.

    Parameters
    ----------
    weights : (n_in, n_out) or (n_out,) ndarray
    declared
        The quantizer as the configuration has it.
    is_kernel : bool
        Whether QKeras finds the scale where none is given.

    Raises
    ------
    ValueError
        The quantizer is not known.
    """
    if declared is None:
        return weights
    name, settings = parsed(declared)
    x = weights.astype(np.float32)
    alpha = settings.get("alpha")
    alpha = "auto_po2" if alpha is None and is_kernel else alpha
    alpha = alpha if alpha is None or isinstance(alpha, str) else numbers(alpha).astype("f")
    if name == "quantized_bits":
        result = _bits(x, settings, alpha)
    elif name in ("binary", "stochastic_binary"):
        signs = np.where(x >= 0, np.float32(1), np.float32(-1))
        signs = (signs + 1) / 2 if settings["use_01"] else signs
        result = signs * _scale(np.tanh(x) if alpha is None else x, signs, alpha)
    elif name in ("ternary", "stochastic_ternary"):
        result = _ternary(x, settings, alpha)
    elif name == "quantized_relu" and not settings["use_sigmoid"]:
        result = _relu(settings).rounded(x)
    else:
        raise ValueError(f"its weights are quantized by {name}, which is not known here")
    return np.asarray(result, dtype=np.float64)


def _bits(x: np.ndarray, settings: dict[str, Any], alpha: Any) -> np.ndarray:
    bits, signed = int(settings["bits"]), bool(settings["keep_negative"])
    size = np.float32(2.0 ** int(settings["integer"]))
    if isinstance(alpha, str):
        x, m = x / size, np.float32(2.0 ** (bits - signed))
        levels = 2.0**bits - 1
        axes = tuple(range(max(1, x.ndim - 1)))
        step = (x.max(axis=axes, keepdims=True) - x.min(axis=axes, keepdims=True)) / levels
        step = _power_of_two(step) if "po2" in alpha else step
        z = x
        for _ in range(N_ROUNDS):
            steps = np.floor(np.abs(x) / step + 0.5)
            z = np.sign(x) * np.minimum(steps, (levels - 1) / 2)
            step = _scale(x, z, "auto_po2")
        result: np.ndarray = (step * m) * (size * z / m)
        return result
    if bits - signed == 0:  # one bit is a sign
        signs = np.where(x >= 0, np.float32(1), np.float32(-1))
        values = signs if signed else (signs + 1) / 2
    else:
        values = _quantized_bits(settings).rounded(x)
    return np.asarray(values if alpha is None else values * alpha)


def _ternary(x: np.ndarray, settings: dict[str, Any], alpha: Any) -> np.ndarray:
    if not isinstance(alpha, str):
        limit = settings["threshold"]
        limit = TERNARY_THRESHOLD if limit is None else float(limit)
        signs = np.sign(x) * (np.abs(x) >= limit)
        return np.asarray(signs if alpha is None else signs * alpha)
    axes = tuple(range(max(1, x.ndim - 1)))
    scale = 2 * np.abs(x).max(axis=axes, keepdims=True) / 3
    scale = _power_of_two(scale) if "po2" in alpha else scale
    signs = x
    for _ in range(min(int(settings["number_of_unrolls"]), 100)):
        values = scale * np.round(x / scale)
        signs = (np.abs(values) >= scale / 2) * np.sign(x)
        scale = _scale(x, signs, alpha)
    return np.asarray(scale * signs)


def _scale(x: np.ndarray, q: np.ndarray, alpha: Any) -> Any:
    """Return the scale of each unit with which `q` is closest to `x`, or the given one."""
    if not isinstance(alpha, str):
        return 1.0 if alpha is None else alpha
    axes = tuple(range(max(1, x.ndim - 1)))
    products = (x * q).mean(axis=axes, keepdims=True)
    scale = products / ((q * q).mean(axis=axes, keepdims=True) + EPSILON)
    return _power_of_two(scale) if alpha == "auto_po2" else scale


def _power_of_two(scale: np.ndarray) -> np.ndarray:
    exponent = np.round(np.log(scale + EPSILON) / np.log(2.0))
    return np.asarray(np.power(np.float32(2.0), exponent), dtype=np.float32)


def _quantized_bits(settings: dict[str, Any]) -> Quantizer:
    signed = bool(settings["keep_negative"])
    m = 2.0 ** (int(settings["bits"]) - signed)
    low = signed * (-m + bool(settings["symmetric"]))
    return Quantizer(2.0 ** int(settings["integer"]) / m, low, m - 1)


def _relu(settings: dict[str, Any]) -> Quantizer:
    m = 2.0 ** int(settings["bits"])
    return Quantizer(2.0 ** int(settings["integer"]) / m, 0.0, m - 1)


def activation_of(declared: Any, label: str) -> list[Operation]:
    """Return the operations of a quantizer of activations: its limits, without its rounding."""
    name = str(declared.get("class_name") if isinstance(declared, dict) else declared)
    if name.partition("(")[0].strip() in JUMPS:
        return [jump(label, f"is {name.partition('(')[0].strip()}")]
    name, settings = parsed(declared)
    if name == "quantized_bits":
        alpha = settings["alpha"]
        if isinstance(alpha, str):
            return [Problem(f"layer {label!r} scales its values by the batch; give it alpha=1")]
        scale = np.float64(1.0) if alpha is None else numbers(alpha)
        after: list[Operation] = [] if np.all(scale == 1) else [Scaling(scale, 0.0, label)]
        return [*_quantized_bits(settings).operations(label), *after]
    if name == "quantized_relu":
        if settings["use_sigmoid"] or settings["negative_slope"]:
            what = "quantized_relu with use_sigmoid or negative_slope"
            return [unsupported(label, what, "threshold")]
        return _relu(settings).operations(label)
    if name == "quantized_tanh" and not settings["use_real_tanh"]:
        m = 2.0 ** (int(settings["bits"]) - 1)
        return Quantizer(1 / m, 1 - m, m - 1).operations(label)
    if name == "quantized_sigmoid" and not settings["use_real_sigmoid"]:
        m = 2.0 ** int(settings["bits"])
        return [Scaling(0.5, 0.5, label), *Quantizer(1 / m, 1, m - 1).operations(label)]
    real = {"quantized_tanh": "tanh", "quantized_sigmoid": "sigmoid"}.get(name)
    if real is not None:
        return activation(real, label)
    return [unsupported(label, f"the quantizer {name}", name)]
