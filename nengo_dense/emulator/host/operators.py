"""Nengo's operators on all lanes at once, rounding as one lane does.

Elementwise operators broadcast. A product of a matrix and a vector is stacked (``matmul`` of
``(n, m)`` with ``(lanes, m, 1)``): NumPy then makes the same BLAS call for each lane as ``dot``
does for one. One product of the matrix with all lanes would be faster, but would round
differently. Other operators run lane by lane, through their own ``make_step``.
"""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from nengo import neurons
from nengo.builder.learning_rules import SimPES
from nengo.builder.neurons import SimNeurons
from nengo.builder.operator import (
    Copy,
    DotInc,
    ElementwiseInc,
    Operator,
    Reset,
    SimPyFunc,
    SparseDotInc,
    TimeUpdate,
)
from nengo.builder.processes import SimProcess
from nengo.builder.transforms import GeneralConvInc
from nengo.exceptions import SimulationError
from nengo.processes import Process
from nengo.synapses import LinearFilter
from nengo.utils.functions import function_name

from nengo_dense.emulator.host.signals import LaneSignals
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.neurons import known

#: A step function; it returns False if it knows that no signal changed.
Step = Callable[[], bool | None]

#: Operators whose result depends on their inputs alone.
PURE = (Reset, Copy, ElementwiseInc, DotInc, SparseDotInc, GeneralConvInc)


def is_pure(op: Operator) -> bool:
    """Whether an operator's result depends on its inputs alone, not on time, state or chance."""
    if type(op) is SimNeurons:
        return not op.state and not op.state_extra and known(op.neurons).elementwise
    return type(op) in PURE


def has_effect(op: Operator) -> bool:
    """Whether an operator may have side effects, as a Python function may."""
    if type(op) is SimProcess:
        linear = type(op.process).make_step is LinearFilter.make_step
        return not (linear or takes_lanes(op.process))
    return type(op) not in (*PURE, SimNeurons)


def takes_lanes(process: Process) -> bool:
    """Whether a process declares that its step functions take all lanes at once, without state.

    Such a process has an attribute ``takes_lanes = True``. Its step functions map ``(...,
    size_in)`` to ``(..., size_out)`` arrays, each row independently.
    """
    return getattr(process, "takes_lanes", False) is True


def make_step(op: Operator, signals: LaneSignals, dt: float, rng: np.random.RandomState) -> Step:
    """Make the step function of an operator for all lanes.

    Parameters
    ----------
    op : Operator
    signals : LaneSignals
    dt : float
        Step in seconds.
    rng : RandomState
        Random numbers of the simulation. Every lane gets the same ones. Afterwards ``rng`` has the
        same state as after Nengo's own ``make_step``.
    """
    make = _VECTORIZED.get(type(op))
    step = make(op, signals, dt) if make is not None else None
    return step if step is not None else make_lane_steps(op, signals, dt, rng)


def make_lane_steps(
    op: Operator, signals: LaneSignals, dt: float, rng: np.random.RandomState
) -> Step:
    """Run an operator lane by lane, each lane with the same random numbers."""
    start = rng.get_state()
    steps = []
    for lane in range(signals.lanes):
        rng.set_state(start)
        steps.append(_own_copy(op).make_step(signals.lane(lane), dt, rng))

    def step() -> None:
        for lane_step in steps:
            lane_step()

    return step


def _own_copy(op: Operator) -> Operator:
    """Copy an operator for a lane, with its own random state if it has one from the build."""
    if isinstance(op, SimNeurons) and op.state_extra:
        op = copy.copy(op)
        op.state_extra = copy.deepcopy(op.state_extra)
    return op


def _time_update(op: TimeUpdate, signals: LaneSignals, dt: float) -> Step:
    step_signal, time = signals[op.step], signals[op.time]

    def step() -> None:
        step_signal[...] += 1
        time[...] = step_signal * dt

    return step


def _reset(op: Reset, signals: LaneSignals, dt: float) -> Step:
    target, value = signals[op.dst], op.value

    def step() -> None:
        target[...] = value

    return step


def _copy(op: Copy, signals: LaneSignals, dt: float) -> Step | None:
    ndim = max(op.src.ndim, op.dst.ndim)
    if op.dst.ndim == 0 or op.src.ndim == 0:
        return None
    dst, src = signals.aligned(op.dst, ndim), signals.aligned(op.src, ndim)
    dst_index: Any = (...,) if op.dst_slice is None else (slice(None), np.array(op.dst_slice))
    lead = (slice(None),) if op.src.base in signals.per_lane else ()
    src_index: Any = (...,) if op.src_slice is None else (*lead, np.array(op.src_slice))
    if op.dst_slice is None:
        repeated = False
    else:
        indices = np.arange(op.dst.shape[0])[dst_index[1]]
        repeated = len(np.unique(indices)) < len(indices)
        if repeated and not op.inc:
            return None  # Nengo's own make_step raises the error

    def assign() -> None:
        dst[dst_index] = src[src_index]

    def increment() -> None:
        dst[dst_index] += src[src_index]

    def increment_repeated() -> None:
        np.add.at(dst, dst_index, src[src_index])

    return increment_repeated if repeated else increment if op.inc else assign


