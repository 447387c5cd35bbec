"""Neurons that fire in integers, compiled; loaded only by `.compiled_estimate` (needs numba).

Voltages from 0 to 1 are counted in units of 2**-32, from -2**31 on, and a spike is the carry of a
sum. Twice as many neurons are in a vector as with floats of 64 bits, and nothing is rounded.

A charge is cut to whole units, and so is a voltage at the start. Nengo's rounded sums keep the
order of two inputs, so its voltage is at least the counted one while both spike alike. In each
step it rises by no more than the largest charge, and 2**-53 for a sum that is rounded. So in n
steps the distance is below ``2 + n * (largest charge - counted charge + 2**-21)`` units. Where no
counted voltage comes nearer to 1 than this, Nengo's neurons spike when the counted ones do.
"""

from typing import Any

import numpy as np

from nengo_dense.loihi.kernel.compilation import inlined
from nengo_dense.loihi.kernel.compiled_fire import load_four, maximum_four, store_four
from nengo_dense.loihi.kernel.special_vector import WIDE
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    any_bit,
    both,
    equal,
    exclusive_or,
    floor,
    greater,
    greater_equal,
    integer,
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

#: Units in a voltage of 1, and where they begin to be counted.
UNITS, LOWEST = 2.0**32, -(2.0**31)
#: More than the rounding of a sum in a step, and of the bound itself, in units.
ROUNDING = 2.0**-18
#: The distance at the start, one for the strict comparison, and one for the cut to an integer.
AT_START = 4.0


@inlined
def count_charge(least: Any, most: Any, n_steps: float) -> tuple[Any, Any]:
    """Count what 16 neurons integrate; return it and what voltages have to stay below.

    That is nothing where a neuron may spike more than once in a step, or get less than nothing.
    """
    scale, begin = spread(UNITS), spread(LOWEST)
    low, high = floor(multiply(least, scale)), multiply(most, scale)
    fits = both(greater_equal(low, spread(0.0)), greater(spread(UNITS - 1.0), high))
    far = plus(subtract(high, low), spread(ROUNDING))
    limit = subtract(spread(-LOWEST - AT_START), multiply(spread(n_steps), far))
    limit = maximum(where(fits, limit, begin), begin)
    charge = integer(plus(where(fits, low, spread(0.0)), begin))
    return exclusive_or(charge, spread(np.int32(LOWEST))), integer(limit)


@inlined
def _count_voltage(voltage: Any) -> Any:
    """Return the voltages of 16 neurons, which are from 0 to 1, in whole units, from 0 on."""
    return minimum(floor(multiply(voltage, spread(UNITS))), spread(UNITS - 1.0))


@inlined
def _begin(voltage: Any) -> Any:
    """Count the voltages of 16 neurons as they are added to."""
    return integer(plus(_count_voltage(voltage), spread(LOWEST)))


@inlined
def _count_spikes(voltage: Any, least: Any, n_steps: float) -> Any:
    """Return how often a sum is carried in some steps: as often as the sum of all has units."""
    added = multiply(spread(n_steps), floor(multiply(least, spread(UNITS))))
    return floor(multiply(plus(_count_voltage(voltage), added), spread(1.0 / UNITS)))


@inlined
def _run(v, charges, n_steps, spikes, rows) -> Any:  # type: ignore[no-untyped-def]
    """Run all steps; return the highest voltages, and the last spikes."""
    (place, apart, four), lowest, none = rows, spread(np.int32(LOWEST)), spread(np.int32(0))
    tops = lowest, lowest, lowest, lowest
    last = none, none, none, none
    for _ in range(n_steps):
        a, b = plus(v[0], charges[0]), plus(v[1], charges[1])
        c, d = plus(v[2], charges[2]), plus(v[3], charges[3])
        last = greater(v[0], a), greater(v[1], b), greater(v[2], c), greater(v[3], d)
        v = a, b, c, d
        tops = maximum_four(v, tops)
        store_four(spikes, place, four, last)
        place += apart
    return tops, last


@inlined
def _run_two(v, charges, n_steps, spikes, rows) -> Any:  # type: ignore[no-untyped-def]
    """Do as `_run` with two vectors: all that they need stays in 16 registers of 32 bytes."""
    (place, apart, (one, two)), lowest = rows, spread(np.int32(LOWEST))
    (x, y), (c, d), tops = v, charges, (lowest, lowest)
    fires = spread(np.int32(0)), spread(np.int32(0))
    for _ in range(n_steps):
        a, b = plus(x, c), plus(y, d)
        fires = greater(x, a), greater(y, b)
        x, y = a, b
        tops = maximum(x, tops[0]), maximum(y, tops[1])
        store(spikes, place + one, fires[0])
        store(spikes, place + two, fires[1])
        place += apart
    return tops, fires


@inlined
def _add_up(vectors, places, four, height, n_steps, room) -> None:  # type: ignore[no-untyped-def]
    """Write what the spikes of four vectors add up to."""
    (_, source, state, total), (_, _, numbers, sums, evenly) = places, room
    for j in four:
        voltage, least = load(vectors, state + j), load(vectors, source + j)
        n = _count_spikes(voltage, least, float(n_steps))
        if evenly:
            store(vectors, total + j, multiply(n, spread(height)))
        else:
            store(numbers, j, n)
            for k in range(j, j + np.uint64(WIDTH)):
                vectors[total + k] = sums[np.uint64(numbers[k])]


@inlined
def fire_counted(  # type: ignore[no-untyped-def]
    vectors, places, four, neurons, n_steps, spikes, rows, room
) -> bool:
    """Fire the neurons of four vectors in one lane; return whether that is surely right.

    Parameters
    ----------
    vectors, places, four, neurons, spikes, rows
        As in `.compiled_fire.fire_four`. The voltage stays as it is.
    n_steps : uint64
        In all of which spikes are sent to the chip.
    room : (array, array, array, array, bool)
        Of `count_charge` for the whole lane; for numbers of spikes; what each number of spikes
        adds up to, and whether that is their product with the height.
    """
    (target, _, state, _), (height, _, adds_up) = places, neurons
    (charges, limits, _, _, _), begin = room, np.uint64(0)
    v = load_four(vectors, state, four)
    v = _begin(v[0]), _begin(v[1]), _begin(v[2]), _begin(v[3])
    given, most = load_four(charges, begin, four), load_four(limits, begin, four)
    if WIDE:
        tops, last = _run(v, given, n_steps, spikes, (*rows, four))
    else:
        half, fires = _run_two(v[:2], given[:2], n_steps, spikes, (*rows, four[:2]))
        more, others = _run_two(v[2:], given[2:], n_steps, spikes, (*rows, four[2:]))
        tops, last = half + more, fires + others
    below = both(greater(most[0], tops[0]), greater(most[1], tops[1]))
    below = both(below, both(greater(most[2], tops[2]), greater(most[3], tops[3])))
    if any_bit(equal(below, spread(np.int32(0)))):
        return False
    high, low = spread(height), spread(0.0)
    a, b = where(last[0], high, low), where(last[1], high, low)
    store_four(vectors, target, four, (a, b, where(last[2], high, low), where(last[3], high, low)))
    if adds_up:
        _add_up(vectors, places, four, height, n_steps, room)
    return True
