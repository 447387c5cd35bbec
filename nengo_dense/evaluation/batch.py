"""Samples in batches: how many at once, and who runs them."""

import os
import re
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import closing
from dataclasses import dataclass

import joblib
import numpy as np
from nengo.exceptions import SimulationError

from nengo_dense.arguments import is_whole
from nengo_dense.evaluation.reader import Reader
from nengo_dense.evaluation.recorder import Recorder, Recording
from nengo_dense.evaluation.succession import Succession
from nengo_dense.evaluation.trial import Trial
from nengo_dense.evaluation.window import kept_sums
from nengo_dense.exceptions import invalid
from nengo_dense.plugins import show

#: Memory in bytes for the sums of logits of a batch, and for the state of its neurons. There is
#: one batch at a time in each process.
LOGITS_BYTES, STATE_BYTES = 2**28, 2**30
#: Memory in bytes that a neuron takes in each lane of an emulator: about 85 were measured.
NEURON_BYTES = 100

#: Most processes, of more than any machine or cluster has.
MOST_PROCESSES = 2**16


class Batch(ABC):
    """Something to be recorded, by whoever comes by it."""

    @abstractmethod
    def record(self, recorder: Recorder) -> Iterable[Recording]:
        """Have it recorded."""


@dataclass(frozen=True, eq=False)
class Presentations(Batch):
    """Samples side by side, each from a fresh start; see `Recorder.record`."""

    x: np.ndarray
    n_steps: int
    reader: Reader

    def record(self, recorder: Recorder) -> Iterable[Recording]:
        """Have them recorded."""
        return [recorder.record(self.x, self.n_steps, self.reader)]


@dataclass(frozen=True, eq=False)
class StreamGroup(Batch):
    """Samples or frames after one another, each with an answer; see `Recorder.record_stream`."""

    shown: Succession
    delay: int
    reader: Reader

    def record(self, recorder: Recorder) -> Iterable[Recording]:
        """Have them recorded."""
        yield from recorder.record_stream(self.shown, self.delay, self.reader)


@dataclass(frozen=True, eq=False)
class SequenceGroup(Batch):
    """Sequences side by side, each from a fresh start; see `Recorder.record_sequences`."""

    shown: Succession
    n_steps: int
    reader: Reader

    def record(self, recorder: Recorder) -> Iterable[Recording]:
        """Have them recorded."""
        return [recorder.record_sequences(self.shown, self.n_steps, self.reader)]


def lanes_in_memory(n_steps: int, n_out: int, n_neurons: int) -> int:
    """Return how many samples of so many steps may run at once, at least 1."""
    logits = LOGITS_BYTES // (8 * kept_sums(n_steps) * n_out)
    return max(1, min(logits, STATE_BYTES // (NEURON_BYTES * n_neurons)))


def batch_size(n: int | None, most: int, n_jobs: int) -> int:
    """Return how many samples to run at once, so that all batches have about as many.

    Parameters
    ----------
    n : int or None
        Samples in all, where that is known.
    most : int
        Most at once.
    n_jobs : int
        Processes, as joblib counts them; none shall be idle.

    Raises
    ------
    nengo.exceptions.ValidationError
        An impossible number of processes.
    """
    if not is_whole(n_jobs) or n_jobs == 0 or abs(n_jobs) > MOST_PROCESSES:
        raise invalid(
            f"must be a whole number of processes of at most {MOST_PROCESSES}, or -1 for all "
            f"cores, got {show(n_jobs)}",
            "n_jobs",
        )
    if n is None:
        return most
    workers = 1 if n_jobs == 1 else joblib.effective_n_jobs(n_jobs)
    n_batches = -(-n // min(most, -(-n // workers)))
    return -(-n // n_batches)


def record_all(trial: Trial, batches: Iterable[Batch], n_jobs: int) -> Iterator[Recording]:
    """Record batch by batch: with one simulator, or with one in each of joblib's processes.

    Raises
    ------
    nengo.exceptions.SimulationError
        One of these processes has ended before its work was done.
    """
    if n_jobs == 1:
        with closing(Recorder(trial)) as recorder:
            for batch in batches:
                yield from batch.record(recorder)
    else:
        run = os.getpid(), uuid.uuid4().hex
        tasks = (joblib.delayed(record_one)(run, trial, batch) for batch in batches)
        try:
            for recordings in joblib.Parallel(n_jobs, return_as="generator")(tasks):
                yield from recordings
        except BrokenExecutor as err:
            raise SimulationError(_how_it_ended(err)) from err


def _how_it_ended(err: BrokenExecutor) -> str:
    """Say that a process has ended, by which signal, and the way out."""
    signals = sorted(set(re.findall(r"SIG[A-Z]+|EXIT\(-?\d+\)", str(err))))  # joblib's words
    by = f" ({', '.join(signals)})" if signals else ""
    return (
        f"a process of 'n_jobs' (--jobs) has ended before its work was done{by}; where memory ran "
        "out, use fewer processes, or a smaller 'minibatch_size'"
    )


class Kept(threading.local):
    """The simulator of a process that works for another one, for further batches of a run.

    It stays until the process works for another run, or ends.
    """

    run: tuple[int, str] | None = None
    recorder: Recorder | None = None

    def drop(self) -> None:
        """Close the simulator, if there is one."""
        if self.recorder is not None:
            self.recorder.close()
        self.run = self.recorder = None


KEPT = Kept()


def record_one(run: tuple[int, str], trial: Trial, batch: Batch) -> list[Recording]:
    """Record a batch with the simulator of the batch before, if that was of the same run.

    Parameters
    ----------
    run : tuple of (int, str)
        Process that asks, and the name of its run. That process itself keeps nothing.
    trial : Trial
    batch : Batch
    """
    if run[0] == os.getpid():
        with closing(Recorder(trial)) as recorder:
            return list(batch.record(recorder))
    if KEPT.recorder is None or KEPT.run != run:
        KEPT.drop()
        KEPT.run, KEPT.recorder = run, Recorder(trial)
    try:
        return list(batch.record(KEPT.recorder))
    except BaseException:  # a run that was cut off cannot go on
        KEPT.drop()
        raise
