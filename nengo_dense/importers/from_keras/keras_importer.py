"""Live Keras models, tf.keras 2 and Keras 3 on any back end, by configuration and weights."""

import json
import warnings
from typing import Any

import numpy as np

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.from_keras.keras_graph import KerasLayer
from nengo_dense.importers.from_keras.keras_model import read_architecture
from nengo_dense.importers.from_keras.keras_reference import reference, version_of
from nengo_dense.importers.from_keras.keras_weights import names_of
from nengo_dense.importers.importer import modules_of
from nengo_dense.importers.source_graph import SourceGraph
from nengo_dense.importers.source_model import SourceModel


class KerasImporter:
    """Reads Keras models that are in memory."""

    reads = "Keras 2 and 3 models (Sequential or functional)"

    def recognizes(self, model: Any) -> bool:
        """Tell whether a class of Keras is among those of the model."""
        return any(
            module.partition(".")[0] in ("keras", "tf_keras") or ".keras." in module
            for module in modules_of(model)
        )

    def read(self, model: Any) -> SourceModel | SourceGraph:
        """Read the model's layers."""
        name = f"Keras model {getattr(model, 'name', type(model).__name__)!r}"
        try:
            with warnings.catch_warnings():
                # Keras 3 warns of a lambda that it writes down; here none is ever read back.
                warnings.filterwarnings("ignore", message="The object being serialized includes")
                architecture = json.loads(model.to_json())
        except (AttributeError, NotImplementedError, TypeError, ValueError) as err:
            raise ConversionError(
                name,
                [
                    f"a {type(model).__name__} has no configuration to read ({err}); make a "
                    "keras.Sequential of its layers, or a functional keras.Model"
                ],
            ) from err
        _note_unsaid(architecture, model)
        architecture["keras_version"] = version_of(model)
        architecture["loss"] = getattr(model, "loss", None)
        return read_architecture(
            name, architecture, lambda layer: _weights(model, layer), reference=reference(model)
        )


def _note_unsaid(architecture: dict[str, Any], model: Any) -> None:
    """Note what Keras 2 leaves out of the configuration.

    Where each layer's class is defined, because a subclass called like one of Keras's own must
    not be taken for it; and whether a Normalization is the other way round.
    """
    architecture["module"] = type(model).__module__
    config = architecture["config"]
    if hasattr(model, "invert") and isinstance(config, dict):
        config["invert"] = bool(model.invert)
    layers = {layer.name: layer for layer in getattr(model, "layers", [])}
    for entry in config.get("layers", []) if isinstance(config, dict) else []:
        layer = layers.get(entry["config"].get("name"))
        if layer is not None:
            _note_unsaid(entry, layer)


def _weights(model: Any, layer: KerasLayer) -> list[np.ndarray]:
    found = model
    for step in layer.path:
        found = found.get_layer(step.name)
    weights: list[np.ndarray] = found.get_weights()
    if layer.is_hgq:
        by_name = dict(zip((each.path for each in found.weights), weights, strict=True))
        return [by_name[name] for name in names_of(layer, list(by_name))]
    return weights
