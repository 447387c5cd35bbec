"""NumPy begins and compiled code goes on: what both leave is what either would."""

import functools
import warnings

import numpy as np
import pytest
from random_network import random_network

pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense import compat
from nengo_dense.emulator import Simulator
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.kernel import choice
from nengo_dense.loihi.kernel.early_kernel import EarlyKernel
from nengo_dense.loihi.kernel.instruction import Instruction, Instructions, Kind, Stretch
from nengo_dense.loihi.kernel.numba_kernel import NumbaKernel
from nengo_dense.loihi.kernel.numpy_estimate import Estimated
from nengo_dense.loihi.kernel.numpy_kernel import NumpyKernel
from nengo_dense.loihi.kernel.patience import Patience
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.program import Program

NEVER, AT_ONCE = np.inf, -1.0


class Counted(Patience):
    """Over after a number of questions; keeps how long NumPy would have taken."""

    def __init__(self, n):
        super().__init__()
        self.n, self.asked = n, []

    def is_over(self, nanoseconds):
        self.asked.append(nanoseconds)
        return len(self.asked) > self.n


@functools.cache
def make_program(seed, discretize=True):
    compat.nengo_loihi()
    drawn = random_network(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = build_model(drawn.network, 0.001, model=drawn.model(), discretize=discretize)
    return Program.from_model(model)


def run(kernel, program, lanes):
    """Run three pieces; return recordings and the state."""
    rng, state, left = np.random.RandomState(0), ChipState.zeros(program, lanes), []
    columns = np.arange(program.n_compartments)
    for n_steps in (5, 7, 2):
        spikes = rng.uniform(size=(lanes, n_steps, program.n_inputs)) < 0.3
        shape = (n_steps, lanes, len(columns))
        recordings = [
            Recording(key, columns, np.zeros(shape, dtype=dtype).swapaxes(0, 1))
            for key, dtype in (("spiked", np.uint8), ("voltage", program.dtype))
        ]
        recordings.append(Recording("count", columns, np.zeros((lanes, len(columns)), int)))
        kernel.advance(state, Drive(spikes.astype(np.uint8)), recordings)
        left += [recording.values for recording in recordings]
    return [*left, *state]


@functools.cache
def run_in_numpy(seed, discretize):
    program = make_program(seed, discretize)
    return run(NumpyKernel(program), program, 3)


@pytest.mark.parametrize("discretize", [True, False], ids=["integers", "floats"])
@pytest.mark.parametrize("n", range(4))
@pytest.mark.parametrize("seed", range(4002, 4008))
def test_wherever_compiled_code_takes_over_all_values_are_the_same(seed, n, discretize):
    program = make_program(seed, discretize)
    patience = Counted(n)
    ours = run(EarlyKernel(program, patience, NumbaKernel), program, 3)
    for mine, other in zip(ours, run_in_numpy(seed, discretize), strict=True):
        np.testing.assert_array_equal(mine, other)
    assert len(patience.asked) == min(n + 1, 3)  # it does not ask again


def test_host_instructions_go_on_as_well(rng):
    instructions = Instructions.of(
        [Instruction(Kind.FIRE, size=20, target=0, source=20, state=40)]
    )
    vectors = rng.uniform(size=60 * 3)
    none, spikes = np.zeros(0), np.zeros((3, 4, 0), dtype=np.uint8)
    program, left = make_program(4002), []
    for n in (0, 1, 2):
        patience, mine = Counted(n), vectors.copy()
        kernel = EarlyKernel(program, patience, NumbaKernel)
        for _ in range(2):
            kernel.follow(instructions, Stretch(3, 4, mine, none, none, spikes))
        left.append(mine)
        product = kernel.multiply_lanes(np.ones((3, 2)), np.ones((5, 2)))
        np.testing.assert_array_equal(product, np.full((3, 5), 2.0))
        ones, firing = np.ones((1, 2)), Instruction(Kind.FIRE, 2, target=0, source=2, state=4)
        estimated = Estimated(1.3 * ones, ones[0, :1], 0.1 * ones[0], 0 * ones, ones[0], 0.0, 1.0)
        stretch = Stretch(1, 9, np.zeros(6), none, none, spikes[:1])
        assert not kernel.fire_estimated(estimated, firing, stretch, 9).any()
    np.testing.assert_array_equal(left[0], left[1])
    np.testing.assert_array_equal(left[0], left[2])


@pytest.mark.parametrize("discretize", [True, False], ids=["integers", "floats"])
def test_more_lanes_and_more_steps_are_more_work(discretize):
    program = make_program(4002, discretize)
    asked = {}
    for lanes, n_steps in ((1, 1), (1, 2), (2, 1)):
        patience = Counted(9)
        spikes = np.zeros((lanes, n_steps, program.n_inputs), dtype=np.uint8)
        kernel = EarlyKernel(program, patience, NumbaKernel)
        kernel.advance(ChipState.zeros(program, lanes), Drive(spikes), [])
        asked[lanes, n_steps] = patience.asked[0]
    assert asked[1, 2] == pytest.approx(2 * asked[1, 1])
    assert asked[1, 1] < asked[2, 1] < asked[1, 2]  # a step has a price of its own


def test_auto_begins_in_numpy_where_there_is_time(monkeypatch):
    program = make_program(4002)
    monkeypatch.setattr(choice, "PATIENCE", Patience(NEVER, NEVER))
    monkeypatch.setattr("nengo_dense.loihi.kernel.patience._is_ready", lambda: False)
    assert type(choice.make_kernel("auto", program)) is EarlyKernel
    assert type(choice.make_kernel("numba", program)) is NumbaKernel
    monkeypatch.setattr(choice, "PATIENCE", Patience(AT_ONCE, AT_ONCE))
    assert type(choice.make_kernel("auto", program)) is NumbaKernel


@pytest.mark.parametrize("limit", [NEVER, AT_ONCE], ids=["early", "compiled"])
def test_small_layers_wait_for_an_estimate_until_it_would_have_paid(limit, monkeypatch):
    monkeypatch.setattr(choice, "PATIENCE", Patience(limit, limit))
    monkeypatch.setattr("nengo_dense.loihi.kernel.patience._is_ready", lambda: False)
    monkeypatch.setattr(choice, "ESTIMATING", Patience(10, 30, lambda: False))
    program = make_program(4002)
    auto, *others = (choice.make_kernel(name, program) for name in ("auto", "numba", "numpy"))
    assert all(kernel.may_estimate(0) for kernel in others)
    assert not auto.may_estimate(20)
    assert not auto.may_estimate(10)
    assert auto.may_estimate(np.inf), "a large layer does not wait"
    assert auto.may_estimate(0), "nor does any layer after it"


def test_estimates_that_are_compiled_already_do_not_wait(monkeypatch):
    monkeypatch.setattr(choice, "PATIENCE", Patience(AT_ONCE, AT_ONCE))
    monkeypatch.setattr(choice, "ESTIMATING", Patience(is_ready=lambda: True))
    assert choice.make_kernel("auto", make_program(4002)).may_estimate(1)


@pytest.mark.parametrize("lanes", [1, 20])
@pytest.mark.parametrize("seed", [2, 3, 7])
def test_simulator_gives_the_same_wherever_it_changes(seed, lanes, monkeypatch):
    def data(patience, kernel="auto"):
        monkeypatch.setattr(choice, "PATIENCE", patience)
        drawn = random_network(seed)
        np.random.seed(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Simulator(
                drawn.network, model=drawn.model(), minibatch_size=lanes, progress_bar=False,
                kernel=kernel,
            ) as sim:  # fmt: skip
                for _ in range(3):
                    sim.run_steps(20)
                return [np.array(sim.data[probe]) for probe in drawn.network.all_probes]

    expected = data(Counted(0), "numba")
    for n in (0, 2, 5, 9, 10**6):
        for mine, other in zip(data(Counted(n)), expected, strict=True):
            np.testing.assert_array_equal(mine, other)
