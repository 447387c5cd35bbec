"""An architecture and its weights -> operations, for live Keras models and for files."""

import warnings
from typing import Any

from nengo_dense.budget import LAYERS, current
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.form.operation import (
    Activation,
    Affine,
    Operation,
    Problem,
    UnfitError,
    attempt,
)
from nengo_dense.importers.from_keras.keras_call import kind_of
from nengo_dense.importers.from_keras.keras_graph import layers_of
from nengo_dense.importers.from_keras.keras_hgq import DeployedReading
from nengo_dense.importers.from_keras.keras_loss import task_of
from nengo_dense.importers.from_keras.keras_move import BRANCHING
from nengo_dense.importers.from_keras.keras_nodes import KerasNodes
from nengo_dense.importers.from_keras.keras_weights import WeightSource
from nengo_dense.importers.reading.quantizer import warn_of_rounding
from nengo_dense.importers.source_graph import SourceGraph, source_of
from nengo_dense.importers.source_model import SourceModel


def read_architecture(
    model: str, architecture: dict[str, Any], weights: WeightSource, **settings: Any
) -> SourceModel | SourceGraph:
    """Read a Keras model.

    Parameters
    ----------
    model : str
        The model's name in error messages.
    architecture : dict
        As in ``json.loads(model.to_json())``, of any Keras version; beside it ``"loss"`` is what
        the model was compiled with, where that is known.
    weights : callable
        Returns the weight arrays of a `KerasLayer`.
    **settings : optional
        ``reference`` and ``why_not`` of `SourceModel`.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        It is no architecture.
    nengo_dense.exceptions.FileFormatError
        From `weights`.
    """
    try:
        layers, graph_problems = layers_of(architecture)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as err:
        reason = f"{type(err).__name__}: {err}"
        raise ConversionError(
            model, [f"its architecture is malformed ({reason}); save the model again"]
        ) from err
    current().take(LAYERS, len(layers), model)
    settings["task"] = task_of(architecture.get("loss"))
    version = str(architecture.get("keras_version", "3"))
    reading = DeployedReading(weights, is_keras_2=version[:1] in "12")
    branches = any(kind_of(layer) in BRANCHING for layer in layers)
    if (graph_problems or branches) and layers:
        return _graph(model, architecture, reading, **settings)
    operations: list[Operation] = [Problem(problem) for problem in graph_problems]
    for layer in layers:
        reading.at_input = not any(isinstance(step, Affine | Activation) for step in operations)
        operations += attempt(layer.label, reading.read, layer)
    source = SourceModel(model, operations, **_without(model, reading, settings))
    warn_of_rounding(model, operations, reading.unlimited_inputs)
    return source


def _without(model: str, reading: DeployedReading, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings without the model itself where it does more to its inputs than is read.

    Warns
    -----
    UserWarning
        What overflows in the source wraps round.
    """
    why_not = "the quantizer of its inputs is left out" if reading.rounded_inputs else ""
    if reading.wrapping:
        why_not = "what overflows its bits wraps round in it"
        warnings.warn(
            f"{model}: values beyond those that the model was traced with wrap round in it, which "
            f"no rectifier does; here they go on: {', '.join(dict.fromkeys(reading.wrapping))}",
            stacklevel=2,
        )
    return {**settings, "reference": None, "why_not": why_not} if why_not else settings


def _graph(
    model: str, architecture: dict[str, Any], reading: DeployedReading, **settings: Any
) -> SourceModel | SourceGraph:
    """Read a model that is no chain of layers."""
    found = KerasNodes(reading)
    try:
        outputs = found.model(architecture, (), [])
    except UnfitError as err:
        raise ConversionError(model, [str(err)]) from err
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as err:
        reason = f"{type(err).__name__}: {err}"
        raise ConversionError(
            model, [f"its architecture is malformed ({reason}); save the model again"]
        ) from err
    named: dict[str, Any] = {}
    for name, node in outputs:
        named[name if name not in named else f"{name}_{len(named) + 1}"] = node
    source = source_of(model, found.nodes, named, **_without(model, reading, settings))
    if isinstance(source, SourceGraph):
        # a head says itself what it is for
        linear = {name: output.head == "linear" for name, output in source.form.outputs.items()}
        source.task = task_of(architecture.get("loss"), linear)
    steps = (step for node in found.nodes for step in node.operations)
    warn_of_rounding(model, steps, reading.unlimited_inputs)
    return source
