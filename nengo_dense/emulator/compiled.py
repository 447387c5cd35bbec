"""The compiled functions of `.kernel_numba`, which alone loads this module (it imports numba).

They work on one lane at a time with plain loops. Integers are kept to 32 bits by casts, because
numba widens; sums of floating point numbers are formed in nengo-loihi's order, one row of weights
after another, and never fused into multiply-adds (numba fuses only with ``fastmath``).
"""

from collections.abc import Callable

import numba
import numpy as np


def _compiled(function: Callable) -> Callable:
    """Compile without the interpreter's lock; keep the result on disk where that is possible."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # neither the package's nor the user's folder can be written
        return numba.njit(nogil=True)(function)


@_compiled
def _list_inputs(counts, active):  # type: ignore[no-untyped-def]
    """List the neurons of an input that spiked, as often as they did; return how many."""
    n = 0
    for i in range(len(counts)):
        for _ in range(counts[i]):
            active[n] = i
            n += 1
    return n


@_compiled
def _list_fired(spiked, active):  # type: ignore[no-untyped-def]
    """List the compartments of a block that fired, without branches; return how many."""
    n = 0
    for i in range(len(spiked)):
        active[n] = i
        n += spiked[i]
    return n


@_compiled
def _add_sparse(active, rows, bases, starts, values, targets, total):  # type: ignore[no-untyped-def]
    """Add rows of weights whose targets are listed."""
    for source in active:
        row = rows[source]
        if row >= 0:
            base = bases[source]
            for k in range(starts[row], starts[row + 1]):
                total[base + targets[k]] += values[k]


@_compiled
def _add_dense_integer(active, rows, width, values, total):  # type: ignore[no-untyped-def]
    """Add rows of a dense matrix, four at a time: integers may be added in any order."""
    offsets = np.empty(4, np.int64)
    n = 0
    for source in active:
        row = rows[source]
        if row < 0:
            continue
        offsets[n] = row * width
        n += 1
        if n == 4:
            a = values[offsets[0] : offsets[0] + width]
            b = values[offsets[1] : offsets[1] + width]
            c = values[offsets[2] : offsets[2] + width]
            d = values[offsets[3] : offsets[3] + width]
            for j in range(width):
                total[j] += np.int32(np.int32(a[j]) + np.int32(b[j])) + np.int32(
                    np.int32(c[j]) + np.int32(d[j])
                )
            n = 0
    for i in range(n):
        a = values[offsets[i] : offsets[i] + width]
        for j in range(width):
            total[j] += np.int32(a[j])


@_compiled
def _add_dense_float(active, rows, width, values, total):  # type: ignore[no-untyped-def]
    """Add rows of a dense matrix, one after another."""
    for source in active:
        row = rows[source]
        if row >= 0:
            a = values[row * width : (row + 1) * width]
            for j in range(width):
                total[j] += a[j]


@_compiled
def _record(step, lane, columns, out, state):  # type: ignore[no-untyped-def]
    """Copy what probes read."""
    if len(columns):
        row = out[lane, step]
        for k in range(len(columns)):
            row[k] = state[columns[k]]


@_compiled
def _update_integer(  # type: ignore[no-untyped-def]
    total, current, voltage, spiked, noise_q, noise_u, keep_u, keep_v, bias, vth, vmin, vmax
):
    """Decay, wrap, clip, fire; see `.kernel_numpy.NumpyKernel`. Returns overflowing bits."""
    lost_q = np.int32(0)
    lost_u = np.int32(0)
    lost_v = np.int32(0)
    for j in range(len(total)):
        q = np.int32(total[j] + noise_q[j])
        wrapped = np.int32(np.int32(q << 10) >> 10)  # 21 bits and sign
        lost_q |= np.int32(q ^ wrapped)

        u = current[j]
        sign = np.int32(u >> 31)
        size = np.int32(np.int32(u ^ sign) - sign)
        size = np.int32(
            np.int32(np.int32(size >> 12) * keep_u[j])
            + np.int32(np.int32(np.int32(size & 4095) * keep_u[j]) >> 12)
        )
        u = np.int32(np.int32(np.int32(size ^ sign) - sign) + wrapped)
        wrapped = np.int32(np.int32(u << 8) >> 8)  # 23 bits and sign
        lost_u |= np.int32(u ^ wrapped)
        current[j] = wrapped

        u = np.int32(np.int32(wrapped + bias[j]) + noise_u[j])
        wrapped = np.int32(np.int32(u << 8) >> 8)
        lost_v |= np.int32(u ^ wrapped)

        v = voltage[j]
        sign = np.int32(v >> 31)
        size = np.int32(np.int32(v ^ sign) - sign)
        size = np.int32(
            np.int32(np.int32(size >> 12) * keep_v[j])
            + np.int32(np.int32(np.int32(size & 4095) * keep_v[j]) >> 12)
        )
        v = np.int32(np.int32(np.int32(size ^ sign) - sign) + wrapped)
        v = max(v, vmin[j])
        v = min(v, vmax[j])
        fires = v > vth[j]
        spiked[j] = np.uint8(fires)
        voltage[j] = np.int32(0) if fires else v
    return (lost_q != 0) | ((lost_u != 0) << 1) | ((lost_v != 0) << 2)


@_compiled
def _update_float(  # type: ignore[no-untyped-def]
    total, current, voltage, spiked, noise_q, noise_u,
    keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax,
):  # fmt: skip
    """Decay, clip, fire, in the order of nengo-loihi's operations."""
    for j in range(len(total)):
        q = total[j] + noise_q[j]
        u = keep_u[j] * current[j] + scale_u[j] * q
        current[j] = u
        u = u + bias[j] + noise_u[j]
        v = keep_v[j] * voltage[j] + scale_v[j] * u
        v = max(v, vmin[j])
        v = min(v, vmax[j])
        fires = v > vth[j]
        spiked[j] = np.uint8(fires)
        voltage[j] = np.float32(0) if fires else v


