"""The host's instructions, compiled: twins of `.numpy_host`.

Loaded only by `.numba_kernel` and `.choice`, because it imports numba.

A few lanes run all steps before the next lanes begin, so that their vectors stay in the
processor's cache. The vectors of neighbouring lanes are contiguous in memory, and ``size`` is the
size of all of them together. Therefore only `send` has to distinguish lanes, and `fire_and_send`,
which runs all steps before the others begin: nothing else reads what it writes.
"""

import numpy as np

from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.compiled_fire import (
    fire,
    fire_and_send,
    integrate,
    integrate_one,
)
from nengo_dense.loihi.kernel.instruction import Instructions, Kind, Stretch
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    integer,
    load,
    minimum,
    not_equal,
    spread,
    store,
)


@inlined
def copy(
    target: np.ndarray,
    target_place: np.uint64,
    source: np.ndarray,
    source_place: np.uint64,
    size: np.uint64,
) -> None:
    """Copy a vector: from values that the chip sent, or to values kept for a probe."""
    for j in range(size):
        target[target_place + j] = source[source_place + j]


@inlined
def fill(vectors: np.ndarray, target: np.uint64, size: np.uint64, value: float) -> None:
    """Set a vector to a number."""
    for j in range(size):
        vectors[target + j] = value


@inlined
def add(vectors: np.ndarray, target: np.uint64, source: np.uint64, size: np.uint64) -> None:
    """Add the source to the target."""
    for j in range(size):
        vectors[target + j] += vectors[source + j]


@inlined
def add_both(vectors, target, source, other, size, value) -> None:  # type: ignore[no-untyped-def]
    """Set the target to a number, and add the sources."""
    for j in range(size):
        vectors[target + j] = value + vectors[source + j] + vectors[other + j]


@inlined
def low_pass(  # type: ignore[no-untyped-def]
    vectors, target, values, source, state, size, a, b
) -> None:
    """Filter the source, which is among other values: ``state = a * state + b * source``."""
    for j in range(size):
        x = a * vectors[state + j] + b * values[source + j]
        vectors[state + j] = x
        vectors[target + j] = x


@inlined
def filter_received(stretch, places, size, a, b, has_come) -> None:  # type: ignore[no-untyped-def]
    """Filter the values that the chip sent; before any have come, the source."""
    target, source, state, received = places
    if has_come:
        low_pass(stretch.vectors, target, stretch.received, received, state, size, a, b)
    else:
        low_pass(stretch.vectors, target, stretch.vectors, source, state, size, a, b)


@inlined
def send(
    vectors: np.ndarray, source: np.uint64, size: np.uint64, spikes: np.ndarray, place: np.uint64
) -> None:
    """Send the chip a spike for every non-zero number of one lane."""
    whole = size - size % np.uint64(WIDTH)
    for j in range(np.uint64(0), whole, np.uint64(WIDTH)):
        store(spikes, place + j, not_equal(load(vectors, source + j), spread(0.0)))
    for j in range(whole, size):
        spikes[place + j] = vectors[source + j] != 0.0


@inlined
def _run_ahead(
    start: np.uint64,
    stop: np.uint64,
    i: np.uint64,
    n_inputs: np.uint64,
    instructions: Instructions,
    stretch: Stretch,
) -> None:
    """Run an instruction in all steps, if no other instruction reads what it writes."""
    places, lanes = instructions.places, np.uint64(stretch.lanes)
    adds_up = np.int64(places[i, 0]) == Kind.FIRE_SEND_AND_ADD
    if not adds_up and np.int64(places[i, 0]) != Kind.FIRE_AND_SEND:
        return
    size, width = places[i, 1], places[i, 5]
    rows = np.uint64(len(stretch.spikes)) // (lanes * n_inputs)
    neurons = instructions.factors[i, 0], instructions.factors[i, 1] == 1.0, adds_up
    n_steps = np.uint64(stretch.n_steps)
    for lane in range(start, stop):
        target, state = lanes * places[i, 2] + lane * size, lanes * places[i, 4] + lane * size
        source = lanes * places[i, 3] + lane * width + places[i, 6]
        place = (lane * rows + np.uint64(stretch.first_step)) * n_inputs + places[i, 7]
        here, first = (target, source, state, target + lanes * size), (place, n_inputs)
        fire_and_send(stretch.vectors, here, size, neurons, stretch.spikes, first, n_steps)


