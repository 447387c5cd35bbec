"""The sums of weights of all spikes, compiled; loaded only by `.compiled_chip` (needs numba).

Short rows of weights are multiplied (`.compiled_dot`), where this machine multiplies bytes. Others
are added for each spike.

Branches that the processor cannot predict take the most time. Therefore spikes are listed without
a branch, 8 or 16 flags at a time, for all lanes of the workspace. Rows of weights are added four
at a time (packed ones by `.compiled_packed`), so a lane's list is filled up with a row of zeros.
Adding zero changes no sum, not even in floating point: a sum that begins at +0 is never -0.
Floating point sums are formed in nengo-loihi's order, one row of weights after another.
"""

import numpy as np

from nengo_dense.loihi.kernel.compilation import inlined
from nengo_dense.loihi.kernel.compiled_dot import Flags, add_multiplied, few_bytes
from nengo_dense.loihi.kernel.compiled_packed import add_packed
from nengo_dense.loihi.kernel.contract import Registers
from nengo_dense.loihi.kernel.special_vector import COMPRESSES, compress, count_set
from nengo_dense.loihi.kernel.table import Tables
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    count_up,
    load,
    load_as,
    load_word,
    spread,
    store,
    store_eight,
)
from nengo_dense.loihi.kernel.vector import add as plus
from nengo_dense.loihi.kernel.workspace import Arrivals, Lanes, Layout, Lists

#: For each byte: the positions of its set bits, lowest first, as the bytes of a number; and
#: their count.
BITS_SET = np.zeros(256, dtype=np.uint64)
N_BITS_SET = np.zeros(256, dtype=np.uint8)
for byte in range(256):
    set_bits = [bit for bit in range(8) if byte >> bit & 1]
    BITS_SET[byte] = sum(bit << 8 * place for place, bit in enumerate(set_bits))
    N_BITS_SET[byte] = len(set_bits)


@inlined
def _list_eight(
    word: np.uint64, source: np.uint64, n: np.uint64, sources: np.ndarray
) -> np.uint64:
    """List the sources that spiked, of eight, without branches; return the end of the list.

    The multiplication gathers the lowest bits of eight bytes in the highest byte.
    """
    mask = (word * np.uint64(0x0102040810204080)) >> np.uint64(56)
    store_eight(sources, n, np.int32(source), BITS_SET[mask])
    end: np.uint64 = n + np.uint64(N_BITS_SET[mask])
    return end


@inlined
def list_spikes(
    flags: np.ndarray, begin: np.uint64, size: np.uint64, n: np.uint64, sources: np.ndarray
) -> np.uint64:
    """List the sources that spiked, if each spikes at most once per step; write up to 16 more."""
    eight, sixteen = np.uint64(8), np.uint64(WIDTH)
    first, whole = size - size % sixteen if COMPRESSES else np.uint64(0), size - size % eight
    for i in range(np.uint64(0), first, sixteen):
        spiked = load(flags, begin + i)
        store(sources, n, compress(count_up(np.int32(i)), spiked))
        n += count_set(spiked)
    for i in range(first, whole, eight):
        n = _list_eight(load_word(flags, begin + i), i, n, sources)
    if whole < size:
        n = _list_eight(few_bytes(flags, begin + whole, size - whole), whole, n, sources)
    return n


@inlined
def list_repeated(
    counts: np.ndarray, begin: np.uint64, size: np.uint64, n: np.uint64, sources: np.ndarray
) -> np.uint64:
    """List the sources that spiked, once for each of their spikes."""
    for i in range(size):
        for _ in range(counts[begin + i]):
            sources[n] = i
            n += np.uint64(1)
    return n


