"""Data that replaces the output of nodes: checked once, then read step by step."""

from collections.abc import Collection, Mapping
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.arguments import as_floats
from nengo_dense.array_like import check_real, to_array
from nengo_dense.plugins import show


class NodeData:
    """The data that replaces one node's output during a run.

    Parameters
    ----------
    values : (minibatch_size, n_steps, size_out) array
        An array that repeats over steps takes no memory: ``np.broadcast_to(x[:, None], shape)``.
    """

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.constant = values.shape[1] == 1 or values.strides[1] == 0

    def of_lanes(self, lanes: slice) -> "NodeData":
        """Return the data of some lanes."""
        return NodeData(self.values[lanes])

    def at(self, step: int) -> np.ndarray:
        """Return the (minibatch_size, size_out) values of a step of the run, counted from 0."""
        return self.values[:, step]

    def changes(self, step: int) -> bool:
        """Whether the values of a step differ from those of the step before."""
        if step == 0:
            return True
        if self.constant:
            return False
        return not np.array_equal(self.values[:, step], self.values[:, step - 1])

    def holds(self, step: int, most: int) -> int:
        """Count the steps from ``step`` on, at most ``most``, with equal values."""
        if self.constant:
            return most
        return next((n for n in range(1, most) if self.changes(step + n)), most)


def check_data(
    data: Mapping[nengo.Node, Any] | None,
    inputs: Collection[nengo.Node],
    minibatch_size: int | None,
    n_steps: int,
) -> dict[nengo.Node, NodeData]:
    """Check the ``data`` of a run.

    Parameters
    ----------
    data : dict of {Node: (minibatch_size, n_steps, size_out) array_like} or None
        Without a minibatch size also ``(n_steps, size_out)``.
    inputs : collection of nengo.Node
        Nodes that data may replace.
    minibatch_size : int or None
    n_steps : int
        Length of the run.

    Raises
    ------
    ValidationError
        An unknown node, or an array of the wrong shape, type or length, or with values that are
        not finite.
    """
    checked = {}
    if data is not None and not isinstance(data, Mapping):
        raise ValidationError(
            f"must be a dict from nodes to arrays (got {type(data).__name__})", attr="data"
        )
    for node, values in (data or {}).items():
        _check_node(node, inputs)
        array = _check_array(node, values)
        if minibatch_size is None and array.ndim == 2:
            array = array[None]
        _check_shape(node, array, minibatch_size or 1, n_steps)
        checked[node] = NodeData(array)
    return checked


def _check_node(node: Any, inputs: Collection[nengo.Node]) -> None:
    if not isinstance(node, nengo.Node):
        raise ValidationError(f"keys must be nodes (got {show(node)})", attr="data")
    if node in inputs:
        return
    if node.size_in > 0:
        reason = (
            f"it has an input of size {node.size_in}, but data only replaces nodes without input "
            "(size_in=0); connect such a node to it"
        )
    else:
        reason = "it is not in the simulated network, or it is on the chip"
    raise ValidationError(f"data cannot be given for {node}: {reason}", attr="data")


def _check_array(node: nengo.Node, values: Any) -> np.ndarray:
    if type(values) is not np.ndarray or not _is_plain(values):
        attr = f"data for {node}"
        values = to_array(values, attr)
        check_real(values, attr)
        values = values if _is_plain(values) else as_floats(values, attr)
    return values


def _is_plain(array: np.ndarray) -> bool:
    """Whether an array can stay as it is, as data are large."""
    return array.dtype.kind in "biuf" and array.dtype != np.longdouble


def _check_shape(node: nengo.Node, array: np.ndarray, lanes: int, n_steps: int) -> None:
    size = node.size_out
    if array.ndim != 3 or array.shape[0] != lanes or array.shape[2] != size:
        raise ValidationError(
            f"data for {node} must have shape ({lanes}, n_steps, {size}), for (minibatch_size, "
            f"n_steps, size_out) (got {array.shape})",
            attr="data",
        )
    if array.shape[1] < n_steps:
        raise ValidationError(
            f"data for {node} has {array.shape[1]} steps, but the run has {n_steps}; to hold "
            "one input for all steps, use numpy.broadcast_to",
            attr="data",
        )
    distinct = array[:, : 1 if array.strides[1] == 0 else n_steps]
    if array.dtype.kind == "f" and not np.isfinite(distinct).all():
        lane, step, column = np.argwhere(~np.isfinite(distinct))[0]
        raise ValidationError(
            f"data for {node} must be finite (got {distinct[lane, step, column]} in lane {lane}, "
            f"step {step}, dimension {column})",
            attr="data",
        )