@inlined
def _act(
    start: np.uint64,
    stop: np.uint64,
    step: np.uint64,
    i: np.uint64,
    n_inputs: np.uint64,
    instructions: Instructions,
    stretch: Stretch,
) -> None:
    """Run one instruction in one step, for some lanes; for one lane if its source is a part."""
    places, vectors, spikes = instructions.places, stretch.vectors, stretch.spikes
    lanes, n_steps = np.uint64(stretch.lanes), np.uint64(stretch.n_steps)
    kind, size, width = np.int64(places[i, 0]), places[i, 1], places[i, 5]
    many, now = (stop - start) * size, (step * lanes + start) * size
    every, later = lanes * size, lanes * (n_steps - np.uint64(1))
    target, state = lanes * places[i, 2] + start * size, lanes * places[i, 4] + start * size
    source = lanes * places[i, 3] + start * width + places[i, 6]
    a, b = instructions.factors[i, 0], instructions.factors[i, 1]
    if kind == Kind.RECEIVE:
        if step > 0:
            copy(vectors, target, stretch.received, later * places[i, 3] + now - every, many)
    elif kind == Kind.SET:
        fill(vectors, target, many, a)
    elif kind == Kind.ADD:
        add(vectors, target, source, many)
    elif kind == Kind.ADD_BOTH:
        add_both(vectors, target, source, state, many, a)
    elif kind == Kind.FILTER:
        low_pass(vectors, target, vectors, source, state, many, a, b)
    elif kind == Kind.FILTER_RECEIVED:
        here = target, source, state, later * places[i, 7] + now - every
        filter_received(stretch, here, many, a, b, step > 0)
    elif kind == Kind.FIRE:
        fire(vectors, target, source, state, many, a, b == 1.0)
    elif kind == Kind.KEEP:
        copy(stretch.kept, n_steps * lanes * places[i, 2] + now, vectors, source, many)
    elif kind == Kind.SEND:
        rows = np.uint64(len(spikes)) // (lanes * n_inputs)
        place = (start * rows + np.uint64(stretch.first_step) + step) * n_inputs + places[i, 7]
        for _ in range(start, stop):
            send(vectors, source, size, spikes, place)
            place += rows * n_inputs
            source += width


@compiled
def follow(
    first_lane: int,
    last_lane: int,
    side_by_side: int,
    n_inputs: int,
    instructions: Instructions,
    stretch: Stretch,
) -> None:
    """Run instructions in some lanes, ``side_by_side`` lanes at a time.

    ``stretch.spikes`` is flat here; ``n_inputs`` is the length of its last axis.
    """
    for start in range(np.uint64(first_lane), np.uint64(last_lane), np.uint64(side_by_side)):
        stop = min(start + np.uint64(side_by_side), np.uint64(last_lane))
        for i in range(np.uint64(len(instructions.places))):
            _run_ahead(start, stop, i, np.uint64(n_inputs), instructions, stretch)
        for step in range(np.uint64(stretch.n_steps)):
            for i in range(np.uint64(len(instructions.places))):
                part = instructions.places[i, 1] != instructions.places[i, 5]
                many = np.uint64(1) if part else stop - start
                for lane in range(start, stop, many):
                    _act(lane, lane + many, step, i, np.uint64(n_inputs), instructions, stretch)


def fire_from_start(
    drive: np.ndarray, start: np.ndarray, n_steps: int, frame_steps: int
) -> np.ndarray:
    """Do as `.numpy_host.fire_from_start`."""
    lanes, n_frames, n = drive.shape
    flat = np.ascontiguousarray(drive, dtype=np.float64).reshape(-1)
    spikes = np.empty((lanes, n_steps, n), dtype=np.uint8)
    times = n_steps, frame_steps, n_frames

    def part(first: int, stop: int) -> None:
        room = np.concatenate([start, np.empty(2 * n)])
        fire_lanes(first, stop, times, flat, room, spikes.reshape(-1))

    over_lanes(part, lanes, spikes.size)
    return spikes


@compiled
def fire_lanes(
    start: int,
    stop: int,
    times: tuple[int, int, int],
    drive: np.ndarray,
    vectors: np.ndarray,
    spikes: np.ndarray,
) -> None:
    """Let the neurons of some lanes fire.

    ``vectors`` has the voltage that each starts at, and then room for two values of each.

    ``times`` are the steps of a presentation and of a frame, and the frames that there are.
    """
    n, n_steps = np.uint64(len(vectors)) // np.uint64(3), np.uint64(times[0])
    frame_steps, n_frames = np.uint64(times[1]), np.uint64(times[2])
    whole = n - n % np.uint64(WIDTH)
    most = 255.0
    for lane in range(np.uint64(start), np.uint64(stop)):
        for j in range(n):
            vectors[n + j] = vectors[j]
        for step in range(n_steps):
            if step % frame_steps == np.uint64(0) and step // frame_steps < n_frames:
                frame = (lane * n_frames + step // frame_steps) * n
                for j in range(n):
                    vectors[n + n + j] = max(drive[frame + j], 0.0)
            place = (lane * n_steps + step) * n
            for j in range(np.uint64(0), whole, np.uint64(WIDTH)):
                v, k = integrate(load(vectors, n + j), load(vectors, n + n + j), True)
                store(vectors, n + j, v)
                store(spikes, place + j, integer(minimum(k, spread(most))))
            for j in range(whole, n):
                x, m = integrate_one(vectors[n + j], vectors[n + n + j], True)
                vectors[n + j] = x
                spikes[place + j] = min(m, most)
