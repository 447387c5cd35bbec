"""Nengo's processes (synapses, signals, the nodes between host and chip) on all lanes at once."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from nengo.base import Process
from nengo.builder.processes import SimProcess
from nengo.utils.numpy import maxint

from nengo_dense.emulator.host.channel import Channels, Receiver
from nengo_dense.emulator.host.filter import make_lane_filter
from nengo_dense.emulator.host.operators import Step, make_lane_steps, takes_lanes
from nengo_dense.emulator.host.signals import LaneSignals


class LaneRngs(Sequence):
    """A random generator for each lane, all in the same state; made only when needed.

    Most processes are filters and need none. To make thousands would take longer than a run.

    Parameters
    ----------
    process : Process
    rng : RandomState
        Advanced as in a simulation of one lane.
    lanes : int
    """

    def __init__(self, process: Process, rng: np.random.RandomState, lanes: int) -> None:
        self._make = draw_generator(process, rng)
        self._lanes = lanes

    def __len__(self) -> int:
        return self._lanes

    def __getitem__(self, lane: Any) -> np.random.RandomState:  # type: ignore[override]
        if not 0 <= lane < self._lanes:
            raise IndexError(f"lane {lane} of {self._lanes}")
        return self._make()


def draw_generator(
    process: Process, rng: np.random.RandomState
) -> Callable[[], np.random.RandomState]:
    """Draw what ``process.get_rng`` draws; return what makes its generator, equal ones each time.

    To make one takes longer than all else in a reset, and most are not needed.
    """
    if type(process).get_rng is Process.get_rng:
        seed = rng.randint(maxint) if process.seed is None else process.seed
        return partial(np.random.RandomState, seed)
    state = rng.get_state()
    process.get_rng(rng)

    def make() -> np.random.RandomState:
        again = np.random.RandomState(0)
        again.set_state(state)
        return process.get_rng(again)

    return make


def make_process_step(
    op: SimProcess,
    signals: LaneSignals,
    dt: float,
    rng: np.random.RandomState,
    channels: Channels,
) -> Step:
    """Make the step function of a process for all lanes; also for the host's ends of channels."""
    end, time = channels.end(op.process), signals[op.t]
    if end is not None:
        draw_generator(op.process, rng)  # nengo-loihi's node draws its seed here as well
        if isinstance(end, Receiver):
            return _receive(end, time, dt, signals[op.output])
        return partial(channels.send, end, signals[op.input])
    if op.input is None:
        return _source(op, signals, dt, rng, time)
    if takes_lanes(op.process) and op.input.base in signals.per_lane:
        return _rows(op, signals, dt, rng, time)
    filters = op.input.shape == op.output.shape and op.input.base in signals.per_lane
    if not filters:
        return make_lane_steps(op, signals, dt, rng)
    return _filter(op, signals, dt, rng, time)


def _receive(receiver: Receiver, time: np.ndarray, dt: float, output: np.ndarray) -> Step:
    def step() -> None:
        output[...], _ = receiver.values(round(time.item() / dt), 1)

    return step


def _source(
    op: SimProcess, signals: LaneSignals, dt: float, rng: np.random.RandomState, time: np.ndarray
) -> Step:
    """Step a process without input once for all lanes: with the same seed, they are equal."""
    state = {name: np.array(signal.initial_value) for name, signal in op.state.items()}
    advance = op.process.make_step((0,), op.output.shape, dt, op.process.get_rng(rng), state)
    write = _writer(op, signals)
    last: list[Any] = [None]

    def step() -> bool | None:
        value = np.array(advance(time.item()))
        changed = op.mode == "inc" or last[0] is None or not np.array_equal(value, last[0])
        write(value)
        last[0] = value
        return None if changed else False

    return step


def _rows(
    op: SimProcess, signals: LaneSignals, dt: float, rng: np.random.RandomState, time: np.ndarray
) -> Step:
    """Step a process that takes all lanes as rows of one array."""
    advance = op.process.make_step(
        op.input.shape, op.output.shape, dt, op.process.get_rng(rng), {}
    )
    source, write = signals[op.input], _writer(op, signals)

    def step() -> None:
        write(advance(time.item(), source.copy()))

    return step


def _filter(
    op: SimProcess, signals: LaneSignals, dt: float, rng: np.random.RandomState, time: np.ndarray
) -> Step:
    """Step a process with input and output of the same shape."""
    rngs = LaneRngs(op.process, rng, signals.lanes)
    state = {name: signals[signal] for name, signal in op.state.items()}
    advance = make_lane_filter(op.process, op.input.shape, dt, state, rngs)
    source = signals[op.input]
    write = _writer(op, signals)

    def step() -> None:
        write(advance(time.item(), source))

    return step


def _writer(op: SimProcess, signals: LaneSignals) -> Callable[[np.ndarray], None]:
    output = signals[op.output]

    def assign(value: np.ndarray) -> None:
        output[...] = value

    def increment(value: np.ndarray) -> None:
        output[...] += value

    return increment if op.mode == "inc" else assign
