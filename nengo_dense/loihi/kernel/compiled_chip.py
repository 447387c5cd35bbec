"""The chip's step, compiled: twins of `.numpy_chip`; loaded only by `.numba_kernel`.

A function takes the same arguments as its twin, as named tuples, which numba passes without cost.
The registers are a *workspace* for a few lanes, one after another, each padded to whole vectors.
`advance` loads these lanes, computes all steps, and stores the lanes again.

Arrays are passed whole, with unsigned offsets. A slice would need an atomic reference count, and a
signed index a test for negative values; both take longer than the arithmetic. Nothing is fused
into multiply-adds (numba fuses only with ``fastmath``).
"""

from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.compiled_spikes import add_spikes
from nengo_dense.loihi.kernel.contract import Parameters, Registers
from nengo_dense.loihi.kernel.state import ChipState
from nengo_dense.loihi.kernel.table import Tables
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    any_bit,
    both,
    either,
    exclusive_or,
    greater,
    load,
    maximum,
    minimum,
    multiply,
    shift_left,
    shift_right,
    spread,
    store,
    where,
)
from nengo_dense.loihi.kernel.vector import add as plus
from nengo_dense.loihi.kernel.workspace import Arrivals, Lanes, Layout, Lists, Records


@inlined
def _decay(x: Any, keep: Any) -> Any:
    """Multiply by ``keep / 4096``, rounding towards zero; see `.arithmetic.decay`.

    A shift rounds down. For negative numbers, 4095 is added first, to round towards zero.
    """
    high = multiply(shift_right(x, 12), keep)
    most = spread(np.int32(4095))
    low = multiply(both(x, most), keep)
    return plus(high, shift_right(plus(low, both(shift_right(x, 31), most)), 12))


def gather(total: np.ndarray, sums: np.ndarray, unit: np.int32) -> None:
    """Add short sums, in a unit of ``2**unit``, to the total, and clear them."""
    raise NotImplementedError("only compiled functions can call gather")


@overload(gather)
def _choose_gather(total, sums, unit):  # type: ignore[no-untyped-def]
    if sums.dtype != types.int16:
        return lambda total, sums, unit: None  # they are the total itself
    return lambda total, sums, unit: gather_short(total, sums, unit)


@inlined
def gather_short(total: np.ndarray, sums: np.ndarray, unit: np.int32) -> None:
    """Do as `gather`."""
    nothing = spread(np.int16(0))
    for j in range(np.uint64(0), np.uint64(len(total)), np.uint64(WIDTH)):
        store(total, j, plus(load(total, j), shift_left(load(sums, j), unit)))
        store(sums, j, nothing)


@inlined
def update_integer(registers: Registers, chip: Parameters, leaky: bool) -> int:
    """Decay, wrap, clip, fire. Return a bit for each register that overflowed."""
    zero = spread(np.int32(0))
    lost_q, lost_u, lost_v = zero, zero, zero
    for j in range(np.uint64(0), np.uint64(len(chip.bias)), np.uint64(WIDTH)):
        x = load(registers.total, j)
        q = shift_right(shift_left(x, 10), 10)  # 21 bits and sign
        lost_q = either(lost_q, exclusive_or(x, q))

        x = plus(_decay(load(registers.current, j), load(chip.keep_u, j)), q)
        u = shift_right(shift_left(x, 8), 8)  # 23 bits and sign
        lost_u = either(lost_u, exclusive_or(x, u))
        store(registers.current, j, u)

        x = plus(plus(u, load(chip.bias, j)), load(registers.noise, j))
        u = shift_right(shift_left(x, 8), 8)
        lost_v = either(lost_v, exclusive_or(x, u))

        v = load(registers.voltage, j)
        v = plus(_decay(v, load(chip.keep_v, j)) if leaky else v, u)
        v = minimum(maximum(v, load(chip.vmin, j)), load(chip.vmax, j))
        fires = greater(v, load(chip.vth, j))
        store(registers.spiked, j, fires)
        store(registers.voltage, j, where(fires, zero, v))
    overflow: int = any_bit(lost_q) | (any_bit(lost_u) << 1) | (any_bit(lost_v) << 2)
    return overflow


