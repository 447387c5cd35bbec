"""A simulator that presents batches to a trial's stack and passes the outputs to a reader."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nengo_dense.evaluation.frame_windows import FrameWindows
from nengo_dense.evaluation.reader import Reader
from nengo_dense.evaluation.succession import Succession
from nengo_dense.evaluation.trial import Trial
from nengo_dense.evaluation.window import RunningWindow
from nengo_dense.samples import fill_up


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
        self._expect(len(x), n_steps)
        self._run(x[:, np.newaxis], n_steps)
        fired, sent = _spikes([each[: len(x)] for each in self._counts()], n_steps)
        return Recording(len(x), reader.result(), fired, sent)

    def record_stream(self, shown: Succession, delay: int, reader: Reader) -> Iterator[Recording]:
        """Show samples or frames one after another, and read the answer of each so much later.

        Every lane runs on until its last answer.

        Parameters
        ----------
        shown : Succession
        delay : int
            Steps by which answers are late.
        reader : Reader
            Of all samples, place by place.

        Yields
        ------
        recording : Recording
            Now and then; the result is there at the last one.
        """
        n = int(shown.lengths.sum())
        self._begin(reader, n, shown.n_steps)
        size = self.trial.n_out
        windows = FrameWindows(shown.lengths, shown.n_steps, delay, size, shown.gap)
        self._frames = windows
        ends = shown.lengths * shown.period + max(delay - shown.gap, 0)
        marks, done = shown.marks(ends), 0
        for last, (fired, sent) in zip(marks, self._follow(shown, marks, ends), strict=True):
            n_new, done = windows.n_read - done, windows.n_read
            result = reader.result() if last == marks[-1] else None
            yield Recording(n_new, result, fired, sent)

    def record_sequences(self, shown: Succession, n_steps: int, reader: Reader) -> Recording:
        """Show sequences side by side, each from a fresh start to its own end.

        What a sequence answers at its end stays its answer until the longest one's.

        Parameters
        ----------
        shown : Succession
            Of frames.
        n_steps : int
            Steps of the longest of all sequences, with other batches' too.
        reader : Reader
        """
        ends = shown.lengths * shown.period
        n, longest = len(ends), int(ends[0])
        self._begin(reader, n, n_steps)
        self._expect(n, longest, ends)
        fired, sent = zip(*self._follow(shown, np.unique(ends), ends), strict=True)
        if longest < n_steps:
            rest = np.repeat(self._final[:, np.newaxis], n_steps - longest, axis=1)
            reader.read(slice(0, n), longest, rest)
        spikes = [sum(each, np.zeros(1)) for each in zip(*fired, strict=True)]
        return Recording(n, reader.result(), spikes, sum(sent, np.zeros(1)))

    def _expect(self, lanes: int, n_steps: int, ends: np.ndarray | None = None) -> None:
        """Prepare for outputs of so many steps, of lanes that may end before."""
        self._window = RunningWindow(lanes, n_steps, self.trial.n_out)
        self._ends = ends
        self._final = np.zeros((lanes, self.trial.n_out))

    def _begin(self, reader: Reader, n: int, n_steps: int) -> None:
        if self._sim.n_steps:
            self._sim.reset()
        self._reader = reader
        self._frames = None
        reader.begin(n, n_steps, self.trial.n_out)

    def _follow(
        self, shown: Succession, marks: np.ndarray, ends: np.ndarray
    ) -> Iterator[tuple[list[np.ndarray], np.ndarray]]:
        """Show a succession, each lane up to its end; yield spikes fired and sent by each mark."""
        first, before = 0, [np.zeros(1)] * len(self.trial.populations)
        for last in marks.tolist():
            for begin, stop in shown.parts(first, last):
                self._run(shown.values(begin, stop), stop - begin)
            n_shown = int(np.count_nonzero(ends >= last))
            now = self._counts()
            new = [(count - old)[:n_shown] for count, old in zip(now, before, strict=True)]
            yield _spikes(new, last - first)
            first, before = last, now

    def _run(self, values: np.ndarray, n_steps: int) -> None:
        """Run, showing a value in each lane for each step, or one for all of them."""
        full = fill_up(values, self.trial.minibatch_size)
        full = np.broadcast_to(full, (len(full), n_steps, full.shape[2]))
        self._sim.run_steps(n_steps, data={self.trial.source: full})

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
        """Hand means on."""
        if self._frames is not None:
            for rows, first, means in self._frames.add(logits, self._reader.only_last):
                self._reader.read(rows, first, means)
            return
        step = first_step - 1
        shown = logits[: len(self._window)]
        only_last = self._reader.only_last and self._ends is None
        first = step + shown.shape[1] - 1 if only_last else step
        for lanes, means in self._window.add(shown, only_last):
            rows = slice(lanes.start, lanes.start + len(means))
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


def _spikes(counts: list[np.ndarray], n_steps: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Return how many spikes of so many steps neurons fired, and how many populations sent.

    A host neuron may spike more than once a step, but sends one spike.
    """
    sent = [np.minimum(each, n_steps).sum() for each in counts]
    return [each.sum(axis=0) for each in counts], np.array(sent)
