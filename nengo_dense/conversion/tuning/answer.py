"""What is asked of calibration samples: windows of time, and what the source answers in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.layers.readout import frame_shares, window_start

#: Samples of a batch: all, or some by number.
Rows: TypeAlias = slice | np.ndarray

#: Samples that are shown to the chip at once.
BATCH_SIZE = 256
#: Parts of a presentation after which answers are wanted, and how much each matters. Losses
#: shrink by about as much as the weights grow, so that all deadlines count alike; with equal
#: weights the noise of the first spikes would drown what is learnt of the full time.
DEADLINES = {0.25: 1.0, 0.5: 3.0, 1.0: 10.0}


class Window(NamedTuple):
    """Steps of the readout that are averaged, and how much the answer then matters.

    Attributes
    ----------
    start, stop : int
        Steps. The readout sees the chip's spikes one step after they were fired, so step 0 sees
        none.
    weight : float
        Of each answer. Weights of all windows of a sample add up to 1; those of frames are 1 each.
    early : bool
        Whether more of the presentation follows.
    length : int, optional
        Steps of the sequences that are answered then; all that last until ``stop`` by default.
    begin : int, optional
        Step at which the time begins that is answered for: a frame's first.
    delay : int, optional
        Steps by which a frame is read later than it is shown.
    """

    start: int
    stop: int
    weight: float
    early: bool = False
    length: int | None = None
    begin: int = 0
    delay: int = 0

    @property
    def seen(self) -> slice:
        """(slice) Steps in which the chip fired the spikes that the readout sees."""
        return slice(max(self.start - 1, 0), self.stop - 1)

    @property
    def whole(self) -> slice:
        """(slice) The steps themselves, in which the host fired the spikes that it sees."""
        return slice(self.start, self.stop)

    @property
    def n_steps(self) -> int:
        """(int) Number of steps."""
        return self.stop - self.start

    @property
    def end(self) -> int:
        """(int) Step at which the time ends that is answered for."""
        return self.stop - self.delay

    @property
    def n_shown(self) -> int:
        """(int) Steps that are answered for."""
        return self.end - self.begin


class Answer(NamedTuple):
    """What the source answers for some samples in a window.

    Attributes
    ----------
    window : Window
    rows : slice or (n,) int array
        The samples that are answered then.
    targets : (n, n_out) ndarray
        The source's logits, the mean of those of the frames in the window.
    labels : (n, n_outputs) ndarray of int or None
    """

    window: Window
    rows: Rows
    targets: np.ndarray
    labels: np.ndarray | None

    @property
    def weight(self) -> float:
        """(float) Weights of the window for all samples together."""
        return self.window.weight * len(self.targets)


@dataclass(frozen=True)
class Samples:
    """Calibration inputs, and what the source answers.

    A sample that stays the same is a sequence of one frame.

    Parameters
    ----------
    x : (batch, n_frames, size_in) or (batch, size_in) ndarray
    targets : (batch, n_frames, n_out) or (batch, n_out) ndarray
        The source model's logits for each frame, of all outputs side by side.
    labels : (batch, n_frames or 1, n_outputs) or (batch, n_outputs) ndarray of int, optional
        True classes of every frame, or of the whole; see `nengo_dense.conversion.tuning.goal`.
    lengths : (batch,) ndarray of int, optional
        Frames of each sequence; all of them by default.
    frame_steps : int, optional
        Steps that a frame lasts; the only one lasts for the whole presentation by default.
    """

    x: np.ndarray
    targets: np.ndarray
    labels: np.ndarray | None = None
    lengths: np.ndarray | None = None
    frame_steps: int | None = None

    def __post_init__(self) -> None:
        for name in ("x", "targets", "labels"):
            value = getattr(self, name)
            if value is not None and value.ndim == 2:
                object.__setattr__(self, name, value[:, np.newaxis])

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, key: Rows) -> "Samples":
        picked: dict[str, Any] = {name: array[key] for name, array in self._arrays().items()}
        return replace(self, **picked)

    def _arrays(self) -> dict[str, np.ndarray]:
        """Return what there is of each sample, by name."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in given.items() if isinstance(value, np.ndarray)}

    def joined(self, other: "Samples") -> "Samples":
        """Return these samples and others of the same kind after them."""
        theirs = other._arrays()
        arrays: dict[str, Any] = {
            name: np.concatenate([array, theirs[name]]) for name, array in self._arrays().items()
        }
        return replace(self, **arrays)

    @property
    def frames(self) -> np.ndarray:
        """((n_rows, size_in) ndarray) The frames of all samples after one another."""
        if self.lengths is None:
            return self.x.reshape(-1, self.x.shape[-1])
        return self.x[np.arange(self.x.shape[1]) < self.lengths[:, np.newaxis]]

    def parts(self, size: int) -> Iterator["Samples"]:
        """Yield all samples, ``size`` at a time."""
        yield from (self[i : i + size] for i in range(0, len(self), size))

    def answers(self, windows: Sequence[Window]) -> list[Answer]:
        """Return what the source answers in each window, without those in which nobody is left."""
        found = [(window, self._rows(window)) for window in windows]
        return [
            Answer(window, rows, self._targets(window, rows), self._labels(window, rows))
            for window, rows in found
            if isinstance(rows, slice) or len(rows)
        ]

    def _rows(self, window: Window) -> Rows:
        if self.lengths is None or self.frame_steps is None:
            return slice(None)
        times = self.lengths * self.frame_steps
        given = times >= window.end if window.length is None else times == window.length
        return np.flatnonzero(given)

    def _targets(self, window: Window, rows: Rows) -> np.ndarray:
        if self.frame_steps is None:
            return np.asarray(self.targets[rows, 0])
        shares = frame_shares(window.start - window.delay, window.end, self.frame_steps)
        return np.tensordot(self.targets[rows, : len(shares)], shares, (1, 0))

    def _labels(self, window: Window, rows: Rows) -> np.ndarray | None:
        if self.labels is None:
            return None
        by_frame = self.frame_steps is not None and self.labels.shape[1] > 1
        frame = (window.end - 1) // self.frame_steps if by_frame and self.frame_steps else 0
        return np.asarray(self.labels[rows, frame])


