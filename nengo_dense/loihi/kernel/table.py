"""A program's projections as flat tables; loaded only by `.numba_kernel` (needs numba)."""

from typing import NamedTuple

import numpy as np

from nengo_dense.loihi.kernel.packing import fits_bytes, pack, pack_bytes
from nengo_dense.loihi.kernel.sparse_table import SparseTable, join, make_sparse_table
from nengo_dense.loihi.kernel.special_vector import MULTIPLIES_BYTES, NUMBER, TOGETHER
from nengo_dense.loihi.kernel.vector import WIDTH
from nengo_dense.loihi.program import Program
from nengo_dense.loihi.projection import Projection

#: Share of a group's sources that must have a row of weights for a dense matrix.
DENSE_SHARE = 0.5
#: Widest rows that are multiplied by spikes. Wider ones take less time to add where few spike.
MOST_MULTIPLIED = 16 * TOGETHER
#: Spikes that are added at once, and lanes whose spikes are multiplied at once.
FOUR = 4


class Tables(NamedTuple):
    """Projections in the order in which their spikes are added.

    A projection is dense or sparse. A dense one is a matrix with one row per source, in order. A
    sparse one lists the targets of each weight. Narrow dense ones are multiplied by spikes, where
    this machine multiplies bytes. Rows of others are added for each spike; they end with one of
    zeros.

    Attributes
    ----------
    side_by_side : int
        Lanes whose spikes are listed or multiplied together; in fours if any are multiplied.
    groups : (n_groups, 4) uint64 array
        For each group with a receiver: first source, number of sources, start of the list of its
        spikes, and 1 if any receiver needs that list.
    room : int
        Length of all lists of spikes.
    projections : (n_projections, 9) uint64 array
        Index in `groups`; numbers in a row of a dense matrix, padded to whole vectors, or 0; first
        compartment of a dense matrix; start of its rows in `dense` or `multiplied`; for a sparse
        projection, its parts of `sparse`'s places and starts; how many numbers of a row hold two
        weights each, see `.packing`; 1 if it is multiplied; and by how many bits its sums of
        products are then to be shifted.
    dense : (n,) int16, int32 or float32 array
        Weights of dense matrices, in units of ``2**unit``, in the smallest type that holds them.
    multiplied : (n,) int16 or int32 array
        Weights of those that are multiplied, two or four in each number.
    short : bool
        Whether any sum of them that can arise in a step fits in int16.
    unit : int32
        0 unless sums are short.
    sparse : SparseTable
    """

    side_by_side: int
    groups: np.ndarray
    room: int
    projections: np.ndarray
    dense: np.ndarray
    multiplied: np.ndarray
    short: bool
    unit: np.int32
    sparse: SparseTable


class _Matrix(NamedTuple):
    """The weights of a dense projection.

    Attributes
    ----------
    rows : (n + 1, width) array
        By source, padded; the last is zero.
    target : int
        First compartment.
    unit : int or None
        If the matrix is multiplied by spikes: its weights are multiples of ``2**unit``.
    """

    rows: np.ndarray
    target: int
    unit: int | None


class _Numbers:
    """Arrays, to be joined one behind the other."""

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        self.size = 0

    def append(self, array: np.ndarray) -> int:
        """Append an array; return where it begins."""
        self.arrays.append(array.ravel())
        self.size += array.size
        return self.size - array.size


