"""A trained model of any framework -> a list of `DenseSpec`."""

from nengo_dense.importers.importer import Importer, read_model
from nengo_dense.importers.spec import DenseSpec, forward

__all__ = ["DenseSpec", "Importer", "forward", "read_model"]