def deadlines(n_steps: int, depth: int) -> list[Window]:
    """Return the readout's windows at the deadlines, without those at which nothing is known.

    Parameters
    ----------
    n_steps : int
        Length of a presentation.
    depth : int
        Populations of neurons that a spike travels through, one step each.

    Raises
    ------
    nengo.exceptions.ValidationError
        No deadline is late enough.
    """
    stops = {round(part * n_steps): weight for part, weight in DEADLINES.items()}
    stops = {stop: weight for stop, weight in stops.items() if stop > 2 * depth}
    if not stops:
        raise ValidationError(
            f"must be more than {2 * depth} steps, twice the populations of neurons ({depth}), "
            f"through which a spike travels one step each, got {n_steps}. "
            "Show samples for longer.",
            attr="presentation_time",
        )
    total = sum(stops.values())
    return [
        Window(int(window_start(n)), n, weight / total, early=n < n_steps)
        for n, weight in stops.items()
    ]


def deadlines_by_length(lengths: Sequence[int], depth: int) -> list[Window]:
    """Return the deadlines of sequences that end apart, those of the longest first.

    Parameters
    ----------
    lengths : sequence of int
        Steps of the sequences. Those that end before much can be known are answered at their end.
    depth : int
        As for `deadlines`.

    Raises
    ------
    nengo.exceptions.ValidationError
        Not even the longest is long enough.
    """
    found = [w._replace(length=max(lengths)) for w in deadlines(max(lengths), depth)]
    for length in sorted(set(lengths) - {max(lengths)}, reverse=True):
        if length > 2 * depth:
            found += [w._replace(length=length) for w in deadlines(length, depth)]
        else:
            found.append(Window(int(window_start(length)), length, 1.0, length=length))
    return found


def frame_windows(n_frames: int, frame_steps: int, delay: int) -> list[Window]:
    """Return a window for each frame of a sequence, when its spikes have come through.

    Parameters
    ----------
    n_frames : int
    frame_steps : int
        Steps that a frame lasts.
    delay : int
        Steps that its spikes need, see `nengo_dense.layers.delay.delay_of`.
    """
    first = delay + int(window_start(frame_steps))
    begins = range(0, n_frames * frame_steps, frame_steps)
    return [Window(b + first, b + frame_steps + delay, 1.0, begin=b, delay=delay) for b in begins]
