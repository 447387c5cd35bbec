"""Slopes of weights, and of the spikes before them, compiled: the twins of `.numpy_product`.

Loaded only by `.choice`, because it imports numba. Where spikes are few, slopes are only added
where there are some; those sums do not depend on the number of threads.
"""

import numpy as np

from nengo_dense.loihi.kernel import numpy_product
from nengo_dense.loihi.kernel.compilation import compiled
from nengo_dense.loihi.kernel.compiled_spikes import list_spikes
from nengo_dense.loihi.kernel.padding import padded
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import WIDTH, add, load, multiply_add, spread, store

#: Sums that are formed by themselves, each of as many lanes, so that threads can share them.
N_SUMS = 8
#: Share of senders that spike in a step, from which a product of matrices takes less time: on an
#: Intel Xeon with AVX-512, 64 to 256 senders and 32 to 256 receivers, from 0.10 to 0.15.
MANY = 1 / 8


def correlate(arrived: np.ndarray, sent: np.ndarray) -> np.ndarray:
    """Do as `.numpy_product.correlate`, in floats of 32 bits up to the last sum."""
    lanes, n_steps, n = arrived.shape
    senders = sent.shape[2]
    if np.count_nonzero(sent) > MANY * sent.size:
        return np.asarray(numpy_product.correlate(arrived, sent, np.float32), dtype=np.float64)
    whole, spikes = padded(arrived, WIDTH), np.ascontiguousarray(sent).reshape(-1)
    width = whole.shape[2]
    bounds = (np.arange(N_SUMS + 1) * lanes // N_SUMS).astype(np.uint64)
    sums = np.zeros((N_SUMS, senders, width), dtype=np.float32)

    def part(start: int, stop: int) -> None:
        sources = np.empty(senders + WIDTH, dtype=np.int32)
        sizes = n_steps, width, senders
        add_rows(start, stop, bounds, sizes, whole.reshape(-1), spikes, sums.reshape(-1), sources)

    over_lanes(part, N_SUMS, arrived.size)
    return np.asarray(sums.sum(axis=0, dtype=np.float64)[:, :n].T)


@compiled
def add_rows(  # type: ignore[no-untyped-def]
    start, stop, bounds, sizes, slopes, spikes, sums, sources
) -> None:
    """Add the slopes of each step to the rows of those that had spiked in the step before."""
    n_steps, width, senders = np.uint64(sizes[0]), np.uint64(sizes[1]), np.uint64(sizes[2])
    one = np.uint64(1)
    for number in range(np.uint64(start), np.uint64(stop)):
        first = number * senders * width
        for lane in range(bounds[number], bounds[number + one]):
            for step in range(lane * n_steps + one, (lane + one) * n_steps):
                before = (step - one) * senders
                n = list_spikes(spikes, before, senders, np.uint64(0), sources)
                for j in range(np.uint64(0), width, np.uint64(WIDTH)):
                    slope = load(slopes, step * width + j)
                    for k in range(n):
                        place = first + np.uint64(sources[k]) * width + j
                        store(sums, place, add(load(sums, place), slope))


def send_back(arrived: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Do as `.numpy_product.send_back`."""
    lanes, n_steps, n = arrived.shape
    given = np.ascontiguousarray(arrived)
    matrix = padded(weights, WIDTH)
    width = matrix.shape[1]
    result = np.zeros((lanes, n_steps, width), dtype=np.float32)

    def part(start: int, stop: int) -> None:
        sizes = n_steps, n, width
        multiply(start, stop, sizes, given.reshape(-1), matrix.reshape(-1), result.reshape(-1))

    over_lanes(part, lanes, lanes * n_steps * n * width // WIDTH)
    return result[:, :, : weights.shape[1]]


@compiled
def multiply(start, stop, sizes, rows, matrix, result) -> None:  # type: ignore[no-untyped-def]
    """Multiply the rows of some lanes by a matrix, four steps at a time, one step back."""
    n_steps, n, width = np.uint64(sizes[0]), np.uint64(sizes[1]), np.uint64(sizes[2])
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    for lane in range(np.uint64(start), np.uint64(stop)):
        first = lane * n_steps
        last = first + n_steps - one
        for step in range(first + one, last + one, np.uint64(4)):
            # the last steps may be computed more than once
            b, c, d = min(step + one, last), min(step + two, last), min(step + three, last)
            for j in range(np.uint64(0), width, np.uint64(WIDTH)):
                x = y = z = w = spread(np.float32(0))
                for i in range(n):
                    row = load(matrix, i * width + j)
                    x = multiply_add(spread(rows[step * n + i]), row, x)
                    y = multiply_add(spread(rows[b * n + i]), row, y)
                    z = multiply_add(spread(rows[c * n + i]), row, z)
                    w = multiply_add(spread(rows[d * n + i]), row, w)
                store(result, (step - one) * width + j, x)
                store(result, (b - one) * width + j, y)
                store(result, (c - one) * width + j, z)
                store(result, (d - one) * width + j, w)
