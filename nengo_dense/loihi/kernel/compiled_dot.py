"""The sums of weights as products of bytes, compiled; loaded only by `.compiled_spikes`.

Where one instruction multiplies 64 or 32 bytes and adds four or two products each, and rows are
short, it takes less time to multiply the weights of all sources by 1 or 0 than to list those that
spiked. `.packing` says how the weights of some sources are in one number.
"""

from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

from nengo_dense.loihi.kernel.compilation import inlined
from nengo_dense.loihi.kernel.special_vector import (
    MULTIPLIES_BYTES,
    NUMBER,
    TOGETHER,
    add_products,
)
from nengo_dense.loihi.kernel.table import Tables
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    load_as,
    load_bytes,
    shift_left,
    spread,
    store,
    turn,
)
from nengo_dense.loihi.kernel.vector import add as plus
from nengo_dense.loihi.kernel.workspace import Lists

#: The flags of some sources in some lanes: an array, where the first lane's begin in it, how far
#: apart two lanes' begin, and how many sources there are.
Flags = tuple[np.ndarray, np.uint64, np.uint64, np.uint64]
#: Four vectors.
Sums = tuple[Any, Any, Any, Any]


@inlined
def few_bytes(flags: np.ndarray, place: np.uint64, n: np.uint64) -> Any:
    """Read up to seven bytes as one number, the first byte lowest."""
    number = np.uint64(0)
    for i in range(n):
        number |= np.uint64(flags[place + i]) << (np.uint64(8) * i)
    return number


@inlined
def _multiply(sums: Sums, counts: tuple[Any, ...], weights: Any) -> Any:
    """Add to the sums of four lanes the products of a vector of weights and some sources' counts.

    The counts of a lane are the bytes of one number.
    """
    a = add_products(sums[0], spread(counts[0]), weights)
    b = add_products(sums[1], spread(counts[1]), weights)
    c = add_products(sums[2], spread(counts[2]), weights)
    return a, b, c, add_products(sums[3], spread(counts[3]), weights)


@inlined
def _sum_products(  # type: ignore[no-untyped-def]
    flags, places, size, multiplied, row, apart, other
) -> tuple[Sums, Sums]:
    """Sum products in four lanes, for the vectors of weights at ``row`` and ``other`` after it.

    Rows of some sources' weights are ``apart``.
    """
    zero, some, like = spread(NUMBER(0)), np.uint64(TOGETHER), multiplied
    a = b = (zero, zero, zero, zero)
    whole = size - size % some
    for i in range(np.uint64(0), whole, some):
        p, q = load_bytes(flags, places[0] + i, like), load_bytes(flags, places[1] + i, like)
        r, s = load_bytes(flags, places[2] + i, like), load_bytes(flags, places[3] + i, like)
        counts = p, q, r, s
        a = _multiply(a, counts, load_as(multiplied, row, like))
        b = _multiply(b, counts, load_as(multiplied, row + other, like))
        row += apart
    if whole < size:
        n = size - whole
        p, q = few_bytes(flags, places[0] + whole, n), few_bytes(flags, places[1] + whole, n)
        r, s = few_bytes(flags, places[2] + whole, n), few_bytes(flags, places[3] + whole, n)
        counts = NUMBER(p), NUMBER(q), NUMBER(r), NUMBER(s)
        a = _multiply(a, counts, load_as(multiplied, row, like))
        b = _multiply(b, counts, load_as(multiplied, row + other, like))
    return a, b


@inlined
def _add(sums: np.ndarray, places: tuple[np.uint64, ...], more: Sums, shift: np.int32) -> None:
    """Add a vector to the sums of each of four lanes; lanes may be the same."""
    a = plus(load_as(sums, places[0], sums), shift_left(turn(more[0], sums), shift))
    b = plus(load_as(sums, places[1], sums), shift_left(turn(more[1], sums), shift))
    c = plus(load_as(sums, places[2], sums), shift_left(turn(more[2], sums), shift))
    d = plus(load_as(sums, places[3], sums), shift_left(turn(more[3], sums), shift))
    store(sums, places[0], a)
    store(sums, places[1], b)
    store(sums, places[2], c)
    store(sums, places[3], d)


def add_multiplied(
    p: int, flags: Flags, n_lanes: np.uint64, padded: np.uint64, lists: Lists, tables: Tables
) -> None:
    """Add the weights of one projection's spikes in some lanes, two vectors of four at a time.

    The compartments of two lanes are ``padded`` apart.
    """
    raise NotImplementedError("only compiled functions can call add_multiplied")


@overload(add_multiplied, jit_options={"forceinline": True})  # it has many arguments
def _choose_multiplied(p, flags, n_lanes, padded, lists, tables):  # type: ignore[no-untyped-def]
    whole = isinstance(lists.types[lists.fields.index("sums")].dtype, types.Integer)
    if not MULTIPLIES_BYTES or not whole:
        return lambda p, flags, n_lanes, padded, lists, tables: None  # nothing is multiplied
    return lambda p, flags, n_lanes, padded, lists, tables: add_bytes(
        p, flags, n_lanes, padded, lists, tables
    )


@inlined
def add_bytes(  # type: ignore[no-untyped-def]
    p, flags, n_lanes, padded, lists, tables
) -> None:
    """Do as `add_multiplied`."""
    values, begin, apart, size = flags
    width, target, first = (
        tables.projections[p, 1],
        tables.projections[p, 2],
        tables.projections[p, 3],
    )
    shift = np.int32(tables.projections[p, 8])
    one, two, three, four = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    last, vector = n_lanes - one, np.uint64(WIDTH)
    for a in range(np.uint64(0), n_lanes, four):
        b, c, d = min(a + one, last), min(a + two, last), min(a + three, last)
        here = begin + a * apart, begin + b * apart, begin + c * apart, begin + d * apart
        e, f = target + a * padded, target + b * padded
        g, h = target + c * padded, target + d * padded
        for j in range(np.uint64(0), width, two * vector):
            other = min(vector, width - vector - j)
            sums, others = _sum_products(
                values, here, size, tables.multiplied, first + j, width, other
            )
            _add(lists.sums, (e + j, f + j, g + j, h + j), sums, shift)
            if other > np.uint64(0):
                j += other
                _add(lists.sums, (e + j, f + j, g + j, h + j), others, shift)
