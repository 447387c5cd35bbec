"""The host's instructions in NumPy: one function each, on arrays with all lanes.

All operations are elementwise, so every lane rounds as a single simulation in Nengo does. Nengo's
operators do the same arithmetic in the same order.
"""

from collections.abc import Callable

import numpy as np

from nengo_dense.loihi.kernel.instruction import Instruction, Instructions, Kind, Stretch

#: Does an instruction in a step of the stretch.
Act = Callable[[int], None]


def receive(target: np.ndarray, received: np.ndarray, step: int) -> None:
    """Set the target to the values that the chip sent, but in the first step: it has those."""
    if step > 0:
        target[...] = received[step - 1]


def add(target: np.ndarray, source: np.ndarray) -> None:
    """Add the source to the target."""
    target += source


def add_both(target: np.ndarray, source: np.ndarray, other: np.ndarray, value: float) -> None:
    """Set the target to a number, and add the sources."""
    np.add(value, source, out=target)
    target += other


def low_pass(
    target: np.ndarray, source: np.ndarray, state: np.ndarray, a: float, b: float
) -> None:
    """Filter the source: ``state = a * state + b * source``."""
    state[...] = a * state + b * source
    target[...] = state


def filter_received(
    target: np.ndarray,
    source: np.ndarray,
    state: np.ndarray,
    factors: tuple[float, float],
    received: np.ndarray,
    step: int,
) -> None:
    """Filter the values that the chip sent; in the first step, the source has them."""
    low_pass(target, received[step - 1] if step > 0 else source, state, *factors)


def fire(
    target: np.ndarray, source: np.ndarray, voltage: np.ndarray, height: float, counts: bool
) -> None:
    """Integrate the source and fire: once for each whole 1 of voltage, or once above 1."""
    voltage += source
    if counts:
        spikes = np.floor(voltage)
        voltage -= spikes
        np.multiply(spikes, height, out=target)
    else:
        fires = voltage > 1
        np.multiply(fires, height, out=target)
        voltage[fires | (voltage < 0)] = 0


def send(source: np.ndarray, spikes: np.ndarray, step: int) -> None:
    """Send the chip a spike for every non-zero number."""
    np.not_equal(source, 0, out=spikes[:, step], casting="unsafe")


def fire_and_send(
    target: np.ndarray,
    source: np.ndarray,
    voltage: np.ndarray,
    height: float,
    counts: bool,
    spikes: np.ndarray,
    total: np.ndarray | None,
    step: int,
) -> None:
    """Fire, send the chip the spikes, and add the target to a total, if there is one."""
    fire(target, source, voltage, height, counts)
    send(target, spikes, step)
    if total is not None:
        add(total, target)


def fire_from_start(
    drive: np.ndarray, start: np.ndarray, n_steps: int, frame_steps: int
) -> np.ndarray:
    """Let rectified linear neurons fire, as Nengo does, from their initial voltages.

    Several spikes of one neuron in a step reach the chip as one, and the host as several.

    Parameters
    ----------
    drive : (lanes, n_frames, n) float64 array
        Input in spikes a step, frame after frame.
    start : (n,) float64 array
        Their voltages before the first step, where a spike is 1.
    n_steps : int
        In all; the last frame may be cut, or lasts longer than the others.
    frame_steps : int
        Steps that a frame lasts.

    Returns
    -------
    fired : (lanes, n_steps, n) uint8 array
        How often, up to 255 times.
    """
    drive = np.maximum(drive, 0)
    fired, voltage = np.empty_like(drive[:, 0]), np.tile(start, (len(drive), 1))
    spikes = np.empty((len(drive), n_steps, drive.shape[2]), dtype=np.uint8)
    for step in range(n_steps):
        frame = min(step // frame_steps, drive.shape[1] - 1)
        fire(fired, drive[:, frame], voltage, 1.0, True)
        np.minimum(fired, 255, out=spikes[:, step], casting="unsafe")
    return spikes


def keep(source: np.ndarray, kept: np.ndarray, step: int) -> None:
    """Keep the source for a probe."""
    kept[step] = source


def follow(instructions: Instructions, stretch: Stretch) -> None:
    """Run instructions for the steps of a stretch."""
    acts = [_prepare(instruction, stretch) for instruction in instructions.read()]
    for step in range(stretch.n_steps):
        for act in acts:
            act(step)


def _prepare(i: Instruction, stretch: Stretch) -> Act:
    """Bind the arrays that an instruction uses."""
    lanes, n_steps = stretch.lanes, stretch.n_steps

    def by_step(array: np.ndarray, place: int, n_steps: int) -> np.ndarray:
        per_lane = n_steps * lanes
        part = array[per_lane * place : per_lane * (place + i.size)]
        return part.reshape(n_steps, lanes, i.size)

    if i.kind == Kind.RECEIVE:
        target = stretch.vector(i.target, i.size)
        received = by_step(stretch.received, i.source, n_steps - 1)
        return lambda step: receive(target, received, step)
    source = stretch.vector(i.source, i.width)[:, i.first : i.first + i.size]
    spikes = stretch.spikes[:, stretch.first_step :, i.column : i.column + i.size]
    if i.kind == Kind.SEND:
        return lambda step: send(source, spikes, step)
    if i.kind == Kind.KEEP:
        kept = by_step(stretch.kept, i.target, n_steps)
        return lambda step: keep(source, kept, step)
    target = stretch.vector(i.target, i.size)
    if i.kind == Kind.SET:
        return lambda step: target.fill(i.a)
    if i.kind == Kind.ADD:
        return lambda step: add(target, source)
    state = stretch.vector(i.state, i.size)
    if i.kind == Kind.ADD_BOTH:
        return lambda step: add_both(target, source, state, i.a)
    if i.kind == Kind.FILTER_RECEIVED:
        received = by_step(stretch.received, i.column, n_steps - 1)
        return lambda step: filter_received(target, source, state, (i.a, i.b), received, step)
    if i.kind == Kind.FILTER:
        return lambda step: low_pass(target, source, state, i.a, i.b)
    if i.kind == Kind.FIRE:
        return lambda step: fire(target, source, state, i.a, i.b == 1)
    total = stretch.total(i) if i.kind == Kind.FIRE_SEND_AND_ADD else None
    return lambda step: fire_and_send(target, source, state, i.a, i.b == 1, spikes, total, step)
