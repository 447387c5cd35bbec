"""The host's instructions do what Nengo's own neurons and filters do."""

import nengo
import numpy as np
import pytest

from nengo_dense import compat
from nengo_dense.loihi.kernel.instruction import AHEAD, Instruction, Instructions, Kind, Stretch
from nengo_dense.loihi.kernel.numpy_host import follow

compat.nengo_loihi()
from nengo_loihi.neurons import LoihiSpikingRectifiedLinear  # noqa: E402

DT, LANES, N_STEPS, SIZE = 0.001, 3, 30, 8


def run(instructions, vectors, received=None):
    """Follow instructions on vectors, each (lanes, size); return the stretch and what was kept."""
    size = np.shape(vectors[0])[1]
    stretch = Stretch(
        lanes=LANES,
        n_steps=N_STEPS,
        vectors=np.concatenate([values.ravel() for values in vectors]),
        received=np.zeros(0) if received is None else received.ravel(),
        kept=np.zeros(N_STEPS * LANES * size),
        spikes=np.zeros((LANES, N_STEPS, size), dtype=np.uint8),
    )
    follow(Instructions.of(instructions), stretch)
    return stretch, stretch.kept.reshape(N_STEPS, LANES, size)


@pytest.mark.parametrize("kind", [Kind.FIRE, *AHEAD])
@pytest.mark.parametrize(
    "neuron_type, signed, counts",
    [
        (nengo.SpikingRectifiedLinear(amplitude=0.25), False, 1.0),
        (nengo.RegularSpiking(nengo.LIFRate(), amplitude=0.5), True, 1.0),
        (LoihiSpikingRectifiedLinear(amplitude=0.25), True, 0.0),
    ],
)
def test_firing_is_that_of_the_neuron_type(kind, neuron_type, signed, counts, rng):
    current = rng.uniform(-800, 2600, size=(LANES, SIZE))
    charge = (current if signed else np.maximum(current, 0)) * DT
    zeros = np.zeros((LANES, SIZE))
    fire = Instruction(
        kind,
        SIZE,
        target=0,
        source=2 * SIZE,
        state=3 * SIZE,
        a=neuron_type.amplitude / DT,
        b=counts,
    )
    send = [Instruction(Kind.SEND, SIZE, source=0)] if kind == Kind.FIRE else []
    keep = Instruction(Kind.KEEP, SIZE, source=0)
    stretch, kept = run([fire, *send, keep], [zeros, zeros, charge, zeros])
    output, voltage, total = np.zeros((3, LANES, SIZE))
    for step in range(N_STEPS):
        neuron_type.step(DT, current, output, voltage=voltage)
        np.testing.assert_array_equal(kept[step], output)
        np.testing.assert_array_equal(stretch.spikes[:, step], output != 0)
        total += output * (kind == Kind.FIRE_SEND_AND_ADD)
    np.testing.assert_array_equal(stretch.total(fire), total)
    np.testing.assert_array_equal(stretch.vectors[-voltage.size :], voltage.ravel())
    assert 0 < stretch.spikes.mean() < 1


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize("size", [1, SIZE])  # Nengo filters a single number in other steps
def test_filtering_what_is_received_is_a_low_pass(size, joined, rng):
    received = rng.normal(size=(N_STEPS, LANES, size))
    synapse = nengo.Lowpass(0.01)
    states = [synapse.make_state((size,), (size,), DT) for _ in range(LANES)]
    steps = [synapse.make_step((size,), (size,), DT, None, state) for state in states]
    a, b = steps[0].a, steps[0].b
    instructions = [
        Instruction(Kind.RECEIVE, size, target=0, source=0),
        Instruction(Kind.FILTER, size, target=size, source=0, state=2 * size, a=a, b=b),
        Instruction(Kind.KEEP, size, source=size),
    ]
    if joined:
        kind = Kind.FILTER_RECEIVED
        instructions[:2] = [instructions[1]._replace(kind=kind, source=0, column=0)]
    vectors = [received[0], *np.zeros((2, LANES, size))]
    _, kept = run(instructions, vectors, received[1:])
    for lane, step in enumerate(steps):
        expected = [step(n * DT, received[n, lane]).copy() for n in range(N_STEPS)]
        np.testing.assert_array_equal(kept[:, lane], expected)


@pytest.mark.parametrize("joined", [False, True])
def test_setting_and_adding_make_a_sum(joined, rng):
    parts = rng.normal(size=(3, LANES, SIZE))
    instructions = [
        Instruction(Kind.SET, SIZE, target=0, a=0.5),
        Instruction(Kind.ADD, SIZE, target=0, source=SIZE),
        Instruction(Kind.ADD, SIZE, target=0, source=2 * SIZE),
        Instruction(Kind.KEEP, SIZE, source=0),
    ]
    if joined:
        both = Instruction(Kind.ADD_BOTH, SIZE, target=0, source=SIZE, state=2 * SIZE, a=0.5)
        instructions[:3] = [both]
    _, kept = run(instructions, parts)
    np.testing.assert_array_equal(kept, np.broadcast_to(0.5 + parts[1] + parts[2], kept.shape))
