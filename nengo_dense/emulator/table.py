"""A program's projections as flat tables, for compiled kernels."""

from dataclasses import dataclass

import numpy as np

from nengo_dense.chip.program import Program
from nengo_dense.chip.projection import Projection, Weights

#: Rows of dense matrices are padded with zeros to a multiple of this many values.
PADDING = 16


@dataclass(frozen=True)
class Tables:
    """Projections in the order in which their spikes are added.

    Attributes
    ----------
    groups : (n_groups, 3) uint64 array
        First source, number of sources, and where a list of its spikes begins that has room for
        255 spikes of every input neuron and one of every compartment. Inputs come first.
    projections : (n_projections, 6) uint64 array
        Source group; where its part of `rows` and `bases` begins; padded width of a dense matrix,
        or 0; first compartment of a dense matrix; where its synapse's part of `values` and
        `targets` begins; where its synapse's part of `starts` begins.
    rows, bases : (n,) int32 array
        For every source of every projection, see `.projection.Projection`.
    starts : (n,) int64 array
        Where rows begin and end in `values` and `targets`.
    values : (n,) int16, int32 or float32 array
        All weights, in the smallest type that holds them.
    targets : (n,) int32 array
        Compartments, from the base.
    """

    groups: np.ndarray
    projections: np.ndarray
    rows: np.ndarray
    bases: np.ndarray
    starts: np.ndarray
    values: np.ndarray
    targets: np.ndarray


def make_tables(program: Program) -> Tables:
    """Flatten a program's projections, apart from those to learning synapses."""
    projections = [p for p in program.projections if p.learning < 0]
    placed, values, targets, starts = _place_weights(projections, program.dtype)
    table, n_rows = [], 0
    for projection in projections:
        width, target = _dense_shape(projection)
        first_value, first_start = placed[id(projection.weights)]
        table.append([projection.source, n_rows, width, target, first_value, first_start])
        n_rows += len(projection.rows)
    return Tables(
        groups=_table_of_groups(program),
        projections=np.array(table, dtype=np.uint64).reshape(-1, 6),
        rows=_join([p.rows for p in projections], np.int32),
        bases=_join([p.bases for p in projections], np.int32),
        starts=starts,
        values=values,
        targets=targets,
    )


def _table_of_groups(program: Program) -> np.ndarray:
    inputs = [[g.start, g.size, 255 * g.start] for g in program.inputs]
    blocks = [[g.start, g.size, 254 * program.n_inputs + g.start] for g in program.blocks]
    return np.array(inputs + blocks, dtype=np.uint64).reshape(-1, 3)


def _place_weights(
    projections: list[Projection], dtype: np.dtype
) -> tuple[dict[int, tuple[int, int]], np.ndarray, np.ndarray, np.ndarray]:
    """Put every synapse's weights behind one another, once."""
    synapses: dict[int, Weights] = {id(p.weights): p.weights for p in projections}
    placed = {}
    all_values: list[np.ndarray] = []
    all_targets: list[np.ndarray] = []
    all_starts: list[np.ndarray] = []
    n_values = n_starts = 0
    for key, weights in synapses.items():
        values, targets, starts = _pad(weights)
        placed[key] = (n_values, n_starts)
        all_values.append(values)
        all_targets.append(targets)
        all_starts.append(starts + n_values)
        n_values += len(values)
        n_starts += len(starts)
    joined = _join(all_values, dtype)
    if dtype == np.int32 and np.abs(joined).max(initial=0) < 2**15:
        joined = joined.astype(np.int16)
    return placed, joined, _join(all_targets, np.int32), _join(all_starts, np.int64)


def _pad(weights: Weights) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pad the rows of a dense matrix; return values, targets and starts."""
    if not weights.width:
        return weights.values, weights.targets, weights.starts
    padding = ((0, 0), (0, -weights.width % PADDING))
    values = np.pad(weights.values.reshape(-1, weights.width), padding)
    targets = np.pad(weights.targets.reshape(-1, weights.width), padding, mode="edge")
    starts = np.arange(len(values) + 1, dtype=np.int64) * values.shape[1]
    return values.ravel(), targets.ravel(), starts


def _dense_shape(projection: Projection) -> tuple[int, int]:
    """Padded width and first compartment of a dense matrix; 0 and 0 if it is none."""
    used = projection.bases[projection.rows >= 0]
    width = projection.weights.width
    if not width or not len(used) or (used != used[0]).any():
        return 0, 0
    return width + -width % PADDING, int(used[0]) + projection.weights.offset


def _join(arrays: list[np.ndarray], dtype: np.dtype | type) -> np.ndarray:
    if not arrays:
        return np.zeros(0, dtype=dtype)
    return np.ascontiguousarray(np.concatenate(arrays), dtype=dtype)
