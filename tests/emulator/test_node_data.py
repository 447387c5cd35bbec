"""Data is looked at as seldom as possible, and never taken for constant when it is not."""

import nengo
import numpy as np
import pytest

from nengo_dense.emulator.node_data import NodeData, check_data


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


def test_data_come_as_any_array():
    torch = pytest.importorskip("torch")
    with nengo.Network():
        node = nengo.Node([0.0, 0.0])
    values = np.arange(12.0).reshape(1, 6, 2)
    for same in (
        torch.tensor(values, requires_grad=True),
        values.tolist(),
        values.astype(np.longdouble),
        values.astype(object),
        np.ma.masked_less(values, -1),
    ):
        found = check_data({node: same}, [node], 1, 6)[node].values
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, values)


def test_large_data_are_not_copied():
    with nengo.Network():
        node = nengo.Node([0.0, 0.0])
    for dtype in (np.float32, np.uint8, bool):
        values = np.ones((1, 6, 2), dtype)
        assert check_data({node: values}, [node], 1, 6)[node].values is values