@_compiled
def _hold(refractory, refract, voltage, spiked):  # type: ignore[no-untyped-def]
    """Undo what compartments did that were refractory, and count their steps down.

    A spike of a refractory compartment is none: its voltage was to be zero, and no threshold is
    below zero.
    """
    for j in range(len(refractory)):
        held = refractory[j] > 0
        fires = spiked[j] & ~held
        spiked[j] = fires
        voltage[j] = 0 if held else voltage[j]
        left = refract[j] if fires else refractory[j]
        refractory[j] = max(left - 1, 0)


@_compiled
def advance_integer(  # type: ignore[no-untyped-def]
    first_lane, last_lane, spikes, all_pending, all_spiked, all_current, all_voltage,
    all_refractory, noise_q, noise_u, extra, keep_u, keep_v, bias, vth, vmin, vmax,
    refract, groups, projections, rows, bases, starts, values, targets,
    spiked_columns, spiked_out, voltage_columns, voltage_out, current_columns, current_out,
):  # fmt: skip
    """Advance lanes ``first_lane`` to ``last_lane`` by ``spikes.shape[1]`` steps.

    The arguments are those of `.state.ChipState`, `.state.Drive`, `.program.Compartments`,
    `.table.Tables` and `.state.Recording`, in this order.
    """
    n_steps, n_inputs = spikes.shape[1:]
    n = len(bias)
    total = np.empty(n, bias.dtype)
    nothing = np.zeros(n, bias.dtype)
    active = np.empty(255 * n_inputs + n + 1, np.int32)
    counts = np.zeros(len(groups), np.int64)
    first = np.zeros(len(groups), np.int64)
    n_input_groups = 0
    for g in range(len(groups)):
        first[g] = (
            255 * groups[g, 0] if groups[g, 0] < n_inputs else (254 * n_inputs + groups[g, 0])
        )
        n_input_groups += groups[g, 0] < n_inputs
    holds = (refract > 1).any()
    overflow = 0
    for lane in range(first_lane, last_lane):
        spiked = all_spiked[lane]
        current = all_current[lane]
        voltage = all_voltage[lane]
        refractory = all_refractory[lane]
        for step in range(n_steps):
            for g in range(n_input_groups):
                start, size = groups[g]
                arriving = all_pending[lane] if step == 0 else spikes[lane, step - 1]
                counts[g] = _list_inputs(arriving[start : start + size], active[first[g] :])
            for g in range(n_input_groups, len(groups)):
                start, size = groups[g, 0] - n_inputs, groups[g, 1]
                counts[g] = _list_fired(spiked[start : start + size], active[first[g] :])
            total[:] = extra[lane] if len(extra) else nothing
            for p in range(len(projections)):
                source, first_row, width, target, first_value, first_start = projections[p]
                if counts[source] == 0:
                    continue
                arrived = active[first[source] : first[source] + counts[source]]
                if width:
                    _add_dense_integer(
                        arrived, rows[first_row:], width, values[first_value:],
                        total[target : target + width],
                    )  # fmt: skip
                else:
                    _add_sparse(
                        arrived, rows[first_row:], bases[first_row:], starts[first_start:],
                        values, targets, total,
                    )  # fmt: skip
            overflow |= _update_integer(
                total, current, voltage, spiked,
                noise_q[step] if len(noise_q) else nothing,
                noise_u[step] if len(noise_u) else nothing,
                keep_u, keep_v, bias, vth, vmin, vmax,
            )  # fmt: skip
            if holds:
                _hold(refractory, refract, voltage, spiked)
            _record(step, lane, spiked_columns, spiked_out, spiked)
            _record(step, lane, voltage_columns, voltage_out, voltage)
            _record(step, lane, current_columns, current_out, current)
        if n_steps:
            all_pending[lane] = spikes[lane, n_steps - 1]
    return overflow


