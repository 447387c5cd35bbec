"""ONNX graphs of multi-layer perceptrons, from any exporter."""

import warnings
from typing import Any

from nengo.exceptions import NengoException

from nengo_dense.budget import LAYERS, current
from nengo_dense.exceptions import ConversionError, FileFormatError
from nengo_dense.importers.file import suffix
from nengo_dense.importers.from_onnx.onnx_file import check_complete, load
from nengo_dense.importers.from_onnx.onnx_graph import OnnxGraph
from nengo_dense.importers.from_onnx.onnx_model import OnnxModel, read_graph
from nengo_dense.importers.from_onnx.onnx_plain import plain
from nengo_dense.importers.from_onnx.onnx_reference import reference
from nengo_dense.importers.importer import modules_of
from nengo_dense.importers.reading.quantizer import warn_of_rounding
from nengo_dense.importers.source_graph import SourceGraph, source_of
from nengo_dense.importers.source_model import SourceModel


class OnnxImporter:
    """Reads ONNX models and ``.onnx`` files."""

    reads = "ONNX models of dense layers (a ModelProto, or a path to an .onnx file)"

    def recognizes(self, model: Any) -> bool:
        """Tell whether this is a ModelProto or the path of an ``.onnx`` file."""
        return suffix(model) == ".onnx" or any(
            module.partition(".")[0] == "onnx" for module in modules_of(model)
        )

    def read(self, model: Any) -> SourceModel | SourceGraph:
        """Read the nodes of the graph."""
        name = "ONNX model"
        if suffix(model) == ".onnx":
            name, model = f"ONNX file {model}", load(model)
        if not hasattr(model, "graph") or not model.graph.node:
            raise FileFormatError(f"{name} holds no graph; give a whole ONNX model")
        current().take(LAYERS, len(model.graph.node), name)
        check_complete(model)
        found = _read(name, model)
        asked, why_not = reference(found)
        settings: dict[str, Any] = {
            "classes": found.classes,
            "reference": asked,
            "why_not": why_not,
        }
        operations = found.chain()
        source: SourceModel | SourceGraph
        if operations is None:
            outputs = dict(found.outputs)
            source = source_of(name, found.nodes, outputs, **settings)
        else:
            source = SourceModel(name, operations, **settings)
        steps = (step for node in found.nodes for step in node.operations)
        warn_of_rounding(name, steps, found.reading.rounded_inputs)
        for said in found.rounded:
            warnings.warn(f"{name}: {said}", stacklevel=2)
        return source


def _read(name: str, model: Any) -> OnnxModel:
    """Read the graph; what it declares may have any type, where nobody expects it."""
    try:
        return read_graph(OnnxGraph(plain(name, model)))
    except NengoException:
        raise  # it says already what is wrong
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as err:
        reason = f"{type(err).__name__}: {err}"
        raise ConversionError(
            name, [f"its graph is malformed ({reason}); export the model again"]
        ) from err
