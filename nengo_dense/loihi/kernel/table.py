"""A program's projections as flat tables; loaded only by `.numba_kernel` (needs numba)."""

from typing import NamedTuple

import numpy as np

from nengo_dense.loihi.kernel.packing import pack
from nengo_dense.loihi.kernel.vector import WIDTH
from nengo_dense.loihi.program import Program
from nengo_dense.loihi.projection import Projection, Weights

#: Share of a group's sources that must have a row of weights for a dense matrix.
DENSE_SHARE = 0.5
#: Number of spikes added at once.
FOUR = 4


class Tables(NamedTuple):
    """Projections in the order in which their spikes are added.

    A projection is dense or sparse. A dense one is a matrix with one row per source, in order, and
    a last row of zeros. A sparse one lists the targets of each weight.

    Attributes
    ----------
    groups : (n_groups, 3) uint64 array
        For each group with a receiver: first source, number of sources, start of the list of its
        spikes.
    room : int
        Length of all lists of spikes.
    projections : (n_projections, 7) uint64 array
        Index in `groups`; numbers in a row of a dense matrix, padded to whole vectors, or 0; first
        compartment of a dense matrix; start of its rows in `dense`; for a sparse projection, start
        of its part of `places`; start of its synapse's part of `starts`; how many numbers of a
        row hold two weights each, see `.packing`.
    dense : (n,) int16, int32 or float32 array
        Weights of dense matrices, in units of ``2**unit``, in the smallest type that holds them.
    short : bool
        Whether any sum of them that can arise in a step fits in int16.
    unit : int32
        0 unless sums are short.
    places : (n, 2) int32 array
        Row and base for every source of every sparse projection, see `.projection.Projection`;
        after those of a projection one row of -1.
    starts : (n,) int64 array
        Start and end of rows in `values` and `targets`.
    values : (n,) int32 or float32 array
        Weights of sparse projections.
    targets : (n,) int32 array
        Compartments, from the base.
    """

    groups: np.ndarray
    room: int
    projections: np.ndarray
    dense: np.ndarray
    short: bool
    unit: np.int32
    places: np.ndarray
    starts: np.ndarray
    values: np.ndarray
    targets: np.ndarray


def make_tables(program: Program, side_by_side: int, most: int, sums: np.ndarray) -> Tables:
    """Flatten a program's projections, except those to learning synapses.

    Parameters
    ----------
    program : Program
    side_by_side : int
        Lanes whose spikes are listed together.
    most : int
        Spikes of one input neuron in one step.
    sums : (2, n_compartments) array
        See `.reach.signed_sums`.
    """
    projections = [p for p in program.projections if p.learning < 0]
    senders = sorted({p.source for p in projections})
    groups, room = _table_of_groups(program, senders, side_by_side, most)
    matrices = {id(p): _as_matrix(p) for p in projections if _is_dense(p)}
    sparse = [p for p in projections if id(p) not in matrices]
    placed, values, targets, starts = _place_weights(sparse, program.dtype)
    short, unit = _find_unit([matrix for matrix, _ in matrices.values()], program, sums)
    rows: list[np.ndarray] = []
    table, n_dense, n_rows = [], 0, 0
    for projection in projections:
        sender = senders.index(projection.source)
        if id(projection) in matrices:
            matrix, target = matrices[id(projection)]
            matrix, packed = pack(matrix >> unit) if short else (matrix, 0)
            table.append([sender, matrix.shape[1], target, n_dense, 0, 0, packed])
            rows.append(matrix.ravel())
            n_dense += matrix.size
        else:
            table.append([sender, 0, 0, 0, n_rows, placed[id(projection.weights)], 0])
            n_rows += len(projection.rows) + 1
    return Tables(
        groups=groups,
        room=room,
        projections=np.array(table, dtype=np.uint64).reshape(-1, 7),
        dense=_join_dense(rows, program, short),
        short=short,
        unit=np.int32(unit),
        places=_join([_places(p) for p in sparse], np.int32).reshape(-1, 2),
        starts=starts,
        values=values,
        targets=targets,
    )


