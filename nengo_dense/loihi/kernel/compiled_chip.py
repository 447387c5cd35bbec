"""The chip's steps in some lanes, compiled; loaded only by `.numba_kernel`.

Named tuples are passed without cost. The registers are a *workspace* for a few lanes, one after
another, each padded to whole vectors. `advance` loads these lanes, computes all steps, and stores
the lanes again.

Arrays are passed whole, with unsigned offsets. A slice would need an atomic reference count, and a
signed index a test for negative values; both take longer than the arithmetic. Nothing is fused
into multiply-adds (numba fuses only with ``fastmath``).
"""

import numpy as np

from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.compiled_spikes import add_spikes
from nengo_dense.loihi.kernel.compiled_update import (
    gather,
    hold,
    is_within,
    update,
    update_within,
)
from nengo_dense.loihi.kernel.contract import Parameters, Registers
from nengo_dense.loihi.kernel.state import ChipState
from nengo_dense.loihi.kernel.table import Tables
from nengo_dense.loihi.kernel.vector import WIDTH, load, store
from nengo_dense.loihi.kernel.vector import add as plus
from nengo_dense.loihi.kernel.workspace import Arrivals, Lanes, Layout, Lists, Records


@inlined
def _copy(
    n: np.uint64, source: np.ndarray, row: np.uint64, target: np.ndarray, offset: np.uint64
) -> None:
    """Copy a row of a matrix into a part of a vector."""
    for j in range(n):
        target[offset + j] = source[row, j]


@inlined
def _copy_back(
    n: np.uint64, source: np.ndarray, offset: np.uint64, target: np.ndarray, row: np.uint64
) -> None:
    """Copy a part of a vector into a row of a matrix."""
    for j in range(n):
        target[row, j] = source[offset + j]


@inlined
def _load_lanes(lanes: Lanes, layout: Layout, state: ChipState, registers: Registers) -> None:
    """Load lanes into the workspace; unused lanes of the workspace stay at rest."""
    start, stop = lanes
    for j in range(np.uint64(len(registers.noise))):
        registers.noise[j] = 0
        registers.spiked[j] = 0
        registers.current[j] = 0
        registers.voltage[j] = 0
        registers.refractory[j] = 0
        registers.total[j] = 0
    for lane in range(start, stop):
        offset = (lane - start) * layout.padded
        _copy(layout.n, state.spiked, lane, registers.spiked, offset)
        _copy(layout.n, state.current, lane, registers.current, offset)
        _copy(layout.n, state.voltage, lane, registers.voltage, offset)
        _copy(layout.n, state.refractory, lane, registers.refractory, offset)


@inlined
def _store_lanes(
    lanes: Lanes, layout: Layout, state: ChipState, arrivals: Arrivals, registers: Registers
) -> None:
    """Store lanes from the workspace, and keep the last step's input spikes for the next run."""
    start, stop = lanes
    for lane in range(start, stop):
        offset = (lane - start) * layout.padded
        _copy_back(layout.n, registers.spiked, offset, state.spiked, lane)
        _copy_back(layout.n, registers.current, offset, state.current, lane)
        _copy_back(layout.n, registers.voltage, offset, state.voltage, lane)
        _copy_back(layout.n, registers.refractory, offset, state.refractory, lane)
        last = (lane * layout.n_steps + layout.n_steps - np.uint64(1)) * layout.n_inputs
        for i in range(layout.n_inputs):
            arrivals.pending[lane * layout.n_inputs + i] = arrivals.spikes[last + i]


@inlined
def _begin_step(
    lanes: Lanes, step: np.uint64, layout: Layout, arrivals: Arrivals, registers: Registers
) -> None:
    """Start the sums with the inputs from learning synapses and noise."""
    start, stop = lanes
    for j in range(np.uint64(len(registers.total))):
        registers.total[j] = 0
    for lane in range(start, stop):
        offset = (lane - start) * layout.padded
        if len(arrivals.extra):
            _copy(layout.n, arrivals.extra, lane, registers.total, offset)
        if len(arrivals.noise_u):
            _copy(layout.n, arrivals.noise_u, step, registers.noise, offset)


@inlined
def _add_noise(
    lanes: Lanes, step: np.uint64, layout: Layout, arrivals: Arrivals, registers: Registers
) -> None:
    """Add the noise on the input, after the weights of the spikes."""
    start, stop = lanes
    for lane in range(start, stop):
        offset = (lane - start) * layout.padded
        for j in range(layout.n):
            registers.total[offset + j] += arrivals.noise_q[step, j]


