"""A trained model of any framework -> its layers: a `SourceModel`, or a `SourceGraph`.

Each framework has a folder, ``from_keras`` and so on, which no other knows. What their readers
share is in ``reading``, and what a model is brought to in ``form``. The files here are the plug-in
(`.importer`), its result, and the comparison of both with the model itself.
"""

from nengo_dense.importers.form.spec import DenseSpec, forward
from nengo_dense.importers.importer import Importer, read_model
from nengo_dense.importers.model_reference import Reference
from nengo_dense.importers.source_graph import SourceGraph
from nengo_dense.importers.source_model import SourceModel

__all__ = [
    "DenseSpec",
    "Importer",
    "Reference",
    "SourceGraph",
    "SourceModel",
    "forward",
    "read_model",
]
