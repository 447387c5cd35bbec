"""A Keras architecture (the JSON of Keras 1, 2 and 3) -> its layers in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nengo_dense.importers.graph import chain

#: The model classes whose meaning is in their configuration; every other has a ``call`` method.
MODEL_CLASSES = ("Sequential", "Functional", "Model")

#: Packages whose layer classes are Keras's own.
PACKAGES = ("keras", "tf_keras", "tensorflow")


@dataclass(frozen=True)
class Step:
    """One step of the way to a layer in a model of models.

    Parameters
    ----------
    name : str
        The layer's name.
    class_name : str
        Its class.
    index : int
        How many layers of this class come before it in the same model: Keras 3 files name it so.
    """

    name: str
    class_name: str
    index: int


@dataclass(frozen=True)
class KerasLayer:
    """A layer as the architecture declares it.

    Parameters
    ----------
    path : tuple of Step
        From the outermost model; the last one is the layer itself.
    config : dict
    module : str or None
        Where its class is defined, if that is declared.
    """

    path: tuple[Step, ...]
    config: dict[str, Any]
    module: str | None = "keras"

    @property
    def class_name(self) -> str:
        """The layer's class."""
        return self.path[-1].class_name

    @property
    def label(self) -> str:
        """The layer's name, after those of the models that it is nested in."""
        return "/".join(step.name for step in self.path)

    @property
    def is_custom(self) -> bool:
        """Whether its class is somebody else's, whatever it is called."""
        return self.module is None or self.module.partition(".")[0] not in PACKAGES


def layers_of(
    architecture: dict[str, Any], path: tuple[Step, ...] = ()
) -> tuple[list[KerasLayer], list[str]]:
    """List the layers of a model and of the models in it, in the order of computation.

    Parameters
    ----------
    architecture : dict
        ``class_name`` and ``config``, as in ``json.loads(model.to_json())``.
    path : tuple of Step
        The way to this model.

    Returns
    -------
    layers : list of KerasLayer
    problems : list of str
        What keeps the layers from being one chain; they are in no special order then.
    """
    class_name, config = architecture["class_name"], architecture["config"]
    outer = KerasLayer((*path, Step("", class_name, 0)), {}, architecture.get("module", "keras"))
    if class_name not in MODEL_CLASSES or outer.is_custom:
        return [], [
            f"the model class {class_name!r} is custom, what its call method does is not in its "
            "configuration; make a keras.Sequential of its layers, or a functional keras.Model"
        ]
    # Keras 1 and early Keras 2 write the layers of a Sequential without a dict around them.
    entries = config if isinstance(config, list) else config["layers"]
    steps = list(_steps(entries))
    order = list(range(len(entries)))
    problems: list[str] = []
    if class_name != "Sequential":
        order, problems = _functional_order(entries, steps, config)
    layers: list[KerasLayer] = []
    for index in order:
        entry, here = entries[index], (*path, steps[index])
        if "layers" in entry["config"] or isinstance(entry["config"], list):
            inner, inner_problems = layers_of(entry, here)
            layers += inner
            problems += inner_problems
        else:
            layers.append(KerasLayer(here, entry["config"], entry.get("module", "keras")))
    return layers, problems


def _steps(entries: list[dict[str, Any]]) -> Iterator[Step]:
    """Name and number the layers of one model."""
    counts: dict[str, int] = {}
    for position, entry in enumerate(entries):
        class_name, config = str(entry["class_name"]), entry["config"]
        name = entry.get("name") or (config.get("name") if isinstance(config, dict) else None)
        index = counts.get(class_name, 0)
        counts[class_name] = index + 1
        yield Step(str(name or f"{class_name.lower()}_{position + 1}"), class_name, index)


def _functional_order(
    entries: list[dict[str, Any]], steps: list[Step], config: dict[str, Any]
) -> tuple[list[int], list[str]]:
    """Order the layers of a functional model; a layer that is used twice comes twice."""
    inputs: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for entry, step in zip(entries, steps, strict=True):
        for number, node in enumerate(entry["inbound_nodes"] or [[]]):
            inputs[step.name, number] = list(_references(node))
    outputs = list(_references(config["output_layers"]))
    for source in [*outputs, *(name for sources in inputs.values() for name in sources)]:
        if source not in inputs:
            return list(range(len(entries))), [
                f"layer {source[0]!r} is connected but not declared; the model is damaged"
            ]
    nodes, problems = chain(inputs, outputs)
    position = {step.name: index for index, step in enumerate(steps)}
    order = [position[name] for name, _ in nodes]
    return (list(dict.fromkeys(order)) if problems else order), problems


def _references(value: Any) -> Iterator[tuple[str, int]]:
    """Find the tensors, (layer, call), that a node's arguments name, in any Keras's writing."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
            yield value[0], value[1]
            value = value[3:]
        for item in value:
            yield from _references(item)
