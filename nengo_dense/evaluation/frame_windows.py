"""Means over the window of each frame or sample of a stream, of logits that come late."""

from collections.abc import Iterator

import numpy as np

from nengo_dense.evaluation.window import RunningWindow


class FrameWindows:
    """Divides the logits of sequences side by side among their frames.

    Streams are such sequences too, whose frames are samples. Frames have rows of their own: those
    of all first frames, of all second ones, and so on.

    Parameters
    ----------
    lengths : (lanes,) ndarray of int
        Frames of each sequence, falling.
    frame_steps : int
        Steps that a frame lasts.
    delay : int
        Steps by which the logits of a frame come late.
    size : int
        Of the logits.
    gap : int, optional
        Steps from the end of a frame to the next one.

    Attributes
    ----------
    n_read : int
        Frames of which all means were given.

    Examples
    --------
    >>> windows = FrameWindows(np.array([2, 1]), frame_steps=2, delay=1, size=1)
    >>> logits = np.arange(12.0).reshape(2, 6, 1)
    >>> [(rows, means[:, -1].T.tolist()) for rows, _, means in windows.add(logits[:, :5])]
    [(slice(0, 2, None), [[1.5, 7.5]]), (slice(2, 3, None), [[3.5]])]
    """

    def __init__(
        self, lengths: np.ndarray, frame_steps: int, delay: int, size: int, gap: int = 0
    ) -> None:
        self._lanes = [int(np.count_nonzero(lengths > i)) for i in range(int(lengths[0]))]
        self._frame_steps, self._size, self._gap = frame_steps, size, gap
        self._step = -delay
        self._frame, self.n_read = 0, 0

    def add(
        self, logits: np.ndarray, only_last: bool = False
    ) -> Iterator[tuple[slice, int, np.ndarray]]:
        """Take the logits of some further steps; yield means as `RunningWindow` does.

        Parameters
        ----------
        logits : (lanes, steps, size) ndarray
        only_last : bool, optional
            Whether of these steps of a frame only the mean after the last is wanted.

        Yields
        ------
        rows : slice
        first : int
            Step of the frame's window, from 0, to which the first mean belongs.
        means : (rows, steps or 1, size) ndarray
        """
        done = 0
        while done < logits.shape[1] and self._frame < len(self._lanes):
            if self._step < 0:  # before the frame's
                passed = min(-self._step, logits.shape[1] - done)
                done, self._step = done + passed, self._step + passed
                continue
            lanes, first = self._lanes[self._frame], self._step
            if first == 0:
                self._window = RunningWindow(lanes, self._frame_steps, self._size)
            part = logits[:lanes, done : done + self._frame_steps - first]
            done, self._step = done + part.shape[1], first + part.shape[1]
            at = self._step - 1 if only_last else first
            for block, means in self._window.add(part, only_last):
                start = self.n_read + block.start
                yield slice(start, start + len(means)), at, means
            if self._step == self._frame_steps:
                self._step, self._frame = -self._gap, self._frame + 1
                self.n_read += lanes
