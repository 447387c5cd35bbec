"""Each compiled function of a chip's update leaves in the registers what its reference leaves."""

import numpy as np
import pytest

numba = pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense.loihi.kernel import compiled_update, numpy_chip  # noqa: E402
from nengo_dense.loihi.kernel.contract import REGISTERS, Parameters, Registers, overflowed  # noqa: E402
from nengo_dense.loihi.kernel.workspace import Layout  # noqa: E402

N = 4096
gather_short = numba.njit(compiled_update.gather_short)
hold = numba.njit(compiled_update.hold)
is_within = numba.njit(compiled_update.is_within)
update_float = numba.njit(compiled_update.update_float)
update_integer = numba.njit(compiled_update.update_integer)
update_integer_within = numba.njit(compiled_update.update_integer_within)


def draw_integers(rng, spread):
    """Draw registers and parameters of the chip; sums up to ``spread`` overflow or do not."""

    def integers(low, high):
        return rng.randint(low, high, size=N).astype(np.int32)

    unlimited = rng.uniform(size=N) < 0.3  # as neurons that may have any negative voltage
    chip = Parameters(
        keep_u=integers(0, 4097),
        keep_v=integers(0, 4097),
        scale_u=np.ones(N, dtype=np.float32),
        scale_v=np.ones(N, dtype=np.float32),
        bias=integers(-spread, spread),
        vth=integers(0, 2**22),
        vmin=np.where(unlimited, np.int32(-(2**31) + 1), integers(-(2**23) + 1, 1)),
        vmax=integers(2**9, 2**23),
        refract=integers(1, 4),
    )
    registers = Registers(
        total=integers(-spread, spread),
        noise=integers(-64, 64),
        current=integers(-(2**23), 2**23),
        voltage=np.where(unlimited, integers(-(2**31) + 1, 2**23), integers(-(2**23), 2**23)),
        refractory=integers(0, 3),
        spiked=rng.randint(0, 2, size=N).astype(np.uint8),
    )
    return registers, chip


def draw_floats(rng):
    def floats(low, high):
        return rng.uniform(low, high, size=N).astype(np.float32)

    integers, chip = draw_integers(rng, 100)
    chip = Parameters(*(floats(0, 1) for _ in range(4)), *chip[4:])._replace(
        bias=floats(-1, 1), vth=floats(0, 2), vmin=floats(-2, 0), vmax=floats(1, 4)
    )
    return integers._replace(
        total=floats(-3, 3), noise=floats(-1, 1), current=floats(-3, 3), voltage=floats(-3, 3)
    ), chip


def copy(registers):
    return Registers(*(array.copy() for array in registers))


def assert_same(ours, expected):
    for name, mine, other in zip(Registers._fields, ours, expected, strict=True):
        np.testing.assert_array_equal(mine, other, err_msg=name)


@pytest.mark.parametrize("leaky", [False, True])
@pytest.mark.parametrize("spread", [2**10, 2**24, 2**31 - 1])
def test_integers_decay_wrap_and_fire_as_in_the_reference(spread, leaky, rng):
    registers, chip = draw_integers(rng, spread)
    if not leaky:
        chip = chip._replace(keep_v=np.full(N, 4096, dtype=np.int32))
    ours, expected = copy(registers), copy(registers)
    bits = numpy_chip.update_integer(expected, chip)
    assert update_integer(ours, chip, leaky) == bits
    assert_same(ours, expected)
    assert 0.05 < expected.spiked.mean() < 0.95
    assert ("q0" in overflowed(bits)) == (spread > 2**21)


