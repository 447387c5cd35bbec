"""Merge the transforms on both sides of a passthrough node, without products with an identity.

nengo-loihi multiplies by an identity matrix of the node's size where there is no transform, which
takes half a minute for 4000 neurons before 2000.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from nengo.transforms import Dense, NoTransform


def merging(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return what merges a scalar and a matrix fast, and others with nengo-loihi's own function.

    Parameters
    ----------
    original : callable
        ``nengo_loihi.passthrough.Cluster.merge_transforms``.
    """

    @functools.wraps(original)
    def merge_transforms(
        self: Any, node: Any, sizes: Any, transforms: Sequence[Any], slices: Sequence[Any]
    ) -> Any:
        merged = None
        if all(part == slice(None) for part in slices):
            merged = _scaled(*map(_array, transforms))
        if merged is None:
            return original(self, node, sizes, transforms, slices)
        return Dense(merged.shape, init=merged)

    return merge_transforms


def _array(transform: Any) -> np.ndarray | None:
    """Return a transform's scalar or matrix; None if it is something else."""
    if isinstance(transform, NoTransform):
        return np.array(1.0)
    init = transform.init if isinstance(transform, Dense) else None
    return init if isinstance(init, np.ndarray) else None


def _scaled(first: np.ndarray | None, second: np.ndarray | None) -> np.ndarray | None:
    """Multiply a scalar and a matrix as products with a diagonal do, to the last bit.

    These add zeros, so that there is no -0; and one number that is not finite spreads.
    """
    if first is None or second is None or {first.ndim, second.ndim} != {0, 2}:
        return None
    scaled = np.multiply(first, second, dtype=float, order="C") + 0.0
    return scaled if np.isfinite(scaled).all() else None
