"""A run of samples through a stack or a graph, and what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.utils.progress import Progress

from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.batch import Batch, record_all
from nengo_dense.evaluation.cost import energy_of, operations_of
from nengo_dense.evaluation.feed import Feed, ReaderFor
from nengo_dense.evaluation.run import Run
from nengo_dense.evaluation.trial import Trial, senders_of
from nengo_dense.evaluation.work import Work, work_of
from nengo_dense.loihi.energy import Energy
from nengo_dense.loihi.kernel.choice import showing


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes
    ----------
    n : int
        Samples.
    results : list
        Of the readers, one a batch.
    rows : (n,) ndarray of int or None
        Numbers of the samples in the order of the results; None where these are in order.
    layers : list of LayerActivity
    energy : Energy
        Of one presentation, and the gap after it.
    work : Work
        What else it takes.
    """

    n: int
    results: list[Any]
    rows: np.ndarray | None
    layers: list[LayerActivity]
    energy: Energy
    work: Work


def carry_out(run: Run, reader_for: ReaderFor, doing: str) -> Outcome:
    """Show all samples of a run.

    Parameters
    ----------
    run : Run
    reader_for : callable
        Makes a reader for the samples of the given numbers.
    doing : str
        For the progress bar.
    """
    trial = Trial(run.stack, run.target, run.dt, run.size)
    fired = [np.zeros(layer.ensemble.n_neurons) for layer in trial.populations]
    sent = np.zeros(len(fired))
    results: list[Any] = []
    feed = Feed(run, reader_for)
    n = 0
    act = f"{doing[0].upper()}{doing[1:]}"
    progress = Progress(act, act, run.n)
    with showing(progress, run.progress_bar):
        progress.name_during = "Building"
        for recording in record_all(trial, _shown(feed, progress, act), run.n_jobs):
            n += recording.n
            if recording.result is not None:
                results.append(recording.result)
            sent += recording.sent
            for total, spikes in zip(fired, recording.fired, strict=True):
                total += spikes
            progress.step(recording.n)
    feed.check(n)
    populations, per_sample = trial.populations, sent / n
    senders = senders_of(run.stack, populations)
    operations = operations_of(populations, senders, per_sample, feed.spikes_in / n)
    energy = energy_of(populations, operations, run.period)
    work = work_of(run.stack, populations, per_sample, operations, run.period)
    activity = _activity(run, trial, fired, n)
    return Outcome(n, results, feed.rows, activity, energy, work)


def _shown(feed: Feed, progress: Progress, act: str) -> Iterator[Batch]:
    """Yield batches; the first is asked for when the simulator of this process is built."""
    for batch in feed:
        progress.name_during = act
        yield batch


def _activity(run: Run, trial: Trial, fired: list[np.ndarray], n: int) -> list[LayerActivity]:
    seconds = run.period * run.dt
    return [
        LayerActivity(
            layer.ensemble.label, layer.on_chip, total / n / seconds, float(total.sum() / n)
        )
        for layer, total in zip(trial.populations, fired, strict=True)
    ]
