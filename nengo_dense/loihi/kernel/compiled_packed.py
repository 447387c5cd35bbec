"""The sums of packed weights, compiled; loaded only by `.compiled_spikes` (needs numba).

`.packing` says how two weights are in one number. The sums stay in registers until all rows of a
lane are added, so that only weights are loaded.
"""

from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

from nengo_dense.loihi.kernel.compilation import inlined
from nengo_dense.loihi.kernel.packing import PACKED
from nengo_dense.loihi.kernel.table import Tables
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    load_twice,
    shift_left,
    shift_right,
    spread_twice,
    store,
    subtract,
)
from nengo_dense.loihi.kernel.vector import add as plus
from nengo_dense.loihi.kernel.workspace import Lanes, Layout, Lists


@inlined
def _unpack(sums: np.ndarray, place: np.uint64, n: np.uint64, both: Any, high: Any) -> None:
    """Add the sums of ``n`` rows: of both weights in one number, and of the higher ones alone."""
    low = subtract(subtract(both, shift_left(high, np.int32(8))), spread_twice(np.int16(n << 7)))
    store(sums, place, plus(load_twice(sums, place), low))
    upper = place + np.uint64(2 * WIDTH)
    store(sums, upper, plus(load_twice(sums, upper), high))


@inlined
def add_rows_packed(
    sums: np.ndarray,
    place: np.uint64,
    dense: np.ndarray,
    row: np.uint64,
    width: np.uint64,
    sources: np.ndarray,
    spikes: Lanes,
) -> None:
    """Add `PACKED` numbers of each row of one lane's spikes, see `.packing`.

    The sums stay in registers until all rows are added.
    """
    begin, end = spikes
    eight = np.int32(8)
    a = b = c = d = spread_twice(np.int16(0))
    for k in range(begin, end):
        i = row + np.uint64(sources[k]) * width
        x, y = load_twice(dense, i), load_twice(dense, i + np.uint64(2 * WIDTH))
        a, b = plus(a, x), plus(b, shift_right(x, eight))
        c, d = plus(c, y), plus(d, shift_right(y, eight))
    n = end - begin
    _unpack(sums, place, n, a, b)
    _unpack(sums, place + np.uint64(PACKED), n, c, d)


def add_packed(lanes: Lanes, p: int, layout: Layout, lists: Lists, tables: Tables) -> None:
    """Add the packed part of a dense matrix, lane by lane, if sums are short."""
    raise NotImplementedError("only compiled functions can call add_packed")


@overload(add_packed)
def _choose_packed(lanes, p, layout, lists, tables):  # type: ignore[no-untyped-def]
    if lists.types[lists.fields.index("sums")].dtype != types.int16:
        return lambda lanes, p, layout, lists, tables: None  # nothing is packed
    return lambda lanes, p, layout, lists, tables: add_short(lanes, p, layout, lists, tables)


@inlined
def add_short(lanes: Lanes, p: np.uint64, layout: Layout, lists: Lists, tables: Tables) -> None:
    """Do as `add_packed`."""
    group, width, first = (
        tables.projections[p, 0],
        tables.projections[p, 1],
        tables.projections[p, 3],
    )
    place, begin = tables.projections[p, 2], tables.groups[group, 2]
    for i in range(lanes[1] - lanes[0]):
        end = lists.ends[group * layout.side_by_side + i]
        for j in range(np.uint64(0), tables.projections[p, 6], np.uint64(PACKED)):
            target = place + np.uint64(2) * j
            spikes = (begin, end)
            add_rows_packed(
                lists.sums, target, tables.dense, first + j, width, lists.sources, spikes
            )
        place += layout.padded
        begin = end
