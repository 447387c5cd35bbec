"""Samples in batches: how many at once, and who runs them."""

from collections.abc import Iterator, Sequence
from contextlib import closing

import joblib
import numpy as np
from nengo.utils.numpy import is_integer

from nengo_dense.evaluation.trial import Recording, Trial
from nengo_dense.exceptions import invalid
from nengo_dense.plugins import show

#: Memory in bytes for the logits of a batch, and for the state of its neurons. There is one batch
#: at a time in each process.
LOGITS_BYTES, STATE_BYTES = 2**28, 2**30
#: Memory in bytes that a neuron takes in each lane of an emulator: about 85 were measured.
NEURON_BYTES = 100

#: Most processes, of more than any machine or cluster has.
MOST_PROCESSES = 2**16


def lanes_in_memory(n_steps: int, n_classes: int, n_neurons: int) -> int:
    """Return how many samples of so many steps may run at once, at least 1."""
    logits = LOGITS_BYTES // (8 * n_steps * n_classes)
    return max(1, min(logits, STATE_BYTES // (NEURON_BYTES * n_neurons)))


def batch_size(n: int, most: int, n_jobs: int) -> int:
    """Return how many samples to run at once, so that all batches have about as many.

    Parameters
    ----------
    n : int
        Samples in all.
    most : int
        Most at once.
    n_jobs : int
        Processes, as joblib counts them; none shall be idle.

    Raises
    ------
    nengo.exceptions.ValidationError
        An impossible number of processes.
    """
    whole = is_integer(n_jobs) and not isinstance(n_jobs, bool)
    if not whole or n_jobs == 0 or abs(n_jobs) > MOST_PROCESSES:
        raise invalid(
            f"must be a whole number of processes of at most {MOST_PROCESSES}, or -1 for all "
            f"cores, got {show(n_jobs)}",
            "n_jobs",
        )
    workers = 1 if n_jobs == 1 else joblib.effective_n_jobs(n_jobs)
    n_batches = -(-n // min(most, -(-n // workers)))
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
