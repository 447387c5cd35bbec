"""Recordings are laid out for the compiled kernel as runs of neighbours."""

import numpy as np
import pytest

from nengo_dense.loihi.kernel.state import Recording
from nengo_dense.loihi.kernel.workspace import Records, find_runs


@pytest.mark.parametrize(
    ("columns", "runs"),
    [
        ([], []),
        ([0], [[0, 1]]),
        ([3, 4, 5], [[3, 3]]),
        ([3, 4, 9, 8, 9, 10], [[3, 2], [9, 1], [8, 3]]),
        ([2, 2], [[2, 1], [2, 1]]),
    ],
)
def test_runs_are_neighbours_that_follow_one_another(columns, runs):
    found = find_runs(np.array(columns, dtype=np.int64))
    assert found.tolist() == runs
    assert found.shape == (len(runs), 2)


def test_what_is_not_recorded_has_no_runs_and_what_is_counted_has_room():
    values = np.zeros((7, 5, 2), dtype=np.int32).swapaxes(0, 1)
    counts = np.zeros((5, 1), dtype=np.int64)
    given = [Recording("voltage", np.array([1, 2]), values)]
    records = Records.of(given, 5, 3, np.dtype(np.int32))
    assert records.voltage_runs.tolist() == [[1, 2]]
    assert [len(records.spiked_runs), len(records.current_runs), len(records.counts)] == [0, 0, 0]
    assert records.strides.tolist() == [[0, 0], [2, 10], [0, 0]]
    given.append(Recording("count", np.array([1]), counts))
    assert len(Records.of(given, 5, 3, np.dtype(np.int32)).counts) == 15
