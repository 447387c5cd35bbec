"""Batches of samples, with the readers of their outputs."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nengo_dense.batches import check_batches
from nengo_dense.evaluation.batch import Batch, Presentations, SequenceGroup, StreamGroup
from nengo_dense.evaluation.cost import spikes_for_values
from nengo_dense.evaluation.reader import Reader
from nengo_dense.evaluation.run import Run
from nengo_dense.evaluation.stream import Stream
from nengo_dense.evaluation.succession import Succession
from nengo_dense.exceptions import invalid
from nengo_dense.sequence import Sequences

#: Makes the reader for the samples of the given numbers.
ReaderFor = Callable[[Any], Reader]


class Feed:
    """Batches with their readers. What goes wrong with a batch is said after the run.

    Batches may be asked for in a thread of joblib's, in which an error would be lost.

    Parameters
    ----------
    run : Run
    reader_for : callable
        Makes the reader for the samples of the given numbers.

    Attributes
    ----------
    spikes_in : float
        Spikes that nengo-loihi makes of all inputs' values.
    rows : (n,) ndarray of int or None
        Numbers of the samples in their order; None where these are in order.
    """

    def __init__(self, run: Run, reader_for: ReaderFor) -> None:
        self._run = run
        self._reader_for = reader_for
        self._error: Exception | None = None
        self.spikes_in = 0.0
        self.rows: np.ndarray | None = None

    def __iter__(self) -> Iterator[Batch]:
        try:
            if self._run.stream is not None:
                yield from self._groups(self._run.stream)
            elif self._run.sequences is not None and self._run.delay is not None:
                yield from self._frames(self._run.sequences, self._run.delay)
            elif self._run.sequences is not None:
                yield from self._sequences(self._run.sequences)
            else:
                yield from self._side_by_side()
        except Exception as err:  # whatever the user's own iterable raises
            self._error = err

    def _side_by_side(self) -> Iterator[Batch]:
        run, n = self._run, 0
        for batch in run.samples.of(run.size):
            rows = slice(n, n + len(batch))
            n += len(batch)
            if run.n is not None and n > run.n:
                raise invalid(f"yields more than {run.n} samples, one for each label", "x")
            if run.stack.encoding == "chip":
                self.spikes_in += len(batch) * spikes_for_values(batch, run.n_steps)
            yield Presentations(batch, run.n_steps, self._reader_for(rows))

    def _sequences(self, sequences: Sequences) -> Iterator[Batch]:
        run = self._run
        steps = run.n_steps // sequences.n_frames
        groups = sequences.groups(run.size, steps)
        self.rows = np.concatenate(groups)
        for rows in groups:
            lengths = sequences.lengths[rows]
            values = sequences.take(rows)[:, : lengths[0]]
            if run.stack.encoding == "chip":
                for one, length in zip(values, lengths, strict=True):
                    self.spikes_in += spikes_for_values(one[None, :length], length * steps)
            shown = _succession(values, lengths, steps)
            yield SequenceGroup(shown, run.n_steps, self._reader_for(rows))

    def _frames(self, sequences: Sequences, delay: int) -> Iterator[Batch]:
        run, steps = self._run, self._run.n_steps
        starts = np.cumsum(sequences.lengths) - sequences.lengths
        groups = sequences.groups(run.size, steps)
        numbers = [
            np.concatenate(_by_place(starts[rows], sequences.lengths[rows])) for rows in groups
        ]
        self.rows = np.concatenate(numbers)
        for rows, frames in zip(groups, numbers, strict=True):
            lengths = sequences.lengths[rows]
            values = sequences.take(rows)[:, : lengths[0]]
            if run.stack.encoding == "chip":
                for one, length in zip(values, lengths, strict=True):
                    ends = np.minimum(np.arange(length * steps + delay) // steps, length - 1)
                    self.spikes_in += spikes_for_values(one[None, ends], len(ends))
            shown = _succession(values, lengths, steps)
            yield StreamGroup(shown, delay, self._reader_for(frames))

    def _groups(self, stream: Stream) -> Iterator[Batch]:
        run = self._run
        if run.stack.encoding == "chip":
            nothing = np.zeros((1, run.stack.size_in))
            for batch in run.samples.of(run.size):
                self.spikes_in += len(batch) * spikes_for_values(batch, run.n_steps)
                self.spikes_in += len(batch) * spikes_for_values(nothing, stream.gap)
            last = nothing if stream.gap else run.samples.take(stream.last)
            self.spikes_in += stream.n_streams * spikes_for_values(last, stream.wait)
        groups = stream.groups(run.size, run.n_steps)
        self.rows = np.concatenate([np.concatenate(places) for places in groups])
        for places in groups:
            shown = Succession(run.samples, places, run.n_steps, stream.gap)
            yield StreamGroup(shown, stream.delay, self._reader_for(np.concatenate(places)))

    def check(self, n: int) -> None:
        """Raise the error that there was, or that of too few samples."""
        if self._error is not None:
            raise self._error
        if self._run.n is not None and n < self._run.n:
            raise invalid(f"ends after {n} samples, but there are {self._run.n} labels", "x")


def _succession(values: np.ndarray, lengths: np.ndarray, frame_steps: int) -> Succession:
    """Return the frames of sequences, (n, n_frames, size_in), after one another."""
    n, n_frames, size_in = values.shape
    frames = check_batches(values.reshape(-1, size_in), size_in, "x")
    return Succession(frames, _by_place(np.arange(n) * n_frames, lengths), frame_steps)


def _by_place(starts: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """Return the numbers of frames: of all first ones, of all second ones, and so on.

    Parameters
    ----------
    starts : (n,) ndarray of int
        Numbers of the first frames.
    lengths : (n,) ndarray of int
        Frames of each sequence, falling.
    """
    return [starts[lengths > i] + i for i in range(int(lengths[0]))]
