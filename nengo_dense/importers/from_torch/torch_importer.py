"""PyTorch modules, by the calls of their forward method, as `torch.fx` traces them."""

from itertools import chain
from typing import Any

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.form.operation import Problem, unsupported
from nengo_dense.importers.from_torch.torch_graph import operations_of_trace
from nengo_dense.importers.from_torch.torch_inplace import settle
from nengo_dense.importers.from_torch.torch_nodes import nodes_of_trace
from nengo_dense.importers.from_torch.torch_reference import reference
from nengo_dense.importers.from_torch.torch_state import evaluation
from nengo_dense.importers.from_torch.torch_trace import trace
from nengo_dense.importers.importer import modules_of
from nengo_dense.importers.source_graph import SourceGraph, source_of
from nengo_dense.importers.source_model import SourceModel
from nengo_dense.plugins import show

#: Classes of PyTorch that are no module to read -> what to give instead.
INSTEAD = {
    "ScriptModule": "a compiled module does not show its code; give the module that it was made "
    "from",
    "ExportedProgram": "an exported program is a graph of another kind; give the module that it "
    "was exported from",
    "ONNXProgram": "it is an ONNX model; give its model_proto, or save it and give the .onnx file",
    "Optimizer": "it is an optimizer; give the module whose parameters it changes",
}

#: Classes of PyTorch that only run another module -> where it is.
WRAPPERS = {
    "AveragedModel": "module",
    "DataParallel": "module",
    "DistributedDataParallel": "module",
    "OptimizedModule": "_orig_mod",
}

#: Modules of PyTorch whose layers watch values before a quantization, or round as it will.
PREPARING = ("torch.ao.quantization.observer", "torch.ao.quantization.fake_quantize")


class TorchImporter:
    """Reads PyTorch modules; batch normalization and dropout as in evaluation."""

    reads = "PyTorch modules (nn.Sequential, or any whose forward torch.fx can trace)"

    def recognizes(self, model: Any) -> bool:
        """Tell whether a class of PyTorch, and none of Keras on PyTorch, is in the model's."""
        packages = {module.partition(".")[0] for module in modules_of(model)}
        return "torch" in packages and "keras" not in packages

    def read(self, model: Any) -> SourceModel | SourceGraph:
        """Read the module's layers."""
        model = unwrapped(model)
        name = f"PyTorch {type(model).__name__}"
        kinds = {cls.__name__ for cls in type(model).__mro__}
        if "GraphModule" in kinds and _is_exported(model.graph):
            kinds = {"ExportedProgram"}
        instead = next((INSTEAD[kind] for kind in INSTEAD if kind in kinds), None)
        if instead or not hasattr(model, "named_modules"):
            raise ConversionError(name, [instead or "it is no module; give a torch nn.Module"])
        if unreadable := _unreadable(model):
            raise ConversionError(name, unreadable)
        with evaluation(model):
            traced = trace(model, name)
            if not_real := _complex(traced):
                raise ConversionError(name, not_real)
            settle(traced, name)
            operations = operations_of_trace(traced)
            if operations is None:
                return _graph(model, traced, name)
            problems = [step for step in operations if isinstance(step, Problem)]
            if problems:
                try:
                    return _graph(model, traced, name)
                except ConversionError as err:  # a chain says more, unless it refuses more
                    if len(err.problems) < len(problems):
                        raise
        return SourceModel(name, operations, reference=reference(model, traced))


def _is_exported(graph: Any) -> bool:
    """Tell whether the graph of a module is that of an exported program."""
    return any(type(node.target).__name__ == "OpOverload" for node in graph.nodes)


def _unreadable(model: Any) -> list[str]:
    """Say what is to be refused before anything runs, as lazy layers would make weights."""
    lazy = [unsupported(label, kind, kind).text for label, kind in _without_weights(model)]
    empty = [
        f"{label!r} has no values, as it is on the device 'meta'; load the trained ones first"
        for label, tensor in model.state_dict(keep_vars=True).items()
        if getattr(tensor, "is_meta", False)
    ]
    wrapped = [
        f"layer {label!r}, a {type(layer).__name__}, only runs another module; put that, its "
        f"{WRAPPERS[kind]}, in its place"
        for label, layer in model.named_modules()
        if (kind := _wrapper(layer))
    ]
    prepared = [
        f"{label!r} watches or rounds values, as the model is prepared for its quantization; give "
        "it as it was before, the chip's own is done here"
        for label, layer in model.named_modules()
        if type(layer).__module__.startswith(PREPARING)
    ]
    return [*lazy, *empty, *wrapped, *prepared[:1]]


def _complex(traced: Any) -> list[str]:
    """Say which of the values that a trace uses are complex."""
    return [
        f"{label!r} has complex values, and neurons have real ones"
        for label, tensor in chain(traced.named_parameters(), traced.named_buffers())
        if tensor.is_complex()
    ]


def _without_weights(model: Any) -> list[tuple[str, str]]:
    """List the layers that have not been called yet, by name and class."""
    return [
        (label or "forward", type(layer).__name__)
        for label, layer in model.named_modules()
        if any(hasattr(p, "materialize") for p in layer.parameters(recurse=False))
    ]


def _graph(model: Any, traced: Any, name: str) -> SourceModel | SourceGraph:
    """Read a trace as a graph, which says more than a chain."""
    nodes, outputs = nodes_of_trace(traced)
    widths = [node.width or 0 for node in nodes if not node.sources]
    return source_of(name, nodes, outputs, reference=reference(model, traced, widths))


def unwrapped(model: Any) -> Any:
    """Return the module within those that only run it, on several devices or compiled.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        One of these has hooks of its own, which may change values.
    """
    kind = _wrapper(model)
    if not kind:
        return model
    if hooks := [*model._forward_pre_hooks.values(), *model._forward_hooks.values()]:
        raise ConversionError(
            f"PyTorch {type(model).__name__}",
            [
                f"it has the forward hook {show(hooks[0])}, which may change its values and is "
                "not converted; remove it with its handle's remove()"
            ],
        )
    return unwrapped(getattr(model, WRAPPERS[kind]))


def _wrapper(model: Any) -> str:
    """Return which of `WRAPPERS` a module is; empty if it is none."""
    kinds = {cls.__name__ for cls in type(model).__mro__ if cls.__module__.startswith("torch.")}
    return next((kind for kind in WRAPPERS if kind in kinds), "")
