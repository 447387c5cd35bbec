"""One Keras layer, as its configuration and its weight arrays -> operations.

Live models and files of every Keras version meet here. Old names of a setting are read beside
today's: Keras 1 wrote ``output_dim`` and ``bias`` for ``units`` and ``use_bias``.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from nengo_dense.importers.form.advice import way_out
from nengo_dense.importers.form.operation import (
    Affine,
    Operation,
    Problem,
    Scaling,
    batch_norm,
    unsupported,
)
from nengo_dense.importers.from_keras.keras_activation import (
    ACTIVATION_LAYERS,
    activation_layer,
    activation_of,
)
from nengo_dense.importers.from_keras.keras_call import read_call
from nengo_dense.importers.from_keras.keras_graph import KerasLayer
from nengo_dense.importers.from_keras.keras_quantizer import quantized
from nengo_dense.importers.from_keras.keras_shape import MAX_FEATURES, Shape, n_features, numbers
from nengo_dense.importers.from_keras.keras_state import State

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

Operations = list[Operation]


class Reading(State):
    """The layers of a model, read in order."""

    def read(self, layer: KerasLayer) -> Operations:
        """Return the operations of the next layer."""
        operations = self._read(layer)
        if any(isinstance(step, Problem) for step in operations):
            self.shape = Shape()  # nothing is known of what a refused layer gives
        return operations

    def _read(self, layer: KerasLayer) -> Operations:
        declared = layer.config.get("batch_shape", layer.config.get("batch_input_shape"))
        if declared and self.shape.sizes is None:
            self.shape = Shape(tuple(declared[1:]))
        if n_features(self.shape.sizes or ()) > MAX_FEATURES:
            return [
                Problem(
                    f"layer {layer.label!r} has an input of shape {self.shape}, "
                    f"more than {MAX_FEATURES} features"
                )
            ]
        if layer.trains and self.is_keras_2:  # Keras 3 sets it aside when a model predicts
            return [
                Problem(
                    f"layer {layer.label!r} is called with training=True, so that it acts as in "
                    "training when the model predicts, too; build the model without it, with the "
                    "same weights"
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
        if layer.quantization:
            return [
                Problem(
                    f"layer {layer.label!r} is quantized ({layer.quantization}); give the model "
                    "as it was before its quantization, the chip's own is done here"
                )
            ]
        is_layer = layer.class_name in READERS or layer.class_name in PASS_THROUGH
        if layer.is_function or not is_layer:
            return read_call(layer, self.shape, self.is_keras_2)
        if layer.class_name in PASS_THROUGH:
            return []
        return READERS[layer.class_name](self, layer)


def _input(reading: Reading, layer: KerasLayer) -> Operations:
    return []  # its shape was taken already


def _dense(reading: Reading, layer: KerasLayer) -> Operations:
    config = layer.config
    if None in (reading.shape.sizes or ())[:-1]:
        return [
            Problem(
                f"layer {layer.label!r} works along the last axis of an input of shape "
                f"{reading.shape}, whose other sizes must be known; give the Input all of them"
            )
        ]
    # first, as Keras 2 has an activation's weights among the layer's
    activation = activation_of(reading, layer, config.get("activation"))
    has_bias = config.get("use_bias", config.get("bias", True))
    arrays = reading.arrays(layer, ["kernel", "bias"] if has_bias else ["kernel"])
    kernel = quantized(arrays["kernel"], config.get("kernel_quantizer"), is_kernel=True)
    if has_bias:
        arrays["bias"] = quantized(arrays["bias"], config.get("bias_quantizer"), is_kernel=False)
    units = config.get("units", config.get("output_dim"))
    n_in = (reading.shape.sizes or (None,))[-1]
    if kernel.ndim != 2 or kernel.shape[1] != units or n_in not in (None, kernel.shape[0]):
        return [
            Problem(
                f"layer {layer.label!r} declares {units} units on {n_in or 'any'} inputs, its "
                f"kernel has shape {kernel.shape}; architecture and weights are not of the same "
                "model",
                is_certain=False,
            )
        ]
    dense = reading.along_last(Affine(kernel.T, arrays.get("bias"), layer.label))
    return [dense, *activation]


def _einsum_dense(reading: Reading, layer: KerasLayer) -> Operations:
    """Read a product of the last axis and a matrix, written as an equation of letters."""
    config = layer.config
    taken, _, given = str(config["equation"]).replace(" ", "").replace("...", "*").partition("->")
    x, _, kernel_axes = taken.partition(",")
    is_last = len(x) > 1 and len(given) > 1 and x[:-1] == given[:-1] and x[-1] != given[-1]
    is_matrix = is_last and sorted(kernel_axes) == sorted(x[-1] + given[-1])
    if not is_matrix or config.get("bias_axes") not in (None, "", given[-1]):
        return [unsupported(layer.label, layer.class_name, layer.class_name)]
    has_bias = bool(config.get("bias_axes"))
    arrays = reading.arrays(layer, ["kernel", "bias"] if has_bias else ["kernel"])
    kernel = arrays["kernel"] if kernel_axes[0] == given[-1] else arrays["kernel"].T
    dense = reading.along_last(Affine(kernel, arrays.get("bias"), layer.label))
    return [dense, *activation_of(reading, layer, config.get("activation"))]


def _wrapped(reading: Reading, layer: KerasLayer) -> Operations:
    """Read a layer of each step of a sequence, or one whose kernel is normalized in training."""
    entry = layer.config["layer"]
    name, module = entry["class_name"], entry.get("module", "keras")
    path = (*layer.path[:-1], replace(layer.path[-1], class_name=name))
    inner = KerasLayer(path, entry["config"], module, trains=layer.trains)
    if inner.is_custom or name not in ("Dense", "Activation", "LeakyReLU", "ReLU", *PASS_THROUGH):
        return [unsupported(layer.label, f"{layer.class_name} of {name}", layer.class_name)]
    weights = reading.weights

    def within(_: KerasLayer) -> list[np.ndarray]:
        found = weights(replace(layer, part=("layer",)))
        # a spectral normalization's own vector, one row, stands somewhere after the kernel
        is_plain = layer.class_name == "TimeDistributed"
        return found if is_plain else [*found[:1], *(each for each in found[1:] if each.ndim < 2)]

    with reading.given(within):
        return reading.read(inner)


def _q_activation(reading: Reading, layer: KerasLayer) -> Operations:
    """Read a quantizer; that of the inputs, which neurons need not do, is left out."""
    operations = activation_layer(reading, layer)
    if not reading.at_input or any(isinstance(step, Problem) for step in operations):
        return operations
    reading.rounded_inputs.append(layer.label)
    reading.unlimited_inputs.append(layer.label)
    return []


def _flatten(reading: Reading, layer: KerasLayer) -> Operations:
    if layer.config.get("data_format") == "channels_first" and not reading.shape.is_flat:
        return [
            Problem(
                f"layer {layer.label!r}: data_format 'channels_first' reorders the features; "
                "use 'channels_last' and retrain"
            )
        ]
    reading.shape.flatten()
    return []


def _reshape(reading: Reading, layer: KerasLayer) -> Operations:
    reading.shape.reshape(tuple(layer.config["target_shape"]))
    return []


def _batch_normalization(reading: Reading, layer: KerasLayer) -> Operations:
    config = layer.config
    if config.get("mode", 0) != 0:
        return [unsupported(layer.label, f"mode {config['mode']} of Keras 1", "layernorm")]
    names = ["gamma"] * bool(config.get("scale", True)) + ["beta"] * bool(
        config.get("center", True)
    )
    # a renormalization uses the same two when it predicts, and three more in training
    more = ["stddev", "renorm_mean", "renorm_stddev"] if config.get("renorm") else []
    arrays = reading.arrays(layer, [*names, "mean", "variance", *more])
    for name in arrays if layer.class_name == "QBatchNormalization" else ():
        # QKeras finds the scale of these two where none is given
        is_scaled = name in ("gamma", "variance")
        arrays[name] = quantized(arrays[name], config.get(f"{name}_quantizer"), is_scaled)
    axis = config.get("axis", -1)
    axes = axis if isinstance(axis, list) else [axis]
    mean, variance, gamma, beta = (
        reading.shape.along(arrays.get(name, default), axes)
        for name, default in (("mean", 0), ("variance", 1), ("gamma", 1), ("beta", 0))
    )
    return [batch_norm(mean, variance, gamma, beta, config["epsilon"], layer.label)]


def _normalization(reading: Reading, layer: KerasLayer) -> Operations:
    """``(x - mean) / max(sqrt(variance), epsilon)``; the other way round with ``invert``."""
    config = layer.config
    if config.get("mean") is None or config.get("variance") is None:
        arrays = reading.arrays(layer, ["mean", "variance", "count"])
    else:
        arrays = {name: numbers(config[name]) for name in ("mean", "variance")}
    axis = config.get("axis", -1)
    axes = axis if isinstance(axis, list) else [] if axis is None else [axis]
    mean = reading.shape.along(arrays["mean"], axes)
    deviation = np.maximum(
        np.sqrt(reading.shape.along(arrays["variance"], axes)), NORMALIZATION_EPSILON
    )
    if "invert" not in config and not reading.at_input:
        warnings.warn(
            f"layer {layer.label!r}: Keras 2 does not write whether a Normalization is inverted, "
            "which one behind other layers may be; it is read as Keras reads it, not inverted. "
            "If it was made with invert=True, give the model itself in the place of its file",
            stacklevel=2,
        )
    if config.get("invert"):
        return [Scaling(deviation, mean, layer.label)]
    return [Scaling(1 / deviation, -mean / deviation, layer.label)]


def _rescaling(reading: Reading, layer: KerasLayer) -> Operations:
    scale, offset = numbers(layer.config["scale"]), numbers(layer.config.get("offset", 0))
    scale, offset = reading.shape.spread(scale), reading.shape.spread(offset)
    return [Scaling(scale, offset, layer.label)]


#: Name of a class -> what reads its layers.
READERS: dict[str, Callable[[Reading, KerasLayer], Operations]] = {
    **ACTIVATION_LAYERS,
    "InputLayer": _input,
    "Dense": _dense,
    "QActivation": _q_activation,
    "QDense": _dense,
    "EinsumDense": _einsum_dense,
    **dict.fromkeys(("SpectralNormalization", "TimeDistributed"), _wrapped),
    "Flatten": _flatten,
    "Reshape": _reshape,
    "BatchNormalization": _batch_normalization,
    "QBatchNormalization": _batch_normalization,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
}
