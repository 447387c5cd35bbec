"""Layers of HGQ2 as they are deployed: layers of Keras, with weights rounded as HGQ2 does.

Each has a quantizer ``iq`` of its inputs, ``kq`` and ``bq`` of its kernel and bias, and ``oq`` of
its outputs, where they are enabled (`.keras_hgq_quantizer`). No code of HGQ2 runs. Formulas are
those of HGQ2 0.2, ``hgq/layers`` of calad0i/HGQ2:

- ``QBatchNormDense`` normalizes its inputs, with factors s = gamma / sqrt(variance + epsilon): its
  kernel is ``s[:, None] * kernel``, its bias ``bias - mean @ kernel``, which are then rounded.
- ``QBatchNormalization`` rounds the factors that it comes to, not its own four arrays.
- ``QAveragePow2`` divides the sum of n values by the power of two that is closest to n.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import log2
from typing import Any

import numpy as np

from nengo_dense.importers.form.operation import Operation, Problem, Scaling
from nengo_dense.importers.from_keras.keras_graph import HGQ, KerasLayer
from nengo_dense.importers.from_keras.keras_hgq_proxy import fixed_point, refused_of_proxy
from nengo_dense.importers.from_keras.keras_hgq_quantizer import FixedPoint
from nengo_dense.importers.from_keras.keras_layer import Reading

#: Layers of HGQ2 -> those of Keras that do the same to quantized values.
PLAIN = {
    "QBatchNormDense": "Dense",
    "QDense": "Dense",
    "QEinsumDense": "EinsumDense",
    "QUnaryFunctionLUT": "Activation",
    **{f"Q{name}": name for name in ("Add", "Maximum", "Minimum", "Subtract")},
}


@dataclass
class DeployedReading(Reading):
    """What is known while the layers of a model are read, of which some may be of HGQ2.

    Attributes
    ----------
    wrapping : list of str
        Labels of the layers where what overflows wraps round in the source.
    grid : float or (n,) ndarray
        Distance of the levels that the values lie on, after a quantizer of HGQ 1; 0 else.
    """

    wrapping: list[str] = field(default_factory=list)
    grid: Any = 0.0

    def _read(self, layer: KerasLayer) -> list[Operation]:
        if layer.of_hgq_1:
            return self._of_proxy(layer)
        self.grid = self.grid if layer.class_name == "ReLU" else 0.0
        if layer.of_hgq and not layer.is_hgq:
            return [refused(layer)]
        if not layer.of_hgq:
            return super()._read(layer)
        if layer.class_name == "Quantizer":
            return self._quantizer(layer, layer.config["config"], ("quantizer",), self.at_input)
        before = self._end(layer, "iq", self.at_input)
        if layer.class_name == "QBatchNormalization":
            return [*before, *self._batch_norm(layer), *self._end(layer, "oq")]
        arrays = self._arrays(layer) if "kq_conf" in layer.config else []
        with self.given(lambda _: arrays):
            between = super()._read(plain(layer))
        return [*before, *between, *self._end(layer, "oq")]

    def before_merge(self, layer: KerasLayer, number: int) -> list[Operation]:
        """Return what is done to one of several values before a layer merges them."""
        if not layer.is_hgq or not layer.config["enable_iq"]:
            return []
        name = f"quantizer_{number}" if number else "quantizer"
        part = ("iq", "quantizers", name, "quantizer")
        return self._quantizer(layer, layer.config["iq_confs"][number], part, self.at_input)

    def after_merge(self, layer: KerasLayer, n: int) -> list[Operation]:
        """Return what is done to the value that a layer made of `n`."""
        if not layer.is_hgq:
            return []
        scale: list[Operation] = []
        if layer.class_name == "QAveragePow2":
            scale = [Scaling(2.0 ** round(log2(1 / n)), 0.0, layer.label)]
        return [*scale, *self._end(layer, "oq")]

    def _end(self, layer: KerasLayer, name: str, at_input: bool = False) -> list[Operation]:
        """Read the quantizer of what a layer takes, or of what it gives."""
        if not layer.config[f"enable_{name}"]:
            return []
        return self._quantizer(layer, layer.config[f"{name}_conf"], (name, "quantizer"), at_input)

    def _quantizer(
        self, layer: KerasLayer, declared: Any, part: tuple[str, ...], at_input: bool
    ) -> list[Operation]:
        quantizer = FixedPoint.read(declared, lambda: self._weights_of(layer, part))
        return [] if quantizer is None else self._of_values(layer, quantizer, at_input)

    def _of_proxy(self, layer: KerasLayer) -> list[Operation]:
        if layer.class_name != "FixedPointQuantizer":
            return [refused_of_proxy(layer)]
        quantizer = fixed_point(layer.config, self.weights(layer))
        found = self._of_values(layer, quantizer, self.at_input, self.grid)
        self.grid = self._spread(np.asarray(quantizer.step, dtype=np.float64))
        return found

    def _of_values(
        self, layer: KerasLayer, quantizer: FixedPoint, at_input: bool, grid: Any = 0.0
    ) -> list[Operation]:
        """Return what a quantizer does to what flows, and note what is not read of it."""
        if quantizer.overflow == "WRAP":
            self.wrapping.append(layer.label)
        elif at_input:
            self.rounded_inputs.append(layer.label)
        return quantizer.operations(layer.label, self._spread, at_input, grid)

    def _spread(self, values: np.ndarray) -> np.ndarray:
        """Spread values over the features; the first axis is that of the samples."""
        if values.size == 1:
            return values.reshape(())
        if self.shape.is_flat:
            return values.ravel()
        return np.broadcast_to(values[0], self.shape.known()).ravel()

    def _weights_of(self, layer: KerasLayer, part: tuple[str, ...]) -> list[np.ndarray]:
        return [np.asarray(array) for array in self.weights(replace(layer, part=part))]

    def _rounded(self, layer: KerasLayer, name: str, values: np.ndarray) -> np.ndarray:
        """Round weights by the quantizer `name`."""
        declared = layer.config[f"{name}_conf"]
        part = (name, "quantizer")
        quantizer = FixedPoint.read(declared, lambda: self._weights_of(layer, part))
        return values if quantizer is None else quantizer.rounded(values)

    def _own(self, layer: KerasLayer, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Return a layer's own weights by name; the numbers that count bits are left out."""
        arrays = [np.asarray(a, dtype=np.float32) for a in self.weights(layer) if np.ndim(a)]
        if len(arrays) != len(names):
            raise ValueError(f"it has {len(arrays)} weight arrays, not {', '.join(names)}")
        return dict(zip(names, arrays, strict=True))

    def _arrays(self, layer: KerasLayer) -> list[np.ndarray]:
        """Return the kernel and the bias as they are deployed."""
        config = layer.config
        has_bias = bool(config.get("use_bias", config.get("bias_axes")))
        normalizes = layer.class_name == "QBatchNormDense"
        names = ["kernel", *["bias"] * has_bias]
        if normalizes:
            names += [*["gamma"] * bool(config["scale"]), "mean", "variance"]
        own = self._own(layer, names)
        if normalizes:
            factor = own.get("gamma", 1) / np.sqrt(own["variance"] + np.float32(config["epsilon"]))
            own["bias"] = own["bias"] - own["mean"] @ own["kernel"]
            own["kernel"] = factor[:, np.newaxis] * own["kernel"]
        parts = zip(("kq", "bq"), names[: 1 + has_bias], strict=False)
        return [self._rounded(layer, quantizer, own[name]) for quantizer, name in parts]

    def _batch_norm(self, layer: KerasLayer) -> list[Operation]:
        config = layer.config
        if not config["center"]:
            return [
                Problem(
                    f"layer {layer.label!r}: HGQ2 adds 1 where center is False; train "
                    "the model with center=True"
                )
            ]
        names = [*["gamma"] * bool(config["scale"]), "beta", "mean", "variance"]
        own = self._own(layer, names)
        factor = own.get("gamma", 1) / np.sqrt(own["variance"] + np.float32(config["epsilon"]))
        offset = own["beta"] - own["mean"] * factor
        axis = config.get("axis", -1)
        axes = axis if isinstance(axis, list) else [axis]
        scale, shift = (
            self.shape.along(self._rounded(layer, name, values), axes)
            for name, values in (("kq", factor), ("bq", offset))
        )
        return [Scaling(scale, shift, layer.label)]


def refused(layer: KerasLayer) -> Problem:
    """Name a layer of HGQ2 that is not read."""
    logits = "convert the model up to its logits, and do the rest on the host"
    remedy = logits if "Softmax" in layer.class_name else f"{', '.join(HGQ)} are"
    return Problem(f"layer {layer.label!r} is {layer.class_name} of HGQ2, not read; {remedy}")


def plain(layer: KerasLayer) -> KerasLayer:
    """Return the layer of Keras that does the same to quantized values."""
    if not layer.is_hgq or layer.class_name not in (*PLAIN, "QAveragePow2"):
        return layer
    name = PLAIN.get(layer.class_name, "Add")
    path = (*layer.path[:-1], replace(layer.path[-1], class_name=name))
    return replace(layer, path=path, module="keras")