@inlined
def _record(
    lanes: Lanes,
    step: np.uint64,
    padded: np.uint64,
    runs: np.ndarray,
    out: np.ndarray,
    strides: tuple[np.uint64, np.uint64],
    register: np.ndarray,
) -> None:
    """Copy the probed values of one register, one run of neighbouring compartments at a time."""
    apart, later = strides
    place = lanes[0] * apart + step * later
    for r in range(np.uint64(len(runs))):
        begin, size, target = runs[r, 0], runs[r, 1], place
        whole = size - size % np.uint64(WIDTH)
        for _ in range(lanes[0], lanes[1]):
            for j in range(np.uint64(0), whole, np.uint64(WIDTH)):
                store(out, target + j, load(register, begin + j))
            for j in range(whole, size):
                out[target + j] = register[begin + j]
            target += apart
            begin += padded
        place += size


@inlined
def _count(
    lane: np.uint64, n: np.uint64, counts: np.ndarray, spiked: np.ndarray, offset: np.uint64
) -> None:
    """Add the spikes of one step to the counts of one lane."""
    whole = n - n % np.uint64(WIDTH)
    for j in range(np.uint64(0), whole, np.uint64(WIDTH)):
        place = lane * n + j
        store(counts, place, plus(load(counts, place), load(spiked, offset + j)))
    for j in range(whole, n):
        counts[lane * n + j] += spiked[offset + j]


@inlined
def _record_lanes(
    lanes: Lanes, step: np.uint64, layout: Layout, records: Records, registers: Registers
) -> None:
    """Copy the probed values of one step, and count spikes."""
    padded, strides = layout.padded, records.strides
    apart, spiked = (strides[0, 0], strides[0, 1]), registers.spiked
    _record(lanes, step, padded, records.spiked_runs, records.spiked, apart, spiked)
    apart, voltage = (strides[1, 0], strides[1, 1]), registers.voltage
    _record(lanes, step, padded, records.voltage_runs, records.voltage, apart, voltage)
    apart, current = (strides[2, 0], strides[2, 1]), registers.current
    _record(lanes, step, padded, records.current_runs, records.current, apart, current)
    if len(records.counts):
        for lane in range(lanes[0], lanes[1]):
            _count(lane, layout.n, records.counts, spiked, (lane - lanes[0]) * padded)


@compiled
def advance(
    first_lane: np.uint64,
    last_lane: np.uint64,
    layout: Layout,
    tables: Tables,
    chip: Parameters,
    state: ChipState,
    arrivals: Arrivals,
    records: Records,
    registers: Registers,
    lists: Lists,
) -> int:
    """Advance a range of lanes, without its end, by ``layout.n_steps`` steps.

    Parameters
    ----------
    chip : Parameters
        Padded, and repeated for each lane of the workspace.
    registers, lists
        The workspace.

    Returns
    -------
    overflow : int
        A bit for each of `.contract.REGISTERS` that overflowed.
    """
    overflow = 0
    others = len(arrivals.extra) or len(arrivals.noise_u) or len(arrivals.noise_q)
    plain = layout.reach >= 0 and not others
    for start in range(np.uint64(first_lane), np.uint64(last_lane), layout.side_by_side):
        lanes = (start, min(start + layout.side_by_side, np.uint64(last_lane)))
        _load_lanes(lanes, layout, state, registers)
        within = plain and is_within(registers.current, layout.reach)
        for step in range(layout.n_steps):
            if not within:
                _begin_step(lanes, step, layout, arrivals, registers)
            add_spikes(lanes, step, layout, tables, arrivals, registers, lists)
            if within:
                within = update_within(registers, lists.sums, tables.unit, chip, layout)
            else:
                gather(registers.total, lists.sums, tables.unit)
                if len(arrivals.noise_q):
                    _add_noise(lanes, step, layout, arrivals, registers)
                overflow |= update(registers, chip, layout.leaky)
                within = plain and is_within(registers.current, layout.reach)
            if layout.holds:
                hold(registers, chip)
            _record_lanes(lanes, step, layout, records, registers)
        _store_lanes(lanes, layout, state, arrivals, registers)
    return overflow
