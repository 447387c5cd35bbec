"""Sums of the weights of all neurons that spiked, compiled, one neuron after another.

Loaded only by `.choice`, because it imports numba. A neuron that is silent adds its weights times
zero to a matrix product, which changes no sum (a sum that begins at +0 is never -0). So where a
product adds one neuron after another, only the weights of those that spiked need be added.
"""

import numpy as np

from nengo_dense.loihi.kernel.alignment import flat_view
from nengo_dense.loihi.kernel.compilation import compiled
from nengo_dense.loihi.kernel.compiled_spikes import list_spikes
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.kernel.padding import padded
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import WIDTH, add, load, spread, store


def sum_spiking(
    spikes: np.ndarray, weights: np.ndarray, bounds: np.ndarray, memory: Memory
) -> np.ndarray:
    """Sum the weights of the neurons that spiked in each step of each lane.

    Parameters
    ----------
    spikes : (lanes, n_steps, n) uint8 array
        0 or 1, with neurons side by side in memory.
    weights : (n, size) float64 array
    bounds : (n_blocks,) uint64 array
        Ends of blocks of neurons, up to ``n``. Neurons are added in their order; each block has a
        sum of its own, and the sums of blocks are added in their order.
    memory : Memory
        For the sums.

    Returns
    -------
    sums : (lanes, n_steps, size) float64 array
        In memory, steps come before lanes.
    """
    (lanes, n_steps, n), (per_lane, per_step, _) = spikes.shape, spikes.strides
    matrix = padded(weights, WIDTH)
    size, width = weights.shape[1], matrix.shape[1]
    sums = memory.empty((n_steps, lanes, size), np.float64)
    sizes, flags = (lanes, n_steps, per_lane, per_step, size, width), flat_view(spikes)

    def part(start: int, stop: int) -> None:
        sources, row = np.empty(n + WIDTH, dtype=np.int32), np.empty(width)
        sum_lanes(
            start, stop, sizes, flags, matrix.reshape(-1), bounds, sums.reshape(-1), sources, row
        )

    over_lanes(part, lanes, spikes.size)
    return np.asarray(sums.swapaxes(0, 1))


@compiled
def sum_lanes(  # type: ignore[no-untyped-def]
    start, stop, sizes, spikes, weights, bounds, sums, sources, row
) -> None:
    """Do as `sum_spiking`, for some lanes; ``row`` has room for one step's sums."""
    lanes, n_steps = np.uint64(sizes[0]), np.uint64(sizes[1])
    per_lane, per_step = np.uint64(sizes[2]), np.uint64(sizes[3])
    size, width = np.uint64(sizes[4]), np.uint64(sizes[5])
    for step in range(n_steps):
        for lane in range(np.uint64(start), np.uint64(stop)):
            place, first = lane * per_lane + step * per_step, np.uint64(0)
            for b in range(np.uint64(len(bounds))):
                n = list_spikes(spikes, place + first, bounds[b] - first, np.uint64(0), sources)
                for j in range(np.uint64(0), width, np.uint64(WIDTH)):
                    x = spread(0.0)
                    for k in range(n):
                        x = add(x, load(weights, (first + np.uint64(sources[k])) * width + j))
                    store(row, j, x if first == 0 else add(load(row, j), x))
                first = bounds[b]
            target = (step * lanes + lane) * size
            for j in range(size):
                sums[target + j] = row[j]