@inlined
def update_float(registers: Registers, chip: Parameters, leaky: bool) -> int:
    """Decay, clip, fire, in the order of nengo-loihi's operations. Return 0: no overflow."""
    for j in range(np.uint64(len(chip.bias))):
        u = chip.keep_u[j] * registers.current[j] + chip.scale_u[j] * registers.total[j]
        registers.current[j] = u
        u = u + chip.bias[j] + registers.noise[j]
        v = chip.keep_v[j] * registers.voltage[j] + chip.scale_v[j] * u
        v = chip.vmin[j] if v < chip.vmin[j] else v
        v = chip.vmax[j] if v > chip.vmax[j] else v
        fires = v > chip.vth[j]
        registers.spiked[j] = fires
        registers.voltage[j] = np.float32(0) if fires else v
    return 0


def update(registers: Registers, chip: Parameters, leaky: bool) -> int:
    """Call `update_integer` or `update_float`, depending on the type of the registers."""
    raise NotImplementedError("only compiled functions can call update")


@overload(update)
def _choose_update(registers, chip, leaky):  # type: ignore[no-untyped-def]
    kind = registers.types[registers.fields.index("total")]
    if isinstance(kind.dtype, types.Integer):
        return lambda registers, chip, leaky: update_integer(registers, chip, leaky)
    return lambda registers, chip, leaky: update_float(registers, chip, leaky)


@inlined
def hold(registers: Registers, chip: Parameters) -> None:
    """Hold refractory compartments at a voltage of zero, without a spike; count their steps down.

    Their voltage should have been zero, and no threshold is below zero, so they cannot spike.
    """
    for j in range(np.uint64(len(chip.refract))):
        held = registers.refractory[j] > 0
        fires = registers.spiked[j] & np.uint8(not held)
        registers.spiked[j] = fires
        registers.voltage[j] = 0 if held else registers.voltage[j]
        left = chip.refract[j] if fires else registers.refractory[j]
        registers.refractory[j] = max(left - 1, 0)


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
    place: np.uint64, runs: np.ndarray, out: np.ndarray, register: np.ndarray, offset: np.uint64
) -> None:
    """Copy the probed values of one register, one run of neighbouring compartments at a time."""
    for r in range(np.uint64(len(runs))):
        begin, size = offset + runs[r, 0], runs[r, 1]
        whole = size - size % np.uint64(WIDTH)
        for j in range(np.uint64(0), whole, np.uint64(WIDTH)):
            store(out, place + j, load(register, begin + j))
        for j in range(whole, size):
            out[place + j] = register[begin + j]
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
    start, stop = lanes
    strides = records.strides
    for lane in range(start, stop):
        offset = (lane - start) * layout.padded
        place = lane * strides[0, 0] + step * strides[0, 1]
        _record(place, records.spiked_runs, records.spiked, registers.spiked, offset)
        place = lane * strides[1, 0] + step * strides[1, 1]
        _record(place, records.voltage_runs, records.voltage, registers.voltage, offset)
        place = lane * strides[2, 0] + step * strides[2, 1]
        _record(place, records.current_runs, records.current, registers.current, offset)
        if len(records.counts):
            _count(lane, layout.n, records.counts, registers.spiked, offset)


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
    for start in range(np.uint64(first_lane), np.uint64(last_lane), layout.side_by_side):
        lanes = (start, min(start + layout.side_by_side, np.uint64(last_lane)))
        _load_lanes(lanes, layout, state, registers)
        for step in range(layout.n_steps):
            _begin_step(lanes, step, layout, arrivals, registers)
            add_spikes(lanes, step, layout, tables, arrivals, registers, lists)
            gather(registers.total, lists.sums, tables.unit)
            if len(arrivals.noise_q):
                _add_noise(lanes, step, layout, arrivals, registers)
            overflow |= update(registers, chip, layout.leaky)
            if layout.holds:
                hold(registers, chip)
            _record_lanes(lanes, step, layout, records, registers)
        _store_lanes(lanes, layout, state, arrivals, registers)
    return overflow
