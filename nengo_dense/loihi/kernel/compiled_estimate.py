"""Neurons that fire by an estimated input, compiled: the twin of `.numpy_estimate`.

Loaded only by `.numba_kernel`, because it imports numba. One lane after another goes from products
to spikes, so that all between them stays in the processor's fastest cache.
"""

from typing import Any

import numpy as np

from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.compiled_fire import integrate, integrate_one
from nengo_dense.loihi.kernel.instruction import Instruction, Kind, Stretch
from nengo_dense.loihi.kernel.numpy_estimate import ROUNDING, Estimated
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    any_bit,
    at_least,
    both,
    equal,
    load,
    maximum,
    minimum,
    multiply,
    not_equal,
    spread,
    store,
    subtract,
    where,
)
from nengo_dense.loihi.kernel.vector import add as plus

#: Places of four vectors in a row.
Four = tuple[np.uint64, np.uint64, np.uint64, np.uint64]


def fire_estimated(
    estimated: Estimated, firing: Instruction, stretch: Stretch, n_steps: int
) -> np.ndarray:
    """Do as `.numpy_estimate.fire_estimated`."""
    (lanes, n), (_, rows, n_inputs) = estimated.product.shape, stretch.spikes.shape
    product, start = np.ascontiguousarray(estimated.product), np.ascontiguousarray(estimated.start)
    flat = estimated._replace(product=product.reshape(-1), start=start.reshape(-1))
    alike, spikes = np.zeros(lanes, dtype=bool), stretch.spikes.reshape(-1)
    sent = stretch.n_steps if firing.kind == Kind.FIRE_AND_SEND else 0
    neurons = n, firing.a, firing.b == 1
    places = lanes * firing.target, lanes * firing.source, lanes * firing.state
    steps = sent, n_steps - sent
    columns = stretch.first_step * n_inputs + firing.column, n_inputs, rows * n_inputs

    def part(first: int, last: int) -> None:
        room = stretch.vectors, np.empty(n), spikes, alike
        fire_lanes(first, last, neurons, flat, places, steps, columns, room)

    over_lanes(part, lanes, n_steps * product.size)
    return alike


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
    estimated, lane, n, n_steps, charges, source, limits
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
    for j in range(whole, n):
        off_one = error * estimated.row_error[j]
        one = _charge_one(estimated, estimated.product[row + j] - off_one, start, j)
        other = _charge_one(estimated, estimated.product[row + j] + off_one, start, j)
        lower, upper = min(one, other), max(one, other)
        distance = upper - lower
        far_one = distance + ROUNDING * (max(-lower, upper) + 2.0)
        charges[source + j] = lower
        limits[j] = np.inf if distance == 0.0 else 1.0 - steps * far_one


@inlined
def _load_four(values: np.ndarray, place: np.uint64, four: Four) -> tuple[Any, Any, Any, Any]:
    """Load four vectors."""
    a, b = load(values, place + four[0]), load(values, place + four[1])
    return a, b, load(values, place + four[2]), load(values, place + four[3])


@inlined
def _store_four(
    values: np.ndarray, place: np.uint64, four: Four, vectors: tuple[Any, Any, Any, Any]
) -> None:
    """Store four vectors."""
    store(values, place + four[0], vectors[0])
    store(values, place + four[1], vectors[1])
    store(values, place + four[2], vectors[2])
    store(values, place + four[3], vectors[3])


@inlined
def _step_four(v, charges, tops, counts) -> Any:  # type: ignore[no-untyped-def]
    """Integrate four vectors; return voltages, numbers of spikes, and highest voltages.

    A step has to wait for the one before, so a processor computes several vectors meanwhile.
    """
    a, w = integrate(v[0], charges[0], counts)
    b, x = integrate(v[1], charges[1], counts)
    c, y = integrate(v[2], charges[2], counts)
    d, z = integrate(v[3], charges[3], counts)
    first = maximum(a, tops[0]), maximum(b, tops[1])
    return (a, b, c, d), (w, x, y, z), (*first, maximum(c, tops[2]), maximum(d, tops[3]))


