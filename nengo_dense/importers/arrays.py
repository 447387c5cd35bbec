"""Plain arrays: ``[(weights, bias), ...]``, in Nengo's orientation (n_out, n_in)."""

import os
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.array_like import check_real, to_array
from nengo_dense.budget import LAYERS, current
from nengo_dense.importers.form.folding import operations_of
from nengo_dense.importers.form.operation import Affine, Operation, Problem, activation, attempt
from nengo_dense.importers.form.spec import DenseSpec
from nengo_dense.importers.importer import is_of_nir
from nengo_dense.importers.source_model import SourceModel

#: What to do about a layer that cannot be read.
REMEDY = "give it as (weights, bias, activation), with numbers of shape (n_out, n_in) and (n_out,)"


class ArraysImporter:
    """Reads lists of weight arrays.

    A layer is an array ``weights``, a pair ``(weights, bias)``, a triple
    ``(weights, bias, activation)``, or a `DenseSpec`; ``bias`` may be None. Where no activation
    is given, hidden layers are "relu" and the last one is "linear".
    """

    reads = "a list of (weights, bias[, activation]) with weights of shape (n_out, n_in)"

    def recognizes(self, model: Any) -> bool:
        """Tell whether this is a list or tuple, and not of paths or of NIR's nodes."""
        return isinstance(model, list | tuple) and not (
            model and all(isinstance(each, str | os.PathLike) or is_of_nir(each) for each in model)
        )

    def read(self, model: Any) -> SourceModel:
        """Read the layers of the list."""
        current().take(LAYERS, len(model), "The list of layers")
        operations: list[Operation] = []
        for index, layer in enumerate(model):
            label = f"layer_{index}"
            default = "linear" if index == len(model) - 1 else "relu"
            operations += attempt(label, _layer, layer, label, default, remedy=REMEDY)
        return SourceModel("The list of layers", operations, why_not="the arrays are the model")


def _layer(layer: Any, label: str, default: str) -> list[Operation]:
    if isinstance(layer, DenseSpec):
        named = DenseSpec(layer.weights, layer.bias, layer.activation, layer.label or label)
        return operations_of([named])
    weights, bias, name = layer, None, default
    if isinstance(layer, list | tuple) and len(layer) in (2, 3) and _ndim(layer[0]) == 2:
        weights, bias, name = (*layer, default)[:3]
    try:
        weights = _numbers(weights, "weights")
        bias = None if bias is None else _numbers(bias, "bias")
    except ValidationError as err:
        return [Problem(f"layer {label!r}: {err}")]
    if weights.ndim == 1:
        return [
            Problem(
                f"layer {label!r} has shape {weights.shape}, weights must be (n_out, n_in); "
                "give a layer with bias as a pair in the list: [(weights, bias), ...]"
            )
        ]
    return [Affine(weights, bias, label), *activation(name, label)]


def _numbers(values: Any, attr: str) -> np.ndarray:
    array = to_array(values, attr)
    check_real(array, attr)
    return np.asarray(array, dtype=np.float64)


def _ndim(values: Any) -> int:
    """Return the number of dimensions, also of what NumPy does not know."""
    return values.ndim if hasattr(values, "ndim") else np.ndim(values)