@pytest.mark.parametrize("register", REGISTERS)
def test_each_register_says_by_itself_that_it_overflows(register, rng):
    registers, chip = draw_integers(rng, 1)
    for array in (
        registers.total,
        registers.noise,
        registers.current,
        registers.voltage,
        chip.bias,
    ):
        array[:] = 0
    if register == "q0":
        registers.total[77] = 2**21
    elif register == "current":
        registers.current[77], chip.keep_u[77] = 2**23 - 1, 4096
        registers.total[77] = 1
    else:
        chip.bias[77] = 2**23
    ours, expected = copy(registers), copy(registers)
    bits = numpy_chip.update_integer(expected, chip)
    assert update_integer(ours, chip, True) == bits
    assert overflowed(bits) == {register}
    assert_same(ours, expected)


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
@pytest.mark.parametrize("leaky", [False, True])
def test_without_tests_for_overflow_the_update_is_the_same_where_nothing_overflows(
    leaky, dtype, rng
):
    registers, chip = draw_integers(rng, 2**12)
    chip = chip._replace(vmax=chip.vth + rng.randint(1, 2**20, size=N).astype(np.int32))
    if not leaky:
        chip = chip._replace(keep_v=np.full(N, 4096, dtype=np.int32))
    registers.current[:] //= 4
    registers.noise[:] = 0
    sums = rng.randint(-(2**13), 2**13, size=N).astype(dtype)
    registers.total[:] = sums.astype(np.int32) << 5
    expected = copy(registers)
    assert numpy_chip.update_integer(expected, chip) == 0
    largest = np.abs(expected.current).max()
    for reach in (largest, largest - 1):
        ours, again = copy(registers), sums.copy()
        layout = Layout(*[None] * len(Layout._fields))._replace(leaky=leaky, reach=np.int32(reach))
        within = update_integer_within(ours, again, np.int32(5), chip, layout)
        assert within == (reach == largest)
    assert_same(ours, expected)
    assert not again.any()
    assert 0.05 < expected.spiked.mean() < 0.95


def test_currents_are_within_a_reach_if_all_are(rng):
    current = rng.randint(-9, 10, size=37).astype(np.int32)
    for extreme in (10, -10):
        current[30] = extreme
        for reach, within in ((11, True), (10, True), (9, False), (-1, False)):
            assert is_within(current, np.int32(reach)) == within


def test_floats_decay_and_fire_as_in_the_reference(rng):
    registers, chip = draw_floats(rng)
    ours, expected = copy(registers), copy(registers)
    assert numpy_chip.update_float(expected, chip) == 0
    assert update_float(ours, chip, True) == 0
    assert_same(ours, expected)
    assert 0.05 < expected.spiked.mean() < 0.95


def test_refractory_compartments_are_held_as_in_the_reference(rng):
    registers, chip = draw_integers(rng, 100)
    registers.voltage[registers.spiked > 0] = 0  # as the update leaves them
    ours, expected = copy(registers), copy(registers)
    numpy_chip.hold(expected, chip)
    hold(ours, chip)
    assert_same(ours, expected)
    held = registers.refractory > 0
    assert not expected.voltage[held].any()
    assert not expected.spiked[held].any()
    np.testing.assert_array_equal(expected.refractory[held], registers.refractory[held] - 1)
    fired = expected.spiked > 0
    np.testing.assert_array_equal(expected.refractory[fired], chip.refract[fired] - 1)


def test_the_choice_between_integers_and_floats_exists_for_the_compiler_alone():
    with pytest.raises(NotImplementedError, match="only compiled functions"):
        compiled_update.update(None, None, False)
    with pytest.raises(NotImplementedError, match="only compiled functions"):
        compiled_update.gather(None, None, 0)
    with pytest.raises(NotImplementedError, match="only compiled functions"):
        compiled_update.update_within(None, None, 0, None, None)


def test_short_sums_are_added_in_their_unit_and_cleared(rng):
    total = rng.randint(-(2**20), 2**20, size=N).astype(np.int32)
    sums = rng.randint(-(2**15), 2**15, size=N).astype(np.int16)
    expected = total + (sums.astype(np.int32) << 7)
    gather_short(total, sums, np.int32(7))
    np.testing.assert_array_equal(total, expected)
    assert not sums.any()
