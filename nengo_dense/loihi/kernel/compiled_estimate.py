"""Neurons that fire by an estimated input, compiled: the twin of `.numpy_estimate`.

Loaded only by `.numba_kernel`, because it imports numba. One lane after another goes from products
to spikes, so that all between them stays in the processor's fastest cache.
"""

import functools
from typing import Any

import numpy as np

from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.compiled_carry import count_charge, fire_counted
from nengo_dense.loihi.kernel.compiled_fire import fire_four, fire_one, load_four, next_four
from nengo_dense.loihi.kernel.instruction import AHEAD, Instruction, Kind, Stretch
from nengo_dense.loihi.kernel.numpy_estimate import ROUNDING, Estimated
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    any_bit,
    both,
    equal,
    greater_equal,
    load,
    maximum,
    minimum,
    multiply,
    spread,
    store,
    subtract,
    where,
)
from nengo_dense.loihi.kernel.vector import add as plus


def fire_estimated(
    estimated: Estimated, firing: Instruction, stretch: Stretch, n_steps: int
) -> np.ndarray:
    """Do as `.numpy_estimate.fire_estimated`."""
    (lanes, n), (_, rows, n_inputs) = estimated.product.shape, stretch.spikes.shape
    product, start = np.ascontiguousarray(estimated.product), np.ascontiguousarray(estimated.start)
    flat = estimated._replace(product=product.reshape(-1), start=start.reshape(-1))
    alike, spikes = np.zeros(lanes, dtype=bool), stretch.spikes.reshape(-1)
    sent = stretch.n_steps if firing.kind in AHEAD else 0
    neurons = firing.a, firing.b == 1, firing.kind == Kind.FIRE_SEND_AND_ADD
    places = lanes * firing.target, lanes * firing.source, lanes * firing.state, lanes * n
    steps = sent, n_steps - sent
    columns = stretch.first_step * n_inputs + firing.column, n_inputs, rows * n_inputs

    sums, evenly = adding_up(firing.a, sent)

    def part(first: int, last: int) -> None:
        charges, most = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
        counted = charges, most, np.empty(n), sums, evenly
        room = stretch.vectors, np.empty(n), spikes, alike, counted
        fire_lanes(first, last, n, neurons, flat, places, steps, columns, room)

    over_lanes(part, lanes, n_steps * product.size)
    return alike


@functools.lru_cache(maxsize=16)
def adding_up(height: float, most: int) -> tuple[np.ndarray, bool]:
    """Return what 0, 1, ... spikes add up to, rounded in turn; and whether products are the same.

    Runs of blocks of lanes ask for the same in turn.
    """
    sums = np.cumsum(np.append(0.0, np.full(most, height)))
    return sums, bool(np.array_equal(sums, height * np.arange(most + 1)))


@inlined
def _charge(estimated: Estimated, product: Any, start: np.uint64, j: np.uint64) -> Any:
    """Return what 16 neurons integrate with a product."""
    weighted = multiply(load(estimated.gain, j), product)
    current = plus(load(estimated.start, start + j), weighted)
    return multiply(maximum(current, spread(estimated.lowest)), spread(estimated.dt))


@inlined
def _charge_one(estimated: Estimated, product: float, start: np.uint64, j: np.uint64) -> float:
    """Return what one neuron integrates with a product."""
    current = estimated.start[start + j] + estimated.gain[j] * product
    charge: float = max(current, estimated.lowest) * estimated.dt
    return charge


@inlined
def _bound(  # type: ignore[no-untyped-def]
    estimated, lane, n, n_steps, charges, source, limits, counted
) -> None:
    """Compute the lower bounds of one lane's input, and how high voltages may come."""
    row, start = lane * n, lane * n if len(estimated.start) > n else np.uint64(0)
    error, steps = estimated.lane_error[lane], float(n_steps)
    whole = n - n % np.uint64(WIDTH)
    for j in range(np.uint64(0), whole, np.uint64(WIDTH)):
        product = load(estimated.product, row + j)
        off = multiply(spread(error), load(estimated.row_error, j))
        low = _charge(estimated, subtract(product, off), start, j)
        high = _charge(estimated, plus(product, off), start, j)
        least, most = minimum(low, high), maximum(low, high)
        size, apart = maximum(subtract(spread(0.0), least), most), subtract(most, least)
        far = plus(apart, multiply(spread(ROUNDING), plus(size, spread(2.0))))
        highest = subtract(spread(1.0), multiply(spread(steps), far))
        store(charges, source + j, least)
        store(limits, j, where(equal(apart, spread(0.0)), spread(np.inf), highest))
        charge, limit = count_charge(least, most, steps)
        store(counted[0], j, charge)
        store(counted[1], j, limit)
    for j in range(whole, n):
        off_one = error * estimated.row_error[j]
        one = _charge_one(estimated, estimated.product[row + j] - off_one, start, j)
        other = _charge_one(estimated, estimated.product[row + j] + off_one, start, j)
        lower, upper = min(one, other), max(one, other)
        distance = upper - lower
        far_one = distance + ROUNDING * (max(-lower, upper) + 2.0)
        charges[source + j] = lower
        limits[j] = np.inf if distance == 0.0 else 1.0 - steps * far_one


@compiled
def fire_lanes(  # type: ignore[no-untyped-def]
    start, stop, n, neurons, estimated, places, steps, columns, room
) -> None:
    """Do as `fire_estimated` for some lanes, 64 neurons at a time.

    Parameters
    ----------
    n : int
        Neurons of a lane.
    neurons : (float, bool, bool)
        As in `.compiled_fire.fire_four`.
    places : (int, int, int, int)
        Of target, source and state of all lanes, and the total's distance from the target.
    steps : (int, int)
        As in `.compiled_fire.fire_four`.
    columns : (int, int, int)
        Place of the first lane's first spikes, and distance of two steps and of two lanes.
    room : tuple of array
        Vectors, limits of one lane's voltages, spikes, where lanes fire alike, and room of
        `.compiled_carry.fire_counted`.
    """
    size = np.uint64(n)
    whole = size - size % np.uint64(WIDTH)
    target, source, state = np.uint64(places[0]), np.uint64(places[1]), np.uint64(places[2])
    apart = np.uint64(places[3])
    times = np.uint64(steps[0]), np.uint64(steps[1])
    vectors, limits, spikes, alike, counted = room
    counts = neurons[1] and steps[1] == 0  # nobody reads the voltage
    for lane in range(np.uint64(start), np.uint64(stop)):
        at = lane * size
        here = target + at, source + at, state + at, target + apart + at
        rows = np.uint64(columns[0]) + lane * np.uint64(columns[2]), np.uint64(columns[1])
        _bound(estimated, lane, size, steps[0] + steps[1], vectors, here[1], limits, counted)
        same = spread(np.int32(1))
        for j in range(np.uint64(0), whole, np.uint64(4 * WIDTH)):
            four = next_four(j, whole)
            if counts and fire_counted(
                vectors, here, four, neurons, times[0], spikes, rows, counted
            ):
                continue
            tops = fire_four(vectors, here, four, neurons, times, spikes, rows)
            most = load_four(limits, np.uint64(0), four)
            first = both(greater_equal(most[0], tops[0]), greater_equal(most[1], tops[1]))
            last = both(greater_equal(most[2], tops[2]), greater_equal(most[3], tops[3]))
            same = both(same, both(first, last))
        all_same = not any_bit(equal(same, spread(np.int32(0))))
        for j in range(whole, size):
            top = fire_one(vectors, here, j, neurons, times, spikes, rows)
            all_same &= limits[j] >= top
        alike[lane] = all_same
