"""The update of all compartments after a step's sums, compiled: twins of `.numpy_chip`.

Loaded only by `.compiled_chip` (needs numba). `update_within` is `update_integer` for registers
that cannot overflow (see `.reach`); it has half as many operations.
"""

from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

from nengo_dense.loihi.kernel.compilation import inlined
from nengo_dense.loihi.kernel.contract import Parameters, Registers
from nengo_dense.loihi.kernel.special_vector import multiply_short
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
    subtract,
    where,
)
from nengo_dense.loihi.kernel.vector import add as plus
from nengo_dense.loihi.kernel.workspace import Layout


@inlined
def decay_current(x: Any, keep: Any) -> Any:
    """Multiply by ``keep / 4096``, rounding towards zero; see `.arithmetic.decay`.

    Currents have at most 27 bits and a sign (the chip wraps them at 23), so that no factor has
    more than 16 bits.
    """
    return plus(multiply_short(shift_right(x, 12), keep), _decay_low(x, keep))


@inlined
def decay_voltage(x: Any, keep: Any) -> Any:
    """Do as `decay_current`, for voltages, which no register limits from below."""
    return plus(multiply(shift_right(x, 12), keep), _decay_low(x, keep))


@inlined
def _decay_low(x: Any, keep: Any) -> Any:
    """Decay the lower 12 bits; round towards zero as the sign of all bits wants it.

    A shift rounds down. For negative numbers, 4095 is added first, to round towards zero.
    """
    most = spread(np.int32(4095))
    low = multiply_short(both(x, most), keep)
    return shift_right(plus(low, both(shift_right(x, 31), most)), 12)


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

        x = plus(decay_current(load(registers.current, j), load(chip.keep_u, j)), q)
        u = shift_right(shift_left(x, 8), 8)  # 23 bits and sign
        lost_u = either(lost_u, exclusive_or(x, u))
        store(registers.current, j, u)

        x = plus(plus(u, load(chip.bias, j)), load(registers.noise, j))
        u = shift_right(shift_left(x, 8), 8)
        lost_v = either(lost_v, exclusive_or(x, u))

        v = load(registers.voltage, j)
        v = plus(decay_voltage(v, load(chip.keep_v, j)) if leaky else v, u)
        v = minimum(maximum(v, load(chip.vmin, j)), load(chip.vmax, j))
        fires = greater(v, load(chip.vth, j))
        store(registers.spiked, j, fires)
        store(registers.voltage, j, where(fires, zero, v))
    overflow: int = any_bit(lost_q) | (any_bit(lost_u) << 1) | (any_bit(lost_v) << 2)
    return overflow


@inlined
def update_integer_within(
    registers: Registers, sums: np.ndarray, unit: np.int32, chip: Parameters, layout: Layout
) -> bool:
    """Decay, clip from below and fire, where no register can overflow; clear the sums.

    The sums are in a unit of ``2**unit``. A voltage above its highest fires and becomes zero, as
    thresholds are lower, so it need not be clipped from above. Return whether no register can
    overflow in the next step either.
    """
    zero, reach = spread(np.int32(0)), spread(layout.reach)
    highest, lowest = zero, zero
    for j in range(np.uint64(0), np.uint64(len(chip.bias)), np.uint64(WIDTH)):
        u = decay_current(load(registers.current, j), load(chip.keep_u, j))
        u = plus(u, shift_left(load(sums, j), unit))
        store(sums, j, zero)
        store(registers.current, j, u)
        highest, lowest = maximum(highest, u), minimum(lowest, u)
        u = plus(u, load(chip.bias, j))
        v = load(registers.voltage, j)
        v = plus(decay_voltage(v, load(chip.keep_v, j)) if layout.leaky else v, u)
        v = maximum(v, load(chip.vmin, j))
        fires = greater(v, load(chip.vth, j))
        store(registers.spiked, j, fires)
        store(registers.voltage, j, where(fires, zero, v))
    return not any_bit(either(greater(highest, reach), greater(subtract(zero, reach), lowest)))


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


def update_within(
    registers: Registers, sums: np.ndarray, unit: np.int32, chip: Parameters, layout: Layout
) -> bool:
    """Call `update_integer_within`; floating point numbers have no such update."""
    raise NotImplementedError("only compiled functions can call update_within")


@overload(update_within)
def _choose_within(registers, sums, unit, chip, layout):  # type: ignore[no-untyped-def]
    if not isinstance(sums.dtype, types.Integer):
        return lambda registers, sums, unit, chip, layout: False
    return lambda registers, sums, unit, chip, layout: update_integer_within(
        registers, sums, unit, chip, layout
    )


@inlined
def is_within(current: np.ndarray, reach: np.int32) -> bool:
    """Whether all currents are at most as large as the reach; never if that is negative."""
    within = bool(reach >= 0)
    for j in range(np.uint64(len(current))):
        within &= abs(current[j]) <= reach
    return within


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
