"""The compiled functions of `.kernel_numba`, which alone loads this module (it imports numba).

They are plain loops. Integers stay 32 bits wide through `.int32`, because numba widens; sums of
floating point numbers are formed in nengo-loihi's order, one row of weights after another, and
never fused into multiply-adds (numba fuses only with ``fastmath``). Arrays are passed whole, with
unsigned offsets: a slice would cost an atomic count of references, a signed index a test for
wrapping round, and either more than what is done with it.
"""

import numpy as np
from numba.core import types
from numba.extending import overload

from nengo_dense.emulator.compilation import compiled
from nengo_dense.emulator.int32 import (
    add,
    both,
    either,
    exclusive_or,
    multiply,
    shift_left,
    shift_right,
    subtract,
)


@compiled
def _list_inputs(counts, lane, step, start, size, active, first, repeats):  # type: ignore[no-untyped-def]
    """List the neurons of an input that spiked, as often as they did; return how many."""
    n = np.uint64(0)
    if not repeats:
        for i in range(size):
            active[first + n] = i
            n += np.uint64(counts[lane, step, start + i])
        return n
    for i in range(size):
        for _ in range(counts[lane, step, start + i]):
            active[first + n] = i
            n += np.uint64(1)
    return n


@compiled
def _list_fired(spiked, start, size, active, first):  # type: ignore[no-untyped-def]
    """List the compartments of a block that fired, without branches; return how many."""
    n = np.uint64(0)
    for i in range(size):
        active[first + n] = i
        n += np.uint64(spiked[start + i])
    return n


@compiled
def _add_sparse(  # type: ignore[no-untyped-def]
    active,
    first,
    count,
    rows,
    bases,
    first_row,
    starts,
    first_start,
    values,
    targets,
    total,
    offset,
):
    """Add rows of weights whose targets are listed."""
    for k in range(count):
        source = np.uint64(active[first + k])
        row = rows[first_row + source]
        if row >= 0:
            base = bases[first_row + source]
            begin = np.uint64(starts[first_start + np.uint64(row)])
            end = np.uint64(starts[first_start + np.uint64(row) + np.uint64(1)])
            for m in range(begin, end):
                total[offset + np.uint64(base + targets[m])] += values[m]


@compiled
def _list_rows(active, first, count, rows, first_row, width, first_value, offsets):  # type: ignore[no-untyped-def]
    """List where the rows of a dense matrix begin that spikes add; return how many."""
    n = np.uint64(0)
    for k in range(count):
        row = rows[first_row + np.uint64(active[first + k])]
        offsets[n] = first_value + np.uint64(max(row, 0)) * width
        n += np.uint64(row >= 0)
    return n


@compiled
def _add_dense_integer(n, offsets, width, values, total, target):  # type: ignore[no-untyped-def]
    """Add rows of a dense matrix, four at a time: integers may be added in any order."""
    one, four = np.uint64(1), np.uint64(4)
    k = np.uint64(0)
    while k + four <= n:
        a, b = offsets[k], offsets[k + one]
        c, d = offsets[k + one + one], offsets[k + one + one + one]
        for j in range(width):
            ab = add(np.int32(values[a + j]), np.int32(values[b + j]))
            cd = add(np.int32(values[c + j]), np.int32(values[d + j]))
            total[target + j] = add(total[target + j], add(ab, cd))
        k += four
    while k < n:
        a = offsets[k]
        for j in range(width):
            total[target + j] = add(total[target + j], np.int32(values[a + j]))
        k += one


@compiled
def _add_dense_float(n, offsets, width, values, total, target):  # type: ignore[no-untyped-def]
    """Add rows of a dense matrix, one after another."""
    for k in range(n):
        a = offsets[k]
        for j in range(width):
            total[target + j] += values[a + j]


@compiled
def _record(lane, step, columns, out, state, offset):  # type: ignore[no-untyped-def]
    """Copy what probes read."""
    for k in range(np.uint64(len(columns))):
        out[lane, step, k] = state[offset + np.uint64(columns[k])]


@compiled
def _copy(n, source, row, target, offset):  # type: ignore[no-untyped-def]
    """Copy a row of a matrix into a part of a vector."""
    for j in range(n):
        target[offset + j] = source[row, j]


@compiled
def _copy_back(n, source, offset, target, row):  # type: ignore[no-untyped-def]
    """Copy a part of a vector into a row of a matrix."""
    for j in range(n):
        target[row, j] = source[offset + j]


@compiled
def _decay(x, keep):  # type: ignore[no-untyped-def]
    """Multiply by ``keep / 4096`` towards zero; see `.fixedpoint.decay`."""
    sign = shift_right(x, 31)
    size = subtract(exclusive_or(x, sign), sign)
    high = multiply(shift_right(size, 12), keep)
    low = shift_right(multiply(both(size, 4095), keep), 12)
    return subtract(exclusive_or(add(high, low), sign), sign)


