"""An ONNX graph from its inputs to the outputs that count -> nodes of a form."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any

import numpy as np

from nengo_dense.budget import current, spending
from nengo_dense.importers.form.graph_folding import GraphNode
from nengo_dense.importers.form.operation import Operation, Problem
from nengo_dense.importers.from_onnx.onnx_graph import OnnxGraph, label_of
from nengo_dense.importers.from_onnx.onnx_nodes import NODES
from nengo_dense.importers.from_onnx.onnx_pattern import as_activation
from nengo_dense.importers.from_onnx.onnx_quantizer_nodes import before_rounding
from nengo_dense.importers.from_onnx.onnx_reading import OnnxReading
from nengo_dense.importers.reading.feature_layout import MAX_FOLLOWED, N_SAMPLES, Layout

#: Numbers of features that are tried for inputs which declare none.
MOST_TRIALS = 100

#: Nodes that name a class, which is no output of a dense network.
DECIDING = ("ArgMax", "ArgMin", "Binarizer", "LabelEncoder", "TopK")

#: Nodes through which a named class goes on.
NAMING = ("ArrayFeatureExtractor", "Cast", "Identity", "Reshape", "Squeeze", "ZipMap")


@dataclass
class OnnxModel:
    """What was read of a graph.

    Parameters
    ----------
    graph : OnnxGraph
    reading : OnnxReading
    outputs : dict
        Name of an output -> the tensor that holds it.
    classes : list or None
        What the outputs stand for, if the graph says it.
    rounded : list of str
        Sentences about outputs that the graph rounds at its end, and that are read before it.

    Attributes
    ----------
    nodes : list of GraphNode
        Those that the outputs depend on, in the order of computation.
    """

    graph: OnnxGraph
    reading: OnnxReading
    outputs: dict[str, str]
    classes: list[Any] | None
    rounded: list[str] = field(default_factory=list)
    nodes: list[GraphNode] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = {node.name: node for node in self.reading.nodes}
        needed: set[Hashable] = set()
        waiting: list[Hashable] = list(self.outputs.values())
        while waiting:
            name = waiting.pop()
            if name not in needed and name in known:
                needed.add(name)
                waiting += known[name].sources
        self.nodes = [node for node in self.reading.nodes if node.name in needed]

    @property
    def problems(self) -> list[Operation]:
        """(list) All problems among the nodes."""
        return [s for node in self.nodes for s in node.operations if isinstance(s, Problem)]

    def chain(self) -> list[Operation] | None:
        """Return the operations from the one input to the one output, None if it is no chain."""
        n_inputs = sum(not node.sources for node in self.nodes)
        is_chain = all(len(node.sources) < 2 and node.merge is None for node in self.nodes)
        if n_inputs != 1 or len(self.outputs) != 1 or not is_chain:
            return None
        return [step for node in self.nodes for step in node.operations]


def read_graph(graph: OnnxGraph) -> OnnxModel:
    """Read a graph; every problem is among the operations of its nodes.

    Parameters
    ----------
    graph : OnnxGraph
    """
    given, classes = outputs_of(graph)
    before = {name: before_rounding(graph, tensor) for name, tensor in given.items()}
    outputs = {name: tensor for name, (tensor, _) in before.items()}
    rounded = [said for _, said in before.values() if said]
    order, circle = graph.needed(list(outputs.values()))
    best: OnnxModel | None = None
    for layouts in islice(_layouts(graph), MOST_TRIALS):
        reading = OnnxReading(graph, NODES)
        with spending(current().name):  # what a trial made is forgotten with it
            for name in graph.inputs:
                reading.input(name, layouts[name])
            if circle:
                _refuse_circle(reading, circle, list(outputs.values()))
            for node in order if not circle else ():
                reading.read(node)
                as_activation(reading, node)
            model = OnnxModel(graph, reading, outputs, classes, rounded)
            _check_outputs(model)
        if best is None or len(model.problems) < len(best.problems):
            best = model
        if not model.problems:
            break
    assert best is not None
    return best


def _refuse_circle(reading: OnnxReading, circle: str, outputs: list[str]) -> None:
    """Say that a tensor is made of itself, so that no order of the nodes is one."""
    label = label_of(reading.graph.makers[circle], circle)
    problem = Problem(
        f"layer {label!r}: its output comes back to its input; a dense stack has no recurrence"
    )
    reading.nodes.append(GraphNode(circle, (), [problem], label=label))
    for name in outputs:
        if name != circle:
            reading.nodes.append(GraphNode(name, (circle,), label=name))


def _check_outputs(model: OnnxModel) -> None:
    """Note outputs that depend on no input, or do not hold one sample after the other."""
    has_input = any(not node.sources for node in model.nodes)
    for name, tensor in model.outputs.items():
        if model.graph.is_constant(tensor) or not has_input:
            same = Problem(f"output {name!r} is the same for every input; choose another")
            model.nodes.append(GraphNode(tensor, ("",), [same], label=name))
        maker = model.graph.makers.get(tensor)
        if maker is not None and maker.op_type == "QuantizeLinear":
            text = (
                f"output {name!r} is in steps of {maker.name or tensor!r}; end the model before it"
            )
            node = GraphNode(("steps", name), (tensor,), [Problem(text)], label=name)
            model.nodes.append(node)
        layout = model.reading.layouts.get(tensor)
        if layout is not None and not layout.is_by_sample():
            problem = Problem(
                f"output {name!r} has the shape {layout.shape} for {layout.n_samples} samples, "
                "not one row a sample; end the model before what mixes them"
            )
            model.nodes.append(GraphNode(("problem", name), (tensor,), [problem], label=name))


def _layouts(graph: OnnxGraph) -> Iterator[dict[str, Layout | None]]:
    """Yield the layouts of all inputs, with each number of features that they leave open."""
    shapes = {name: _declared(value) for name, value in graph.inputs.items()}
    n_samples = batch_of(graph) or N_SAMPLES
    unknown = [name for name, shape in shapes.items() if not all(shape[1:])]
    sizes = sorted({n for tensor in graph.graph.initializer for n in tensor.dims if n > 0})
    for widths in product(sizes or [1], repeat=len(unknown)):
        given = dict(zip(unknown, widths, strict=True))
        found: dict[str, Layout | None] = {}
        for name, shape in shapes.items():
            full = [n or 1 for n in shape[1:]]
            if name in given:
                full[-1] = given[name]
            found[name] = _layout(shape, n_samples, full)
        yield found


def batch_of(graph: OnnxGraph) -> int:
    """Return how many samples a graph takes at once, 0 if it takes any number."""
    for value in graph.inputs.values():
        shape = _declared(value)
        if len(shape) < 2 and all(shape):
            return 1  # one sample, without an axis for more
        if shape[0]:
            return shape[0]
    return 0


def _layout(shape: list[int], n_samples: int, rest: list[int]) -> Layout | None:
    first = (shape[0] or n_samples) if shape else 1
    if (
        first * float(np.prod(rest, dtype=np.float64)) > MAX_FOLLOWED
        or first < 1
        or min(rest, default=1) < 1
    ):
        return None
    if not shape or (len(shape) == 1 and shape[0]):
        return Layout.of_one(tuple(shape))
    return Layout.of_input((first, *rest))


def _declared(value: Any) -> list[int]:
    """Return the shape that an input declares, 0 for what it leaves open."""
    kind = value.type.tensor_type
    return [dim.dim_value for dim in kind.shape.dim] if kind.HasField("shape") else [0, 0]


def outputs_of(graph: OnnxGraph) -> tuple[dict[str, str], list[Any] | None]:
    """Return the outputs that hold numbers, and the classes that others name.

    Returns
    -------
    outputs : dict
        Name -> tensor; all of the graph's where every one names a class.
    classes : list or None
    """
    names = [output.name for output in graph.graph.output]
    classes: list[Any] | None = None
    found = {}
    for name in names:
        labels = _labels(graph, name)
        if labels is not None:
            classes = classes or (labels if len(labels) > 1 else None)
            continue
        tensor, is_class = name, False
        while tensor in graph.makers:
            node = graph.makers[tensor]
            classes = _classes(graph, node) or classes
            is_class = is_class or node.op_type in DECIDING
            if node.op_type not in (*NAMING, *DECIDING):
                break
            tensor = _source(graph, node)
        if not is_class:
            is_zipped = name in graph.makers and graph.makers[name].op_type == "ZipMap"
            found[name] = graph.makers[name].input[0] if is_zipped else name
    return _zipped(graph, found, classes or []) or found or {name: name for name in names}, classes


def _zipped(graph: OnnxGraph, found: dict[str, str], classes: list[Any]) -> dict[str, str]:
    """Return the one output whose columns are outputs each, as skl2onnx's zipmap="columns" has it.

    Nothing where they are no columns of one tensor, all that there are classes, in their order.
    """
    columns = [_column(graph, tensor) for tensor in found.values()]
    tensors = {tensor for tensor, _ in columns}
    numbers = [number for _, number in columns]
    if len(classes) < 2 or len(tensors) > 1 or numbers != list(range(len(classes))):
        return {}
    return {"probabilities": tensors.pop()}


def _column(graph: OnnxGraph, tensor: str) -> tuple[str, int]:
    """Return the tensor whose column another is, and its number; -1 where it is none."""
    moved = graph.makers.get(tensor)
    cut = None if moved is None else graph.makers.get(moved.input[0])
    if moved is None or cut is None or (moved.op_type, cut.op_type) != ("Reshape", "Slice"):
        return tensor, -1
    settings = [moved.input[1], *cut.input[1:]]
    if len(settings) != 4 or not all(graph.is_number(name) for name in settings):
        return tensor, -1
    shape, first, end, axis = (int(graph.constant(name).item()) for name in settings)
    is_column = (shape, end, axis) == (-1, first + 1, 1)
    return (str(cut.input[0]), first) if is_column else (tensor, -1)


def _labels(graph: OnnxGraph, tensor: str) -> list[Any] | None:
    """Return the whole numbers or texts of an output that is the same for every input."""
    while tensor in graph.makers and graph.makers[tensor].op_type == "Identity":
        tensor = graph.makers[tensor].input[0]
    stored = graph.initializers.get(tensor)
    if stored is None or graph.is_float(stored.data_type):
        return None
    return _as_texts(graph.constant(tensor).ravel().tolist())


def _as_texts(labels: list[Any]) -> list[Any]:
    """Return labels, of which texts may be stored as bytes."""
    return [label.decode() if isinstance(label, bytes) else label for label in labels]


def _source(graph: OnnxGraph, node: Any) -> str:
    """Return what a node that names a class takes, which may be the second of its inputs."""
    return str(next((n for n in reversed(node.input) if n not in graph.initializers), ""))


def _classes(graph: OnnxGraph, node: Any) -> list[Any] | None:
    """Return the classes that a node gives names to."""
    settings = graph.settings(node)
    for key in ("classlabels_int64s", "classlabels_strings"):
        if node.op_type == "ZipMap" and settings.get(key):
            return _as_texts(settings[key])
    named = node.op_type == "ArrayFeatureExtractor" and node.input[0] in graph.initializers
    if named and graph.constant(node.input[0]).ndim < 3:
        return _as_texts(graph.constant(node.input[0]).ravel().tolist())
    return None