def make_tables(program: Program, side_by_side: int, most: int, sums: np.ndarray) -> Tables:
    """Flatten a program's projections, except those to learning synapses.

    Parameters
    ----------
    program : Program
    side_by_side : int
        Lanes to compute together, at least.
    most : int
        Spikes of one input neuron in one step.
    sums : (2, n_compartments) array
        See `.reach.signed_sums`.
    """
    projections = [p for p in program.projections if p.learning < 0]
    senders = sorted({p.source for p in projections})
    matrices = {id(p): _as_matrix(p, most) for p in projections if _is_dense(p)}
    added = [matrix for matrix in matrices.values() if matrix.unit is None]
    if len(added) < len(matrices):
        side_by_side += -side_by_side % FOUR
    groups, room = _table_of_groups(program, senders, side_by_side, most)
    short, unit = _find_unit(list(matrices.values()), program, sums) if added else (False, 0)
    others = [p for p in projections if id(p) not in matrices]
    sparse, begins = make_sparse_table(others, program.dtype)
    dense, multiplied, table = _Numbers(), _Numbers(), []
    for projection in projections:
        sender, matrix = senders.index(projection.source), matrices.get(id(projection))
        if matrix is None:
            row = [0, 0, 0, *begins.pop(0), 0, 0, 0]
        elif matrix.unit is None:
            rows, packed = pack(matrix.rows >> unit) if short else (matrix.rows, 0)
            row = [rows.shape[1], matrix.target, dense.append(rows), 0, 0, packed, 0, 0]
        else:
            first = multiplied.append(pack_bytes(matrix.rows[:-1] >> matrix.unit, TOGETHER))
            shift = max(0, matrix.unit - unit)  # weights of nothing have any unit
            row = [matrix.rows.shape[1], matrix.target, first, 0, 0, 0, 1, shift]
        table.append([sender, *row])
        groups[sender, 3] |= np.uint64(matrix is None or matrix.unit is None)
    return Tables(
        side_by_side=side_by_side,
        groups=groups,
        room=room,
        projections=np.array(table, dtype=np.uint64).reshape(-1, 9),
        dense=_join_dense(dense.arrays, program, short),
        multiplied=join(multiplied.arrays, NUMBER),
        short=short,
        unit=np.int32(unit),
        sparse=sparse,
    )


def _table_of_groups(
    program: Program, senders: list[int], side_by_side: int, most: int
) -> tuple[np.ndarray, int]:
    """Reserve space for all spikes of each group in all lanes, rounded up to multiples of four."""
    table, room = [], 0
    groups = [*program.inputs, *program.blocks]
    for number in senders:
        group = groups[number]
        table.append([group.start, group.size, room, 0])
        spikes = group.size * (most if number < len(program.inputs) else 1)
        room += side_by_side * (spikes + FOUR - 1) + WIDTH
        room += -room % FOUR
    return np.array(table, dtype=np.uint64).reshape(-1, 4), room


def _is_dense(projection: Projection) -> bool:
    """Whether most sources have a row, each as wide as the others and with the same targets."""
    used = projection.bases[projection.rows >= 0]
    enough = len(used) > 0 and len(used) >= DENSE_SHARE * len(projection.rows)
    return enough and projection.weights.width > 0 and bool((used == used[0]).all())


def _as_matrix(projection: Projection, most: int) -> _Matrix:
    """Order rows by source, pad them and add one of zeros."""
    weights = projection.weights
    used = projection.rows >= 0
    values = weights.values.reshape(-1, weights.width)
    rows = np.zeros(
        (len(projection.rows) + 1, weights.width + -weights.width % WIDTH), dtype=values.dtype
    )
    rows[:-1][used, : weights.width] = values[projection.rows[used]]
    target = int(projection.bases[used][0]) + weights.offset
    return _Matrix(rows, target, _multiplied_unit(rows, most))


def _multiplied_unit(rows: np.ndarray, most: int) -> int | None:
    """Return the exponent of the weights' unit if they are to be multiplied by spikes, or None.

    Sums of products may have no more bits than `NUMBER` has.
    """
    if not MULTIPLIES_BYTES or rows.dtype != np.int32 or rows.shape[1] > MOST_MULTIPLIED:
        return None
    unit = _find_exponent(rows)
    sums = np.abs(rows >> unit).sum(axis=0) * most
    fits = fits_bytes(rows >> unit) and sums.max() <= np.iinfo(NUMBER).max
    return unit if fits else None


def _find_exponent(rows: np.ndarray) -> int:
    """Count the zeros at the end of the bits of all weights."""
    bits = int(np.bitwise_or.reduce(rows, axis=None))
    return max(0, (bits & -bits).bit_length() - 1)


def _find_unit(matrices: list[_Matrix], program: Program, sums: np.ndarray) -> tuple[bool, int]:
    """Find whether the sums of weights fit in 16 bits.

    Returns
    -------
    short : bool
    unit : int
        See `Tables`. A synapse's weights are multiples of a power of two; see `.arithmetic`.
    """
    if program.dtype != np.int32:
        return False, 0
    unit = min((_find_exponent(m.rows) for m in matrices if m.rows.any()), default=0)
    short = int(sums.max(initial=0)) >> unit < 2**15
    return short, unit if short else 0


def _join_dense(rows: list[np.ndarray], program: Program, short: bool) -> np.ndarray:
    """Join rows of weights in the shortest type that holds them."""
    dense = join(rows, np.int16 if short else program.dtype)
    if dense.dtype != np.int32 or np.abs(dense.astype(np.int64)).max(initial=0) >= 2**15:
        return dense
    return dense.astype(np.int16)
