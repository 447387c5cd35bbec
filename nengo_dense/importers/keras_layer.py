"""One Keras layer, as its configuration and its weight arrays -> operations.

Live models and files of every Keras version meet here. Old names of a setting are read beside
today's: Keras 1 wrote ``output_dim`` and ``bias`` for ``units`` and ``use_bias``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nengo_dense.importers.advice import way_out
from nengo_dense.importers.keras_graph import KerasLayer
from nengo_dense.importers.operation import (
    Affine,
    Operation,
    Problem,
    Scaling,
    activation,
    batch_norm,
    unsupported,
)

#: Layers that pass their input on once a model is trained.
PASS_THROUGH = (
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
)

#: Smallest standard deviation that Keras's Normalization divides by (``keras.backend.epsilon``).
NORMALIZATION_EPSILON = 1e-7

#: Largest number of features that a declared shape may have; Loihi takes 4096 a layer.
MAX_FEATURES = 2**24

Operations = list[Operation]


@dataclass
class Reading:
    """What is known while the layers of a model are read in order.

    Parameters
    ----------
    weights : callable
        Returns a layer's weight arrays, in Keras's order.
    shape : tuple or None
        Shape of one sample at this point, None while unknown. A dimension may be None.
    """

    weights: Callable[[KerasLayer], list[np.ndarray]]
    shape: tuple[int | None, ...] | None = None

    def read(self, layer: KerasLayer) -> Operations:
        """Return the operations of the next layer."""
        operations = self._read(layer)
        if any(isinstance(step, Problem) for step in operations):
            self.shape = None  # nothing is known of what a refused layer gives
        return operations

    def _read(self, layer: KerasLayer) -> Operations:
        declared = layer.config.get("batch_shape", layer.config.get("batch_input_shape"))
        if declared and self.shape is None:
            self.shape = tuple(declared[1:])
        if n_features(self.shape or ()) > MAX_FEATURES:
            return [
                Problem(
                    f"layer {layer.label!r} has an input of shape {shorten(str(self.shape))}, "
                    f"more than {MAX_FEATURES} features"
                )
            ]
        if layer.is_custom:
            remedy = way_out(layer.class_name, "replace it by layers of Keras")
            return [
                Problem(
                    f"layer {layer.label!r} is of the custom class {layer.class_name!r}, whose "
                    f"code is not run; {remedy}"
                )
            ]
        if layer.class_name in PASS_THROUGH:
            return []
        if layer.class_name not in READERS:
            return [unsupported(layer.label, layer.class_name, layer.class_name)]
        return READERS[layer.class_name](self, layer)

    @property
    def is_flat(self) -> bool:
        """Whether a sample is a vector, as far as is known."""
        return self.shape is None or len(self.shape) == 1

    def arrays(self, layer: KerasLayer, names: list[str]) -> dict[str, np.ndarray]:
        """Return the weights of a layer by name; a ValueError if there are more or fewer."""
        arrays = self.weights(layer)
        if len(arrays) != len(names):
            hint = (
                "; the model is not built, call it once or give it an Input" if not arrays else ""
            )
            raise ValueError(
                f"it has {len(arrays)} weight arrays, not {len(names)} ({', '.join(names)}){hint}"
            )
        return dict(zip(names, (np.asarray(a, dtype=np.float64) for a in arrays), strict=True))

    def per_feature(self, values: Any, axes: list[int]) -> np.ndarray:
        """Spread one value an index of `axes` over the features of the flattened sample."""
        values = np.asarray(values, dtype=np.float64)
        if self.is_flat or values.size == 1:
            return values.reshape(()) if values.size == 1 else values.ravel()
        shape = self._known_shape()
        rank = len(shape) + 1
        kept = [axis % rank for axis in axes]
        if 0 in kept:
            raise ValueError("axis 0, the samples, cannot be normalized alone")
        target = [size if axis + 1 in kept else 1 for axis, size in enumerate(shape)]
        values = np.broadcast_to(np.squeeze(values), [size for size in target if size > 1])
        return np.broadcast_to(values.reshape(target), shape).ravel()

    def _known_shape(self) -> tuple[int, ...]:
        if self.shape is None or None in self.shape:
            raise ValueError(f"the input shape {self.shape} must be known")
        return tuple(size for size in self.shape if size is not None)


def n_features(shape: Sequence[int | None]) -> int:
    """Multiply the known sizes, as far as `MAX_FEATURES`: a file may declare any number."""
    n = 1
    for size in shape:
        n *= size or 1
        if n > MAX_FEATURES:
            break
    return n


def shorten(text: str, length: int = 80) -> str:
    """Cut what a file declares to a length that people read."""
    return text if len(text) <= length else f"{text[:length]}…"


def _input(reading: Reading, layer: KerasLayer) -> Operations:
    return []  # its shape was taken already


def _dense(reading: Reading, layer: KerasLayer) -> Operations:
    config = layer.config
    dtype = str(config.get("dtype"))
    if config.get("quantization_config") or "int8" in dtype or "int4" in dtype:
        return [
            Problem(
                f"layer {layer.label!r} is quantized ({dtype}); give the model as it was before "
                "its quantization, the chip's own is done here"
            )
        ]
    if not reading.is_flat:
        return [
            Problem(
                f"layer {layer.label!r} is applied to an input of shape {reading.shape} along its "
                "last axis only; put a Flatten before it and retrain"
            )
        ]
    has_bias = config.get("use_bias", config.get("bias", True))
    arrays = reading.arrays(layer, ["kernel", "bias"] if has_bias else ["kernel"])
    kernel = arrays["kernel"]
    units = config.get("units", config.get("output_dim"))
    n_in = reading.shape[0] if reading.shape else None
    if kernel.ndim != 2 or kernel.shape[1] != units or n_in not in (None, kernel.shape[0]):
        return [
            Problem(
                f"layer {layer.label!r} declares {units} units on {n_in or 'any'} inputs, its "
                f"kernel has shape {kernel.shape}; architecture and weights are not of the same "
                "model"
            )
        ]
    reading.shape = (units,)
    dense = Affine(kernel.T, arrays.get("bias"), layer.label)
    return [dense, *_activation_of(reading, layer, config.get("activation"))]


def _activation(reading: Reading, layer: KerasLayer) -> Operations:
    return _activation_of(reading, layer, layer.config["activation"])


def _activation_of(reading: Reading, layer: KerasLayer, declared: Any) -> Operations:
    """Read what an ``activation`` argument declares: a name, a function or a layer."""
    if declared is None:
        return []
    if isinstance(declared, dict) and declared.get("class_name", "__lambda__") == "__lambda__":
        return [unsupported(layer.label, "activation '<lambda>'", "lambda")]
    if isinstance(declared, dict):
        step = type(layer.path[-1])(layer.path[-1].name, declared["class_name"], 0)
        inner = declared["config"]
        nested = KerasLayer(
            (*layer.path[:-1], step),
            inner if isinstance(inner, dict) else {},
            declared.get("module", "keras"),
        )
        if declared["class_name"] in ACTIVATION_LAYERS and not nested.is_custom:
            return ACTIVATION_LAYERS[declared["class_name"]](reading, nested)
        name = inner if isinstance(inner, str) else declared["class_name"]
        return [unsupported(layer.label, f"the custom activation {name!r}", name)]
    operations = activation(declared, layer.label)
    if declared in ("softmax", "log_softmax") and not reading.is_flat:
        return [Problem(f"layer {layer.label!r}: a softmax over shape {reading.shape}; flatten")]
    return operations


def _relu(reading: Reading, layer: KerasLayer) -> Operations:
    config = layer.config
    names = ("max_value", "negative_slope", "threshold")
    settings = {
        name: float(_array(config[name])) for name in names if config.get(name) is not None
    }
    changed = {
        name: value for name, value in settings.items() if value != 0 or name == "max_value"
    }
    if changed:
        what = ", ".join(f"{name}={value}" for name, value in changed.items())
        return [unsupported(layer.label, f"a ReLU with {what}", "leaky")]
    return activation("relu", layer.label)


def _softmax(reading: Reading, layer: KerasLayer) -> Operations:
    axis = layer.config.get("axis", -1)
    if axis not in (-1, 1, [-1], [1]) or not reading.is_flat:
        return [
            Problem(
                f"layer {layer.label!r}: a softmax over axis {axis} of shape {reading.shape}; "
                "it must be over the whole output vector"
            )
        ]
    return activation("softmax", layer.label)


def _flatten(reading: Reading, layer: KerasLayer) -> Operations:
    if layer.config.get("data_format") == "channels_first" and not reading.is_flat:
        return [
            Problem(
                f"layer {layer.label!r}: data_format 'channels_first' reorders the features; "
                "use 'channels_last' and retrain"
            )
        ]
    if reading.shape is not None:
        known = None not in reading.shape
        reading.shape = (n_features(reading.shape) if known else None,)
    return []


def _reshape(reading: Reading, layer: KerasLayer) -> Operations:
    target = tuple(layer.config["target_shape"])
    if -1 in target:
        n_known = n_features([n for n in target if n != -1])
        total = n_features(reading._known_shape()) if reading.shape else None
        target = tuple((total // n_known if total else None) if n == -1 else n for n in target)
    reading.shape = target
    return []


def _batch_normalization(reading: Reading, layer: KerasLayer) -> Operations:
    config = layer.config
    if config.get("mode", 0) != 0:
        return [unsupported(layer.label, f"mode {config['mode']} of Keras 1", "layernorm")]
    names = ["gamma"] * bool(config.get("scale", True)) + ["beta"] * bool(
        config.get("center", True)
    )
    arrays = reading.arrays(layer, [*names, "mean", "variance"])
    axis = config.get("axis", -1)
    axes = axis if isinstance(axis, list) else [axis]
    mean, variance, gamma, beta = (
        reading.per_feature(arrays.get(name, default), axes)
        for name, default in (("mean", 0), ("variance", 1), ("gamma", 1), ("beta", 0))
    )
    return [batch_norm(mean, variance, gamma, beta, config["epsilon"], layer.label)]


def _normalization(reading: Reading, layer: KerasLayer) -> Operations:
    """``(x - mean) / max(sqrt(variance), epsilon)``; the other way round with ``invert``."""
    config = layer.config
    if config.get("mean") is None or config.get("variance") is None:
        arrays = reading.arrays(layer, ["mean", "variance", "count"])
    else:
        arrays = {name: _array(config[name]) for name in ("mean", "variance")}
    axis = config.get("axis", -1)
    axes = axis if isinstance(axis, list) else [] if axis is None else [axis]
    mean = reading.per_feature(arrays["mean"], axes)
    deviation = np.maximum(
        np.sqrt(reading.per_feature(arrays["variance"], axes)), NORMALIZATION_EPSILON
    )
    if config.get("invert"):
        return [Scaling(deviation, mean, layer.label)]
    return [Scaling(1 / deviation, -mean / deviation, layer.label)]


def _rescaling(reading: Reading, layer: KerasLayer) -> Operations:
    scale, offset = _array(layer.config["scale"]), _array(layer.config.get("offset", 0))
    if not reading.is_flat:
        shape = reading._known_shape()
        scale, offset = (
            values if values.ndim == 0 else np.broadcast_to(values, shape).ravel()
            for values in (scale, offset)
        )
    return [Scaling(scale, offset, layer.label)]


def _array(value: Any) -> np.ndarray:
    """Return numbers from a configuration, where Keras may have wrapped an array in a dict."""
    if isinstance(value, dict):
        inner = value.get("config", value)
        value = inner["value"] if isinstance(inner, dict) else inner
    return np.asarray(value, dtype=np.float64)


#: Activations that are layers of their own.
ACTIVATION_LAYERS = {"ReLU": _relu, "Softmax": _softmax, "Activation": _activation}

READERS = {
    **ACTIVATION_LAYERS,
    "InputLayer": _input,
    "Dense": _dense,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "BatchNormalization": _batch_normalization,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
}
