"""Activations of Keras, as arguments of layers and as layers of their own -> operations."""

from typing import Any

from nengo_dense.importers.form.operation import (
    Operation,
    Problem,
    UnfitError,
    activation,
    unsupported,
)
from nengo_dense.importers.from_keras.keras_call import defaults_of
from nengo_dense.importers.from_keras.keras_graph import QKERAS, KerasLayer
from nengo_dense.importers.from_keras.keras_q_activation import activation_of as quantizer_of
from nengo_dense.importers.from_keras.keras_q_activation import is_function, is_quantizer
from nengo_dense.importers.from_keras.keras_shape import numbers
from nengo_dense.importers.from_keras.keras_state import State

Operations = list[Operation]


def activation_layer(state: State, layer: KerasLayer) -> Operations:
    """Read a layer that does nothing but what its ``activation`` says."""
    return activation_of(state, layer, layer.config["activation"])


def activation_of(state: State, layer: KerasLayer, declared: Any) -> Operations:
    """Read what an ``activation`` argument declares: a name, a function or a layer."""
    if declared is None:
        return []
    if is_quantizer(declared) or (layer.class_name in QKERAS and is_function(declared)):
        return quantizer_of(declared, layer.label)
    if isinstance(declared, dict) and declared.get("class_name", "__lambda__") == "__lambda__":
        return [unsupported(layer.label, "activation '<lambda>'", "lambda")]
    if isinstance(declared, dict):
        step = type(layer.path[-1])(layer.path[-1].name, declared["class_name"], 0)
        inner = declared["config"]
        settings = inner if isinstance(inner, dict) else {}
        nested = KerasLayer((*layer.path[:-1], step), settings, declared.get("module", "keras"))
        if declared["class_name"] == "PReLU" and not nested.is_custom:
            raise UnfitError("the slopes of a PReLU are not among its weights; make it a layer")
        if declared["class_name"] in ACTIVATION_LAYERS and not nested.is_custom:
            return ACTIVATION_LAYERS[declared["class_name"]](state, nested)
        name = inner if isinstance(inner, str) else declared["class_name"]
        return [unsupported(layer.label, f"the custom activation {name!r}", name)]
    operations = activation(declared, layer.label, **defaults_of(declared, state.is_keras_2))
    if declared in ("softmax", "log_softmax") and not state.shape.is_flat:
        return [Problem(f"layer {layer.label!r}: a softmax over shape {state.shape}; flatten")]
    return operations


def _relu(state: State, layer: KerasLayer) -> Operations:
    names = ("max_value", "negative_slope", "threshold")
    settings = {
        name: float(numbers(layer.config[name]))
        for name in names
        if layer.config.get(name) is not None
    }
    return activation("relu", layer.label, **settings)


def _leaky_relu(state: State, layer: KerasLayer) -> Operations:
    config = layer.config
    slope = config.get("negative_slope", config.get("alpha", 0.3))
    return activation("leaky_relu", layer.label, slope=float(numbers(slope)))


def _p_relu(state: State, layer: KerasLayer) -> Operations:
    slope = state.arrays(layer, ["alpha"])["alpha"]
    return activation("prelu", layer.label, slope=state.shape.spread(slope))


def _elu(state: State, layer: KerasLayer) -> Operations:
    return activation("elu", layer.label, alpha=float(numbers(layer.config.get("alpha", 1.0))))


def _softmax(state: State, layer: KerasLayer) -> Operations:
    axis = layer.config.get("axis", -1)
    if axis not in (-1, 1, [-1], [1]) or not state.shape.is_flat:
        return [
            Problem(
                f"layer {layer.label!r}: a softmax over axis {axis} of shape {state.shape}; "
                "it must be over the whole output vector"
            )
        ]
    return activation("softmax", layer.label)


#: Activations that are layers of their own.
ACTIVATION_LAYERS = {
    "Activation": activation_layer,
    "ELU": _elu,
    "LeakyReLU": _leaky_relu,
    "PReLU": _p_relu,
    "ReLU": _relu,
    "Softmax": _softmax,
}
