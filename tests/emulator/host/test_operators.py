"""Every operator on many lanes does what Nengo's does on one."""

import nengo
import numpy as np
import pytest
from nengo.builder.learning_rules import SimBCM, SimPES
from nengo.builder.neurons import SimNeurons
from nengo.builder.operator import Copy, DotInc, ElementwiseInc, Reset, SimPyFunc, SparseDotInc
from nengo.builder.signal import Signal, SignalDict

from nengo_dense.emulator.host.operators import has_effect, is_pure, make_step, times
from nengo_dense.emulator.host.signals import LaneSignals

LANES = 4


def signals(rng, *shapes):
    return [Signal(rng.normal(size=shape)) for shape in shapes]


def make_operator(name, rng):
    """Make an operator, and the signals that have lanes."""
    vector, other, small, row = signals(rng, 6, 6, 3, 1)
    matrix, square = signals(rng, (3, 6), (6, 6))
    sparse = Signal(nengo.transforms.SparseMatrix([[0, 1], [2, 4]], [2.0, -1.0], (3, 6)))
    voltage, refractory = Signal(rng.rand(6)), Signal(np.zeros(6))
    delta = Signal(np.zeros((3, 6)))
    state = {"voltage": voltage, "refractory_time": refractory}
    operators = {
        "reset": lambda: Reset(vector, value=0.5),
        "copy": lambda: Copy(vector, other),
        "copy slices": lambda: Copy(vector, other, src_slice=[0, 2], dst_slice=[5, 1], inc=True),
        "copy repeated": lambda: Copy(vector, other, src_slice=[0, 2], dst_slice=[1, 1], inc=True),
        "copy view": lambda: Copy(vector[::2], small),
        "elementwise": lambda: ElementwiseInc(square[0].reshape((6,)), vector, other),
        "scalar": lambda: ElementwiseInc(row, vector, other),
        "dot": lambda: DotInc(matrix, vector, small),
        "dot of a view": lambda: DotInc(matrix[:, :3], vector[::2], small),
        "dot of one": lambda: DotInc(Signal(rng.normal(size=(1, 6))), vector, row),
        "sparse dot": lambda: SparseDotInc(sparse, vector, small),
        "pes": lambda: SimPES(vector, small, delta, 0.1),
        "bcm": lambda: SimBCM(vector, small, Signal(rng.normal(size=3)), delta, 0.1),
        "lif": lambda: SimNeurons(nengo.LIF(), vector, other, state),
        "lif rate": lambda: SimNeurons(nengo.LIFRate(), vector, other),
        "function": lambda: SimPyFunc(small, lambda x: x[:3] ** 2, None, vector),
    }
    return operators[name]()


NAMES = [
    "reset", "copy", "copy slices", "copy repeated", "copy view", "elementwise", "scalar", "dot",
    "dot of a view", "dot of one", "sparse dot", "pes", "bcm", "lif", "lif rate", "function",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_lanes_equal_nengo(name, rng):
    op = make_operator(name, rng)
    changing = [s for s in op.all_signals if not s.sparse and s.base.ndim == 1]
    ours = LaneSignals([op], LANES, changing=changing)
    start = {}
    for signal in ours:
        if signal in ours.per_lane:
            if name == "lif":  # currents above the threshold, states below it
                ours[signal][...] = rng.rand(*ours[signal].shape) + 2 * (signal is op.J)
            else:
                ours[signal][...] = 3 * rng.normal(size=ours[signal].shape)
            start[signal] = ours[signal].copy()
    step = make_step(op, ours, 0.001, np.random.RandomState(0))
    for _ in range(5):
        step()
    for lane in range(LANES):
        alone = SignalDict()
        op.init_signals(alone)
        for signal, values in start.items():
            if signal not in alone:
                alone.init(signal)
            alone[signal][...] = values[lane]
        one = op.make_step(alone, 0.001, np.random.RandomState(0))
        for _ in range(5):
            one()
        for signal in start:
            np.testing.assert_array_equal(ours[signal][lane], alone[signal])


def test_copy_to_repeated_places_is_refused_as_in_nengo(rng):
    a, b = signals(rng, 3, 3)
    op = Copy(a, b, dst_slice=[1, 1, 0])
    with pytest.raises(nengo.exceptions.BuildError, match="repeated indices"):
        make_step(op, LaneSignals([op], 2, changing=[a]), 0.001, np.random.RandomState(0))


def test_every_lane_has_the_same_chance(rng):
    op = SimNeurons(
        nengo.PoissonSpiking(nengo.LIFRate()), *signals(rng, 6, 6),
        {"rng": np.random.RandomState(3)},
    )  # fmt: skip
    lanes = LaneSignals([op], 3, changing=[op.J])
    lanes[op.J][...] = 500.0
    step = make_step(op, lanes, 0.001, np.random.RandomState(0))
    step()
    np.testing.assert_array_equal(lanes[op.output], lanes[op.output][:1].repeat(3, axis=0))
    expected = np.random.RandomState(3).poisson(0.5, 6) / 0.001
    np.testing.assert_array_equal(lanes[op.output][0], expected)


def test_what_is_pure_and_what_has_effect(rng):
    a, b = signals(rng, 3, 3)
    assert is_pure(Reset(a))
    assert is_pure(SimNeurons(nengo.LIFRate(), a, b))
    assert not is_pure(SimNeurons(nengo.LIF(), a, b, {"voltage": Signal(np.zeros(3))}))
    function = SimPyFunc(a, np.sin, None, b)
    assert not is_pure(function)
    assert has_effect(function)
    assert not has_effect(Reset(a))


@pytest.mark.parametrize("m", [1, 2, 7])
def test_a_product_of_each_lane_is_that_of_one_lane(m, rng):
    matrix, vectors = rng.normal(size=(5, m)), rng.normal(size=(4, m))
    vectors[1] = 0
    for product, vector in zip(times(matrix, -vectors), -vectors, strict=True):
        np.testing.assert_array_equal(product, np.dot(matrix, vector))
        if m == 1:
            assert not np.signbit(product[product == 0]).any()


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (5, 1), (5, 7)])
def test_a_product_with_a_matrix_for_each_lane_is_that_of_one_lane(n, m, rng):
    """Learning on the host gives each lane its own, of one row for one dimension."""
    matrices, vectors = rng.normal(size=(4, n, m)), rng.normal(size=(4, m))
    found = times(matrices, vectors)
    for product, matrix, vector in zip(found, matrices, vectors, strict=True):
        np.testing.assert_array_equal(product, np.dot(matrix, vector))
