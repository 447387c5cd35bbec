"""A program's projections as flat tables, for compiled kernels."""

from dataclasses import dataclass

import numpy as np

from nengo_dense.chip.program import Program
from nengo_dense.chip.projection import Projection, Weights

#: Columns of `Tables.projections`.
(SOURCE, FIRST_ROW, WIDTH, TARGET, FIRST_VALUE, FIRST_START) = range(6)


@dataclass(frozen=True)
class Tables:
    """Projections in the order in which their spikes are added.

    Attributes
    ----------
    groups : (n_groups, 2) int64 array
        First source and number of sources; inputs first.
    projections : (n_projections, 6) int64 array
        Source group; where its part of `rows` and `bases` begins; width of a dense matrix, or 0;
        first compartment of a dense matrix; where its part of `values` (and `targets`) begins;
        where its part of `starts` begins.
    rows, bases : (n,) int32 array
        For every source of every projection, see `.projection.Projection`.
    starts : (n,) int64 array
        Where rows begin and end in `values` and `targets`.
    values : (n,) int16, int32 or float32 array
        All weights, in the smallest type that holds them.
    targets : (n,) int32 array
        Compartments, from the base; not filled for dense matrices.
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
        weights = projection.weights
        width, target = _dense_shape(projection)
        first_value, first_start = placed[id(weights)]
        table.append([projection.source, n_rows, width, target, first_value, first_start])
        n_rows += len(projection.rows)
    return Tables(
        groups=np.array(
            [[g.start, g.size] for g in [*program.inputs, *program.blocks]], dtype=np.int64
        ).reshape(-1, 2),
        projections=np.array(table, dtype=np.int64).reshape(-1, 6),
        rows=_join([p.rows for p in projections], np.int32),
        bases=_join([p.bases for p in projections], np.int32),
        starts=starts,
        values=values,
        targets=targets,
    )


def _place_weights(
    projections: list[Projection], dtype: np.dtype
) -> tuple[dict[int, tuple[int, int]], np.ndarray, np.ndarray, np.ndarray]:
    """Put every synapse's weights behind one another, once."""
    synapses: dict[int, Weights] = {id(p.weights): p.weights for p in projections}
    placed, first_value, first_start, starts = {}, 0, 0, []
    for key, weights in synapses.items():
        placed[key] = (first_value, first_start)
        starts.append(weights.starts + first_value)
        first_value += len(weights.values)
        first_start += len(weights.starts)
    values = _join([w.values for w in synapses.values()], dtype)
    if dtype == np.int32 and np.abs(values).max(initial=0) < 2**15:
        values = values.astype(np.int16)
    targets = _join([w.targets for w in synapses.values()], np.int32)
    return placed, values, targets, _join(starts, np.int64)


def _dense_shape(projection: Projection) -> tuple[int, int]:
    """Width and first compartment of a dense matrix; 0 and 0 if it is none."""
    used = projection.bases[projection.rows >= 0]
    if not projection.weights.width or not len(used) or (used != used[0]).any():
        return 0, 0
    return projection.weights.width, int(used[0]) + projection.weights.offset


def _join(arrays: list[np.ndarray], dtype: np.dtype | type) -> np.ndarray:
    if not arrays:
        return np.zeros(0, dtype=dtype)
    return np.ascontiguousarray(np.concatenate(arrays), dtype=dtype)
