"""An ONNX graph -> the nodes of its form, each with the layout of its tensor."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nengo_dense.importers.form.graph_folding import GraphNode, Merge
from nengo_dense.importers.form.operation import Operation, Problem, attempt, unsupported
from nengo_dense.importers.from_onnx.onnx_constant import MOVING, evaluate
from nengo_dense.importers.from_onnx.onnx_graph import DOMAINS, OnnxGraph, label_of, taken_by
from nengo_dense.importers.reading.arithmetic_call import FLOWING
from nengo_dense.importers.reading.feature_layout import MAX_FOLLOWED, Layout, moved, selection
from nengo_dense.importers.reading.quantizer import Quantizer

Operations = list[Operation]

#: Reads one node, adds what it makes to the reading, and returns problems if there are some.
Reader = Callable[["OnnxReading", Any, str], Operations]


#: Before this version of the operators, a setting says along which axis a value is broadcast.
LAST_AXIS_OPSET = 7

#: How the kinds of onnxruntime's nodes begin that compute in whole numbers.
QUANTIZED = (
    "Dequantize",
    "Dynamic",
    "MatMulInteger",
    "MatMulNBits",
    "QGemm",
    "QLinear",
    "Quantize",
)

#: Nodes that broadcast their second value.
BROADCASTING = ("Add", "Div", "Mul", "PRelu", "Pow", "Sub")


def _refused(node: Any, label: str, is_unknown: bool) -> Problem:
    """Say why a node is not read: its kind, or how its version broadcasts."""
    if not is_unknown:
        return Problem(
            f"layer {label!r} broadcasts along an axis that is not the last, as ONNX did before "
            "version 7; bring the model to a newer one: onnx.version_converter.convert_version"
        )
    if node.domain == "com.microsoft" and node.op_type.startswith(QUANTIZED):
        return Problem(
            f"layer {label!r}: {node.op_type} is of onnxruntime alone, whose quantizer writes it; "
            "give the model as it was before, or quantize it with QuantFormat.QDQ"
        )
    if node.domain == "com.microsoft":
        return Problem(
            f"layer {label!r}: {node.op_type} is of onnxruntime alone, whose optimizer writes it; "
            "give the model as it was before the optimization"
        )
    what = node.op_type if node.domain in DOMAINS else f"{node.op_type} of {node.domain}"
    return unsupported(label, what, node.op_type)


@dataclass
class OnnxReading:
    """What is known while the nodes of a graph are read in order.

    Parameters
    ----------
    graph : OnnxGraph
    readers : mapping
        Kind of a node -> what reads it.

    Attributes
    ----------
    nodes : list of GraphNode
        Their names are those of the tensors that they make.
    places : dict
        Name of a node -> its number, in the order in which they were read.
    layouts : dict
        Name of a tensor that depends on the input -> its layout; none after what was refused.
    rounded_inputs : dict
        Label of a quantizer of inputs, which is left out -> what it takes, and itself.
    unstable : str
        Label of a function that is written as nodes which overflow where it does not itself.
    """

    graph: OnnxGraph
    readers: dict[str, Reader]
    nodes: list[GraphNode] = field(default_factory=list)
    places: dict[Hashable, int] = field(default_factory=dict)
    layouts: dict[Hashable, Layout] = field(default_factory=dict)
    rounded_inputs: dict[str, tuple[str, Quantizer]] = field(default_factory=dict)
    unstable: str = ""

    def input(self, name: str, layout: Layout | None) -> None:
        """Add an input, or the problem that its values are too many to be followed."""
        if layout is None:
            text = f"input {name!r} declares more values than {MAX_FOLLOWED}, or none; correct it"
            self._append(GraphNode(name, ("",), [Problem(text)], label=name))
            return
        self._append(GraphNode(name, width=layout.n, label=name))
        self.layouts[name] = layout

    def read(self, node: Any) -> None:
        """Read one node, all of whose sources were read."""
        problems: Operations
        outputs = [name for name in node.output if name]
        label = label_of(node, outputs[0])
        if self.graph.fold(node):
            return
        sources = [name for name in taken_by(node) if not self.graph.is_constant(name)]
        nowhere = [name for name in sources if name not in self.places]
        known = [name for name in sources if name in self.layouts]
        if node.op_type == "Shape" and node.domain in DOMAINS and known:
            self.graph.know_shape(node, self.layouts[sources[0]].shape)
            return
        reader = self.readers.get(node.op_type) if node.domain in DOMAINS else None
        reader = reader or self.readers.get(f"{node.domain}.{node.op_type}")
        if reader is None or not self._is_aligned(node):
            problems = [_refused(node, label, reader is None)]
        elif nowhere:
            text = f"layer {label!r} takes {nowhere[0]!r}, which nothing in the graph makes"
            problems = [Problem(f"{text}; export the model again")]
        elif len(known) < len(sources):
            problems = []  # nothing is known of what a refused layer gives
        else:
            problems = attempt(label, reader, self, node, label)
        # without sources it would be an input
        before = tuple(name for name in sources if name not in nowhere) or ("",)
        for name in outputs:
            if name not in self.places:
                self._append(GraphNode(name, before, problems, label=label))
                before, problems = (name,), []  # whoever needs another output meets the problem

    def _is_aligned(self, node: Any) -> bool:
        """Tell whether values are broadcast from the last axis on, as all versions since 7 do."""
        if self.graph.opset >= LAST_AXIS_OPSET or node.op_type not in BROADCASTING:
            return True
        shapes = [
            self.layouts[name].shape if name in self.layouts else self.constant(name).shape
            for name in node.input
            if name in self.layouts or self.graph.is_constant(name)
        ]
        axis = self.graph.settings(node).get("axis", 1 if node.op_type == "PRelu" else -1)
        if len(shapes) != 2 or axis == -1 or np.prod(shapes[1]) == 1:
            return True
        return bool(axis + len(shapes[1]) == len(shapes[0]))

    def _append(self, node: GraphNode) -> None:
        self.nodes.append(node)
        self.places.setdefault(node.name, len(self.places))

    def arguments(self, node: Any) -> list[Any]:
        """Return the constants among a node's inputs, and `FLOWING` for what is none."""
        return [self.constant(n) if self.graph.is_constant(n) else FLOWING for n in node.input]

    def constant(self, name: str) -> np.ndarray:
        """Return a tensor that is the same for every input; a ValueError if it is not."""
        return self.graph.constant(name)

    def optional(self, node: Any, place: int) -> np.ndarray | None:
        """Return a constant that may be left out."""
        given = len(node.input) > place and node.input[place]
        return self.constant(node.input[place]) if given else None

    def flowing(self, node: Any) -> str:
        """Return the one tensor among a node's inputs that depends on the input."""
        (name,) = [n for n in node.input if n and not self.graph.is_constant(n)]
        return str(name)

    def add(
        self,
        output: Hashable,
        sources: Sequence[Hashable],
        operations: Operations,
        layout: Layout,
        label: str,
        merge: Merge | None = None,
    ) -> Operations:
        """Add what makes a tensor; return the problems among its operations."""
        problems = [step for step in operations if isinstance(step, Problem)]
        self._append(GraphNode(output, tuple(sources), operations, merge, label=label))
        if not problems:
            self.layouts[output] = layout
        return []

    def each(self, node: Any, operations: Operations, label: str) -> Operations:
        """Add what leaves each feature where it is."""
        source = self.flowing(node)
        return self.add(node.output[0], [source], operations, self.layouts[source], label)

    def moved(self, node: Any, label: str) -> Operations:
        """Add what moves, chooses or repeats features, whatever the kind of the node."""
        source = self.flowing(node)
        values = {n: self.constant(n) for n in node.input if n and n != source}
        values[source] = self.layouts[source].places
        results = evaluate(self.graph.model, node, values, MAX_FOLLOWED)
        return self.rearranged(node, source, results, label)

    def rearranged(
        self, node: Any, source: Hashable, results: Sequence[np.ndarray], label: str
    ) -> Operations:
        """Add tensors of the features at some places of another."""
        layout = self.layouts[source]
        for name, places in zip([n for n in node.output if n], results, strict=True):
            try:
                after, rows = moved(places, layout.n, layout.n_samples)
            except ValueError as err:
                return [Problem(f"layer {label!r}: {err}; keep the axis of the samples first")]
            self.add(name, [source], selection(rows, layout.n, label), after, label)
        return []

    def is_input(self, name: str) -> bool:
        """Tell whether a tensor holds the values of an input, perhaps in another order."""
        while name in self.graph.makers:
            node = self.graph.makers[name]
            if node.op_type not in (*MOVING, "Cast", "Dropout", "QuantizeLinear"):
                return False
            name = node.input[0]
        return name in self.graph.inputs

    def brought(self, source: str, shape: tuple[int, ...], label: str) -> tuple[Hashable, Layout]:
        """Return a tensor as it is when it is broadcast to a shape."""
        layout = self.layouts[source]
        if layout.shape == shape:
            return source, layout
        after, rows = moved(np.broadcast_to(layout.places, shape), layout.n, layout.n_samples)
        steps = selection(rows, layout.n, label)
        if not steps:
            return source, after
        name = (source, "as", shape)
        if name not in self.layouts:
            self.add(name, [source], steps, after, label)
        return name, after