def _elementwise(op: ElementwiseInc, signals: LaneSignals, dt: float) -> Step:
    ndim = max(op.A.ndim, op.X.ndim, op.Y.ndim)
    a, x, y = (signals.aligned(signal, ndim) for signal in (op.A, op.X, op.Y))
    product = np.empty(np.broadcast_shapes(a.shape, x.shape), np.result_type(a, x))

    def step() -> None:
        np.multiply(a, x, out=product)
        np.add(y, product, out=y)

    return step


def _dot(op: DotInc, signals: LaneSignals, dt: float) -> Step | None:
    a, x, y = signals[op.A], signals[op.X], signals[op.Y]
    if op.A.ndim != 2 or op.X.ndim != 1 or op.Y.ndim != 1 or op.X.base not in signals.per_lane:
        return None

    def part(start: int, stop: int) -> None:
        y[start:stop] += times(a, x[start:stop])

    def step() -> None:
        over_lanes(part, signals.lanes, a.size * signals.lanes)

    return step


def times(matrix: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Multiply a matrix, or one a lane, by the (lanes, m) vectors of lanes, as Nengo does."""
    if matrix.shape[-1] == 1:  # sums of one number, which begin at +0
        return np.asarray(vectors * matrix[..., 0] + 0)
    return np.asarray(np.matmul(matrix, vectors[:, :, None])[..., 0])


def _sparse_dot(op: SparseDotInc, signals: LaneSignals, dt: float) -> Step | None:
    a, x, y = signals[op.A], signals[op.X], signals[op.Y]
    if op.X.ndim != 1 or op.X.base not in signals.per_lane:
        return None

    def step() -> None:
        for lane in range(len(y)):
            y[lane] += a.dot(x[lane])

    return step


def _pes(op: SimPES, signals: LaneSignals, dt: float) -> Step | None:
    pre, error, delta = signals[op.pre_filtered], signals[op.error], signals[op.delta]
    if not {op.pre_filtered.base, op.error.base} <= signals.per_lane:
        return None
    alpha = -op.learning_rate * dt / op.pre_filtered.shape[0]

    def step() -> None:
        np.multiply((alpha * error)[:, :, None], pre[:, None, :], out=delta)

    return step


def _neurons(op: SimNeurons, signals: LaneSignals, dt: float) -> Step | None:
    if not known(op.neurons).elementwise or op.state_extra or op.J.base not in signals.per_lane:
        return None
    current, output = signals[op.J], signals[op.output]
    state = {name: signals[signal] for name, signal in op.state.items()}
    neuron_type: neurons.NeuronType = op.neurons

    def step() -> None:
        neuron_type.step(dt, current, output, **state)

    return step


def _function(op: SimPyFunc, signals: LaneSignals, dt: float) -> Step | None:
    time = None if op.t is None else signals[op.t]
    if op.x is None:
        return _source(op, signals, time)
    if op.x.base not in signals.per_lane:
        return None
    x = signals[op.x]
    output = None if op.output is None else signals[op.output]
    functions = signals.functions.of(op.fn)

    def step() -> None:
        for lane, fn in enumerate(functions):
            value = np.copy(x[lane])
            result = fn(value) if time is None else fn(time.item(), value)
            if output is not None:
                _store(output[lane : lane + 1], result, fn)

    return step


def _source(op: SimPyFunc, signals: LaneSignals, time: np.ndarray | None) -> Step:
    """Call a function of time alone: once for all lanes, unless each lane has its own object."""
    functions = signals.functions.of_time(op.fn)
    output = None if op.output is None else signals[op.output]
    buffer = None if op.output is None else np.full((len(functions), *op.output.shape), np.nan)

    def step() -> bool | None:
        before = None if buffer is None else buffer.copy()
        for lane, fn in enumerate(functions):
            result = fn() if time is None else fn(time.item())
            if buffer is not None:
                _store(buffer[lane : lane + 1], result, fn)
        if output is None or buffer is None:
            return None
        output[...] = buffer
        return None if (buffer != before).any() else False

    return step


def _store(output: np.ndarray, value: Any, fn: Callable) -> None:
    """Assign the result of a function; refuse the same values as Nengo, with its messages."""
    try:
        if value is None or not np.all(np.isfinite(value)):
            raise SimulationError(f"Function '{function_name(fn)}' returned non-finite value")
        output[...] = value
    except (TypeError, ValueError) as err:
        raise SimulationError(
            f"Function '{function_name(fn)}' returned a value {value!r} of invalid type "
            f"{type(value)!r}"
        ) from err


_VECTORIZED: dict[type, Callable[[Any, LaneSignals, float], Step | None]] = {
    TimeUpdate: _time_update,
    Reset: _reset,
    Copy: _copy,
    ElementwiseInc: _elementwise,
    DotInc: _dot,
    SparseDotInc: _sparse_dot,
    SimPES: _pes,
    SimNeurons: _neurons,
    SimPyFunc: _function,
}
