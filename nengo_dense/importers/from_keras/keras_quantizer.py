"""Layers of QKeras as they are deployed, read from configurations and weights alone.

What QKeras 0.9 computes [1]_, with m = 2**(bits - sign) and i = 2**integer:

- ``quantized_bits``: ``i / m * clip(round(x m / i), low, m - 1)``, where low is 0 without a sign,
  else -m, or 1 - m if it is symmetric; times alpha. Of a kernel that gives no alpha it is
  ``auto_po2``: a power of two for each unit, found from its weights in five rounds.
- ``quantized_relu``: ``i / m * clip(round(x m / i), 0, m - 1)``.
- ``binary`` and ``ternary``: -1, (0,) 1 times alpha, which is found like that, too.
- ``quantized_po2``: the sign times ``2**clip(round(log2(|x|)), low, high)``, a negative number
  never 0; ``quantized_relu_po2`` only of what is above 0, the smallest level for the rest.

Quantizers between layers are read by `.keras_q_activation`.

References
----------
.. [1] C. N. Coelho et al., "Automatic heterogeneous quantization of deep neural networks for
   low-latency inference on the edge for particle detectors", Nature Machine Intelligence 3, 2021;
   ``qkeras/quantizers.py`` of google/qkeras.
"""

import ast
from typing import Any

import numpy as np

from nengo_dense.importers.from_keras.keras_shape import numbers
from nengo_dense.importers.reading.quantizer import Quantizer

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
    "quantized_tanh": {
        **{"bits": 8, "use_stochastic_rounding": False, "symmetric": False},
        "use_real_tanh": False,
    },
    "quantized_sigmoid": {
        **{"bits": 8, "symmetric": False, "use_real_sigmoid": False},
        "use_stochastic_rounding": False,
    },
    "quantized_hswish": {
        **{"bits": 8, "integer": 0, "symmetric": 0, "alpha": None},
        **{"use_stochastic_rounding": False, "scale_axis": None, "qnoise_factor": 1.0},
        **{"var_name": None, "use_ste": True, "use_variables": False},
        **{"relu_shift": 3, "relu_upper_bound": 6, "keep_negative": True},
    },
    "quantized_po2": {
        **{"bits": 8, "max_value": None, "use_stochastic_rounding": False},
        **{"quadratic_approximation": False, "log2_rounding": "rnd", "qnoise_factor": 1.0},
    },
    "quantized_relu_po2": {
        **{"bits": 8, "max_value": None, "negative_slope": 0, "use_stochastic_rounding": False},
        **{"quadratic_approximation": False, "log2_rounding": "rnd", "qnoise_factor": 1.0},
    },
    "binary": {"use_01": False, "alpha": None, "use_stochastic_rounding": False},
    "ternary": {
        **{"alpha": None, "threshold": None, "use_stochastic_rounding": False},
        "number_of_unrolls": 5,
    },
}
SETTINGS["stochastic_binary"] = SETTINGS["binary"]
SETTINGS["stochastic_ternary"] = SETTINGS["ternary"]

#: Where QKeras's ternary without a scale of its own becomes zero.
TERNARY_THRESHOLD = 0.33

#: Keras's ``backend.epsilon()``, which QKeras adds to what it divides by.
EPSILON = np.float32(1e-7)

#: Rounds in which a scale is found.
N_ROUNDS = 5

#: Most bits of an exponent: more are infinite in single precision.
MAX_EXPONENT_BITS = 7

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


def name_of(declared: Any) -> str:
    """Return the name of what a configuration declares as a quantizer or an activation."""
    name = declared.get("class_name") if isinstance(declared, dict) else declared
    return str(name).partition("(")[0].strip()


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
    if settings.get("scale_axis") not in (None, x.ndim - 1):
        raise ValueError(f"its scale is along axis {settings['scale_axis']}, must be of each unit")
    alpha = settings.get("alpha")
    if alpha is None and is_kernel:
        alpha, settings = "auto_po2", {**settings, "symmetric": True}
    alpha = alpha if alpha is None or isinstance(alpha, str) else numbers(alpha).astype("f")
    if name == "quantized_bits":
        result = _bits(x, settings, alpha)
    elif name in ("binary", "stochastic_binary"):
        signs = np.where(x >= 0, np.float32(1), np.float32(-1))
        signs = (signs + 1) / 2 if settings["use_01"] else signs
        result = signs * _scale(np.tanh(x) if alpha is None else x, signs, alpha)
    elif name in ("ternary", "stochastic_ternary"):
        result = _ternary(x, settings, alpha)
    elif name == "quantized_relu" and not (settings["use_sigmoid"] or settings["negative_slope"]):
        m = 2.0 ** int(settings["bits"])
        result = Quantizer(2.0 ** int(settings["integer"]) / m, 0.0, m - 1).rounded(x)
    elif name in ("quantized_po2", "quantized_relu_po2"):
        result = _powers(x, settings, name)
    elif name == "bernoulli":
        raise ValueError("its weights are drawn at random whenever it runs; train it with binary")
    else:
        raise ValueError(f"its weights are quantized by {name}, which is not known here")
    return np.asarray(result, dtype=np.float64)


