"""Neurons that fire, compiled; loaded only by `.compiled_host`, because it imports numba."""

from typing import Any

import numpy as np

from nengo_dense.loihi.kernel.compilation import inlined
from nengo_dense.loihi.kernel.special_vector import TAKES_WHOLE, take_whole
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    any_bit,
    both,
    either,
    equal,
    floor,
    greater,
    greater_equal,
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

#: Places of four vectors, to compute side by side, as each step has to wait for the one before.
Four = tuple[np.uint64, np.uint64, np.uint64, np.uint64]


@inlined
def integrate(voltage: Any, charge: Any, counts: bool) -> tuple[Any, Any]:
    """Integrate 16 neurons; return voltage and number of spikes."""
    zero, one = spread(0.0), spread(1.0)
    v = plus(voltage, charge)
    if counts:
        spikes = floor(v)
        return subtract(v, spikes), spikes
    fires = greater(v, one)
    return where(either(fires, greater(zero, v)), zero, v), where(fires, one, zero)


@inlined
def integrate_one(voltage: float, charge: float, counts: bool) -> tuple[float, float]:
    """Integrate one neuron; return voltage and number of spikes."""
    v = voltage + charge
    if counts:
        spikes = np.floor(v)
        return v - spikes, spikes
    return 0.0 if v > 1.0 or v < 0.0 else v, 1.0 if v > 1.0 else 0.0


@inlined
def fire(
    vectors: np.ndarray,
    target: np.uint64,
    source: np.uint64,
    state: np.uint64,
    size: np.uint64,
    height: float,
    counts: bool,
) -> None:
    """Integrate the source and fire: once for each whole 1 of voltage, or once above 1."""
    whole = size - size % np.uint64(WIDTH)
    for j in range(np.uint64(0), whole, np.uint64(WIDTH)):
        v, n = integrate(load(vectors, state + j), load(vectors, source + j), counts)
        store(vectors, state + j, v)
        store(vectors, target + j, multiply(n, spread(height)))
    for j in range(whole, size):
        x, m = integrate_one(vectors[state + j], vectors[source + j], counts)
        vectors[state + j] = x
        vectors[target + j] = m * height


@inlined
def load_four(values: np.ndarray, place: np.uint64, four: Four) -> tuple[Any, Any, Any, Any]:
    """Load four vectors, at places after another one."""
    a, b = load(values, place + four[0]), load(values, place + four[1])
    return a, b, load(values, place + four[2]), load(values, place + four[3])


@inlined
def store_four(
    values: np.ndarray, place: np.uint64, four: Four, vectors: tuple[Any, Any, Any, Any]
) -> None:
    """Store four vectors."""
    store(values, place + four[0], vectors[0])
    store(values, place + four[1], vectors[1])
    store(values, place + four[2], vectors[2])
    store(values, place + four[3], vectors[3])


@inlined
def maximum_four(v, tops) -> Any:  # type: ignore[no-untyped-def]
    """Return the larger numbers."""
    a, b = maximum(v[0], tops[0]), maximum(v[1], tops[1])
    return a, b, maximum(v[2], tops[2]), maximum(v[3], tops[3])


@inlined
def _outputs(spikes, height) -> Any:  # type: ignore[no-untyped-def]
    """Return what numbers of spikes put out."""
    a, b, high = multiply(spikes[0], height), multiply(spikes[1], height), height
    return a, b, multiply(spikes[2], high), multiply(spikes[3], high)


@inlined
def _rise(v, charges) -> bool:  # type: ignore[no-untyped-def]
    """Whether voltages and charges are finite, and none is negative."""
    low = minimum(minimum(v[0], v[1]), minimum(v[2], v[3]))
    least = minimum(minimum(charges[0], charges[1]), minimum(charges[2], charges[3]))
    most = maximum(maximum(charges[0], charges[1]), maximum(charges[2], charges[3]))
    inside = both(greater_equal(minimum(low, least), spread(0.0)), greater(spread(np.inf), most))
    return not any_bit(equal(inside, spread(np.int32(0))))


@inlined
def _step(voltage, charge, counts, rises) -> Any:  # type: ignore[no-untyped-def]
    """Integrate 16 neurons; return voltage, number of spikes, and whether there is one."""
    if rises:
        v = plus(voltage, charge)
        rest = take_whole(v)
        return rest, subtract(v, rest), not_equal(v, rest)
    v, spikes = integrate(voltage, charge, counts)
    return v, spikes, not_equal(spikes, spread(0.0))


