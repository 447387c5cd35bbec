"""The host's first layer and readout, compiled; loaded only by `.choice` (needs numba)."""

import numpy as np

from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.compilation import compiled
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    add,
    either,
    floor,
    greater,
    load,
    multiply,
    not_equal,
    spread,
    store,
    subtract,
    where,
)


@compiled
def _integrate(voltage, drive, subtracts):  # type: ignore[no-untyped-def]
    """Make one step of some neurons; return voltage and spikes."""
    nothing, one = spread(0.0), spread(1.0)
    v = add(voltage, drive)
    if subtracts:
        count = floor(v)
        return subtract(v, count), count
    fires = greater(v, one)
    v = where(either(fires, greater(nothing, v)), nothing, v)
    return v, where(fires, one, nothing)


@compiled
def _fire(  # type: ignore[no-untyped-def]
    first_lane, last_lane, current, voltage, output, dt, height, signed, subtracts, n_steps,
    spikes, columns, first_step, first_column, values, drive, state, height_out, flags,
):  # fmt: skip
    """Integrate and fire with a constant current, for some lanes; see `fire`.

    The last four are a workspace of one lane, padded to whole vectors.
    """
    n, n_steps = np.uint64(current.shape[1]), np.uint64(n_steps)
    rows = np.uint64(len(spikes)) // (np.uint64(len(current)) * np.uint64(columns))
    for lane in range(np.uint64(first_lane), np.uint64(last_lane)):
        for j in range(n):
            drive[j] = (current[lane, j] if signed else max(current[lane, j], 0.0)) * dt
            state[j] = voltage[lane, j]
        for step in range(n_steps):
            for j in range(np.uint64(0), np.uint64(len(state)), np.uint64(WIDTH)):
                v, count = _integrate(load(state, j), load(drive, j), subtracts)
                store(state, j, v)
                store(flags, j, not_equal(count, spread(0.0)))
                if len(values) or step == n_steps - np.uint64(1):
                    store(height_out, j, multiply(count, spread(height)))
            row = (lane * rows + np.uint64(first_step) + step) * np.uint64(columns)
            for j in range(n):
                spikes[row + np.uint64(first_column) + j] = flags[j]
            if len(values):
                for j in range(n):
                    values[(lane * n_steps + step) * n + j] = height_out[j]
        for j in range(n):
            voltage[lane, j] = state[j]
            output[lane, j] = height_out[j]


def fire(
    current: np.ndarray,
    voltage: np.ndarray,
    output: np.ndarray,
    dt: float,
    height: float,
    signed: bool,
    subtracts: bool,
    n_steps: int,
    spikes: np.ndarray,
    first_step: int,
    first_column: int,
    values: np.ndarray,
) -> None:
    """Run rectified linear neurons for some steps with a constant current.

    Parameters
    ----------
    current : (lanes, n) float64 array
    voltage, output : (lanes, n) float64 array
        Before; overwritten with what is after the last step.
    dt : float
        Step in seconds.
    height : float
        Output of one spike: ``amplitude / dt``.
    signed : bool
        Whether a negative current lowers the voltage.
    subtracts : bool
        Whether a spike takes one from the voltage, or resets it (and no voltage stays below 0).
    n_steps : int
    spikes : (lanes, steps, columns) uint8 array
        From ``first_step`` and ``first_column`` on, set to whether there was a spike.
    values : (lanes, n_steps, n) or (lanes, 0, 0) float64 array
        Set to the output in every step, if there is room.
    """
    padded = current.shape[1] + -current.shape[1] % WIDTH

    def part(start: int, stop: int) -> None:
        _fire(
            start, stop, current, voltage, output, dt, height, signed, subtracts, n_steps,
            spikes.reshape(-1), spikes.shape[2], first_step, first_column, values.reshape(-1),
            *(aligned(np.zeros(padded)) for _ in range(3)), np.zeros(padded, dtype=np.uint8),
        )  # fmt: skip

    over_lanes(part, len(current), n_steps * current.size)


@compiled
def _follow(  # type: ignore[no-untyped-def]
    first_lane, last_lane, lanes, n_steps, work, received, kept, program, factors
):
    """Follow the instructions of a readout for some lanes; see `follow`."""
    first, many = np.uint64(first_lane), np.uint64(last_lane - first_lane)
    for step in range(np.uint64(n_steps)):
        for i in range(np.uint64(len(program))):
            kind, size = program[i, 0], program[i, 4]
            target, source = program[i, 1], program[i, 2] + first * size
            a, b = factors[i, 0], factors[i, 1]
            now = (step * np.uint64(lanes)) * size
            if kind == 0:
                for j in range(many * size):
                    work[target + first * size + j] = received[now + source + j]
            elif kind == 1:
                state = program[i, 3] + first * size
                for j in range(many * size):
                    x = a * work[state + j] + b * work[source + j]
                    work[state + j] = x
                    work[target + first * size + j] = x
            elif kind == 2:
                for j in range(many * size):
                    work[target + first * size + j] = a
            elif kind == 3:
                for j in range(many * size):
                    work[target + first * size + j] += work[source + j]
            else:
                for j in range(many * size):
                    kept[target + now + first * size + j] = work[source + j]


def follow(
    lanes: int,
    n_steps: int,
    work: np.ndarray,
    received: np.ndarray,
    kept: np.ndarray,
    program: np.ndarray,
    factors: np.ndarray,
) -> None:
    """Follow the instructions of a readout.

    Parameters
    ----------
    lanes, n_steps : int
    work : (n,) float64 array
        Signals and filter states, each (lanes, size); overwritten with what is after the last
        step.
    received, kept : (n,) float64 array
        What the chip sent, and what probes keep, each (n_steps, lanes, size).
    program : (n_instructions, 5) uint64 array
        `nengo_dense.emulator.host.readout.Kind`; where target, source and state begin; size.
    factors : (n_instructions, 2) float64 array
        ``a`` and ``b`` of `nengo_dense.emulator.host.readout.Instruction`.
    """

    def part(start: int, stop: int) -> None:
        _follow(start, stop, lanes, n_steps, work, received, kept, program, factors)

    over_lanes(part, lanes, n_steps * work.size)