@compiled
def _update_integer(  # type: ignore[no-untyped-def]
    total, noise, current, voltage, spiked,
    keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax, leaky,
):  # fmt: skip
    """Decay, wrap, clip, fire; see `.kernel_numpy.NumpyKernel`. Returns overflowing bits."""
    lost_q = np.int32(0)
    lost_u = np.int32(0)
    lost_v = np.int32(0)
    for j in range(np.uint64(len(bias))):
        q = shift_right(shift_left(total[j], 10), 10)  # 21 bits and sign
        lost_q = either(lost_q, exclusive_or(total[j], q))

        x = add(_decay(current[j], keep_u[j]), q)
        u = shift_right(shift_left(x, 8), 8)  # 23 bits and sign
        lost_u = either(lost_u, exclusive_or(x, u))
        current[j] = u

        x = add(add(u, bias[j]), noise[j])
        u = shift_right(shift_left(x, 8), 8)
        lost_v = either(lost_v, exclusive_or(x, u))

        v = add(_decay(voltage[j], keep_v[j]) if leaky else voltage[j], u)
        v = vmin[j] if v < vmin[j] else v
        v = vmax[j] if v > vmax[j] else v
        fires = v > vth[j]
        spiked[j] = fires
        voltage[j] = np.int32(0) if fires else v
    return (lost_q != 0) | ((lost_u != 0) << 1) | ((lost_v != 0) << 2)


@compiled
def _update_float(  # type: ignore[no-untyped-def]
    total, noise, current, voltage, spiked,
    keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax, leaky,
):  # fmt: skip
    """Decay, clip, fire, in the order of nengo-loihi's operations. Returns no overflow."""
    for j in range(np.uint64(len(bias))):
        u = keep_u[j] * current[j] + scale_u[j] * total[j]
        current[j] = u
        u = u + bias[j] + noise[j]
        v = keep_v[j] * voltage[j] + scale_v[j] * u
        v = vmin[j] if v < vmin[j] else v
        v = vmax[j] if v > vmax[j] else v
        fires = v > vth[j]
        spiked[j] = fires
        voltage[j] = np.float32(0) if fires else v
    return 0


@compiled
def _hold(refractory, refract, voltage, spiked):  # type: ignore[no-untyped-def]
    """Undo what compartments did that were refractory, and count their steps down.

    A spike of a refractory compartment is none: its voltage was to be zero, and no threshold is
    below zero.
    """
    for j in range(np.uint64(len(refract))):
        held = refractory[j] > 0
        fires = spiked[j] & np.uint8(not held)
        spiked[j] = fires
        voltage[j] = 0 if held else voltage[j]
        left = refract[j] if fires else refractory[j]
        refractory[j] = max(left - 1, 0)


def _add_dense(n, offsets, width, values, total, target):  # type: ignore[no-untyped-def]
    """Stand for `_add_dense_integer` or `_add_dense_float`."""


@overload(_add_dense)
def _choose_add_dense(n, offsets, width, values, total, target):  # type: ignore[no-untyped-def]
    if isinstance(total.dtype, types.Integer):
        return lambda n, offsets, width, values, total, target: _add_dense_integer(
            n, offsets, width, values, total, target
        )
    return lambda n, offsets, width, values, total, target: _add_dense_float(
        n, offsets, width, values, total, target
    )


def _update(  # type: ignore[no-untyped-def]
    total, noise, current, voltage, spiked,
    keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax, leaky,
):  # fmt: skip
    """Stand for `_update_integer` or `_update_float`."""


@overload(_update)
def _choose_update(  # type: ignore[no-untyped-def]
    total, noise, current, voltage, spiked,
    keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax, leaky,
):  # fmt: skip
    update = _update_integer if isinstance(total.dtype, types.Integer) else _update_float

    def call(  # type: ignore[no-untyped-def]
        total, noise, current, voltage, spiked,
        keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax, leaky,
    ):  # fmt: skip
        return update(
            total, noise, current, voltage, spiked,
            keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax, leaky,
        )  # fmt: skip

    return call


@compiled
def _add_spikes(  # type: ignore[no-untyped-def]
    lane, step, offset, n_inputs, active, offsets, counts, spikes, pending, spiked, total,
    groups, projections, rows, bases, starts, values, targets, repeats,
):  # fmt: skip
    """Add the weights of all spikes that arrive at one lane in one step."""
    one = np.uint64(1)
    for g in range(np.uint64(len(groups))):
        start, size, first = groups[g, 0], groups[g, 1], groups[g, 2]
        if start >= n_inputs:
            counts[g] = _list_fired(spiked, offset + start - n_inputs, size, active, first)
        elif step == 0:
            counts[g] = _list_inputs(pending, lane, step, start, size, active, first, repeats)
        else:
            counts[g] = _list_inputs(spikes, lane, step - one, start, size, active, first, repeats)
    for p in range(np.uint64(len(projections))):
        source, first_row, width = projections[p, 0], projections[p, 1], projections[p, 2]
        target, first_value = offset + projections[p, 3], projections[p, 4]
        count, first = counts[source], groups[source, 2]
        if width > 0:
            hits = _list_rows(active, first, count, rows, first_row, width, first_value, offsets)
            _add_dense(hits, offsets, width, values, total, target)
        elif count > 0:
            _add_sparse(
                active, first, count, rows, bases, first_row, starts, projections[p, 5],
                values, targets, total, offset,
            )  # fmt: skip


