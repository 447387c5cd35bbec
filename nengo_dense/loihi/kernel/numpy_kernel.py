"""The chip's step on all lanes at once, in NumPy alone.

Integer programs add spikes as matrix products of floating point numbers. They are exact: all
partial sums are integers, and no partial sum exceeds the largest column sum of absolute weights
(times the most spikes that one source sends in one step). Below ``2**24`` float32 holds every such
integer, below ``2**53`` float64 does; the sums of weights of a Loihi core, at most 4,096 axons of
23 bits, never reach the latter.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse

from nengo_dense.loihi.arithmetic import decay, wrap_signed
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.limits import Q_BITS, U_BITS
from nengo_dense.loihi.program import Program
from nengo_dense.loihi.projection import Projection

#: Share of non-zero weights above which a matrix is kept dense.
DENSE_SHARE = 0.1


@dataclass(frozen=True)
class _Block:
    """Weights between two groups, as one matrix."""

    sources: slice
    from_input: bool
    used: np.ndarray
    targets: slice
    matrix: np.ndarray | scipy.sparse.csr_matrix


class NumpyKernel:
    """Advance the chip by whole steps.

    Parameters
    ----------
    program : Program
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.integer = program.dtype == np.int32
        self.has_refractory = bool((program.compartments.refract > 1).any())
        projections = [p for p in program.projections if p.learning < 0]
        most = max(
            (
                np.bincount(spikes).max()
                for group in program.inputs
                for spikes in group.scheduled.values()
                if len(spikes)
            ),
            default=1,
        )
        self._add: Callable[[np.ndarray, ChipState], None]
        if self.integer:
            self._blocks = [_as_block(program, p, int(most)) for p in projections]
            self._add = self._add_products
        else:
            self._ordered = projections
            self._add = self._add_in_order

    def advance(self, state: ChipState, drive: Drive, recordings: list[Recording]) -> set[str]:
        """Advance all lanes by ``drive.spikes.shape[1]`` steps.

        Returns
        -------
        overflowed : set of str
            Registers that overflowed in any lane, compartment or step.
        """
        overflowed: set[str] = set()
        update = self._update_integer if self.integer else self._update_float
        for step in range(drive.spikes.shape[1]):
            total = np.zeros_like(state.current) if drive.extra is None else drive.extra.copy()
            self._add(total, state)
            if drive.noise_q is not None:
                total += drive.noise_q[step]
            noise_u = None if drive.noise_u is None else drive.noise_u[step]
            update(state, total, noise_u, overflowed)
            state.pending[...] = drive.spikes[:, step]
            for recording in recordings:
                source = getattr(state, recording.key)
                recording.values[:, step] = source[:, recording.columns]
        return overflowed

    def _add_products(self, total: np.ndarray, state: ChipState) -> None:
        """Add the weights of all spikes, as exact matrix products."""
        for block in self._blocks:
            spikes = state.pending if block.from_input else state.spiked
            active = spikes[:, block.sources][:, block.used]
            if scipy.sparse.issparse(block.matrix):
                total[:, block.targets] += (block.matrix @ active.T.astype(np.int32)).T
            else:
                product = active.astype(block.matrix.dtype) @ block.matrix
                total[:, block.targets] += product.astype(np.int32)

    def _add_in_order(self, total: np.ndarray, state: ChipState) -> None:
        """Add the weights of all spikes one after another, as nengo-loihi does."""
        n_inputs = self.program.n_inputs
        groups = [*self.program.inputs, *self.program.blocks]
        for projection in self._ordered:
            group, weights = groups[projection.source], projection.weights
            from_input = group.start < n_inputs
            spikes = state.pending if from_input else state.spiked
            first = group.start - (0 if from_input else n_inputs)
            spikes = spikes[:, first : first + group.size]
            for source in np.flatnonzero(spikes.any(axis=0) & (projection.rows >= 0)):
                row = projection.rows[source]
                part = slice(weights.starts[row], weights.starts[row + 1])
                columns = weights.targets[part] + projection.bases[source]
                for count in range(spikes[:, source].max()):
                    lanes = np.flatnonzero(spikes[:, source] > count)
                    total[lanes[:, None], columns] += weights.values[part]

    def _update_integer(
        self,
        state: ChipState,
        total: np.ndarray,
        noise_u: np.ndarray | None,
        overflowed: set[str],
    ) -> None:
        """Decay, wrap, clip, fire."""
        chip = self.program.compartments

        def register(x: np.ndarray, bits: int, name: str) -> np.ndarray:
            wrapped = wrap_signed(x, bits)
            if name not in overflowed and (wrapped != x).any():
                overflowed.add(name)
            return wrapped

        total = register(total, Q_BITS, "q0")
        total += decay(state.current, chip.keep_u)
        state.current[...] = register(total, U_BITS, "current")
        total = state.current + chip.bias
        if noise_u is not None:
            total += noise_u
        total = register(total, U_BITS, "u2")
        total += decay(state.voltage, chip.keep_v)
        self._fire(state, total)

    def _update_float(
        self,
        state: ChipState,
        total: np.ndarray,
        noise_u: np.ndarray | None,
        overflowed: set[str],
    ) -> None:
        """Decay, clip, fire; floating point numbers do not overflow."""
        chip = self.program.compartments
        state.current[...] = chip.keep_u * state.current + chip.scale_u * total
        total = state.current + chip.bias
        if noise_u is not None:
            total += noise_u
        self._fire(state, chip.keep_v * state.voltage + chip.scale_v * total)

    def _fire(self, state: ChipState, voltage: np.ndarray) -> None:
        """Clip the voltage, hold it while refractory, fire and reset."""
        chip = self.program.compartments
        np.clip(voltage, chip.vmin, chip.vmax, out=voltage)
        if self.has_refractory:
            voltage[state.refractory > 0] = 0
        spiked = voltage > chip.vth
        voltage[spiked] = 0
        state.voltage[...] = voltage
        state.spiked[...] = spiked
        if self.has_refractory:
            np.copyto(state.refractory, chip.refract, where=spiked)
            np.maximum(state.refractory - 1, 0, out=state.refractory)


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
