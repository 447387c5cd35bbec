"""Means over the latest part of the time so far, of values that arrive in parts."""

from collections.abc import Iterator

import numpy as np

from nengo_dense.layers.readout import WINDOW, window_start

#: Numbers of some lanes that are added at once: enough to take time, few enough for the cache.
BLOCK = 4096
#: Most means of some lanes in all steps, 16 MiB.
MOST_MEANS = 1 << 21


def kept_sums(n_steps: int, window: float = WINDOW) -> int:
    """Return how many sums a lane keeps for each of its values."""
    return int(window_start(n_steps, window)) + 2


class RunningWindow:
    """Mean of the latest part of the time, after each step of a presentation.

    A mean is the sum of all values so far less the sum at the window's start. Of sums only those
    are kept at which a window will still start, a tenth of all steps.

    Parameters
    ----------
    lanes, n_steps, size : int
        Of all values: (lanes, n_steps, size).
    window : float, optional
        Above 0 and at most 1 (all the time so far).

    Examples
    --------
    >>> window = RunningWindow(1, 2, 1, window=1.0)
    >>> [means.tolist() for _, means in window.add(np.array([[[1.0], [0.0]]]))]
    [[[[1.0], [0.5]]]]
    """

    def __init__(self, lanes: int, n_steps: int, size: int, window: float = WINDOW) -> None:
        self.window = window
        self.n_done = 0
        self._last = np.zeros((lanes, size))
        self._sums = np.zeros((kept_sums(n_steps, window) - 1, lanes, size))

    def __len__(self) -> int:
        return len(self._last)

    def add(
        self, values: np.ndarray, only_last: bool = False
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Take the values of some further steps, and yield their means in blocks of lanes.

        All blocks must be taken before further steps are given.

        Parameters
        ----------
        values : (lanes, steps, size) ndarray
        only_last : bool, optional
            Whether only the mean after the last of these steps is wanted.

        Yields
        ------
        lanes : slice
        means : (block, steps or 1, size) ndarray
        """
        (lanes, steps, size), before = values.shape, self.n_done
        self.n_done += steps
        ends = np.arange(before + 1, self.n_done + 1)
        windows = list(zip(window_start(ends, self.window).tolist(), ends.tolist(), strict=True))
        block = max(1, min(BLOCK, MOST_MEANS // max(1, steps)) // size)
        unread = max(0, steps - 1) if only_last else 0
        for first in range(0, lanes, block):
            part = slice(first, first + block)
            total, sums = self._last[part], self._sums[:, part]
            means = np.empty((steps - unread, *total.shape))
            # step after step, as the emulator keeps values
            by_step = zip(windows, values[part].swapaxes(0, 1), strict=True)
            for step, ((start, end), value) in enumerate(by_step, -unread):
                total += value
                if end < len(sums):
                    sums[end] = total
                if step >= 0:
                    np.subtract(total, sums[start], out=means[step])
                    means[step] /= end - start
            yield part, means.swapaxes(0, 1)
