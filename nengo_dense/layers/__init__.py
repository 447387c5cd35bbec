"""The objects that a user adds to a Nengo model."""

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.graph import DenseGraph
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput
from nengo_dense.layers.head import HeadNode, SoftmaxNode
from nengo_dense.layers.stack import DenseStack

__all__ = [
    "DenseGraph",
    "DenseLayer",
    "DenseStack",
    "GraphLayer",
    "GraphOutput",
    "HeadNode",
    "SoftmaxNode",
]
