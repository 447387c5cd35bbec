"""Activations that are written as several steps, such as ``x * sigmoid(x)`` for SiLU.

What computes each element from one value alone is computed on a grid of numbers. If it is one of
the known functions there, it is read as that.
"""

from typing import Any

import numpy as np

from nengo_dense.importers.form.activation import FUNCTIONS

#: Steps that one activation may be written as; the longest known is GELU with a tanh, 9.
MOST_STEPS = 16

#: Where functions are told apart, among it all their knots.
GRID = np.linspace(-8.0, 8.0, 1025)

#: Largest difference from a known function that constants in single precision explain.
SAME = 2e-6

#: Functions that are looked for, with their settings.
CANDIDATES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in ("silu", "gelu", "mish", "hardswish", "softsign", "tanhshrink")),
    *((name, {}) for name in ("logsigmoid", "softplus", "softshrink", "relu", "relu6", "abs")),
    *((name, {}) for name in ("hardsigmoid", "hardtanh", "elu", "selu", "leakyrelu", "sigmoid")),
    ("gelu", {"approximate": "tanh"}),
    ("hardsigmoid", {"slope": 0.2}),
    ("leakyrelu", {"slope": 0.2}),
]


def recognized(values: np.ndarray) -> tuple[str, dict[str, Any]] | None:
    """Return the name and the settings of the function that has these values on the grid."""
    for name, settings in CANDIDATES:
        wanted = FUNCTIONS[name](**settings)(GRID)
        if values.shape == wanted.shape and np.abs(values - wanted).max() < SAME:
            return name, settings
    return None
