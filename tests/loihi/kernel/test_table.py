"""Tables for the compiled kernel hold the program's weights, and have room for its spikes."""

from dataclasses import replace

import nengo
import numpy as np
import pytest

pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense import compat
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.kernel.reach import signed_sums
from nengo_dense.loihi.kernel.table import make_tables
from nengo_dense.loihi.kernel.vector import WIDTH
from nengo_dense.loihi.program import Program

RELU = nengo.SpikingRectifiedLinear(initial_state={"voltage": nengo.dists.Choice([0])})


def tables_of(program, side_by_side, most):
    return make_tables(program, side_by_side, most, signed_sums(program, most))


def program_of(n, targets, sources=slice(None), scale=1.0):
    """Two populations on the chip, of which the first sends spikes to the second."""
    compat.nengo_loihi()
    with nengo.Network(seed=0) as network:
        a = nengo.Ensemble(n, 1, neuron_type=RELU)
        b = nengo.Ensemble(targets, 1, neuron_type=RELU)
        size = len(range(n)[sources])
        weights = np.random.RandomState(0).uniform(-scale, scale, size=(targets, size))
        nengo.Connection(a.neurons[sources], b.neurons, transform=weights)
    return Program.from_model(
        build_model(
            network,
            0.001,
            model=None,
            precompute=None,
            remove_passthrough=True,
            discretize=True,
        )
    )


def test_dense_rows_follow_their_sources_and_end_with_zeros():
    program = program_of(20, 9)
    (projection,) = program.projections
    tables = tables_of(program, 1, 1)
    ((group, width, target, first, *_, packed),) = tables.projections.tolist()
    assert (group, width, target, first, packed) == (0, WIDTH, 20, 0, 0)
    matrix = tables.dense.reshape(-1, WIDTH)
    expected = projection.weights.values.reshape(-1, 9)[projection.rows]
    np.testing.assert_array_equal(matrix[:-1, :9].astype(np.int32) << tables.unit, expected)
    assert expected.any()
    assert not matrix[:, 9:].any()
    assert not matrix[-1].any()
    assert matrix.dtype == np.int16
    assert len(tables.values) == 0


def test_few_senders_among_many_are_sparse_and_nothing_follows_the_last():
    program = program_of(100, 9, sources=slice(10))
    (projection,) = program.projections
    tables = tables_of(program, 1, 1)
    ((_, width, *_),) = tables.projections.tolist()
    assert width == 0
    np.testing.assert_array_equal(tables.places[:-1, 0], projection.rows)
    np.testing.assert_array_equal(tables.places[:-1, 1], projection.bases)
    assert tables.places[-1, 0] == -1
    np.testing.assert_array_equal(tables.values, projection.weights.values)
    assert len(tables.dense) == 0


def test_weights_that_learn_are_in_no_table():
    compat.nengo_loihi()
    with nengo.Network(seed=0) as network:
        pre, other = (nengo.Ensemble(n, 1, neuron_type=RELU) for n in (10, 4))
        nengo.Connection(pre.neurons, other.neurons, transform=np.ones((4, 10)))
        post, error = nengo.Node(size_in=1), nengo.Node(size_in=1)
        learned = nengo.Connection(pre, post, learning_rule_type=nengo.PES())
        nengo.Connection(error, learned.learning_rule)
        nengo.Connection(post, error)
        nengo.Probe(post)
    program = Program.from_model(build_model(network, 0.001, discretize=True))
    fixed = [p for p in program.projections if p.learning < 0]
    assert 0 < len(fixed) < len(program.projections)
    tables = tables_of(program, 1, 1)
    assert len(tables.projections) == len(fixed)
    assert set(tables.groups[:, 0]) == {
        [*program.inputs, *program.blocks][p.source].start for p in fixed
    }


def test_only_groups_that_anything_listens_to_are_listed():
    program = program_of(20, 9)
    tables = tables_of(program, 1, 1)
    assert tables.groups.tolist() == [[program.blocks[0].start, 20, 0]]


def test_lists_have_room_for_inputs_that_spike_several_times_in_a_step():
    compat.nengo_loihi()
    with nengo.Network(seed=0) as network:
        source = nengo.Node(np.ones(5))
        a = nengo.Ensemble(7, 1, neuron_type=RELU)
        b = nengo.Ensemble(3, 1, neuron_type=RELU)
        nengo.Connection(source, a.neurons, transform=np.ones((7, 5)))
        nengo.Connection(a.neurons, b.neurons, transform=np.ones((3, 7)))
    program = Program.from_model(build_model(network, 0.001))
    ((first, n_inputs),) = [(group.start, group.size) for group in program.inputs]
    once, often = tables_of(program, 2, 1), tables_of(program, 2, 255)
    assert often.groups[:, :2].tolist() == [[first, n_inputs], [program.n_inputs, 7]]
    # the chip's own neurons never spike twice in a step
    assert often.room - once.room == 2 * 254 * n_inputs
    assert often.groups[1, 2] - once.groups[1, 2] == 2 * 254 * n_inputs
    for tables in (once, often):  # rows are added four at a time
        assert not (tables.groups[:, 2] % 4).any()
        assert tables.room % 4 == 0


@pytest.mark.parametrize("side_by_side", [1, 6])
@pytest.mark.parametrize("n", [1, 5, 8, 20])
def test_lists_have_room_for_every_spike_of_every_lane(n, side_by_side):
    tables = tables_of(program_of(n, 3), side_by_side, 1)
    filled_up = n + -n % 4
    assert tables.room >= side_by_side * filled_up + 8  # eight are written in one go


def with_weights(values, n_sources=4):
    """A program's dense projection from its inputs, of which every source has these weights."""
    program = program_of(n_sources, len(values))
    (projection,) = program.projections
    weights = np.tile(np.array(values, dtype=np.int32), len(projection.rows))
    changed = replace(projection, weights=replace(projection.weights, values=weights))
    return replace(program, projections=[changed])


@pytest.mark.parametrize(
    ("values", "dtype", "short", "unit"),
    [
        ([-128, 384, 0], np.int16, True, 7),
        ([-8191, 8190, 0], np.int16, True, 0),
        ([-8192, 8191, 0], np.int16, False, 0),
        ([-8192, 8192, 0], np.int16, True, 13),
        ([-8192 << 7, 8191 << 7, 0], np.int32, False, 0),
        ([0, 0, 0], np.int16, True, 0),
    ],
)
def test_sums_are_short_if_no_spikes_of_all_sources_can_exceed_them(values, dtype, short, unit):
    tables = tables_of(with_weights(values), 1, 1)
    assert (tables.dense.dtype, tables.short, tables.unit) == (dtype, short, unit)
    matrix = tables.dense.reshape(-1, WIDTH).astype(np.int32) << tables.unit
    np.testing.assert_array_equal(matrix[:-1, :3], np.tile(values, (4, 1)))


def test_sums_of_sources_that_may_spike_often_are_longer():
    program = with_weights([-8191, 0])
    assert tables_of(program, 1, 1).short
    assert not tables_of(program, 1, 2).short
