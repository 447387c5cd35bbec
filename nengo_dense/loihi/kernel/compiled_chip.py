"""The compiled functions of `.numba_kernel`, which alone loads this module (it imports numba).

They are plain loops, over whole vectors where it matters (`.vector`). Sums of floating point
numbers are formed in nengo-loihi's order, one row of weights after another, and never fused into
multiply-adds (numba fuses only with ``fastmath``). Arrays are passed whole, with unsigned
offsets: a slice would cost an atomic count of references, a signed index a test for wrapping
round, and either more than what is done with it.

What is not predictable costs most, so spikes are listed without a branch, eight flags at a time,
for all lanes of the workspace; each lane's list is filled up with a row of zeros, so that rows
are added four at a time. Adding zero changes no sum, floating point or not: a sum that begins at
+0 is never -0.
"""

import numpy as np
from numba.core import types
from numba.extending import overload

from nengo_dense.loihi.kernel.compilation import compiled
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    add,
    any_bit,
    both,
    either,
    exclusive_or,
    greater,
    load,
    load_word,
    maximum,
    minimum,
    multiply,
    shift_left,
    shift_right,
    spread,
    store,
    store_eight,
    where,
)

#: Which bits of a byte are set, lowest first, as the bytes of a number; and how many are.
BITS_SET = np.zeros(256, dtype=np.uint64)
N_BITS_SET = np.zeros(256, dtype=np.uint8)
for byte in range(256):
    set_bits = [bit for bit in range(8) if byte >> bit & 1]
    BITS_SET[byte] = sum(bit << 8 * place for place, bit in enumerate(set_bits))
    N_BITS_SET[byte] = len(set_bits)


@compiled
def _list_eight(word, source, n, sources):  # type: ignore[no-untyped-def]
    """List the sources among eight that spiked, without branches; return where the list ends.

    The multiplication gathers the lowest bits of eight bytes in the highest byte.
    """
    mask = (word * np.uint64(0x0102040810204080)) >> np.uint64(56)
    store_eight(sources, n, np.int32(source), BITS_SET[mask])
    return n + np.uint64(N_BITS_SET[mask])


@compiled
def _list_spikes(flags, begin, size, n, sources):  # type: ignore[no-untyped-def]
    """List the sources that spiked, if none spikes more than once in a step."""
    eight = np.uint64(8)
    whole = size - size % eight
    for i in range(np.uint64(0), whole, eight):
        n = _list_eight(load_word(flags, begin + i), i, n, sources)
    if whole < size:
        word = np.uint64(0)
        for i in range(size - whole):
            word |= np.uint64(flags[begin + whole + i]) << (eight * i)
        n = _list_eight(word, whole, n, sources)
    return n


@compiled
def _list_repeated(counts, begin, size, n, sources):  # type: ignore[no-untyped-def]
    """List the sources that spiked, as often as they did."""
    for i in range(size):
        for _ in range(counts[begin + i]):
            sources[n] = i
            n += np.uint64(1)
    return n