@compiled
def _load(  # type: ignore[no-untyped-def]
    start, stop, padded, n, noise, spiked, current, voltage, refractory,
    all_spiked, all_current, all_voltage, all_refractory,
):  # fmt: skip
    """Put lanes into the workspace; those that are not there stay at rest."""
    for j in range(np.uint64(len(noise))):
        noise[j] = 0
        spiked[j] = 0
        current[j] = 0
        voltage[j] = 0
        refractory[j] = 0
    for lane in range(start, stop):
        offset = (lane - start) * padded
        _copy(n, all_spiked, lane, spiked, offset)
        _copy(n, all_current, lane, current, offset)
        _copy(n, all_voltage, lane, voltage, offset)
        _copy(n, all_refractory, lane, refractory, offset)


@compiled
def _store(  # type: ignore[no-untyped-def]
    start, stop, padded, n, spiked, current, voltage, refractory,
    all_spiked, all_current, all_voltage, all_refractory,
):  # fmt: skip
    """Take lanes out of the workspace."""
    for lane in range(start, stop):
        offset = (lane - start) * padded
        _copy_back(n, spiked, offset, all_spiked, lane)
        _copy_back(n, current, offset, all_current, lane)
        _copy_back(n, voltage, offset, all_voltage, lane)
        _copy_back(n, refractory, offset, all_refractory, lane)


@compiled
def advance(  # type: ignore[no-untyped-def]
    first_lane, last_lane, total, noise, current, voltage, refractory, spiked,
    active, offsets, counts,
    spikes, pending, all_spiked, all_current, all_voltage, all_refractory,
    noise_q, noise_u, extra, groups, projections, rows, bases, starts, values, targets,
    spiked_columns, spiked_out, voltage_columns, voltage_out, current_columns, current_out,
    keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax, refract, leaky, holds, repeats,
    side_by_side,
):  # fmt: skip
    """Advance lanes ``first_lane`` to ``last_lane`` by ``spikes.shape[1]`` steps.

    After the workspace (``total`` to ``counts``) the arguments are those of `.state.ChipState`,
    `.state.Drive`, `.table.Tables`, `.state.Recording` and `.program.Compartments` (padded), in
    this order; ``leaky``, ``holds`` and ``repeats`` say whether any voltage decays, any
    compartment is ever refractory, and any input neuron may spike more than once in a step.
    ``side_by_side`` lanes share the workspace, and the parameters are repeated for each.

    Returns
    -------
    overflow : int
        A bit for each register that overflowed.
    """
    n_steps, n_inputs = np.uint64(spikes.shape[1]), np.uint64(spikes.shape[2])
    n, padded = np.uint64(all_current.shape[1]), np.uint64(len(bias)) // np.uint64(side_by_side)
    overflow = 0
    for start in range(np.uint64(first_lane), np.uint64(last_lane), np.uint64(side_by_side)):
        stop = min(start + np.uint64(side_by_side), np.uint64(last_lane))
        _load(
            start, stop, padded, n, noise, spiked, current, voltage, refractory,
            all_spiked, all_current, all_voltage, all_refractory,
        )  # fmt: skip
        for step in range(n_steps):
            for j in range(np.uint64(len(total))):
                total[j] = 0
            for lane in range(start, stop):
                offset = (lane - start) * padded
                if len(extra):
                    _copy(n, extra, lane, total, offset)
                _add_spikes(
                    lane, step, offset, n_inputs, active, offsets, counts, spikes, pending,
                    spiked, total, groups, projections, rows, bases, starts, values, targets,
                    repeats,
                )  # fmt: skip
                if len(noise_q):
                    for j in range(n):
                        total[offset + j] += noise_q[step, j]
                    _copy(n, noise_u, step, noise, offset)
            overflow |= _update(
                total, noise, current, voltage, spiked,
                keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax, leaky,
            )  # fmt: skip
            if holds:
                _hold(refractory, refract, voltage, spiked)
            for lane in range(start, stop):
                offset = (lane - start) * padded
                _record(lane, step, spiked_columns, spiked_out, spiked, offset)
                _record(lane, step, voltage_columns, voltage_out, voltage, offset)
                _record(lane, step, current_columns, current_out, current, offset)
        _store(
            start, stop, padded, n, spiked, current, voltage, refractory,
            all_spiked, all_current, all_voltage, all_refractory,
        )  # fmt: skip
        for lane in range(start, stop):
            for i in range(n_inputs):
                pending[lane, 0, i] = spikes[lane, n_steps - np.uint64(1), i]
    return overflow
