"""Samples in batches: how many at once, and who runs them."""

from collections.abc import Iterator, Sequence
from contextlib import closing

import joblib
import numpy as np
from nengo.utils.numpy import is_integer

from nengo_dense.evaluation.trial import Recording, Trial
from nengo_dense.exceptions import invalid

#: Memory in bytes for the logits of a batch, of which there is one at a time in each process.
LOGITS_BYTES = 2**28


def batch_size(n: int, asked: int, n_jobs: int, bytes_each: int) -> int:
    """Return how many samples to run at once, so that all batches have about as many.

    Parameters
    ----------
    n : int
        Samples in all.
    asked : int
        Most at once.
    n_jobs : int
        Processes, as joblib counts them; none shall be idle.
    bytes_each : int
        Memory that the logits of a sample take.

    Raises
    ------
    nengo.exceptions.ValidationError
        An impossible number of processes.
    """
    if isinstance(n_jobs, bool) or not is_integer(n_jobs) or n_jobs == 0:
        raise invalid(
            f"must be a whole number of processes, or -1 for all cores, got {n_jobs!r}", "n_jobs"
        )
    workers = 1 if n_jobs == 1 else joblib.effective_n_jobs(n_jobs)
    most = min(asked, max(1, LOGITS_BYTES // bytes_each), -(-n // workers))
    n_batches = -(-n // most)
    return -(-n // n_batches)


def record_all(
    trial: Trial, batches: Sequence[np.ndarray], n_steps: int, n_jobs: int
) -> Iterator[Recording]:
    """Record batch by batch: with one simulator, or with one for each task of joblib's."""
    if n_jobs == 1:
        with closing(trial.simulator()) as sim:
            for batch in batches:
                yield trial.record(sim, batch, n_steps)
    else:
        tasks = (joblib.delayed(_record_one)(trial, batch, n_steps) for batch in batches)
        yield from joblib.Parallel(n_jobs, return_as="generator")(tasks)


def _record_one(trial: Trial, batch: np.ndarray, n_steps: int) -> Recording:
    with closing(trial.simulator()) as sim:
        return trial.record(sim, batch, n_steps)
