"""The sizes of a stack's layers, and arrays that fit them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.arguments import count, finite_array, quantities
from nengo_dense.budget import LAYERS
from nengo_dense.plugins import show


def check_units(units: Any, obj: object) -> list[int]:
    """Return the outputs of each layer, at least two, or raise a ValidationError."""
    if isinstance(units, np.ndarray) and units.size <= LAYERS.most:
        units = units.tolist()
    each = list(units) if isinstance(units, Sequence) else [units]
    units = [count(n, "units", obj) for n in each]
    if len(units) < 2:
        raise ValidationError(
            f"must contain at least one layer of neurons and the readout, got {units}; for "
            "one matrix without neurons use a nengo.Connection",
            attr="units",
            obj=obj,
        )
    return units


def check_parameters(
    weights: Any, biases: Any, sizes: list[int], units: list[int], obj: object
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return weights and biases as arrays of the shapes that the layers have.

    Parameters
    ----------
    weights : sequence of (n_out, n_in) array_like
    biases : sequence of (n_out,) array_like
    sizes, units : list of int
        Inputs and outputs of each layer.
    obj : object
        Whose they are, for the message.

    Raises
    ------
    nengo.exceptions.ValidationError
        The number of arrays or a shape is wrong, or a value is not finite.
    """
    weights, biases = (
        list(given)
        if isinstance(given, np.ndarray) and given.shape[:1] == (len(units),)
        else given
        for given in (weights, biases)
    )
    for attr, given in (("weights", weights), ("biases", biases)):
        n_given = len(given) if isinstance(given, Sequence) else show(given)
        if n_given != len(units):
            raise ValidationError(
                f"must have one entry for each of the {len(units)} units, got {n_given}",
                attr=attr,
                obj=obj,
            )
    shapes = list(zip(units, sizes, strict=True))
    return (
        [
            # a layer copies its own weights; the last ones are the readout's
            finite_array(w, shape, f"weights[{i}]", obj, copy=i == len(units) - 1)
            for i, (w, shape) in enumerate(zip(weights, shapes, strict=True))
        ],
        [
            quantities(b, (n,), f"biases[{i}]", obj)
            for i, (b, n) in enumerate(zip(biases, units, strict=True))
        ],
    )