@inlined
def _run(v, charges, tops, totals, neurons, steps, spikes, rows) -> Any:  # type: ignore[no-untyped-def]
    """Run some steps; return voltages, last numbers of spikes, highest voltages, and totals."""
    (place, apart, four), (height, counts, rises, adds_up), (n_steps, sends) = rows, neurons, steps
    zero = spread(0.0)
    fired = zero, zero, zero, zero
    for _ in range(n_steps):
        a, w, p = _step(v[0], charges[0], counts, rises)
        b, x, q = _step(v[1], charges[1], counts, rises)
        c, y, r = _step(v[2], charges[2], counts, rises)
        d, z, s = _step(v[3], charges[3], counts, rises)
        v, fired = (a, b, c, d), (w, x, y, z)
        tops = maximum_four(v, tops)
        if sends:
            store_four(spikes, place, four, (p, q, r, s))
            place += apart
        if adds_up:
            w, x, y, z = _outputs(fired, spread(height))
            a, b = plus(totals[0], w), plus(totals[1], x)
            totals = a, b, plus(totals[2], y), plus(totals[3], z)
    return v, fired, tops, totals


@inlined
def fire_four(  # type: ignore[no-untyped-def]
    vectors, places, four, neurons, steps, spikes, rows
) -> Any:
    """Fire the neurons of four vectors in one lane; return their highest voltages.

    Parameters
    ----------
    places : (uint64, uint64, uint64, uint64)
        Of the lane's target, source, state and total.
    four : Four
        Of the vectors in the lane.
    neurons : (float, bool, bool)
        Height of spikes; whether there is one for each whole 1 of voltage; and whether the target
        is added to the total in each step.
    steps : (uint64, uint64)
        In which spikes are sent to the chip; and after them, of which nothing is kept.
    rows : (uint64, uint64)
        Place of the first step's spikes, and distance of two steps.
    """
    (target, source, state, total), (height, counts, adds_up) = places, neurons
    (sent, unsent), rows = steps, (*rows, four)
    v, charges = load_four(vectors, state, four), load_four(vectors, source, four)
    fired = tops = totals = spread(0.0), spread(0.0), spread(0.0), spread(0.0)
    rises = TAKES_WHOLE and counts and _rise(v, charges)
    plain, adding = (height, counts, rises, False), (height, counts, rises, True)
    if adds_up:
        totals, steps = load_four(vectors, total, four), (sent, True)
        v, fired, tops, totals = _run(v, charges, tops, totals, adding, steps, spikes, rows)
    else:  # a loop of its own takes less time
        v, fired, tops, totals = _run(v, charges, tops, totals, plain, (sent, True), spikes, rows)
    if sent > np.uint64(0):
        store_four(vectors, state, four, v)
        store_four(vectors, target, four, _outputs(fired, spread(height)))
        if adds_up:
            store_four(vectors, total, four, totals)
    v, fired, tops, totals = _run(v, charges, tops, totals, plain, (unsent, False), spikes, rows)
    return tops


@inlined
def fire_one(vectors, places, j, neurons, steps, spikes, rows) -> float:  # type: ignore[no-untyped-def]
    """Fire one neuron of a lane; return its highest voltage. See `fire_four`."""
    (target, source, state, total), (height, counts, adds_up) = places, neurons
    (place, apart), (sent, unsent) = rows, steps
    charge, v, top, fired = vectors[source + j], vectors[state + j], 0.0, 0.0
    for _ in range(sent):
        v, fired = integrate_one(v, charge, counts)
        top = max(v, top)
        spikes[place + j] = fired != 0.0
        if adds_up:
            vectors[total + j] += fired * height
        place += apart
    if sent > np.uint64(0):
        vectors[state + j], vectors[target + j] = v, fired * height
    for _ in range(unsent):
        v, fired = integrate_one(v, charge, counts)
        top = max(v, top)
    return top


@inlined
def next_four(j: np.uint64, whole: np.uint64) -> Four:
    """Return the places of a vector and the next three; at the end, the last again."""
    one, last = np.uint64(WIDTH), whole - np.uint64(WIDTH)
    second, third = min(j + one, last), min(j + np.uint64(2) * one, last)
    return j, second, third, min(j + np.uint64(3) * one, last)


@inlined
def fire_and_send(  # type: ignore[no-untyped-def]
    vectors, places, size, neurons, spikes, rows, n_steps
) -> None:
    """Fire in one lane, and send the spikes to the chip, in all steps; see `fire_four`.

    Some neurons run all steps before the next ones, so that their voltages stay in registers.
    """
    whole, steps = size - size % np.uint64(WIDTH), (n_steps, np.uint64(0))
    for j in range(np.uint64(0), whole, np.uint64(4 * WIDTH)):
        fire_four(vectors, places, next_four(j, whole), neurons, steps, spikes, rows)
    for j in range(whole, size):
        fire_one(vectors, places, j, neurons, steps, spikes, rows)
