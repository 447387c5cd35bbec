"""Slopes back through time: compiled as in NumPy, and both those of the relaxed dynamics."""

import dataclasses
import importlib.util

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.loihi.kernel import numpy_slope
from nengo_dense.loihi.kernel.choice import make_slopes
from nengo_dense.loihi.kernel.numpy_slope import REACH, Neurons, Trace
from nengo_dense.loihi.program import Compartments

LANES, N_STEPS = 3, 20
needs_numba = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="the compiled kernel is the extra 'fast'"
)


def run(arriving, chip):
    """Let compartments fire in floating point, as the chip does in integers."""
    voltage, current = np.zeros((2, LANES, arriving.shape[2]))
    wait = np.zeros_like(voltage)
    parts = []
    for step in range(N_STEPS):
        current = chip.keep_u * current + arriving[:, step]
        before = chip.keep_v * voltage + current + chip.bias
        spiked = (before > chip.vth) & (wait == 0)
        voltage = np.where(spiked | (wait > 0), 0, np.maximum(before, chip.vmin))
        wait = np.maximum(np.where(spiked, chip.refract, wait) - 1, 0)
        parts.append((spiked, current, voltage))
    return Trace(*(np.stack(part, axis=1) for part in zip(*parts, strict=True)))


def draw(rng, n, refract, keep_v):
    chip = Neurons(
        keep_u=rng.uniform(0, 0.9, n),
        keep_v=np.full(n, keep_v),
        bias=rng.uniform(-500, 500, n),
        vth=rng.uniform(3000, 6000, n),
        vmin=rng.choice([0.0, -4000.0], n),
        refract=np.full(n, refract),
    )
    arriving = rng.normal(600, 1200, size=(LANES, N_STEPS, n))
    return arriving, chip, run(arriving, chip)


def as_recorded(trace, chip):
    """Round to what a kernel records, and what it is given."""
    spiked, *states = trace
    recorded = Trace(spiked.astype(np.uint8), *(x.astype(np.int32) for x in states))
    floats = [np.float32(x) for x in chip[:-1]]
    return recorded, Neurons(*floats, chip.refract.astype(np.int32))


def test_what_neurons_keep_is_a_share_and_all_else_is_the_chip_s(rng):
    columns = np.array([5, 0, 3])
    parts = {f.name: rng.randint(1, 4097, size=7) for f in dataclasses.fields(Compartments)}
    neurons = Neurons.of(Compartments(**parts), columns)
    np.testing.assert_array_equal(neurons.keep_u * 4096, parts["keep_u"][columns])
    np.testing.assert_array_equal(neurons.keep_v * 4096, parts["keep_v"][columns])
    for name in ("bias", "vth", "vmin", "refract"):
        np.testing.assert_array_equal(getattr(neurons, name), parts[name][columns])
    assert {array.dtype for array in neurons[:-1]} == {np.dtype(np.float32)}


@needs_numba
@pytest.mark.parametrize("n", [1, 16, 33])
@pytest.mark.parametrize("refract, keep_v", [(1, 1.0), (3, 0.95)])
def test_the_compiled_kernel_gives_the_same_numbers(rng, n, refract, keep_v):
    _, chip, trace = draw(rng, n, refract, keep_v)
    recorded, neurons = as_recorded(trace, chip)
    given = rng.normal(size=(LANES, N_STEPS, n)).astype(np.float32)
    mine, theirs = given.copy(), given.copy()
    of_bias = make_slopes("numba").slopes(mine, recorded, neurons)
    np.testing.assert_array_equal(of_bias, numpy_slope.slopes(theirs, recorded, neurons))
    np.testing.assert_array_equal(mine, theirs)
    assert mine.any(axis=(0, 1)).all()


@needs_numba
@pytest.mark.parametrize("n", [16, 48, 33])
def test_a_trace_may_be_some_columns_of_what_was_recorded(rng, n):
    _, chip, trace = draw(rng, n, 2, 0.9)
    recorded, neurons = as_recorded(trace, chip)
    others = (rng.randint(0, 2, size=(LANES, N_STEPS, 96)).astype(part.dtype) for part in recorded)
    inside = Trace(*(others[..., 16 : 16 + n] for others in others))
    for mine, theirs in zip(inside, recorded, strict=True):
        mine[...] = theirs
    given = rng.normal(size=(LANES, N_STEPS, n)).astype(np.float32)
    whole, part = given.copy(), given.copy()
    back = make_slopes("numba").slopes
    np.testing.assert_array_equal(back(part, inside, neurons), back(whole, recorded, neurons))
    np.testing.assert_array_equal(part, whole)


def smooth(x):
    """Rise from 0 to 1 with the slope of a triangle around 1."""
    below, above = np.clip(np.array([1, 0])[:, None, None] + (x - 1) / REACH, 0, 1)
    return REACH * (below**2 / 2 + above - above**2 / 2)


def relaxed(arriving, bias, chip, trace, weights):
    """Sum smooth spikes; whatever is set to a limit stays as it was."""
    voltage, current = np.zeros((2, LANES, arriving.shape[2]))
    total, wait = 0.0, np.zeros_like(voltage)
    for step in range(N_STEPS):
        current = chip.keep_u * current + arriving[:, step]
        before = chip.keep_v * voltage + current + bias
        held, spiked = wait > 0, trace.spiked[:, step]
        floored = trace.voltage[:, step] == chip.vmin
        moves = ~held & ~(floored & ~spiked)
        total += (weights[:, step] * moves * smooth(before / chip.vth)).sum()
        voltage = np.where(moves & ~spiked, before, trace.voltage[:, step])
        wait = np.maximum(np.where(spiked, chip.refract, wait) - 1, 0)
    return total


@pytest.mark.parametrize("refract, keep_v", [(1, 1.0), (3, 0.95)])
def test_slopes_are_those_of_the_relaxed_dynamics(rng, refract, keep_v):
    n = 5
    arriving, chip, trace = draw(rng, n, refract, keep_v)
    weights = rng.normal(size=(LANES, N_STEPS, n))
    slopes = weights.astype(np.float32)
    recorded, neurons = as_recorded(trace, chip)
    of_bias = numpy_slope.slopes(slopes, recorded, neurons)
    bias = np.tile(chip.bias, (LANES, 1))
    for array, found in ((arriving, slopes), (bias, of_bias)):
        for index in rng.permutation(list(np.ndindex(array.shape)))[:60]:
            place, kept, sums = tuple(index), array[tuple(index)], []
            for change in (-1.0, 1.0):
                array[place] = kept + change
                sums.append(relaxed(arriving, bias, chip, trace, weights))
            array[place] = kept
            numeric = (sums[1] - sums[0]) / 2 * chip.vth[place[-1]]
            assert found[place] == pytest.approx(numeric, rel=5e-3, abs=5e-3)


def test_a_kernel_that_there_is_not_is_refused():
    with pytest.raises(ValidationError, match=r"one of 'auto', 'numpy', 'numba'.*'fortran'"):
        make_slopes("fortran")
