"""Quantizers in ONNX graphs: QONNX's ``Quant`` and ``BipolarQuant``, ``QuantizeLinear`` of ONNX.

QONNX, which Brevitas writes too, describes ``Quant`` as ``x / scale + zero_point`` within limits,
rounded, less the zero point, times the scale. The limits follow from the number of bits n: 0 to
2**n - 1, or -2**(n - 1) to 2**(n - 1) - 1 if it is signed; a narrow one has one level less, at the
top without a sign and at the bottom with one. ``BipolarQuant`` is the scale with the sign of each
value [1]_.

References
----------
.. [1] A. Pappalardo et al., "QONNX: representing arbitrary-precision quantized neural networks",
   arXiv:2206.07527, 2022; the operators in ``docs/qonnx-custom-ops`` of fastmachinelearning/qonnx.
"""

import re
from typing import Any

import numpy as np

from nengo_dense.importers.form.operation import UnfitError
from nengo_dense.importers.reading.quantizer import Quantizer, bipolar

#: Domains of QONNX's operators, by several exporters.
QONNX_DOMAINS = (
    *("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general", "brevitas"),
    "qonnx",
)

#: QONNX's quantizers to several levels, by the names of all versions.
QUANT = ("Quant", "IntQuant")

#: Most bits that a quantizer may have: more are no rounding in double precision.
MAX_BITS = 52


def is_quantizer(node: Any) -> bool:
    """Tell whether a node is one of QONNX's quantizers."""
    return node.domain in QONNX_DOMAINS and node.op_type in (*QUANT, "BipolarQuant")


def quantizer_of(arrays: list[np.ndarray], settings: dict[str, Any]) -> Quantizer | None:
    """Return what a ``Quant`` node does, None if it gives only signs.

    Parameters
    ----------
    arrays : list of ndarray
        Scale, zero point and number of bits.
    settings : dict
        The node's attributes.

    Raises
    ------
    ValueError
        Settings that mean nothing.
    """
    scale, zero = arrays[:2]
    bits = np.asarray(arrays[2], dtype=np.float64)
    if np.any(bits < 1) or np.any(bits > MAX_BITS) or not np.all(np.isfinite(bits)):
        raise ValueError(f"its number of bits must be 1 to {MAX_BITS}, got {np.ravel(bits)[:3]}")
    signed, narrow = bool(settings.get("signed", 1)), bool(settings.get("narrow", 1))
    if signed and np.any(bits == 1):
        return None
    low = -(2 ** (bits - 1)) + narrow if signed else 0.0 * bits
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
    rounding = settings.get("rounding_mode", b"ROUND")
    name = rounding.decode("utf-8", "replace") if isinstance(rounding, bytes) else str(rounding)
    return Quantizer(scale, low, high, zero, name.upper())


def quantized(node: Any, arrays: list[np.ndarray], settings: dict[str, Any]) -> np.ndarray:
    """Return a constant as a quantizer of QONNX gives it.

    Parameters
    ----------
    node : onnx.NodeProto
    arrays : list of ndarray
        All that it takes.
    settings : dict
        Its attributes.

    Raises
    ------
    ValueError
    """
    # the exporters compute in single precision, where ties fall otherwise than in double
    arrays = [np.asarray(array, dtype=np.float32) for array in arrays]
    values = arrays[0]
    if node.op_type == "BipolarQuant":
        return bipolar(values, arrays[1])
    quantizer = quantizer_of(arrays[1:4], settings)
    if quantizer is None:  # one bit with a sign
        signs = bipolar(values / arrays[1] + arrays[2])
        result: np.ndarray = (signs - arrays[2]) * arrays[1]
        return result
    return quantizer.rounded(values)


def dequantized(arrays: list[np.ndarray], axis: int, block: int = 0) -> np.ndarray:
    """Return ``(x - zero) * scale`` of a constant, as ``DequantizeLinear`` does.

    onnx's reference implementation has it for the newest versions of the operator alone.

    Parameters
    ----------
    arrays : list of ndarray
        Values, scale and perhaps zero point; the last two one, or one an index of the axis, or
        one for each block along it.
    axis : int
    block : int, optional
        Length of a block; the last may be cut. 0 where there are none.
    """
    values, scale, *zero = (np.asarray(array, dtype=np.float64) for array in arrays)
    if block:
        index = np.arange(values.shape[axis]) // block
        shape = list(values.shape)
        shape[axis] = int(index[-1]) + 1
        if list(scale.shape) != shape:
            raise ValueError(f"its scale must have shape {tuple(shape)}, has {scale.shape}")
        scale, zero = scale.take(index, axis), [each.take(index, axis) for each in zero]
    elif scale.size > 1:
        shape = [1] * values.ndim
        shape[axis] = -1
        scale, zero = scale.reshape(shape), [each.reshape(shape) for each in zero]
    result: np.ndarray = (values - (zero[0] if zero else 0.0)) * scale
    return result


def linear_quantizer(scale: np.ndarray, zero: np.ndarray, kind: str) -> Quantizer:
    """Return what ``QuantizeLinear`` and ``DequantizeLinear`` do one after the other.

    Parameters
    ----------
    scale, zero : ndarray
    kind : str
        Type of the levels, which may have few bits ("int4").

    Raises
    ------
    UnfitError
        Its levels are no whole numbers.
    """
    found = re.fullmatch(r"(u?)int(\d+)", kind)
    if found is None:
        raise UnfitError(
            f"its levels are numbers of the type {kind}, of which larger ones are further apart; "
            "give the model as it was before its quantization, the chip's own is done here"
        )
    n = 2.0 ** int(found[2])
    low = 0.0 if found[1] else -n / 2
    return Quantizer(scale, low, low + n - 1, zero.astype(np.float64))
