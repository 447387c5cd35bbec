"""Nengo's linear filters on all lanes at once, rounding as one lane does.

Every lane needs the same operations in the same order as in Nengo. Scalings and sums are
elementwise, so they are the same. Matrix products with the filter's state are stacked, so that
NumPy makes the same BLAS call for every lane as Nengo makes for one.
"""

import functools
from collections.abc import Callable, Sequence

import numpy as np
from nengo.processes import Process
from nengo.synapses import Alpha, LinearFilter, Lowpass

#: Types whose equal filters have equal factors; those of one's own types may only seem equal.
KEPT = (LinearFilter, Lowpass, Alpha)
#: ``filter(t, x)``: (lanes, *shape) input of time ``t`` (seconds) to output of the same shape.
LaneStep = Callable[[float, np.ndarray], np.ndarray]


def make_lane_filter(
    process: Process,
    shape: tuple[int, ...],
    dt: float,
    state: dict[str, np.ndarray],
    rngs: Sequence[np.random.RandomState | None],
) -> LaneStep:
    """Make a step function for a process with an input.

    Parameters
    ----------
    process : Process
        With input and output of the same shape, e.g. a synapse.
    shape : tuple of int
        Of one lane's input.
    dt : float
        Step in seconds.
    state : dict of {str: (lanes, ...) array}
        The process's state, kept by the caller.
    rngs : sequence of RandomState
        One per lane.
    """
    if type(process).make_step is LinearFilter.make_step and len(shape) == 1:
        kinds = tuple((name, value.shape[1:], value.dtype) for name, value in state.items())
        compute = _kept_step if type(process) in KEPT else _linear_step
        step = compute(process, shape, dt, kinds)
        make = _VECTORIZED.get(type(step))
        if make is not None:
            return make(step, state["X"])
    return _lane_by_lane(process, shape, dt, state, rngs)


def _linear_step(
    filter_: LinearFilter,
    shape: tuple[int, ...],
    dt: float,
    kinds: tuple[tuple[str, tuple[int, ...], np.dtype], ...],
) -> LinearFilter.Step:
    """Make Nengo's step of a filter, of which only the factors are used.

    ``kinds`` are the names, shapes and types of its states.
    """
    state = {name: np.zeros(size, dtype) for name, size, dtype in kinds}
    step: LinearFilter.Step = filter_.make_step(shape, shape, dt, None, state)
    return step


_kept_step = functools.lru_cache(maxsize=64)(_linear_step)  # each reset asks for it


def _lane_by_lane(
    process: Process,
    shape: tuple[int, ...],
    dt: float,
    state: dict[str, np.ndarray],
    rngs: Sequence[np.random.RandomState | None],
) -> LaneStep:
    steps = [
        process.make_step(shape, shape, dt, rng, {k: v[lane] for k, v in state.items()})
        for lane, rng in enumerate(rngs)
    ]

    def step(t: float, signal: np.ndarray) -> np.ndarray:
        return np.stack([np.array(f(t, x)) for f, x in zip(steps, signal.copy(), strict=True)])

    return step


def _no_state(step: LinearFilter.NoX, state: np.ndarray) -> LaneStep:
    return lambda t, signal: step.d * signal


def _one_state(step: LinearFilter.OneX, state: np.ndarray) -> LaneStep:
    a, b = step.a, step.b

    def one(t: float, signal: np.ndarray) -> np.ndarray:
        np.multiply(state, a, out=state)
        state[...] += b * signal[:, None]
        return state[:, 0]

    return one


def _one_state_scalar(step: LinearFilter.OneXScalar, state: np.ndarray) -> LaneStep:
    a, b = step.a, step.b

    def one(t: float, signal: np.ndarray) -> np.ndarray:
        # Nengo computes this case with Python's floats, which are float64.
        wide = np.asarray(signal, dtype=np.float64)[:, None]
        state[...] = a * state.astype(np.float64) + b * wide
        return state[:, 0]

    return one


def _no_passthrough(step: LinearFilter.NoD, state: np.ndarray) -> LaneStep:
    def advance(t: float, signal: np.ndarray) -> np.ndarray:
        state[...] = np.matmul(step.A, state) + step.B * signal[:, None]
        return np.matmul(step.C, state)[:, 0]

    return advance


def _general(step: LinearFilter.General, state: np.ndarray) -> LaneStep:
    def advance(t: float, signal: np.ndarray) -> np.ndarray:
        output = np.matmul(step.C, state)[:, 0] + step.D * signal
        state[...] = np.matmul(step.A, state) + step.B * signal[:, None]
        return output

    return advance


_VECTORIZED: dict[type, Callable[[LinearFilter.Step, np.ndarray], LaneStep]] = {
    LinearFilter.NoX: _no_state,
    LinearFilter.OneX: _one_state,
    LinearFilter.OneXScalar: _one_state_scalar,
    LinearFilter.NoD: _no_passthrough,
    LinearFilter.General: _general,
}
