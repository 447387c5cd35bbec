"""Neurons that fire, compiled; loaded only by `.compiled_host`, because it imports numba."""

from typing import Any

import numpy as np

from nengo_dense.loihi.kernel.compilation import inlined
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    either,
    floor,
    greater,
    load,
    multiply,
    not_equal,
    spread,
    store,
    subtract,
    where,
)
from nengo_dense.loihi.kernel.vector import add as plus

#: Vectors that are computed side by side where each step has to wait for the one before.
FOUR = 4


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
def load_four(vectors: np.ndarray, place: np.uint64) -> tuple[Any, Any, Any, Any]:
    """Load four vectors, one after another."""
    second, third = place + np.uint64(WIDTH), place + np.uint64(2 * WIDTH)
    fourth = place + np.uint64(3 * WIDTH)
    return load(vectors, place), load(vectors, second), load(vectors, third), load(vectors, fourth)


@inlined
def store_four(values: np.ndarray, place: np.uint64, four: tuple[Any, Any, Any, Any]) -> None:
    """Store four vectors, one after another."""
    store(values, place, four[0])
    store(values, place + np.uint64(WIDTH), four[1])
    store(values, place + np.uint64(2 * WIDTH), four[2])
    store(values, place + np.uint64(3 * WIDTH), four[3])


@inlined
def _fire_four(  # type: ignore[no-untyped-def]
    vectors, places, height, counts, spikes, place, rows
) -> None:
    """Do as `fire_and_send` for the neurons of four vectors, the first of them at these places.

    A step has to wait for the one before, so a processor computes several vectors meanwhile.
    """
    (target, source, state), (_, apart, n_steps) = places, rows
    charges, zero = load_four(vectors, source), spread(0.0)
    a, b, c, d = load_four(vectors, state)
    p, q, r, s = zero, zero, zero, zero
    for _ in range(n_steps):
        a, p = integrate(a, charges[0], counts)
        b, q = integrate(b, charges[1], counts)
        c, r = integrate(c, charges[2], counts)
        d, s = integrate(d, charges[3], counts)
        fired = not_equal(p, zero), not_equal(q, zero), not_equal(r, zero), not_equal(s, zero)
        store_four(spikes, place, fired)
        place += apart
    store_four(vectors, state, (a, b, c, d))
    high = spread(height)
    sent = multiply(p, high), multiply(q, high), multiply(r, high), multiply(s, high)
    store_four(vectors, target, sent)


@inlined
def fire_and_send(
    vectors: np.ndarray,
    places: tuple[np.uint64, np.uint64, np.uint64],
    size: np.uint64,
    height: float,
    counts: bool,
    spikes: np.ndarray,
    rows: tuple[np.uint64, np.uint64, np.uint64],
) -> None:
    """Fire in one lane, and send the spikes to the chip, in all steps.

    Some neurons run all steps before the next ones, so that their voltages stay in registers.
    ``places`` are those of target, source and state; ``rows`` are the place of the first step's
    spikes, the distance of two steps, and the number of steps.
    """
    target, source, state = places
    first, apart, n_steps = rows
    wide = size - size % np.uint64(FOUR * WIDTH)
    whole = size - size % np.uint64(WIDTH)
    for j in range(np.uint64(0), wide, np.uint64(FOUR * WIDTH)):
        here = target + j, source + j, state + j
        _fire_four(vectors, here, height, counts, spikes, first + j, rows)
    for j in range(wide, whole, np.uint64(WIDTH)):
        v, charge, n = load(vectors, state + j), load(vectors, source + j), spread(0.0)
        place = first + j
        for _ in range(n_steps):
            v, n = integrate(v, charge, counts)
            store(spikes, place, not_equal(n, spread(0.0)))
            place += apart
        store(vectors, state + j, v)
        store(vectors, target + j, multiply(n, spread(height)))
    for j in range(whole, size):
        x, drive, m = vectors[state + j], vectors[source + j], 0.0
        place = first + j
        for _ in range(n_steps):
            x, m = integrate_one(x, drive, counts)
            spikes[place] = m != 0.0
            place += apart
        vectors[state + j] = x
        vectors[target + j] = m * height
