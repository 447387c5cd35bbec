"""Projections whose weights' targets are listed, as flat tables; see `.table`."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nengo_dense.loihi.projection import Projection, Weights


class SparseTable(NamedTuple):
    """Sparse projections, one after another.

    Attributes
    ----------
    places : (n, 2) int32 array
        Row and base for every source of every projection, see `.projection.Projection`; after
        those of a projection one row of -1.
    starts : (n,) int64 array
        Start and end of rows in `values` and `targets`.
    values : (n,) int32 or float32 array
        Weights.
    targets : (n,) int32 array
        Compartments, from the base.
    """

    places: np.ndarray
    starts: np.ndarray
    values: np.ndarray
    targets: np.ndarray


def make_sparse_table(
    projections: list[Projection], dtype: np.dtype
) -> tuple[SparseTable, list[tuple[int, int]]]:
    """Join the projections, and the weights of all synapses, each once.

    Returns
    -------
    table : SparseTable
    begins : list of (int, int)
        For each projection, where its part of the places begins, and its synapse's of the starts.
    """
    synapses: dict[int, Weights] = {id(p.weights): p.weights for p in projections}
    first_starts, all_starts = {}, [np.zeros(0, dtype=np.int64)]
    n_values = n_starts = 0
    for key, weights in synapses.items():
        first_starts[key] = n_starts
        all_starts.append(weights.starts + n_values)
        n_values += len(weights.values)
        n_starts += len(weights.starts)
    places = [_places(p) for p in projections]
    first_places = np.cumsum([0, *map(len, places)]).tolist()
    table = SparseTable(
        join(places, np.int32).reshape(-1, 2),
        np.concatenate(all_starts),
        join([weights.values for weights in synapses.values()], dtype),
        join([weights.targets for weights in synapses.values()], np.int32),
    )
    starts = [first_starts[id(p.weights)] for p in projections]
    return table, list(zip(first_places, starts, strict=False))


def _places(projection: Projection) -> np.ndarray:
    """Return row and base of each source, then those of nothing."""
    places = np.stack([projection.rows, projection.bases], axis=1)
    return np.append(places, [[-1, 0]], axis=0)


def join(arrays: Sequence[np.ndarray], dtype: np.dtype | type) -> np.ndarray:
    """Join arrays, of which there may be none."""
    if not arrays:
        return np.zeros(0, dtype=dtype)
    return np.ascontiguousarray(np.concatenate(arrays), dtype=dtype)
