"""Proxy models of HGQ 1: layers of Keras with rounded weights, and quantizers between them.

``HGQ.proxy.to_proxy_model`` makes one of a trained model. The trained layers (``HDense``) know how
many fractional bits each value has, but not how many whole ones: these come from the data that
``trace_minmax`` saw, and are in no file. A ``FixedPointQuantizer`` has all bits, written in the
order ``keep_negative``, ``bits`` and ``integers``, the latter two with the sign. No code of HGQ
runs; formulas are those of HGQ 0.2, ``HGQ/proxy/fixed_point_quantizer.py`` of calad0i/HGQ.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nengo_dense.importers.form.operation import Problem
from nengo_dense.importers.from_keras.keras_graph import KerasLayer
from nengo_dense.importers.from_keras.keras_hgq_quantizer import (
    OVERFLOWS,
    ROUNDINGS,
    Bits,
    FixedPoint,
)


def fixed_point(settings: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> FixedPoint:
    """Return a quantizer of a proxy model.

    Parameters
    ----------
    settings : mapping
        ``RND``, the way of rounding, and ``SAT``, that of overflowing.
    arrays : sequence of ndarray
        ``keep_negative``, ``bits`` and ``integers``.

    Raises
    ------
    ValueError
        It is none that is read.
    """
    if len(arrays) != 3:
        raise ValueError(f"its quantizer has {len(arrays)} weight arrays, not 3")
    rounding, overflow = str(settings["RND"]), str(settings["SAT"])
    if rounding not in ROUNDINGS or overflow not in OVERFLOWS:
        raise ValueError(f"its quantizer rounds by {rounding} and overflows by {overflow}")
    sign, bits, integers = (np.asarray(array, dtype=np.float32) for array in arrays)
    if np.any((sign != 0) & (sign != 1)):
        raise ValueError("its quantizer has signs of more than one bit; save the model again")
    return FixedPoint(Bits(sign, integers - sign, bits - integers), rounding, overflow)


def refused_of_proxy(layer: KerasLayer) -> Problem:
    """Name a layer of HGQ 1 that no proxy model has, or only some."""
    remedy = (
        "make the proxy without unary_lut_max_table_size"
        if layer.class_name == "UnaryLUT"
        else "the whole bits of its values are in no file: save "
        "HGQ.proxy.to_proxy_model(model) after HGQ.trace_minmax, and convert that"
    )
    return Problem(f"layer {layer.label!r} is {layer.class_name} of HGQ 1, not read; {remedy}")
