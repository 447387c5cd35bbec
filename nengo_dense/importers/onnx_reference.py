"""ONNX graphs computed by onnx's own reference implementation of the operators."""

from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.importers.model_reference import Reference
from nengo_dense.importers.onnx_graph import OnnxGraph, label_of
from nengo_dense.importers.precision import coarsest

#: Nodes that work out a shape to reshape to, beside those of the chain and its constants. A small
#: file must not demand terabytes or time without end, so that nothing is run that makes much of
#: little: a Gather only of one element, and a Concat only of what no Concat has made.
SHAPE_KINDS = ("Cast", "Concat", "Gather", "Identity", "Shape", "Slice", "Squeeze", "Unsqueeze")

#: Nodes that are run one by one for a comparison, a second's work.
MAX_NODE_RUNS = 20_000


def reference(graph: OnnxGraph) -> tuple[Reference | None, str]:
    """Return how to run a graph, or None and why it is not run.

    Parameters
    ----------
    graph : OnnxGraph
        Whose operations were read.
    """
    if not graph.order:
        return None, "it is no chain of layers"
    refused = _unbounded(graph)
    if refused:
        return None, f"its node {refused} is not run"
    try:
        runner = _Runner(graph)
    except Exception as err:  # operators and versions that it does not know, in several ways
        return None, f"onnx's reference evaluator cannot run it ({type(err).__name__}: {err})"
    return (
        Reference(
            runner.outputs,
            runner.kind,
            coarsest(runner.types()),
            runner.layers,
            max_samples=runner.max_samples,
        ),
        "",
    )


class _Runner:
    """Runs the part of a graph that leads to its output.

    Parameters
    ----------
    graph : OnnxGraph

    Attributes
    ----------
    kind : str
        NumPy's name of the type that the graph takes.
    step : int
        Samples that it takes at once, 0 if it takes any number.
    """

    def __init__(self, graph: OnnxGraph) -> None:
        self.graph, self.onnx = graph, graph.onnx
        self.nodes = _needed(graph)
        (self.entry,) = [value for value in graph.graph.input if value.name == graph.order[0]]
        self.kind = self._type_name(self.entry.type.tensor_type.elem_type)
        self.sizes = [dim.dim_value for dim in self.entry.type.tensor_type.shape.dim] or [0, 0]
        # a graph that was exported for a batch of a fixed size may hold it in its reshapes
        self.step = self.sizes[0]
        self.evaluator = self._evaluator(graph.order[-1:])

    @property
    def max_samples(self) -> int:
        """(int) How many samples it takes without a wait."""
        n_runs = max(1, MAX_NODE_RUNS // len(self.nodes))
        return (
            min(Reference.max_samples, n_runs * self.step) if self.step else Reference.max_samples
        )

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """Compute the graph's output."""
        return self._run(self.evaluator, x)[0]

    def layers(self, x: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """Compute what each node of the chain gives."""
        names = [name for name in self.graph.order if name in self.graph.makers]
        labels = [label_of(self.graph.makers[name], name) for name in names]
        return list(zip(labels, self._run(self._evaluator(names), x), strict=True))

    def types(self) -> set[str]:
        """Name the types of the graph's constants and of its input."""
        return {self.kind, *(self._type_name(t.data_type) for t in self.graph.graph.initializer)}

    def _type_name(self, kind: int) -> str:
        return str(self.onnx.helper.tensor_dtype_to_np_dtype(kind))

    def _evaluator(self, names: list[str]) -> Any:
        """Make a model of the needed nodes, which gives these tensors."""
        used = {name for node in self.nodes for name in node.input}
        part = self.onnx.helper.make_graph(
            self.nodes,
            "part",
            [self.entry],
            [self.onnx.ValueInfoProto(name=name) for name in names],
            [tensor for tensor in self.graph.graph.initializer if tensor.name in used],
        )
        model = self.onnx.helper.make_model(
            part,
            opset_imports=self.graph.model.opset_import,
            ir_version=self.graph.model.ir_version,
        )
        return compat.require("onnx.reference", "Running an ONNX model").ReferenceEvaluator(model)

    def _run(self, evaluator: Any, x: np.ndarray) -> list[np.ndarray]:
        step = self.step or len(x)
        filled = np.concatenate([x, np.repeat(x[-1:], -len(x) % step, axis=0)])
        shape = (step, *(size or -1 for size in self.sizes[1:]))
        parts = [
            evaluator.run(None, {self.entry.name: filled[start : start + step].reshape(shape)})
            for start in range(0, len(filled), step)
        ]
        return [np.concatenate(arrays)[: len(x)] for arrays in zip(*parts, strict=True)]


def _needed(graph: OnnxGraph) -> list[Any]:
    """Return the nodes that the output depends on, in the order of the graph."""
    needed, waiting = set(), graph.order[-1:]
    while waiting:
        name = waiting.pop()
        if name and name not in needed:
            needed.add(name)
            waiting += graph.makers[name].input if name in graph.makers else []
    return [node for node in graph.graph.node if needed & set(node.output)]


def _unbounded(graph: OnnxGraph) -> str:
    """Name a node that may take more time and memory than its inputs account for, if any."""
    chain = set(graph.order)
    joined: set[str] = set()  # tensors that a Concat had a part in
    for node in _needed(graph):
        if node.output[0] in chain or graph.is_constant(node.output[0]):
            continue  # it was read
        grown = bool(joined & set(node.input))
        is_known = node.op_type in SHAPE_KINDS
        is_many = node.op_type == "Gather" and not graph.is_number(node.input[1])
        if not is_known or is_many or (grown and node.op_type == "Concat"):
            return str(node.op_type)
        if grown or node.op_type == "Concat":
            joined.update(node.output)
    return ""