def _places(projection: Projection) -> np.ndarray:
    """Return row and base of each source, then those of nothing."""
    places = np.stack([projection.rows, projection.bases], axis=1)
    return np.append(places, [-1, 0])


def _table_of_groups(
    program: Program, senders: list[int], side_by_side: int, most: int
) -> tuple[np.ndarray, int]:
    """Reserve space for all spikes of each group in all lanes, rounded up to multiples of four."""
    table, room = [], 0
    groups = [*program.inputs, *program.blocks]
    for number in senders:
        group = groups[number]
        table.append([group.start, group.size, room])
        spikes = group.size * (most if number < len(program.inputs) else 1)
        room += side_by_side * (spikes + FOUR - 1) + WIDTH
        room += -room % FOUR
    return np.array(table, dtype=np.uint64).reshape(-1, 3), room


def _is_dense(projection: Projection) -> bool:
    """Whether most sources have a row, each as wide as the others and with the same targets."""
    used = projection.bases[projection.rows >= 0]
    enough = len(used) > 0 and len(used) >= DENSE_SHARE * len(projection.rows)
    return enough and projection.weights.width > 0 and bool((used == used[0]).all())


def _as_matrix(projection: Projection) -> tuple[np.ndarray, int]:
    """Order rows by source, pad them and add one of zeros; also the first compartment."""
    weights = projection.weights
    used = projection.rows >= 0
    values = weights.values.reshape(-1, weights.width)
    matrix = np.zeros(
        (len(projection.rows) + 1, weights.width + -weights.width % WIDTH), dtype=values.dtype
    )
    matrix[:-1][used, : weights.width] = values[projection.rows[used]]
    return matrix, int(projection.bases[used][0]) + weights.offset


def _find_unit(matrices: list[np.ndarray], program: Program, sums: np.ndarray) -> tuple[bool, int]:
    """Find whether the sums of weights fit in 16 bits.

    Returns
    -------
    short : bool
    unit : int
        See `Tables`. A synapse's weights are multiples of a power of two; see `.arithmetic`.
    """
    if program.dtype != np.int32:
        return False, 0
    bits = 0
    for matrix in matrices:
        bits |= int(np.bitwise_or.reduce(matrix, axis=None))
    unit = max(0, (bits & -bits).bit_length() - 1)  # zeros at the end, in all weights
    short = int(sums.max(initial=0)) >> unit < 2**15
    return short, unit if short else 0


def _join_dense(rows: list[np.ndarray], program: Program, short: bool) -> np.ndarray:
    """Join rows of weights in the shortest type that holds them."""
    dense = _join(rows, np.int16 if short else program.dtype)
    if dense.dtype != np.int32 or np.abs(dense.astype(np.int64)).max(initial=0) >= 2**15:
        return dense
    return dense.astype(np.int16)


def _place_weights(
    projections: list[Projection], dtype: np.dtype
) -> tuple[dict[int, int], np.ndarray, np.ndarray, np.ndarray]:
    """Join the weights of all synapses, each once; return where the starts of each begin."""
    synapses: dict[int, Weights] = {id(p.weights): p.weights for p in projections}
    placed = {}
    all_starts: list[np.ndarray] = []
    n_values = n_starts = 0
    for key, weights in synapses.items():
        placed[key] = n_starts
        all_starts.append(weights.starts + n_values)
        n_values += len(weights.values)
        n_starts += len(weights.starts)
    return (
        placed,
        _join([weights.values for weights in synapses.values()], dtype),
        _join([weights.targets for weights in synapses.values()], np.int32),
        _join(all_starts, np.int64),
    )


def _join(arrays: list[np.ndarray], dtype: np.dtype | type) -> np.ndarray:
    if not arrays:
        return np.zeros(0, dtype=dtype)
    return np.ascontiguousarray(np.concatenate(arrays), dtype=dtype)
