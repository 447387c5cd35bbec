"""Calls of PyTorch that move features of a sample, put values together, or make one of several.

Each is done once to the numbers of the features of some samples. What comes out tells which
feature came where.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.importers.reading import feature_merge
from nengo_dense.importers.reading.feature_layout import Layout, moved

#: Functions, methods and modules that move, choose or repeat features.
MOVES = (
    *("broadcast_to", "chunk", "expand", "flatten", "flip", "fliplr", "getitem", "hsplit"),
    *("index_select", "moveaxis", "movedim", "narrow", "permute", "ravel", "repeat", "reshape"),
    *("roll", "select", "split", "squeeze", "swapaxes", "swapdims", "t", "tensor_split", "tile"),
    *("transpose", "unbind", "unflatten", "unsqueeze", "view", "Flatten", "Unflatten"),
)

#: Attributes of a tensor that are moves.
TURNED = ("T", "mT")

#: Functions and methods that make one feature of several.
REDUCTIONS = {
    **dict.fromkeys(("amax", "max"), "max"),
    **dict.fromkeys(("amin", "min"), "min"),
    "mean": "mean",
    "sum": "sum",
}

#: Functions that put values one after the other.
JOINS = ("cat", "concat", "concatenate", "hstack", "stack")


def moved_by(
    run: Callable[[Any], Any], layout: Layout
) -> tuple[bool, list[tuple[Layout, np.ndarray]]]:
    """Follow what moves features.

    Parameters
    ----------
    run : callable
        Does to a tensor of numbers what the model does to one of values.
    layout : Layout

    Returns
    -------
    is_several : bool
        Whether it gives several tensors.
    found : list of (Layout, ndarray)
        Of each tensor its layout, and the features that it has.

    Raises
    ------
    ValueError
        It mixes samples.
    """
    torch = compat.require("torch", "Reading a PyTorch module")
    result = run(torch.from_numpy(np.ascontiguousarray(layout.places)))
    several = isinstance(result, list | tuple)
    places = [part.numpy() for part in (result if several else [result])]
    return several, [moved(part, layout.n, layout.n_samples) for part in places]


def joined_by(run: Callable[[list[Any]], Any], layouts: list[Layout]) -> tuple[Layout, np.ndarray]:
    """Follow what puts tensors together; see `feature_merge.joined`."""
    torch = compat.require("torch", "Reading a PyTorch module")

    def join(parts: list[np.ndarray]) -> np.ndarray:
        joined: np.ndarray = run([torch.from_numpy(part) for part in parts]).numpy()
        return joined

    return feature_merge.joined(layouts, join)