@inlined
def _fire_four(  # type: ignore[no-untyped-def]
    neurons, places, four, steps, columns, room
) -> Any:
    """Fire the neurons of four vectors, at places in a lane; tell which stay below their limits."""
    (_, height, counts), (target, source, state), (sent, unsent) = neurons, places, steps
    (place, apart), (vectors, limits, spikes, _) = columns, room
    zero, high = spread(0.0), spread(height)
    v, charges = _load_four(vectors, state, four), _load_four(vectors, source, four)
    fired = tops = zero, zero, zero, zero
    for _ in range(sent):
        v, fired, tops = _step_four(v, charges, tops, counts)
        a, b = not_equal(fired[0], zero), not_equal(fired[1], zero)
        c, d = not_equal(fired[2], zero), not_equal(fired[3], zero)
        _store_four(spikes, place, four, (a, b, c, d))
        place += apart
    if sent > np.uint64(0):
        _store_four(vectors, state, four, v)
        first = multiply(fired[0], high), multiply(fired[1], high)
        last = multiply(fired[2], high), multiply(fired[3], high)
        _store_four(vectors, target, four, (*first, *last))
    for _ in range(unsent):
        v, fired, tops = _step_four(v, charges, tops, counts)
    most = _load_four(limits, np.uint64(0), four)
    below = both(at_least(most[0], tops[0]), at_least(most[1], tops[1]))
    return both(below, both(at_least(most[2], tops[2]), at_least(most[3], tops[3])))


@inlined
def _fire_one(  # type: ignore[no-untyped-def]
    neurons, places, j, steps, columns, room
) -> bool:
    """Fire one neuron; tell whether it stays below its limit."""
    (_, height, counts), (target, source, state), (sent, unsent) = neurons, places, steps
    (place, apart), (vectors, limits, spikes, _) = columns, room
    charge, v, top, fired = vectors[source + j], vectors[state + j], 0.0, 0.0
    for _ in range(sent):
        v, fired = integrate_one(v, charge, counts)
        top = max(v, top)
        spikes[place + j] = fired != 0.0
        place += apart
    if sent > np.uint64(0):
        vectors[state + j], vectors[target + j] = v, fired * height
    for _ in range(unsent):
        v, fired = integrate_one(v, charge, counts)
        top = max(v, top)
    below: bool = limits[j] >= top
    return below


@compiled
def fire_lanes(  # type: ignore[no-untyped-def]
    start, stop, neurons, estimated, places, steps, columns, room
) -> None:
    """Do as `fire_estimated` for some lanes, 64 neurons at a time.

    Parameters
    ----------
    neurons : (int, float, bool)
        How many a lane has, the height of their spikes, and `.instruction.Instruction.b`.
    places : (int, int, int)
        Of target, source and state of all lanes.
    steps : (int, int)
        Steps in which spikes are sent, and those after them.
    columns : (int, int, int)
        Place of the first lane's first spikes, and distance of two steps and of two lanes.
    room : tuple of array
        Vectors, limits of one lane's voltages, spikes, and where lanes fire alike.
    """
    n, width = np.uint64(neurons[0]), np.uint64(WIDTH)
    whole = n - n % width
    target, source, state = np.uint64(places[0]), np.uint64(places[1]), np.uint64(places[2])
    times = np.uint64(steps[0]), np.uint64(steps[1])
    vectors, limits, _, alike = room
    for lane in range(np.uint64(start), np.uint64(stop)):
        here = target + lane * n, source + lane * n, state + lane * n
        rows = np.uint64(columns[0]) + lane * np.uint64(columns[2]), np.uint64(columns[1])
        _bound(estimated, lane, n, steps[0] + steps[1], vectors, here[1], limits)
        same = spread(np.int32(1))
        for j in range(np.uint64(0), whole, np.uint64(4) * width):  # some twice at the end
            last = whole - width
            second, third = min(j + width, last), min(j + np.uint64(2) * width, last)
            four = j, second, third, min(j + np.uint64(3) * width, last)
            same = both(same, _fire_four(neurons, here, four, times, rows, room))
        all_same = not any_bit(equal(same, spread(np.int32(0))))
        for j in range(whole, n):
            all_same &= _fire_one(neurons, here, j, times, rows, room)
        alike[lane] = all_same
