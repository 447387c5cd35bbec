"""PyTorch modules, by the calls of their forward method, as `torch.fx` traces them."""

import inspect
from typing import Any

from nengo_dense import compat
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.importer import modules_of
from nengo_dense.importers.source_model import SourceModel
from nengo_dense.importers.torch_graph import operations_of_trace
from nengo_dense.importers.torch_reference import reference
from nengo_dense.importers.torch_state import evaluation

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
    "DataParallel": "module",
    "DistributedDataParallel": "module",
    "OptimizedModule": "_orig_mod",
}


class TorchImporter:
    """Reads PyTorch modules; batch normalization and dropout as in evaluation."""

    reads = "PyTorch modules (nn.Sequential, or any whose forward torch.fx can trace)"

    def recognizes(self, model: Any) -> bool:
        """Tell whether a class of PyTorch, and none of Keras on PyTorch, is in the model's."""
        packages = {module.partition(".")[0] for module in modules_of(model)}
        return "torch" in packages and "keras" not in packages

    def read(self, model: Any) -> SourceModel:
        """Read the module's layers."""
        model = unwrapped(model)
        name = f"PyTorch {type(model).__name__}"
        kinds = {cls.__name__ for cls in type(model).__mro__}
        instead = next((INSTEAD[kind] for kind in INSTEAD if kind in kinds), None)
        if instead or not hasattr(model, "named_modules"):
            raise ConversionError(name, [instead or "it is no module; give a torch nn.Module"])
        with evaluation(model):
            traced = _trace(model, name)
            operations = operations_of_trace(traced)
        return SourceModel(name, operations, reference=reference(model, traced))


def unwrapped(model: Any) -> Any:
    """Return the module within those that only run it, on several devices or compiled."""
    kinds = {cls.__name__ for cls in type(model).__mro__ if cls.__module__.startswith("torch.")}
    wrapper = next((WRAPPERS[kind] for kind in WRAPPERS if kind in kinds), None)
    return unwrapped(getattr(model, wrapper)) if wrapper else model


def _trace(model: Any, name: str) -> Any:
    fx = compat.require("torch.fx", "Reading a PyTorch module")
    try:
        graph = fx.Tracer().trace(model, concrete_args=_defaults(model))
        return fx.GraphModule(model, graph)
    except Exception as err:  # forward is the user's own code and may raise anything
        raise ConversionError(
            name,
            [
                f"its forward cannot be traced ({type(err).__name__}: {err}); give a torch "
                "nn.Module whose forward has no branches on data, or an nn.Sequential of the "
                "layers"
            ],
        ) from err


def _defaults(model: Any) -> dict[str, Any]:
    """Return the arguments of forward that nobody gives when the model is called with one."""
    parameters = list(inspect.signature(model.forward).parameters.values())[1:]
    return {p.name: p.default for p in parameters if p.default is not p.empty}
