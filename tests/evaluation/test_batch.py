import os
import signal
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nengo.exceptions import SimulationError, ValidationError

from nengo_dense.evaluation import batch
from nengo_dense.evaluation.batch import (
    Presentations,
    batch_size,
    lanes_in_memory,
    record_all,
    record_one,
)
from nengo_dense.evaluation.reader import LastOutputs
from nengo_dense.evaluation.trial import Trial
from nengo_dense.layers import DenseStack


@given(n=st.integers(1, 5000), most=st.integers(1, 2000))
def test_batches_are_even_and_no_larger_than_asked(n, most):
    size = batch_size(n, most, 1)
    assert size <= most
    n_batches = -(-n // size)
    assert n_batches == -(-n // most)
    assert size * n_batches - n < n_batches


def test_no_process_is_idle():
    assert batch_size(100, 1000, 4) == 25
    assert batch_size(100, 10, 4) == 10
    assert batch_size(3, 1000, 4) == 1


@pytest.mark.parametrize("n_jobs", [0, 1.5, True, None])
def test_other_numbers_of_processes_are_refused(n_jobs):
    with pytest.raises(ValidationError, match="n_jobs: must be a whole number of processes"):
        batch_size(10, 10, n_jobs)


@pytest.mark.parametrize(
    ("n_steps", "n_classes", "n_neurons", "lanes"),
    [
        (100, 10, 100, 107_374),  # 12 sums of 80 bytes each, in 256 MiB, or 10 kB of state
        (1000, 200, 100, 1644),
        (10**6, 1000, 100, 1),
        (100, 10, 131_072, 81),  # a whole chip's neurons, in 1 GiB
    ],
)
def test_lanes_fit_the_memory(n_steps, n_classes, n_neurons, lanes):
    assert lanes_in_memory(n_steps, n_classes, n_neurons) == lanes


def test_a_process_builds_once_for_all_batches_of_a_run(rng, monkeypatch):
    stack = DenseStack([6, 5, 3], 4, seed=0)
    trial, built = Trial(stack, "sim", 0.001, 2), []

    class Counted(batch.Recorder):
        def __init__(self, trial):
            built.append(trial)
            super().__init__(trial)

    monkeypatch.setattr(batch, "Recorder", Counted)
    x = rng.uniform(size=(3, 2, 4))

    def record(run):
        batches = [Presentations(values, 20, LastOutputs("linear")) for values in x]
        return [record_one(run, trial, each)[0].result for each in batches]

    try:
        kept = record((0, "one"))
        assert len(built) == 1
        record((0, "another"))
        assert len(built) == 2
        here = record((os.getpid(), "one"))
        assert len(built) == 5
        np.testing.assert_array_equal(kept, here)
    finally:
        batch.KEPT.drop()


def test_what_fails_is_not_kept():
    trial = Trial(DenseStack([6, 5, 3], 4, seed=0), "sim", 0.001, 2)
    wrong = Presentations(np.zeros((2, 9)), 20, LastOutputs("linear"))
    with pytest.raises(ValidationError, match="must have shape"):
        record_one((0, "one"), trial, wrong)
    assert batch.KEPT.recorder is None


@dataclass(frozen=True, eq=False)
class Fatal(batch.Batch):
    """Kills the process that records it."""

    def record(self, recorder):
        signal.raise_signal(signal.SIGKILL)


def test_a_process_that_is_killed_is_named_with_its_signal_and_others_follow_it():
    trial = Trial(DenseStack([6, 5, 3], 4, seed=0), "nengo", 0.001, 2)
    fine = Presentations(np.ones((2, 4)), 20, LastOutputs("linear"))
    words = r"a process of 'n_jobs' \(--jobs\) has ended before .* \(SIGKILL\)"
    with pytest.raises(SimulationError, match=words):
        list(record_all(trial, [Fatal(), fine, fine], 2))
    assert len(list(record_all(trial, [fine, fine], 2))) == 2
