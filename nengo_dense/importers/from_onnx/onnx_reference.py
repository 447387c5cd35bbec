"""ONNX graphs computed by onnx's own reference implementation of the operators."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.heads import log_softmax, softmax
from nengo_dense.importers.form.operation import UnfitError
from nengo_dense.importers.from_onnx.onnx_graph import label_of
from nengo_dense.importers.from_onnx.onnx_model import OnnxModel, batch_of
from nengo_dense.importers.from_onnx.onnx_quantizer import (
    QONNX_DOMAINS,
    QUANT,
    dequantized,
    quantized,
)
from nengo_dense.importers.model_reference import Reference
from nengo_dense.importers.precision import coarsest
from nengo_dense.importers.reading.quantizer import Quantizer

#: What batch normalization adds to variances if a node does not say it.
EPSILON = 1e-5
#: Since this version of the operators onnx's evaluator has the two that quantize.
QUANTIZER_OPSET = 19
#: Nodes that are run one by one for a comparison, a second's work.
MAX_NODE_RUNS = 20_000


def reference(model: OnnxModel) -> tuple[Reference | None, str]:
    """Return how to run a graph, or None and why it is not run.

    Every node that is run was followed before, so that none makes much of little.

    Parameters
    ----------
    model : OnnxModel
        As it was read.
    """
    if model.problems or not model.nodes:
        return None, "it was not read"
    if model.reading.unstable:
        return None, f"its node {model.reading.unstable!r} overflows in single precision"
    try:
        runner = _Runner(model)
        precision = coarsest(runner.types())
        given = runner.rounding()
    except UnfitError as err:
        return None, str(err)
    except Exception as err:  # operators and versions that it does not know, in several ways
        return None, f"onnx's reference evaluator cannot run it ({type(err).__name__}: {err})"
    return (
        Reference(
            runner.outputs,
            runner.kinds[0],
            precision,
            runner.layers,
            max_samples=runner.max_samples,
            given=given,
        ),
        "",
    )


class _Runner:
    """Runs the part of a graph that leads to its outputs.

    Parameters
    ----------
    model : OnnxModel

    Attributes
    ----------
    kinds : list of str
        NumPy's names of the types that the inputs take.
    step : int
        Samples that it takes at once, 0 if it takes any number.
    """

    def __init__(self, model: OnnxModel) -> None:
        self.model, self.graph, self.onnx = model, model.graph, model.graph.onnx
        self.wanted = list(model.outputs.values())
        self.nodes = self.graph.needed(self.wanted)[0]
        names = [str(node.name) for node in model.nodes if not node.sources]
        self.entries = [self.graph.inputs[name] for name in names]
        self.shapes = [model.reading.layouts[name].shape for name in names]
        self.sizes = [model.reading.layouts[name].n for name in names]
        self.kinds = [self.graph.type_name(e.type.tensor_type.elem_type) for e in self.entries]
        # a graph that was exported for a batch of a fixed size may hold it in its reshapes
        self.step = batch_of(self.graph)
        self.tensors = {
            label_of(self.graph.makers[node.name], node.name): node.name
            for node in model.nodes
            if isinstance(node.name, str) and node.name in self.graph.makers
        }
        self.evaluator = self._evaluator(self.wanted)

    @property
    def max_samples(self) -> int:
        """(int) How many samples it takes without a wait."""
        n_runs = max(1, MAX_NODE_RUNS // max(1, len(self.nodes)))
        return (
            min(Reference.max_samples, n_runs * self.step) if self.step else Reference.max_samples
        )

    def rounding(self) -> Callable[[np.ndarray], np.ndarray] | None:
        """Return what rounds inputs as the quantizers do that are left out, None if none is.

        Raises
        ------
        UnfitError
            They take parts of the inputs, or one input to different levels.
        """
        found: dict[str, Quantizer] = {}
        names = [entry.name for entry in self.entries]
        for name, quantizer in self.model.reading.rounded_inputs.values():
            if name not in names or not quantizer.is_same(found.setdefault(name, quantizer)):
                raise UnfitError("the quantizer of its inputs is left out")

        def rounded(x: np.ndarray) -> np.ndarray:
            parts = np.split(x, np.cumsum(self.sizes)[:-1], axis=1)
            pairs = zip(names, parts, strict=True)
            return np.concatenate(
                [found[name].rounded(part) if name in found else part for name, part in pairs],
                axis=1,
            )

        return rounded if found else None

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """Compute the graph's outputs, one after the other."""
        found = self._run(self.evaluator, x)
        if len(found) == 1:
            return found[0]
        return np.concatenate([part.reshape(len(x), -1) for part in found], axis=1)

    def layers(self, x: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """Compute what each node gives that was read."""
        found = self._run(self._evaluator(list(self.tensors.values())), x)
        return list(zip(self.tensors, found, strict=True))

    def types(self) -> set[str]:
        """Name the types of the graph's constants and inputs, and those that it casts to."""
        kinds = {self.graph.type_name(t.data_type) for t in self.graph.graph.initializer}
        casts = {
            self.graph.type_name(self.graph.settings(node)["to"])
            for node in self.nodes
            if node.op_type == "Cast" and not self.graph.is_constant(node.input[0])
        }
        return {*self.kinds, *kinds, *casts}

    def _evaluator(self, names: list[str]) -> Any:
        """Make a model of the needed nodes, which gives these tensors."""
        used = {name for node in self.nodes for name in node.input}
        part = self.onnx.helper.make_graph(
            self.nodes,
            "part",
            self.entries,
            [self.onnx.ValueInfoProto(name=name) for name in names],
            [tensor for tensor in self.graph.graph.initializer if tensor.name in used],
        )
        model = self.onnx.helper.make_model(
            part,
            opset_imports=self.graph.model.opset_import,
            ir_version=self.graph.model.ir_version,
        )
        tools = compat.require("onnx.reference", "Running an ONNX model")
        return tools.ReferenceEvaluator(model, new_ops=self._operators())

    def _operators(self) -> list[Any]:
        """Return the operators that onnx's are replaced by."""
        is_old = self.graph.opset < QUANTIZER_OPSET
        quantizers = [*_own_quantizers(), *(_quantizers() if is_old else [])]
        return [*_softmaxes(), _batch_norm(), *quantizers]

    def _run(self, evaluator: Any, x: np.ndarray) -> list[np.ndarray]:
        step = self.step or len(x)
        filled = np.concatenate([x, np.repeat(x[-1:], -len(x) % step, axis=0)])
        ends = np.cumsum(self.sizes)[:-1]
        with np.errstate(all="ignore"):  # overflow is the model's own, and is compared as it is
            parts = [
                evaluator.run(None, self._fed(np.split(filled[at : at + step], ends, axis=1)))
                for at in range(0, len(filled), step)
            ]
        together = (
            np.concatenate([_rows(a, step) for a in arrays]) for arrays in zip(*parts, strict=True)
        )
        return [array[: len(x)] for array in together]

    def _fed(self, values: list[np.ndarray]) -> dict[str, np.ndarray]:
        """Give each input its values, in its shape and type."""
        fed = {}
        for entry, shape, kind, part in zip(
            self.entries, self.shapes, self.kinds, values, strict=True
        ):
            is_one = not shape or part.size == np.prod(shape)
            fed[entry.name] = part.reshape(shape if is_one else (-1, *shape[1:])).astype(kind)
        return fed


def _rows(array: np.ndarray, n: int) -> np.ndarray:
    """Return a row a sample where an array has the samples along no first axis."""
    return array if array.shape[:1] == (n,) else array.reshape(n, -1)


def _softmaxes() -> list[Any]:
    """Return the two operators; both are read where they are over all of a sample alone.

    Before version 13 they made two axes of all, of which the second one counts, and onnx's do not.
    Its LogSoftmax also overflows: it takes the logarithm of a softmax.
    """
    base = compat.require("onnx.reference.op_run", "Running an ONNX model").OpRun

    def operator(name: str, function: Callable[[np.ndarray], np.ndarray]) -> Any:
        def run(self: Any, x: np.ndarray, axis: int | None = None) -> tuple[np.ndarray]:
            flat = x.reshape(len(x), -1).astype(np.float64)
            return (function(flat).reshape(x.shape).astype(x.dtype),)

        return type(name, (base,), {"op_domain": "", "_run": run})

    return [operator("Softmax", softmax), operator("LogSoftmax", log_softmax)]


def _batch_norm() -> Any:
    """Return the operator as it is after training, which onnx's is from version 14 on alone.

    One in training mode is refused before. Below that version onnx's takes statistics of the
    samples, also where nothing says that it trains.
    """
    base = compat.require("onnx.reference.op_run", "Running an ONNX model").OpRun

    def run(self: Any, x: np.ndarray, *given: np.ndarray, **settings: Any) -> tuple[np.ndarray]:
        shape = (-1, *(1 for _ in x.shape[2:]))
        scale, bias, mean, variance = (each.reshape(shape) for each in given)
        known = settings.get("epsilon")
        epsilon = np.asarray(EPSILON if known is None else known, dtype=x.dtype)
        return ((scale * (x - mean) / np.sqrt(variance + epsilon) + bias).astype(x.dtype),)

    return type("BatchNormalization", (base,), {"op_domain": "", "_run": run})


def _quantizers() -> list[Any]:
    """Return the two operators of the versions that onnx's evaluator does not have."""
    base = compat.require("onnx.reference.op_run", "Running an ONNX model").OpRun

    def along(settings: dict[str, Any]) -> int:
        axis = settings.get("axis")
        return 1 if axis is None else int(axis)

    def quantize(self: Any, x: np.ndarray, *given: Any, **settings: Any) -> tuple[np.ndarray]:
        scale, zero = (*given, None)[:2]
        zero = np.zeros(scale.shape, np.uint8) if zero is None else zero
        shape = [1] * x.ndim if scale.size > 1 else []
        if shape:
            shape[along(settings)] = -1
        levels = np.rint(x / scale.reshape(shape)) + zero.reshape(shape).astype(np.float64)
        limits = np.iinfo(zero.dtype)
        return (np.clip(levels, limits.min, limits.max).astype(zero.dtype),)

    def dequantize(self: Any, *given: Any, **settings: Any) -> tuple[np.ndarray]:
        arrays = [each for each in given if each is not None]
        return (dequantized(arrays, along(settings)).astype(given[1].dtype),)

    runs = {"QuantizeLinear": quantize, "DequantizeLinear": dequantize}
    return [type(name, (base,), {"op_domain": "", "_run": run}) for name, run in runs.items()]


def _own_quantizers() -> list[Any]:
    """Return the operators of QONNX, which onnx's evaluator does not know."""
    onnx = compat.require("onnx", "Running an ONNX model")
    base = compat.require("onnx.reference.op_run", "Running an ONNX model").OpRun

    def run(self: Any, *arrays: np.ndarray, **_: Any) -> tuple[np.ndarray]:
        node = self.onnx_node
        read = onnx.helper.get_attribute_value
        settings = {item.name: read(item) for item in node.attribute}
        return (quantized(node, list(arrays), settings).astype(arrays[0].dtype),)

    return [
        type(name, (base,), {"op_domain": domain, "_run": run})
        for domain in QONNX_DOMAINS
        for name in (*QUANT, "BipolarQuant")
    ]
