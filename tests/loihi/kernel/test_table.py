"""Tables for the compiled kernel hold the program's weights, and have room for its spikes."""

from dataclasses import replace

import nengo
import numpy as np
import pytest

pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense import compat
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.kernel import table as table_module
from nengo_dense.loihi.kernel.reach import signed_sums
from nengo_dense.loihi.kernel.table import make_tables
from nengo_dense.loihi.kernel.vector import WIDTH
from nengo_dense.loihi.program import Program

RELU = nengo.SpikingRectifiedLinear(initial_state={"voltage": nengo.dists.Choice([0])})


@pytest.fixture
def adds(monkeypatch):
    """A machine that does not multiply bytes."""
    monkeypatch.setattr(table_module, "MULTIPLIES_BYTES", False)


@pytest.fixture
def multiplies(monkeypatch):
    """A machine that does."""
    monkeypatch.setattr(table_module, "MULTIPLIES_BYTES", True)


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


def test_dense_rows_follow_their_sources_and_end_with_zeros(adds):
    program = program_of(20, 9)
    (projection,) = program.projections
    tables = tables_of(program, 1, 1)
    ((group, width, target, first, _, _, packed, *_),) = tables.projections.tolist()
    assert (group, width, target, first, packed) == (0, WIDTH, 20, 0, 0)
    matrix = tables.dense.reshape(-1, WIDTH)
    expected = projection.weights.values.reshape(-1, 9)[projection.rows]
    np.testing.assert_array_equal(matrix[:-1, :9].astype(np.int32) << tables.unit, expected)
    assert expected.any()
    assert not matrix[:, 9:].any()
    assert not matrix[-1].any()
    assert matrix.dtype == np.int16
    assert len(tables.sparse.values) == 0


def test_few_senders_among_many_are_sparse_and_nothing_follows_the_last(adds):
    program = program_of(100, 9, sources=slice(10))
    (projection,) = program.projections
    tables = tables_of(program, 1, 1)
    ((_, width, *_),) = tables.projections.tolist()
    assert width == 0
    np.testing.assert_array_equal(tables.sparse.places[:-1, 0], projection.rows)
    np.testing.assert_array_equal(tables.sparse.places[:-1, 1], projection.bases)
    assert tables.sparse.places[-1, 0] == -1
    np.testing.assert_array_equal(tables.sparse.values, projection.weights.values)
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


def test_only_groups_that_anything_listens_to_are_listed(adds):
    program = program_of(20, 9)
    tables = tables_of(program, 1, 1)
    assert tables.groups.tolist() == [[program.blocks[0].start, 20, 0, 1]]


def test_lists_have_room_for_inputs_that_spike_several_times_in_a_step(adds):
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
def test_lists_have_room_for_every_spike_of_every_lane(n, side_by_side, adds):
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
def test_sums_are_short_if_no_spikes_of_all_sources_can_exceed_them(
    values, dtype, short, unit, adds
):
    tables = tables_of(with_weights(values), 1, 1)
    assert (tables.dense.dtype, tables.short, tables.unit) == (dtype, short, unit)
    matrix = tables.dense.reshape(-1, WIDTH).astype(np.int32) << tables.unit
    np.testing.assert_array_equal(matrix[:-1, :3], np.tile(values, (4, 1)))


def test_sums_of_sources_that_may_spike_often_are_longer():
    program = with_weights([-8191, 0])
    assert tables_of(program, 1, 1).short
    assert not tables_of(program, 1, 2).short


@pytest.mark.parametrize(("wanted", "lanes"), [(1, 4), (8, 8), (9, 12)])
def test_narrow_weights_are_multiplied_in_their_own_unit_and_nothing_is_listed(
    wanted, lanes, multiplies
):
    tables = tables_of(with_weights([-128 << 7, 127 << 7, 0]), wanted, 1)
    assert tables.side_by_side == lanes
    assert tables.projections.tolist() == [[0, WIDTH, 4, 0, 0, 0, 0, 1, 7]]
    assert tables.groups[0, 3] == 0
    assert (len(tables.dense), tables.short, tables.unit) == (0, False, 0)
    octets = tables.multiplied.view(np.int8).reshape(-1, WIDTH, table_module.TOGETHER)
    for column, weight in enumerate([-128, 127, 0]):  # of all sources
        assert (octets[:, column] == weight).all()
    assert not octets[:, 3:].any()


@pytest.mark.parametrize("values", [[128, 1], [-129, 1], [1] * 17])
def test_wide_rows_and_weights_of_more_than_eight_bits_are_added(values, multiplies, monkeypatch):
    monkeypatch.setattr(table_module, "MOST_MULTIPLIED", 16)
    tables = tables_of(with_weights(values), 1, 1)
    assert (tables.side_by_side, len(tables.multiplied), tables.groups[0, 3]) == (1, 0, 1)
    assert tables.projections[0, 7:].tolist() == [0, 0]


def test_a_group_is_listed_if_only_one_of_its_receivers_needs_it(multiplies, monkeypatch):
    """Sums of both are then in one array, in a common unit."""
    monkeypatch.setattr(table_module, "MOST_MULTIPLIED", 16)
    narrow, wide = with_weights([3 << 9]), with_weights([1 << 7] * 17)
    program = replace(wide, projections=[*narrow.projections, *wide.projections])
    tables = tables_of(program, 1, 1)
    assert tables.groups[:, 3].tolist() == [1]
    assert (tables.short, tables.unit) == (True, 7)
    assert tables.projections[:, 7:].tolist() == [[1, 2], [0, 0]]


def test_narrow_weights_of_nothing_fit_in_any_unit_of_others(multiplies, monkeypatch):
    monkeypatch.setattr(table_module, "MOST_MULTIPLIED", 16)
    narrow, wide = with_weights([0, 0]), with_weights([1 << 7] * 17)
    program = replace(wide, projections=[*narrow.projections, *wide.projections])
    tables = tables_of(program, 1, 1)
    assert (tables.short, tables.unit) == (True, 7)
    assert tables.projections[:, 7:].tolist() == [[1, 0], [0, 0]]
    assert not tables.multiplied.any()