@inlined
def _end_list(
    begin: np.uint64, n: np.uint64, size: np.uint64, place: np.uint64, lists: Lists
) -> np.uint64:
    """Fill a lane's list up to a multiple of four, with the source whose weights are zero.

    For each four, write where the lane's compartments begin. Return the end of the list.
    """
    four, places = np.uint64(4), spread(np.int32(place))
    store(lists.sources, n, spread(np.int32(size)))
    end: np.uint64 = (n + four - np.uint64(1)) // four * four
    first = begin // four
    store(lists.places, first, places)  # these are nearly always all
    for k in range(first + np.uint64(WIDTH), end // four, np.uint64(WIDTH)):
        store(lists.places, k, places)
    return end


@inlined
def _add_sparse(
    begin: np.uint64, end: np.uint64, p: np.uint64, lists: Lists, tables: Tables, total: np.ndarray
) -> None:
    """Add rows of weights whose targets are listed, for the spikes of one projection."""
    first_row, first_start = tables.projections[p, 4], tables.projections[p, 5]
    sparse = tables.sparse
    for k in range(begin, end):
        source = np.uint64(lists.sources[k])
        row = sparse.places[first_row + source, 0]
        if row >= 0:
            place = np.int64(lists.places[k // np.uint64(4)])
            offset = place + np.int64(sparse.places[first_row + source, 1])
            start = np.uint64(sparse.starts[first_start + np.uint64(row)])
            stop = np.uint64(sparse.starts[first_start + np.uint64(row) + np.uint64(1)])
            for m in range(start, stop):
                target = np.uint64(offset + sparse.targets[m])
                total[target] += sparse.values[m]


@inlined
def _add_dense(
    begin: np.uint64, end: np.uint64, p: np.uint64, lists: Lists, tables: Tables
) -> None:
    """Add rows of a dense matrix, four at a time, for the spikes of one projection."""
    width, packed = tables.projections[p, 1], tables.projections[p, 6]
    target = tables.projections[p, 2] + packed
    first, dense, sums = tables.projections[p, 3], tables.dense, lists.sums
    one, two, three, four = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    for k in range(begin, end, four):
        place = target + np.uint64(lists.places[k // four])
        a = first + np.uint64(lists.sources[k]) * width
        b = first + np.uint64(lists.sources[k + one]) * width
        c = first + np.uint64(lists.sources[k + two]) * width
        d = first + np.uint64(lists.sources[k + three]) * width
        for j in range(packed, width, np.uint64(WIDTH)):
            x = plus(load_as(sums, place + j, sums), load_as(dense, a + j, sums))
            x = plus(plus(x, load_as(dense, b + j, sums)), load_as(dense, c + j, sums))
            store(sums, place + j, plus(x, load_as(dense, d + j, sums)))


@inlined
def _find_flags(
    g: np.uint64,
    start: np.uint64,
    step: np.uint64,
    layout: Layout,
    tables: Tables,
    arrivals: Arrivals,
    spiked: np.ndarray,
) -> Flags:
    """Find how often the sources of a group spiked in the step before, from a lane on."""
    first, size = tables.groups[g, 0], tables.groups[g, 1]
    if first >= layout.n_inputs:
        return spiked, first - layout.n_inputs, layout.padded, size
    if step == 0:
        return arrivals.pending, start * layout.n_inputs + first, layout.n_inputs, size
    begin = (start * layout.n_steps + step - np.uint64(1)) * layout.n_inputs + first
    return arrivals.spikes, begin, layout.n_steps * layout.n_inputs, size


@inlined
def _list_group(
    g: np.uint64, flags: Flags, n_lanes: np.uint64, layout: Layout, tables: Tables, lists: Lists
) -> None:
    """List the spikes that one group of sources sent in the previous step, in some lanes."""
    values, begin, apart, size = flags
    end = tables.groups[g, 2]
    repeats = layout.repeats and tables.groups[g, 0] < layout.n_inputs
    for lane in range(n_lanes):
        if repeats:
            n = list_repeated(values, begin, size, end, lists.sources)
        else:
            n = list_spikes(values, begin, size, end, lists.sources)
        end = _end_list(end, n, size, lane * layout.padded, lists)
        lists.ends[g * layout.side_by_side + lane] = end
        begin += apart


@inlined
def add_spikes(
    lanes: Lanes,
    step: np.uint64,
    layout: Layout,
    tables: Tables,
    arrivals: Arrivals,
    registers: Registers,
    lists: Lists,
) -> None:
    """Add the weights of all spikes that arrive at some lanes in one step."""
    spiked, n_lanes = registers.spiked, lanes[1] - lanes[0]
    for g in range(np.uint64(len(tables.groups))):
        if tables.groups[g, 3] > 0:
            flags = _find_flags(g, lanes[0], step, layout, tables, arrivals, spiked)
            _list_group(g, flags, n_lanes, layout, tables, lists)
    for p in range(np.uint64(len(tables.projections))):
        source = tables.projections[p, 0]
        if tables.projections[p, 7] > 0:
            flags = _find_flags(source, lanes[0], step, layout, tables, arrivals, spiked)
            add_multiplied(p, flags, n_lanes, layout.padded, lists, tables)
        elif tables.projections[p, 1] > 0:
            if tables.projections[p, 6] > 0:
                add_packed(lanes, p, layout, lists, tables)
            if tables.projections[p, 6] < tables.projections[p, 1]:
                last = source * layout.side_by_side + n_lanes - np.uint64(1)
                _add_dense(tables.groups[source, 2], lists.ends[last], p, lists, tables)
        else:
            last = source * layout.side_by_side + n_lanes - np.uint64(1)
            begin, end = tables.groups[source, 2], lists.ends[last]
            _add_sparse(begin, end, p, lists, tables, registers.total)