@_compiled
def advance_float(  # type: ignore[no-untyped-def]
    first_lane, last_lane, spikes, all_pending, all_spiked, all_current, all_voltage,
    all_refractory, noise_q, noise_u, extra, keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax,
    refract, groups, projections, rows, bases, starts, values, targets,
    spiked_columns, spiked_out, voltage_columns, voltage_out, current_columns, current_out,
):  # fmt: skip
    """Advance lanes ``first_lane`` to ``last_lane`` by ``spikes.shape[1]`` steps.

    The arguments are those of `.state.ChipState`, `.state.Drive`, `.program.Compartments`,
    `.table.Tables` and `.state.Recording`, in this order.
    """
    n_steps, n_inputs = spikes.shape[1:]
    n = len(bias)
    total = np.empty(n, bias.dtype)
    nothing = np.zeros(n, bias.dtype)
    active = np.empty(255 * n_inputs + n + 1, np.int32)
    counts = np.zeros(len(groups), np.int64)
    first = np.zeros(len(groups), np.int64)
    n_input_groups = 0
    for g in range(len(groups)):
        first[g] = (
            255 * groups[g, 0] if groups[g, 0] < n_inputs else (254 * n_inputs + groups[g, 0])
        )
        n_input_groups += groups[g, 0] < n_inputs
    holds = (refract > 1).any()
    overflow = 0
    for lane in range(first_lane, last_lane):
        spiked = all_spiked[lane]
        current = all_current[lane]
        voltage = all_voltage[lane]
        refractory = all_refractory[lane]
        for step in range(n_steps):
            for g in range(n_input_groups):
                start, size = groups[g]
                arriving = all_pending[lane] if step == 0 else spikes[lane, step - 1]
                counts[g] = _list_inputs(arriving[start : start + size], active[first[g] :])
            for g in range(n_input_groups, len(groups)):
                start, size = groups[g, 0] - n_inputs, groups[g, 1]
                counts[g] = _list_fired(spiked[start : start + size], active[first[g] :])
            total[:] = extra[lane] if len(extra) else nothing
            for p in range(len(projections)):
                source, first_row, width, target, first_value, first_start = projections[p]
                if counts[source] == 0:
                    continue
                arrived = active[first[source] : first[source] + counts[source]]
                if width:
                    _add_dense_float(
                        arrived, rows[first_row:], width, values[first_value:],
                        total[target : target + width],
                    )  # fmt: skip
                else:
                    _add_sparse(
                        arrived, rows[first_row:], bases[first_row:], starts[first_start:],
                        values, targets, total,
                    )  # fmt: skip
            _update_float(
                total, current, voltage, spiked,
                noise_q[step] if len(noise_q) else nothing,
                noise_u[step] if len(noise_u) else nothing,
                keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax,
            )  # fmt: skip
            if holds:
                _hold(refractory, refract, voltage, spiked)
            _record(step, lane, spiked_columns, spiked_out, spiked)
            _record(step, lane, voltage_columns, voltage_out, voltage)
            _record(step, lane, current_columns, current_out, current)
        if n_steps:
            all_pending[lane] = spikes[lane, n_steps - 1]
    return overflow
