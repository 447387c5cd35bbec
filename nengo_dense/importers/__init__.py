"""A trained model of any framework -> a `SourceModel`, the sequence of its layers."""

from nengo_dense.importers.importer import Importer, read_model
from nengo_dense.importers.model_reference import Reference
from nengo_dense.importers.source_graph import SourceGraph
from nengo_dense.importers.source_model import SourceModel
from nengo_dense.importers.spec import DenseSpec, forward

__all__ = [
    "DenseSpec",
    "Importer",
    "Reference",
    "SourceGraph",
    "SourceModel",
    "forward",
    "read_model",
]
