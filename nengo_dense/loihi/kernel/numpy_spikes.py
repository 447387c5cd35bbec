"""The sums of weights of all spikes, in NumPy alone.

Integer programs add spikes as matrix products of floating point numbers. They are exact: all
partial sums are integers, and no partial sum exceeds the largest column sum of absolute weights
(times the most spikes that one source sends in one step). Below ``2**24`` float32 holds every such
integer, below ``2**53`` float64 does; the sums of weights of a Loihi core, at most 4,096 axons of
23 bits, never reach the latter. Floating point programs add one row of weights after another, in
nengo-loihi's order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.sparse

from nengo_dense.loihi.kernel.state import ChipState
from nengo_dense.loihi.program import Program
from nengo_dense.loihi.projection import Projection

#: Share of non-zero weights above which a matrix is kept dense.
DENSE_SHARE = 0.1

#: Function that adds the weights of a state's spikes to totals, (lanes, n_compartments).
Add = Callable[[np.ndarray, ChipState], None]


def make_add(program: Program) -> Add:
    """Make the function that adds the weights of all spikes, except to learning synapses."""
    projections = [p for p in program.projections if p.learning < 0]
    if program.dtype != np.int32:
        return partial(_add_in_order, program, projections)
    most = _most_spikes(program)
    return partial(_add_products, [_as_block(program, p, most) for p in projections])


def _most_spikes(program: Program) -> int:
    """Return the largest number of spikes that one source sends in one step."""
    counts = [
        int(np.bincount(spikes).max())
        for group in program.inputs
        for spikes in group.scheduled.values()
        if len(spikes)
    ]
    return max(counts, default=1)


@dataclass(frozen=True)
class _Block:
    """Weights between two groups, as one matrix."""

    sources: slice
    from_input: bool
    used: np.ndarray
    targets: slice
    matrix: np.ndarray | scipy.sparse.csr_matrix


def _add_products(blocks: list[_Block], total: np.ndarray, state: ChipState) -> None:
    """Add the weights of all spikes, as exact matrix products."""
    for block in blocks:
        spikes = state.pending if block.from_input else state.spiked
        active = spikes[:, block.sources][:, block.used]
        if scipy.sparse.issparse(block.matrix):
            total[:, block.targets] += (block.matrix @ active.T.astype(np.int32)).T
        else:
            product = active.astype(block.matrix.dtype) @ block.matrix
            total[:, block.targets] += product.astype(np.int32)


def _add_in_order(
    program: Program, projections: list[Projection], total: np.ndarray, state: ChipState
) -> None:
    """Add the weights of all spikes one after another, as nengo-loihi does."""
    groups = [*program.inputs, *program.blocks]
    for projection in projections:
        group, weights = groups[projection.source], projection.weights
        from_input = group.start < program.n_inputs
        spikes = state.pending if from_input else state.spiked
        first = group.start - (0 if from_input else program.n_inputs)
        spikes = spikes[:, first : first + group.size]
        for source in np.flatnonzero(spikes.any(axis=0) & (projection.rows >= 0)):
            row = projection.rows[source]
            part = slice(weights.starts[row], weights.starts[row + 1])
            columns = weights.targets[part] + projection.bases[source]
            for count in range(spikes[:, source].max()):
                lanes = np.flatnonzero(spikes[:, source] > count)
                total[lanes[:, None], columns] += weights.values[part]


def _as_block(program: Program, projection: Projection, most: int) -> _Block:
    """Gather the rows of a projection into a matrix (sources, targets)."""
    group = [*program.inputs, *program.blocks][projection.source]
    target = program.blocks[projection.target]
    from_input = group.start < program.n_inputs
    first = group.start - (0 if from_input else program.n_inputs)
    start = target.start - program.n_inputs
    used = np.flatnonzero(projection.rows >= 0)
    weights = projection.weights
    begins = weights.starts[projection.rows[used]]
    lengths = weights.starts[projection.rows[used] + 1] - begins
    where = np.arange(lengths.sum()) + np.repeat(begins - np.cumsum(lengths) + lengths, lengths)
    columns = weights.targets[where] + np.repeat(projection.bases[used], lengths) - start
    sparse = scipy.sparse.csr_matrix(
        (
            weights.values[where].astype(np.int64),
            (columns, np.repeat(np.arange(len(used)), lengths)),
        ),
        shape=(target.size, len(used)),
    )
    return _Block(
        sources=slice(first, first + group.size),
        from_input=from_input,
        used=used,
        targets=slice(start, start + target.size),
        matrix=_exact_matrix(sparse, most),
    )


def _exact_matrix(
    sparse: scipy.sparse.csr_matrix, most: int
) -> np.ndarray | scipy.sparse.csr_matrix:
    """Choose the smallest type whose products are exact (see the module's docstring)."""
    if sparse.nnz < DENSE_SHARE * np.prod(sparse.shape):
        return sparse.astype(np.int32)
    bound = int(abs(sparse).sum(axis=1).max()) * most
    dtype = np.float32 if bound < 2**24 else np.float64
    return np.ascontiguousarray(sparse.toarray().T, dtype=dtype)
