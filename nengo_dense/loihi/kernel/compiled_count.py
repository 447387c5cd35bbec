"""Numbers of spikes in stretches of time, compiled: the twin of `.numpy_count`.

Loaded only by `.choice`, because it imports numba.
"""

from collections.abc import Sequence

import numpy as np

from nengo_dense.loihi.kernel.alignment import flat_view
from nengo_dense.loihi.kernel.compilation import compiled
from nengo_dense.loihi.kernel.thread import over_lanes


def count_spikes(spikes: np.ndarray, stretches: Sequence[slice]) -> np.ndarray:
    """Do as `.numpy_count.count_spikes`."""
    lanes, n_steps, n = spikes.shape
    counts = np.zeros((len(stretches), lanes, n), dtype=np.int32)
    bounds = [steps.indices(n_steps)[:2] for steps in stretches]
    if not (counts.size and n_steps):
        return counts
    apart = spikes.strides[:2]
    of_steps, flat = np.array(bounds, dtype=np.uint64), flat_view(spikes)

    def part(start: int, stop: int) -> None:
        count_lanes((start, stop), apart, (lanes, n), of_steps, flat, counts.reshape(-1))

    over_lanes(part, lanes, spikes.size)
    return counts


@compiled
def count_lanes(lanes, apart, sizes, bounds, spikes, counts) -> None:  # type: ignore[no-untyped-def]
    """Count the spikes of some lanes; ``apart`` is the distance of lanes and of steps."""
    (start, stop), (lane_size, step_size) = lanes, apart
    n_lanes, n, one = np.uint64(sizes[0]), np.uint64(sizes[1]), np.uint64(1)
    for lane in range(np.uint64(start), np.uint64(stop)):
        for k in range(np.uint64(len(bounds))):
            to = (k * n_lanes + lane) * n
            for step in range(bounds[k, np.uint64(0)], bounds[k, one]):
                place = lane * np.uint64(lane_size) + step * np.uint64(step_size)
                for j in range(n):
                    counts[to + j] += spikes[place + j]
