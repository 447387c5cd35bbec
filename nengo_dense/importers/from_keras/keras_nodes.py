"""A Keras architecture with branches -> the nodes of its graph, for live models and for files."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nengo_dense.importers.form.condition import COMPARISONS, compared
from nengo_dense.importers.form.graph_folding import GraphNode, Merge
from nengo_dense.importers.form.operation import Operation, Problem, UnfitError, attempt
from nengo_dense.importers.from_keras.keras_call import choice_of, kind_of
from nengo_dense.importers.from_keras.keras_graph import (
    MODEL_CLASSES,
    KerasLayer,
    Step,
    arguments_of,
    calls_of,
    ends_of,
    is_model,
    is_training,
    module_of,
    outputs_of,
    steps_of,
    tensors_in,
)
from nengo_dense.importers.from_keras.keras_hgq import DeployedReading, plain
from nengo_dense.importers.from_keras.keras_move import (
    BRANCHING,
    REDUCTIONS,
    broadcast,
    groups_of,
    joined,
    parts_of,
)
from nengo_dense.importers.from_keras.keras_shape import Shape
from nengo_dense.importers.reading.arithmetic_call import constant
from nengo_dense.importers.reading.feature_layout import selection
from nengo_dense.importers.reading.feature_merge import MOST_OF_MAXIMUM, check_group

#: Layers and functions that take several values of a model -> what they do, and their factors.
MERGES = {
    "Add": Merge("sum"),
    "add": Merge("sum"),
    "add_n": Merge("sum"),
    "Subtract": Merge("sum", (1.0, -1.0)),
    "subtract": Merge("sum", (1.0, -1.0)),
    "sub": Merge("sum", (1.0, -1.0)),
    "Average": Merge("average"),
    "Concatenate": Merge("concat"),
    "concatenate": Merge("concat"),
    "concat": Merge("concat"),
    "Hstack": Merge("concat"),
    "Stack": Merge("concat"),
    "stack": Merge("concat"),
    "Maximum": Merge("max"),
    "maximum": Merge("max"),
    "Minimum": Merge("min"),
    "minimum": Merge("min"),
    "Multiply": Merge("product"),
    "multiply": Merge("product"),
    "mul": Merge("product"),
    "Divide": Merge("quotient"),
    "TrueDivide": Merge("quotient"),
    "divide": Merge("quotient"),
    "truediv": Merge("quotient"),
}


@dataclass
class KerasNodes:
    """The nodes of a model and of the models in it.

    Parameters
    ----------
    reading : DeployedReading

    Attributes
    ----------
    nodes : list of GraphNode
        In the order of computation.
    shapes : dict
        Name of a node -> shape of a sample.
    inputs : set
        Names of the nodes of inputs.
    grids : dict
        Name of a node -> distance of the levels of its values; see `DeployedReading`.
    refused : set
        Names of the nodes of layers that are not read.
    """

    reading: DeployedReading
    nodes: list[GraphNode] = field(default_factory=list)
    shapes: dict[Hashable, Shape] = field(default_factory=dict)
    inputs: set[Hashable] = field(default_factory=set)
    grids: dict[Hashable, Any] = field(default_factory=dict)
    refused: set[Hashable] = field(default_factory=set)

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
        ends = [name for name, *_ in ends_of(config["input_layers"], bool(sources))]
        keys = {} if sources else _keys_of(config["input_layers"], ends)
        given = dict(zip(ends, sources, strict=False))
        results: dict[tuple[str, int], list[Hashable]] = {}
        entries = dict(zip((s.name for s in steps), config["layers"], strict=True))
        places = {step.name: (*path, step) for step in steps}
        for name in ends:
            results[name, 0] = [given.get(name) or self._input(entries[name], places[name], keys)]
        waiting = [
            (steps[index].name, number, node)
            for index, number, node in calls_of(config["layers"], steps, config)
            if (steps[index].name, 0) not in results
        ]
        while waiting:
            left = []
            for name, number, node in waiting:
                needed = list(tensors_in(node))
                if all((t[0], t[1]) in results for t in needed):
                    taken = [self._one_of(results[t[0], t[1]], t[2]) for t in needed]
                    outputs = self._call(entries[name], places[name], node, taken, trains)
                    results[name, number] = [key for _, key in outputs]
                else:
                    left.append((name, number, node))
            if len(left) == len(waiting):
                gone = [t[0] for *_, node in left for t in tensors_in(node) if t[0] not in entries]
                raise ValueError(
                    f"layer {gone[0]!r} is connected but not declared"
                    if gone
                    else f"layer {left[0][0]!r} takes its own result, or none is there"
                )
            waiting = left
        last = outputs_of(config, steps, bool(sources))
        found = [(t[0], self._one_of(results[t[0], t[1]], t[2])) for t in last]
        return found if sources else _by_key(config["output_layers"], found)

    def _one_of(self, results: list[Hashable], place: int) -> Hashable:
        """Return one of a layer's results; one that was refused may have had several."""
        is_refused = len(results) == 1 and results[0] in self.refused
        return results[0 if is_refused else place]

    def _input(
        self, entry: dict[str, Any], path: tuple[Step, ...], keys: Mapping[str, str] | None = None
    ) -> Hashable:
        config = entry["config"]
        declared = config.get("batch_shape", config.get("batch_input_shape"))
        shape = Shape(tuple(declared[1:]) if declared else None)
        width = shape.n_features if shape.sizes is not None else None
        name = (keys or {}).get(path[-1].name) or "/".join(step.name for step in path)
        key = self._key(name)
        self.nodes.append(GraphNode(key, width=width, label=name))
        self.inputs.add(key)
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
        if not sources and entry["class_name"] == "TFOpLambda":
            raise UnfitError(
                f"layer {path[-1].name!r}: Keras 2 does not keep the operands of this function "
                "after its first, neither in files nor in the model; put a layer that does the "
                "same in its place, such as Dense or EinsumDense, or tf.matmul"
            )
        if not sources:
            raise ValueError(f"layer {path[-1].name!r} takes no value, as far as is written down")
        given = arguments_of(node)
        layer = KerasLayer(path, entry["config"], module_of(entry), *given, trains)
        merge: Merge | None = None
        shapes = [Shape(self.shapes[source].sizes) for source in sources]
        self.reading.shape = shapes[0]
        self.reading.at_input = sources[0] in self.inputs
        self.reading.grid = self.grids.get(sources[0], 0.0) if len(sources) == 1 else 0.0
        if len(sources) > 1:
            sources = self._rounded(layer, shapes, sources)
            merge, operations, sources = self._merged(plain(layer), shapes, sources)
            operations += attempt(layer.label, self.reading.after_merge, layer, len(shapes))
        elif kind_of(layer) in BRANCHING and not layer.is_custom:
            return [(path[-1].name, each) for each in self._branches(layer, sources[0])]
        else:
            operations = attempt(layer.label, self.reading.read, layer)
        return [(path[-1].name, self._add(sources, operations, layer.label, merge))]

    def _add(
        self,
        sources: list[Hashable],
        operations: list[Operation],
        label: str,
        merge: Merge | None = None,
    ) -> Hashable:
        """Add a node whose result has the shape that the reading has come to; return its key."""
        key = self._key(label)
        self.nodes.append(GraphNode(key, tuple(sources), operations, merge, label=label))
        if any(isinstance(step, Problem) for step in operations):
            self.refused.add(key)
        self.shapes[key] = Shape(self.reading.shape.sizes)
        self.grids[key] = self.reading.grid
        return key

    def _branches(self, layer: KerasLayer, source: Hashable) -> list[Hashable]:
        """Add a node for each part of a split, or for the largest of several features."""
        kind, shape, label = kind_of(layer), self.shapes[source], layer.label
        try:
            if kind == "split":
                found = []
                for self.reading.shape, steps in parts_of(layer, shape, kind):
                    found.append(self._add([source], steps, label))
                return found
            self.reading.shape, rows = groups_of(layer, shape, kind)
            check_group(len(rows))
            n = shape.n_features or 0
            parts = [self._add([source], selection(each, n, label), label) for each in rows]
            merge = Merge(REDUCTIONS[kind][0])
            return [self._add(parts, [], label, merge)]
        except (ArithmeticError, LookupError, TypeError, ValueError) as err:
            self.reading.shape = Shape()
            problem = Problem(f"layer {label!r}: {err}")
            return [self._add([source], [problem], label)] * MOST_OF_MAXIMUM

    def _rounded(
        self, layer: KerasLayer, shapes: list[Shape], sources: list[Hashable]
    ) -> list[Hashable]:
        """Return the values as a layer rounds them before it merges them."""
        if not layer.is_hgq:
            return sources
        rounded = []
        for number, (shape, source) in enumerate(zip(shapes, sources, strict=True)):
            self.reading.shape, self.reading.at_input = Shape(shape.sizes), source in self.inputs
            steps = attempt(layer.label, self.reading.before_merge, layer, number)
            rounded.append(self._add([source], steps, layer.label))
        return rounded

    def _merged(
        self, layer: KerasLayer, shapes: list[Shape], sources: list[Hashable]
    ) -> tuple[Merge | None, list[Operation], list[Hashable]]:
        """Return how values are merged, what is done then, and what is merged."""
        merge, operations = self._merge(layer, shapes)
        if merge is None:
            self.reading.shape = Shape()  # nobody knows what it gives
            return merge, operations, sources
        try:
            if merge.kind == "concat":
                self.reading.shape, steps = joined(shapes, layer, kind_of(layer))
                return merge, steps, sources
            self.reading.shape, ways = broadcast(shapes, layer.label)
        except (ArithmeticError, LookupError, TypeError, ValueError) as err:
            shown = ", ".join(map(str, shapes))
            text = f"layer {layer.label!r} merges values of the shapes {shown}: {err}"
            self.reading.shape = Shape()
            is_certain = not self.refused.intersection(sources)
            return (
                None,
                [Problem(f"{text}; put a Flatten before it", is_certain=is_certain)],
                sources,
            )
        result = self.reading.shape
        brought = [
            source if not steps else self._add([source], steps, layer.label)
            for source, steps in zip(sources, ways, strict=True)
        ]
        self.reading.shape = result
        if merge.kind == "where":
            brought = self._with_constants(layer, choice_of(layer, brought) or [], brought[0])
        return merge, operations, brought

    def _with_constants(
        self, layer: KerasLayer, values: list[Any], source: Hashable
    ) -> list[Hashable]:
        """Add nodes of constants among values, each in the place of what flows from a source."""
        shape = self.reading.shape
        return [
            self._add([source], constant(shape.spread(value), layer.label), layer.label)
            if isinstance(value, np.ndarray)
            else value
            for value in values
        ]

    def _merge(
        self, layer: KerasLayer, shapes: list[Shape]
    ) -> tuple[Merge | None, list[Operation]]:
        name, kind = layer.called.rpartition(".")[2], kind_of(layer)
        merge = MERGES.get(name)
        if kind in COMPARISONS and not layer.is_custom:
            return Merge("sum", COMPARISONS[kind]), compared(kind, layer.label)
        if kind == "where" and not layer.is_custom and choice_of(layer, shapes) is not None:
            return Merge("where"), []
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
        return merge, []


def _keys_of(declared: Any, names: list[str]) -> dict[str, str]:
    """Return the key of each input in a dict of them, by which a model takes it; else none."""
    if not isinstance(declared, dict) or len(declared) != len(names):
        return {}
    return {name: key for name, key in zip(names, declared, strict=True) if key}


def _by_key(declared: Any, found: list[tuple[str, Hashable]]) -> list[tuple[str, Hashable]]:
    """Name outputs by the keys of a dict, if each key has one."""
    if not isinstance(declared, dict) or len(declared) != len(found):
        return found
    return [(key, node) for key, (_, node) in zip(declared, found, strict=True)]
