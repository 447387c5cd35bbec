"""A simulator that presents batches to a trial's stack and passes the outputs to a reader."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nengo_dense.batches import Batches
from nengo_dense.evaluation.frame_windows import FrameWindows
from nengo_dense.evaluation.reader import Reader
from nengo_dense.evaluation.trial import Trial
from nengo_dense.evaluation.window import RunningWindow
from nengo_dense.samples import fill_up

#: Memory in bytes for the frames of a part of a run, and the steps of which such parts consist:
#: products treat as many together (see `Machine.pieces`).
SHOWN_BYTES, SHOWN_STEPS = 2**26, 48


@dataclass(frozen=True)
class Recording:
    """What was recorded of a batch of presentations.

    Attributes
    ----------
    n : int
        Samples in the batch.
    result : object
        The reader's.
    fired : list of (n_neurons,) ndarray
        Spikes of each neuron of each population in all presentations together (for rate neurons:
        the expected number).
    sent : (n_populations,) ndarray
        Spikes that leave each population, at most one a neuron and step.
    """

    n: int
    result: Any
    fired: list[np.ndarray]
    sent: np.ndarray


class Recorder:
    """Shows samples to a stack. Memory is bounded, however long presentations or streams last.

    Parameters
    ----------
    trial : Trial
    """

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self._frames: FrameWindows | None = None
        self._sim = trial.simulator({trial.logits: self._observe})

    def record(self, x: np.ndarray, n_steps: int, reader: Reader) -> Recording:
        """Show each of ``x``, (batch, size_in), for ``n_steps`` steps, from a fresh start.

        A batch may have fewer samples than there are lanes.
        """
        self._begin(reader, len(x), n_steps)
        fired, sent = self._show(x, n_steps, 0)
        return Recording(len(x), reader.result(), fired, sent)

    def record_stream(
        self, samples: Batches, places: list[np.ndarray], n_steps: int, gap: int, reader: Reader
    ) -> Iterator[Recording]:
        """Show samples one after another without a reset, in a stream a lane.

        Parameters
        ----------
        samples : Batches
        places : list of (n_streams,) ndarray of int
            As in `Stream.groups`.
        n_steps, gap : int
            Steps that a sample is shown, and steps without input after it.
        reader : Reader
            Of all samples, place by place.

        Yields
        ------
        recording : Recording
            For each place; its result is there at the last one.
        """
        self._begin(reader, sum(map(len, places)), n_steps)
        for rows in places:
            fired, sent = self._show(samples.take(rows), n_steps, gap)
            self._n_read += len(rows)
            result = reader.result() if rows is places[-1] else None
            yield Recording(len(rows), result, fired, sent)

    def record_sequences(
        self,
        values: np.ndarray,
        lengths: np.ndarray,
        frame_steps: int,
        n_steps: int,
        reader: Reader,
    ) -> Recording:
        """Show sequences side by side, each from a fresh start to its own end.

        What a sequence answers at its end stays its answer until the longest one's.

        Parameters
        ----------
        values : (batch, n_frames, size_in) ndarray
        lengths : (batch,) ndarray of int
            Frames of each sequence, falling.
        frame_steps : int
            Steps that a frame lasts.
        n_steps : int
            Steps of the longest of all sequences, with other batches' too.
        reader : Reader
        """
        self._begin(reader, len(values), n_steps)
        longest = int(lengths[0]) * frame_steps
        self._expect(len(values), longest, lengths * frame_steps)
        fired, sent = self._show_frames(values, lengths * frame_steps, frame_steps)
        if longest < n_steps:
            rest = np.repeat(self._final[:, np.newaxis], n_steps - longest, axis=1)
            reader.read(slice(0, len(values)), longest, rest)
        return Recording(len(values), reader.result(), fired, sent)

    def record_frames(
        self,
        values: np.ndarray,
        lengths: np.ndarray,
        frame_steps: int,
        delay: int,
        reader: Reader,
    ) -> Recording:
        """Show sequences side by side, and read an answer for each frame.

        Every sequence runs on for the delay of its last answer.

        Parameters
        ----------
        values : (batch, n_frames, size_in) ndarray
            After the end of a sequence what is shown until its last answer.
        lengths, frame_steps
            As for `record_sequences`.
        delay : int
            Steps by which answers are late.
        reader : Reader
            Of all frames: the first ones, the second ones and so on.
        """
        n = int(lengths.sum())
        self._begin(reader, n, frame_steps)
        self._frames = FrameWindows(lengths, frame_steps, delay, self.trial.n_out)
        fired, sent = self._show_frames(values, lengths * frame_steps + delay, frame_steps)
        return Recording(n, reader.result(), fired, sent)

    def _expect(self, lanes: int, n_steps: int, ends: np.ndarray | None = None) -> None:
        """Prepare for outputs of so many steps, of lanes that may end before."""
        self._window = RunningWindow(lanes, n_steps, self.trial.n_out)
        self._first_step, self._n_steps = self._sim.n_steps, n_steps
        self._ends = ends
        self._final = np.zeros((lanes, self.trial.n_out))

    def _begin(self, reader: Reader, n: int, n_steps: int) -> None:
        if self._sim.n_steps:
            self._sim.reset()
        self._reader = reader
        self._frames = None
        self._n_read = 0
        reader.begin(n, n_steps, self.trial.n_out)

    def _show(self, x: np.ndarray, n_steps: int, gap: int) -> tuple[list[np.ndarray], np.ndarray]:
        """Show a sample in each lane, and nothing in the gap; return spikes fired and sent."""
        self._expect(len(x), n_steps)
        before = self._counts() if self._first_step else [0.0] * len(self.trial.spikes)
        full = fill_up(x, self.trial.minibatch_size)[:, np.newaxis]
        if 1 in (n_steps, gap):
            # a run of one step rounds otherwise (see `Machine.pieces`), so it has company
            shown = np.repeat(full, n_steps, axis=1)
            nothing = np.zeros((len(full), gap, x.shape[1]))
            self._run(np.concatenate([shown, nothing], axis=1))
        else:
            for values, steps in ((full, n_steps), (np.zeros_like(full), gap)):
                if steps:
                    self._run(np.broadcast_to(values, (len(full), steps, x.shape[1])))
        counts = [now - old for now, old in zip(self._counts(), before, strict=True)]
        # a host neuron may spike more than once a step, but sends one spike
        sent = [np.minimum(each[: len(x)], n_steps + gap).sum() for each in counts]
        return [each[: len(x)].sum(axis=0) for each in counts], np.array(sent)

    def _show_frames(
        self, values: np.ndarray, ends: np.ndarray, frame_steps: int
    ) -> tuple[list[np.ndarray], np.ndarray]:
        """Show the frames of each lane up to its end, in steps; the last frame stays."""
        fired = [np.zeros(layer.ensemble.n_neurons) for layer in self.trial.populations]
        sent, first = np.zeros(len(fired)), 0
        before = [np.zeros(1)] * len(fired)
        full = fill_up(values, self.trial.minibatch_size)
        for last in np.unique(ends).tolist():
            for steps in _parts(first, last, full[:, 0].nbytes):
                self._run(full[:, np.minimum(steps // frame_steps, values.shape[1] - 1)])
            n_shown = int(np.count_nonzero(ends >= last))
            now = self._counts()
            for i, (count, old) in enumerate(zip(now, before, strict=True)):
                new = (count - old)[:n_shown]
                fired[i] += new.sum(axis=0)
                sent[i] += np.minimum(new, last - first).sum()
            first, before = last, now
        return fired, sent

    def _run(self, values: np.ndarray) -> None:
        self._sim.run_steps(values.shape[1], data={self.trial.source: values})

    def _counts(self) -> list[np.ndarray]:
        """Return how often each neuron has spiked since the start, (lanes, n_neurons) each."""
        return [
            # a spike's height is 1 / max_rate / dt
            self._sim.sum(probe) * (layer.max_rate * self.trial.dt)
            for probe, layer in zip(self.trial.spikes, self.trial.populations, strict=True)
        ]

    def close(self) -> None:
        """Free what running needs."""
        self._sim.close()

    def _observe(self, first_step: int, logits: np.ndarray) -> None:
        """Hand means on, as long as a sample is shown."""
        if self._frames is not None:
            for rows, first, means in self._frames.add(logits, self._reader.only_last):
                self._reader.read(rows, first, means)
            return
        step = first_step - 1 - self._first_step
        if step >= self._n_steps:
            return
        shown = logits[: len(self._window), : self._n_steps - step]
        only_last = self._reader.only_last and self._ends is None
        first = step + shown.shape[1] - 1 if only_last else step
        for lanes, means in self._window.add(shown, only_last):
            rows = slice(self._n_read + lanes.start, self._n_read + lanes.start + len(means))
            self._reader.read(rows, first, self._held(lanes, step, means))

    def _held(self, lanes: slice, step: int, means: np.ndarray) -> np.ndarray:
        """Keep what each lane had at its end."""
        if self._ends is None:
            return means
        last = self._ends[lanes, np.newaxis] - 1 - step
        steps = np.arange(means.shape[1])
        at = np.clip(np.minimum(steps, last), 0, None)[..., np.newaxis]
        over = (last < 0)[..., np.newaxis]
        found = np.take_along_axis(means, at, axis=1)
        held = np.where(over, self._final[lanes, np.newaxis], found)
        self._final[lanes] = held[:, -1]
        return held


def _parts(first: int, last: int, n_bytes: int) -> Iterator[np.ndarray]:
    """Divide steps into parts whose values, of so many bytes a step, fit in memory.

    No part has one step, as a run of one rounds otherwise (see `Machine.pieces`).
    """
    most = max(1, SHOWN_BYTES // (n_bytes * SHOWN_STEPS)) * SHOWN_STEPS
    while last - first > most + 1:
        yield np.arange(first, first + most)
        first += most
    yield np.arange(first, last)
