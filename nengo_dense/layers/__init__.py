"""The objects that a user adds to a Nengo model."""

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.head import HeadNode, SoftmaxNode
from nengo_dense.layers.stack import DenseStack

__all__ = ["DenseLayer", "DenseStack", "HeadNode", "SoftmaxNode"]