@compiled
def _end_list(begin, n, size, place, sources, places):  # type: ignore[no-untyped-def]
    """Fill a lane's list up to a multiple of four, with the source that has weights of zero.

    Note for each four where the lane's compartments are; return where the list ends.
    """
    four, nothing = np.uint64(4), np.uint64(0)
    store_eight(sources, n, np.int32(size), nothing)
    n += (four - n % four) % four
    for k in range(begin // four, n // four, np.uint64(8)):
        store_eight(places, k, np.int32(place), nothing)
    return n


@compiled
def _add_sparse(  # type: ignore[no-untyped-def]
    begin, end, sources, places, rows, bases, first_row, starts, first_start, values, targets,
    total,
):  # fmt: skip
    """Add rows of weights whose targets are listed."""
    for k in range(begin, end):
        source = np.uint64(sources[k])
        row = rows[first_row + source]
        if row >= 0:
            offset = np.int64(places[k // np.uint64(4)]) + np.int64(bases[first_row + source])
            start = np.uint64(starts[first_start + np.uint64(row)])
            stop = np.uint64(starts[first_start + np.uint64(row) + np.uint64(1)])
            for m in range(start, stop):
                target = np.uint64(offset + targets[m])
                total[target] += values[m]


@compiled
def _add_dense(begin, end, sources, places, width, target, first, values, total):  # type: ignore[no-untyped-def]
    """Add rows of a dense matrix, four at a time."""
    one, two, three, four = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    for k in range(begin, end, four):
        place = target + np.uint64(places[k // four])
        a = first + np.uint64(sources[k]) * width
        b = first + np.uint64(sources[k + one]) * width
        c = first + np.uint64(sources[k + two]) * width
        d = first + np.uint64(sources[k + three]) * width
        for j in range(np.uint64(0), width, np.uint64(WIDTH)):
            x = add(load(total, place + j), load(values, a + j))
            x = add(add(x, load(values, b + j)), load(values, c + j))
            store(total, place + j, add(x, load(values, d + j)))


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
    """Multiply by ``keep / 4096`` towards zero; see `.arithmetic.decay`.

    A shift rounds down, which is away from zero for negative numbers unless 4095 is added.
    """
    high = multiply(shift_right(x, 12), keep)
    most = spread(np.int32(4095))
    low = multiply(both(x, most), keep)
    return add(high, shift_right(add(low, both(shift_right(x, 31), most)), 12))


def _update_integer(  # type: ignore[no-untyped-def]
    total, noise, current, voltage, spiked,
    keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax, leaky,
):  # fmt: skip
    """Decay, wrap, clip, fire; see `.numpy_kernel.NumpyKernel`. Returns overflowing bits."""
    zero = spread(np.int32(0))
    lost_q, lost_u, lost_v = zero, zero, zero
    for j in range(np.uint64(0), np.uint64(len(bias)), np.uint64(WIDTH)):
        x = load(total, j)
        q = shift_right(shift_left(x, 10), 10)  # 21 bits and sign
        lost_q = either(lost_q, exclusive_or(x, q))

        x = add(_decay(load(current, j), load(keep_u, j)), q)
        u = shift_right(shift_left(x, 8), 8)  # 23 bits and sign
        lost_u = either(lost_u, exclusive_or(x, u))
        store(current, j, u)

        x = add(add(u, load(bias, j)), load(noise, j))
        u = shift_right(shift_left(x, 8), 8)
        lost_v = either(lost_v, exclusive_or(x, u))

        v = load(voltage, j)
        v = add(_decay(v, load(keep_v, j)) if leaky else v, u)
        v = minimum(maximum(v, load(vmin, j)), load(vmax, j))
        fires = greater(v, load(vth, j))
        store(spiked, j, fires)
        store(voltage, j, where(fires, zero, v))
    return any_bit(lost_q) | (any_bit(lost_u) << 1) | (any_bit(lost_v) << 2)


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
    return _update_integer if isinstance(total.dtype, types.Integer) else _update_float


@compiled
def _add_spikes(  # type: ignore[no-untyped-def]
    start, stop, step, n_steps, padded, n_inputs, sources, places, ends, spikes, pending, spiked,
    total, groups, projections, dense, rows, bases, starts, values, targets, repeats,
):  # fmt: skip
    """Add the weights of all spikes that arrive at some lanes in one step."""
    for g in range(np.uint64(len(groups))):
        first, size, end = groups[g, 0], groups[g, 1], groups[g, 2]
        for lane in range(start, stop):
            place = (lane - start) * padded
            flags, begin = pending, lane * n_inputs + first
            if first >= n_inputs:
                flags, begin = spiked, place + first - n_inputs
            elif step > 0:
                flags = spikes
                begin = (lane * n_steps + step - np.uint64(1)) * n_inputs + first
            if repeats and first < n_inputs:
                n = _list_repeated(flags, begin, size, end, sources)
            else:
                n = _list_spikes(flags, begin, size, end, sources)
            end = _end_list(end, n, size, place, sources, places)
        ends[g] = end
    for p in range(np.uint64(len(projections))):
        source, width = projections[p, 0], projections[p, 1]
        begin, end = groups[source, 2], ends[source]
        if width > 0:
            _add_dense(
                begin, end, sources, places, width, projections[p, 2], projections[p, 3],
                dense, total,
            )  # fmt: skip
        else:
            _add_sparse(
                begin, end, sources, places, rows, bases, projections[p, 4], starts,
                projections[p, 5], values, targets, total,
            )  # fmt: skip


@compiled
def _add_noise(start, stop, step, padded, n, noise_q, noise_u, total, noise):  # type: ignore[no-untyped-def]
    """Give every lane the noise of this step."""
    for lane in range(start, stop):
        offset = (lane - start) * padded
        for j in range(n):
            total[offset + j] += noise_q[step, j]
        _copy(n, noise_u, step, noise, offset)


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
    first_lane, last_lane, n_steps, total, noise, current, voltage, refractory, spiked,
    sources, places, ends,
    spikes, pending, all_spiked, all_current, all_voltage, all_refractory,
    noise_q, noise_u, extra, groups, projections, dense, rows, bases, starts, values, targets,
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
    n_steps, n_inputs = np.uint64(n_steps), np.uint64(len(pending) // len(all_current))
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
            if len(extra):
                for lane in range(start, stop):
                    _copy(n, extra, lane, total, (lane - start) * padded)
            _add_spikes(
                start, stop, step, n_steps, padded, n_inputs, sources, places, ends, spikes,
                pending, spiked, total, groups, projections, dense, rows, bases, starts, values,
                targets, repeats,
            )  # fmt: skip
            if len(noise_q):
                _add_noise(start, stop, step, padded, n, noise_q, noise_u, total, noise)
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
            last = (lane * n_steps + n_steps - np.uint64(1)) * n_inputs
            for i in range(n_inputs):
                pending[lane * n_inputs + i] = spikes[last + i]
    return overflow
