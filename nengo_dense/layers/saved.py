"""What a saved file holds: a stack or a graph."""

from pathlib import Path

from nengo_dense.files import as_path
from nengo_dense.layers import stack_file
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.layers.stack import DenseStack


def load(path: str | Path) -> AnyDense:
    """Make the stack or the graph that was saved in a file.

    Raises
    ------
    nengo_dense.exceptions.FileFormatError
        The file is damaged, foreign, or of a later version.
    """
    kind: type[AnyDense] = DenseGraph if stack_file.is_graph(as_path(path)) else DenseStack
    return kind.load(path)
