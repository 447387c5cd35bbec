"""Slopes through the chip's steps, compiled: the twin of `.numpy_slope`.

Loaded only by `.choice`, because it imports numba.
"""

import numpy as np

from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.numpy_slope import REACH, Neurons, Trace
from nengo_dense.loihi.kernel.padding import flat_rows, padded
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    add,
    greater,
    load,
    maximum,
    multiply,
    real,
    spread,
    store,
    subtract,
    where,
)


def slopes(spike_slopes: np.ndarray, trace: Trace, neurons: Neurons) -> np.ndarray:
    """Do as `.numpy_slope.slopes`."""
    lanes, n_steps, n = spike_slopes.shape
    whole = padded(spike_slopes, WIDTH)
    flat = whole.reshape(-1)
    rows = [flat_rows(x, WIDTH) for x in trace]
    past, row = Trace(*(flat for flat, _ in rows)), Trace(*(np.uint64(size) for _, size in rows))
    chip = Neurons(*(padded(x, WIDTH) for x in neurons))
    inverse = np.float32(1) / np.where(chip.vth, chip.vth, np.float32(1))
    of_bias = np.zeros((lanes, len(inverse)), dtype=np.float32)
    longest = int(neurons.refract.max(initial=1))

    def part(start: int, stop: int) -> None:
        room = np.empty(2 * len(inverse), dtype=np.float32)
        lanes, steps = (np.uint64(start), np.uint64(stop)), (n_steps, longest)
        back(lanes, steps, flat, past, row, chip, inverse, of_bias.reshape(-1), room)

    over_lanes(part, lanes, spike_slopes.size)
    if whole is not spike_slopes:
        spike_slopes[...] = whole[:, :, :n]
    return of_bias[:, :n]


@inlined
def _before(moment, j, trace, row, chip):  # type: ignore[no-untyped-def]
    """Return the voltage as it was compared with the threshold; steps of all lanes are counted."""
    moment, first = moment
    voltage = add(real(load(trace.current, moment * row.current + j)), load(chip.bias, j))
    if first:
        return voltage
    past = (moment - np.uint64(1)) * row.voltage
    kept = multiply(real(load(trace.voltage, past + j)), load(chip.keep_v, j))
    return add(voltage, kept)


@compiled
def back(  # type: ignore[no-untyped-def]
    lanes, steps, slope, trace, row, chip, inverse, of_bias, room
) -> None:
    """Go back in time for some lanes; all arrays are flat.

    ``row`` is the distance from step to step of each part of the trace. ``room`` holds slopes of
    voltages and of currents, carried from step to step.
    """
    one, nought = spread(np.float32(1)), spread(np.float32(0))
    nearer = spread(np.float32(1 / REACH))
    n, width = np.uint64(len(inverse)), np.uint64(WIDTH)
    (start, stop), (n_steps, longest) = lanes, steps
    for lane in range(start, stop):
        for j in range(np.uint64(0), n + n, width):
            store(room, j, nought)
        for step in range(n_steps - 1, -1, -1):
            moment = lane * np.uint64(n_steps) + np.uint64(step)
            here = moment * n
            for j in range(np.uint64(0), n, width):
                before = _before((moment, step == 0), j, trace, row, chip)
                apart = subtract(multiply(before, load(inverse, j)), one)
                apart = multiply(maximum(apart, subtract(nought, apart)), nearer)
                found = multiply(load(slope, here + j), maximum(subtract(one, apart), nought))
                fired = load(trace.spiked, moment * row.spiked + j)
                found = add(found, where(fired, nought, load(room, j)))
                found = where(greater(load(chip.vmin, j), before), nought, found)
                refract = load(chip.refract, j)
                for ago in range(1, min(longest, step + 1)):
                    past = (moment - np.uint64(ago)) * row.spiked
                    fired = load(trace.spiked, past + j)
                    held = where(fired, greater(refract, spread(np.int32(ago))), fired)
                    found = where(held, nought, found)
                place = lane * n + j
                store(of_bias, place, add(load(of_bias, place), found))
                store(room, j, multiply(found, load(chip.keep_v, j)))
                found = add(found, multiply(load(chip.keep_u, j), load(room, n + j)))
                store(room, n + j, found)
                store(slope, here + j, found)
