"""A Keras architecture with branches -> the nodes of its graph, for live models and for files."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

from nengo_dense.importers.graph_folding import GraphNode, Merge
from nengo_dense.importers.keras_graph import (
    CONSTANT,
    MODEL_CLASSES,
    KerasLayer,
    Step,
    arguments_of,
    calls_of,
    is_model,
    is_training,
    steps_of,
)
from nengo_dense.importers.keras_layer import Reading
from nengo_dense.importers.keras_shape import Shape, n_features
from nengo_dense.importers.operation import Operation, Problem, attempt

#: Layers and functions that take several values of a model -> what they do, and their factors.
MERGES = {
    "Add": Merge("sum"),
    "add": Merge("sum"),
    "Subtract": Merge("sum", (1.0, -1.0)),
    "subtract": Merge("sum", (1.0, -1.0)),
    "sub": Merge("sum", (1.0, -1.0)),
    "Average": Merge("average"),
    "Concatenate": Merge("concat"),
    "concatenate": Merge("concat"),
    "concat": Merge("concat"),
    "Maximum": Merge("max"),
    "maximum": Merge("max"),
    "Minimum": Merge("min"),
    "minimum": Merge("min"),
}


@dataclass
class KerasNodes:
    """The nodes of a model and of the models in it.

    Parameters
    ----------
    reading : Reading

    Attributes
    ----------
    nodes : list of GraphNode
        In the order of computation.
    shapes : dict
        Name of a node -> shape of a sample.
    """

    reading: Reading
    nodes: list[GraphNode] = field(default_factory=list)
    shapes: dict[Hashable, Shape] = field(default_factory=dict)

    def model(
        self,
        architecture: dict[str, Any],
        path: tuple[Step, ...],
        sources: list[Hashable],
        trains: bool = False,
    ) -> list[tuple[str, Hashable]]:
        """Add the nodes of a model that takes these values, none if it is the outermost.

        Returns
        -------
        outputs : list of (str, hashable)
            Layer that gives the output, and its node.
        """
        config = architecture["config"]
        entries = config if isinstance(config, list) else config["layers"]
        steps = list(steps_of(entries))
        if architecture["class_name"] == "Sequential":
            return self._sequential(entries, steps, path, sources, trains)
        return self._functional(config, steps, path, sources, trains)

    def _sequential(
        self,
        entries: list[dict[str, Any]],
        steps: list[Step],
        path: tuple[Step, ...],
        sources: list[Hashable],
        trains: bool,
    ) -> list[tuple[str, Hashable]]:
        name = ""
        for entry, step in zip(entries, steps, strict=True):
            if not sources:
                sources = [self._input(entry, (*path, step))]
                if entry["class_name"] == "InputLayer":
                    continue
            name = step.name
            called = self._call(entry, (*path, step), [], sources, trains)
            sources = [node for _, node in called]
        return [(name, sources[0])]

    def _functional(
        self,
        config: dict[str, Any],
        steps: list[Step],
        path: tuple[Step, ...],
        sources: list[Hashable],
        trains: bool,
    ) -> list[tuple[str, Hashable]]:
        given = dict(zip((t[0] for t in _tensors(config["input_layers"])), sources, strict=False))
        results: dict[tuple[str, int], list[Hashable]] = {}
        entries = dict(zip((s.name for s in steps), config["layers"], strict=True))
        places = {step.name: (*path, step) for step in steps}
        for name, _, _ in _tensors(config["input_layers"]):
            results[name, 0] = [given.get(name) or self._input(entries[name], places[name])]
        waiting = [
            (steps[index].name, number, node)
            for index, number, node in calls_of(config["layers"], steps, config)
            if (steps[index].name, 0) not in results
        ]
        while waiting:
            left = []
            for name, number, node in waiting:
                needed = list(_tensors(node))
                if all((t[0], t[1]) in results for t in needed):
                    taken = [results[t[0], t[1]][t[2]] for t in needed]
                    outputs = self._call(entries[name], places[name], node, taken, trains)
                    results[name, number] = [key for _, key in outputs]
                else:
                    left.append((name, number, node))
            if len(left) == len(waiting):
                gone = [t[0] for *_, node in left for t in _tensors(node) if t[0] not in entries]
                raise ValueError(
                    f"layer {gone[0]!r} is connected but not declared"
                    if gone
                    else f"layer {left[0][0]!r} takes its own result, or none is there"
                )
            waiting = left
        outputs = config["output_layers"]
        names = list(outputs) if isinstance(outputs, dict) else None
        found = [(t[0], results[t[0], t[1]][t[2]]) for t in _tensors(outputs)]
        return found if names is None else [(n, k) for n, (_, k) in zip(names, found, strict=True)]

    def _input(self, entry: dict[str, Any], path: tuple[Step, ...]) -> Hashable:
        config = entry["config"]
        declared = config.get("batch_shape", config.get("batch_input_shape"))
        shape = Shape(tuple(declared[1:]) if declared else None)
        width = shape.n_features if shape.sizes is not None else None
        name = "/".join(step.name for step in path)
        key = self._key(name)
        self.nodes.append(GraphNode(key, width=width, label=name))
        self.shapes[key] = shape
        return key

    def _key(self, label: str) -> Hashable:
        return label, len(self.nodes)

    def _call(
        self,
        entry: dict[str, Any],
        path: tuple[Step, ...],
        node: Any,
        sources: list[Hashable],
        trains: bool,
    ) -> list[tuple[str, Hashable]]:
        """Add the nodes of one use of a layer or of a model."""
        trains = trains or is_training(node)
        if is_model(entry) and entry["class_name"] in MODEL_CLASSES:
            return self.model(entry, path, sources, trains)
        given = arguments_of(node)
        layer = KerasLayer(path, entry["config"], entry.get("module", "keras"), *given, trains)
        key = self._key(layer.label)
        merge: Merge | None = None
        shapes = [Shape(self.shapes[source].sizes) for source in sources]
        self.reading.shape = shapes[0]
        if len(sources) > 1:
            merge, operations = self._merge(layer, shapes)
        else:
            operations = attempt(layer.label, self.reading.read, layer)
        self.nodes.append(GraphNode(key, tuple(sources), operations, merge, label=layer.label))
        self.shapes[key] = Shape(self.reading.shape.sizes)
        return [(path[-1].name, key)]

    def _merge(
        self, layer: KerasLayer, shapes: list[Shape]
    ) -> tuple[Merge | None, list[Operation]]:
        name = layer.config.get("function")
        name = (name if isinstance(name, str) else layer.class_name).rpartition(".")[2]
        merge = MERGES.get(name)
        if merge is None or layer.is_custom:
            return None, [
                Problem(
                    f"layer {layer.label!r}: {name} of {len(shapes)} values that all depend on "
                    "the input is no sum of rectifiers; merge them by Add, Subtract, Average, "
                    "Maximum, Minimum or Concatenate, and train again"
                )
            ]
        if merge.kind == "average":
            return Merge("sum", (1 / len(shapes),) * len(shapes)), []
        if merge.kind != "concat":
            return merge, []
        axis = layer.config.get("axis", layer.keywords.get("axis", -1))
        sizes = [shape.sizes for shape in shapes]
        if axis not in (-1, 1) or not all(s is not None and len(s) == 1 for s in sizes):
            return None, [
                Problem(
                    f"layer {layer.label!r} concatenates shapes {', '.join(map(str, shapes))} "
                    f"along axis {axis}; put a Flatten before it"
                )
            ]
        total = sum(n_features(s) for s in sizes if s is not None)
        self.reading.shape = Shape((total,))
        return merge, []


def _tensors(value: Any) -> Iterator[tuple[str, int, int]]:
    """Find the tensors, (layer, call, place), that arguments name, in any Keras's writing."""
    if isinstance(value, list) and value[:1] == [CONSTANT]:
        value = value[3:]
    if isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, list | tuple):
        if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
            yield value[0], value[1], value[2]
            value = value[3:]
        for item in value:
            yield from _tensors(item)
