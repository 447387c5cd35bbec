"""Data is looked at as seldom as possible, and never taken for constant when it is not."""

import numpy as np

from nengo_dense.emulator.node_data import NodeData


def test_broadcast_data_changes_in_the_first_step_alone():
    data = NodeData(np.broadcast_to(np.arange(3.0)[:, None, None], (3, 10, 2)))
    assert data.constant
    assert [data.changes(step) for step in range(3)] == [True, False, False]
    np.testing.assert_array_equal(data.at(7), [[0, 0], [1, 1], [2, 2]])


def test_data_changes_where_any_lane_does():
    values = np.zeros((3, 4, 2))
    values[2, 2, 1] = 1
    data = NodeData(values)
    assert [data.changes(step) for step in range(4)] == [True, False, True, True]
