"""The outputs of live Keras models, of Keras 2 and of Keras 3 on any back end."""

import sys
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.importers.from_keras.keras_graph import ends_of
from nengo_dense.importers.model_reference import Reference
from nengo_dense.importers.precision import Precision, coarsest


def reference(model: Any) -> Reference:
    """Return how to run a model."""
    tensors, structure = _declared(model)

    def call(network: Any, x: np.ndarray) -> list[np.ndarray]:
        parts: Any = _parted(tensors, x)
        if structure:  # Keras sorts what is given by name
            named = dict(zip(map(id, tensors), parts, strict=True))
            parts = [named[id(tensor)] for tensor in network.inputs]
            if network is model:
                given = {each.name: named[id(each)] for each in tensors}
                parts = _filled(structure, given)
        with warnings.catch_warnings():
            # one array is taken whatever the inputs were declared in; Keras 3 says that it sees it
            warnings.filterwarnings("ignore", message="The structure of `inputs`")
            result = network(parts[0] if len(parts) == 1 else parts, training=False)
        if isinstance(result, dict):  # Keras returns it sorted, whatever order it was declared in
            result = [result[key] for key in network.get_config()["output_layers"]]
        return _arrays_in(result)

    def outputs(x: np.ndarray) -> np.ndarray:
        results = call(model, x)
        if len(results) == 1:
            return results[0]
        return np.concatenate([result.reshape(len(x), -1) for result in results], axis=1)

    def layers(x: np.ndarray) -> list[tuple[str, np.ndarray]]:
        inner = [(layer.name, _last_output(layer)) for layer in model.layers]
        outputs = [tensor for _, tensor in inner if tensor is not None]
        names = [name for name, tensor in inner if tensor is not None]
        network = _package_of(model).Model(model.inputs, outputs)
        return list(zip(names, call(network, x), strict=True))

    kind = model.inputs[0].dtype if getattr(model, "inputs", None) else "float32"
    name = str(getattr(kind, "name", kind))
    return Reference(
        outputs, "float32" if name == "bfloat16" else name, _precision_of(model), layers
    )


def _declared(model: Any) -> tuple[list[Any], Any]:
    """Return a model's inputs in the order in which they are declared; how they lie in dicts."""
    inputs = list(getattr(model, "inputs", None) or [])
    declared = model.get_config().get("input_layers") if len(inputs) > 1 else None
    if not _has_dict(declared):
        return inputs, None
    named = {tensor.name: tensor for tensor in inputs}
    return [named[name] for name, *_ in ends_of(declared, is_inside=False)], declared


def _has_dict(declared: Any) -> bool:
    inner = declared if isinstance(declared, list | tuple) else ()
    return isinstance(declared, dict) or any(map(_has_dict, inner))


def _filled(declared: Any, given: Mapping[str, Any]) -> Any:
    """Put values in the places of the inputs' names."""
    if isinstance(declared, Mapping):
        return {key: _filled(each, given) for key, each in declared.items()}
    if isinstance(declared[0], str):
        return given[declared[0]]
    return [_filled(each, given) for each in declared]


def _last_output(layer: Any) -> Any:
    """Return what a layer gives where it was used last, None if it was not used once."""
    if hasattr(layer, "get_output_at"):  # Keras 2, where a model in a model is used twice
        return layer.get_output_at(len(layer._inbound_nodes) - 1)
    return layer.output if len(layer._inbound_nodes) == 1 else None


#: Packages that Keras's classes are in.
PACKAGES = ("keras", "tf_keras", "tensorflow")


def _package_of(model: Any) -> Any:
    """Return the Keras that a model is of: keras, tf_keras, or TensorFlow's own.

    The class of the model itself may be the user's.
    """
    names = [cls.__module__.partition(".")[0] for cls in type(model).__mro__]
    name = next((name for name in names if name in PACKAGES), names[0])
    package = sys.modules[name]
    return getattr(package, "keras", package)


def _parted(inputs: Any, x: np.ndarray) -> list[np.ndarray]:
    """Give each of a model's inputs its part of (batch, n_in) values, in its shape."""
    shapes = [[-1 if n is None else n for n in tensor.shape[1:]] for tensor in inputs]
    if len(shapes) == 1:
        return [x.reshape(len(x), *shapes[0])]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    parts = np.split(x, ends, axis=1)
    return [part.reshape(len(x), *shape) for part, shape in zip(parts, shapes, strict=True)]


def version_of(model: Any) -> str:
    """Return the version of the Keras that a model is of."""
    package = _package_of(model)
    return str(getattr(package, "__version__", "3"))


def _arrays_in(value: Any) -> list[np.ndarray]:
    """List the arrays in what a model returned: alone, in a list, in a dict by its keys."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    if isinstance(value, list | tuple):
        return [array for part in value for array in _arrays_in(part)]
    if hasattr(value, "detach"):
        return [value.detach().cpu().double().numpy()]
    return [np.asarray(value).astype(np.float64)]


def _precision_of(model: Any) -> Precision:
    """Return how finely a model computes: its layers' types, its casts', and its device's."""
    parts = _flattened(model)
    names = {str(getattr(layer, "compute_dtype", "")) for layer in parts}
    steps = (step for part in parts for step in getattr(part, "operations", []))
    casts = {str(step.dtype) for step in steps if type(step).__name__ == "Cast"}
    return coarsest({*names, *casts, _product_type(model)} - {""})


def _flattened(model: Any) -> list[Any]:
    layers = getattr(model, "layers", [])
    return [model, *(inner for layer in layers for inner in _flattened(layer))]


def _product_type(model: Any) -> str:
    """Name the type that products of float32 are computed in.

    TensorFlow and JAX take TensorFloat-32 on graphics cards and bfloat16 on TPUs if nothing else
    is asked for.
    """
    backend = _package_of(model).backend.backend()
    device = "CPU"
    if backend == "tensorflow":
        tensorflow = compat.require("tensorflow", "Reading a Keras model")
        kinds = {found.device_type for found in tensorflow.config.list_logical_devices()}
        device = next((kind for kind in ("TPU", "GPU") if kind in kinds), "CPU")
    elif backend == "jax":
        device = compat.require("jax", "Reading a Keras model").default_backend().upper()
    elif backend == "torch":
        torch = compat.require("torch", "Reading a Keras model")
        device = "GPU" if torch.cuda.is_available() else "CPU"
    products = {"CPU": "float32", "TPU": "bfloat16"}
    return products.get(device, "tensorfloat32")
