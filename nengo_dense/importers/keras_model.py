"""An architecture and its weights -> operations, for live Keras models and for files."""

from typing import Any

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.keras_graph import layers_of
from nengo_dense.importers.keras_layer import Reading
from nengo_dense.importers.keras_shape import Shape
from nengo_dense.importers.keras_weights import WeightSource
from nengo_dense.importers.operation import Operation, Problem, attempt


def read_architecture(
    model: str, architecture: dict[str, Any], weights: WeightSource
) -> list[Operation]:
    """Read the operations of a Keras model.

    Parameters
    ----------
    model : str
        The model's name in error messages.
    architecture : dict
        As in ``json.loads(model.to_json())``, of any Keras version.
    weights : callable
        Returns the weight arrays of a `KerasLayer`.

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
    version = str(architecture.get("keras_version", "3"))
    reading = Reading(weights, is_keras_2=version[:1] in "12")
    operations: list[Operation] = [Problem(problem) for problem in graph_problems]
    for layer in layers:
        if graph_problems:
            reading.shape = Shape()  # without a chain nothing is known of a layer's input
        operations += attempt(layer.label, reading.read, layer)
    if graph_problems:
        operations = [step for step in operations if isinstance(step, Problem)]
    return operations