def _bits(x: np.ndarray, settings: dict[str, Any], alpha: Any) -> np.ndarray:
    bits, signed = int(settings["bits"]), bool(settings["keep_negative"])
    size = np.float32(2.0 ** int(settings["integer"]))
    if isinstance(alpha, str):
        if not settings["symmetric"]:
            raise ValueError("its scale is found from its weights, which QKeras does if symmetric")
        x, m = x / size, np.float32(2.0 ** (bits - signed))
        largest = np.float32(2.0 ** (bits - 1) - 1)
        step = np.abs(x).max(axis=_axes(x), keepdims=True) / largest
        step = _power_of_two(step) if alpha == "auto_po2" else step
        for _ in range(N_ROUNDS if alpha == "auto_po2" else 1):
            z = np.sign(x) * np.minimum(np.floor(np.abs(x) / step + np.float32(0.5)), largest)
            step = _scale(x, z, alpha) if alpha == "auto_po2" else step
        result: np.ndarray = (step * m) * (size * z / m)
        return result
    if bits - signed == 0:  # one bit is a sign
        signs = np.where(x >= 0, np.float32(1), np.float32(-1))
        values = signs if signed else (signs + 1) / 2
    else:
        values = bits_quantizer(settings).rounded(x)
    return np.asarray(values if alpha is None else values * alpha)


def _ternary(x: np.ndarray, settings: dict[str, Any], alpha: Any) -> np.ndarray:
    if not isinstance(alpha, str):
        limit = settings["threshold"]
        limit = TERNARY_THRESHOLD if limit is None else float(limit)
        signs = np.sign(x) * (np.abs(x) >= limit)
        return np.asarray(signs if alpha is None else signs * alpha)
    axes = _axes(x)
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
    axes = _axes(x) if x.ndim > 1 else ()  # each value of a vector has its own
    products = (x * q).mean(axis=axes, keepdims=True)
    scale = products / ((q * q).mean(axis=axes, keepdims=True) + EPSILON)
    return _power_of_two(scale) if alpha == "auto_po2" else scale


def _axes(x: np.ndarray) -> tuple[int, ...]:
    """Return all axes but that of units; that of a vector."""
    return tuple(range(max(1, x.ndim - 1)))


def _power_of_two(scale: np.ndarray) -> np.ndarray:
    exponent = np.round(np.log(scale + EPSILON) / np.log(2.0))
    return np.asarray(np.power(np.float32(2.0), exponent), dtype=np.float32)


def bits_quantizer(settings: dict[str, Any]) -> Quantizer:
    """Return the levels of ``quantized_bits`` before they are multiplied by alpha."""
    signed = bool(settings["keep_negative"])
    m = 2.0 ** (int(settings["bits"]) - signed)
    low = signed * (-m + bool(settings["symmetric"]))
    return Quantizer(2.0 ** int(settings["integer"]) / m, low, m - 1)


def _powers(x: np.ndarray, settings: dict[str, Any], name: str) -> np.ndarray:
    """Round to powers of two, of which a squared one is asked for where a root is taken later."""
    limit, is_even = settings["max_value"], bool(settings["quadratic_approximation"])
    signed = int(name == "quantized_po2")
    has_sign = int(limit is None or float(limit) > 1)  # of the exponent
    n_bits = int(settings["bits"]) - signed - has_sign
    if not 0 <= n_bits <= MAX_EXPONENT_BITS or (not signed and settings["negative_slope"]):
        raise ValueError(f"its powers of two have {settings['bits']} bits, or a negative slope")
    low, high = -(2.0**n_bits), 2.0**n_bits - 1
    high = 2 * (high // 2) if is_even else high
    size = np.abs(x) if signed else np.maximum(x, 0)
    inside = np.maximum(size, EPSILON)
    inside = inside if limit is None else np.minimum(inside, np.float32(limit))
    logarithm = np.log(np.sqrt(inside) if is_even else inside) / np.float32(np.log(2.0))
    rounded = np.floor(logarithm) if settings["log2_rounding"] == "floor" else np.round(logarithm)
    exponent = (2 if is_even else 1) * np.clip(rounded, low, high)
    powers = np.power(np.float32(2.0), np.where(size < EPSILON, np.float32(low), exponent))
    return np.asarray(powers * np.where(x < 0, -1, 1) if signed else powers)
