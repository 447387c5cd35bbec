"""Each compiled instruction of the host leaves what its reference in NumPy leaves."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense.loihi.kernel import compiled_host, numpy_host
from nengo_dense.loihi.kernel.instruction import AHEAD, Instruction, Instructions, Kind, Stretch

LANES, N_STEPS, N_INPUTS = 7, 4, 170
#: Of a lane's vectors: of a target, a source, a state, and others beside them.
PLACES = {"target": 3, "source": 310, "state": 470}
ROOM = 630


def make_stretch(rng, size):
    """Draw vectors of which some numbers are exactly where a neuron's behaviour changes."""
    vectors = rng.uniform(-1.5, 3, size=LANES * ROOM)
    exact = rng.uniform(size=len(vectors)) < 0.4
    vectors[exact] = rng.choice([-1.0, -0.0, 0.0, 0.5, 1.0, 2.0], size=exact.sum())
    return Stretch(
        lanes=LANES,
        n_steps=N_STEPS,
        vectors=vectors,
        received=rng.normal(size=(2 + size) * (N_STEPS - 1) * LANES),
        kept=np.zeros((3 + size) * N_STEPS * LANES),
        spikes=rng.randint(0, 2, size=(LANES, N_STEPS + 3, N_INPUTS)).astype(np.uint8),
        first_step=2,
    )


def follow_both(instructions, stretch, side_by_side=3):
    """Follow instructions with both kernels; return what each leaves."""
    results = []
    for compiled in (False, True):
        copy = stretch._replace(
            vectors=stretch.vectors.copy(), kept=stretch.kept.copy(), spikes=stretch.spikes.copy()
        )
        if compiled:
            flat = copy._replace(spikes=copy.spikes.reshape(-1))
            for lanes in ((0, 2), (2, LANES)):  # as two threads share them
                compiled_host.follow(*lanes, side_by_side, N_INPUTS, instructions, flat)
        else:
            numpy_host.follow(instructions, copy)
        results.append(copy)
    return results


def instruct(kind, size, counts=1.0, **kwargs):
    filters = dict.fromkeys([Kind.FILTER, Kind.FILTER_RECEIVED], (0.8187, 0.1813))
    a, b = {Kind.SET: (0.3, 0.0), **filters}.get(kind, (4.0, counts))
    places = {"column": 2 if kind == Kind.FILTER_RECEIVED else 11, **PLACES}
    if kind == Kind.RECEIVE:
        places["source"] = 2
    elif kind == Kind.KEEP:
        places["target"] = 3
    return Instruction(kind, size, a=a, b=b, **places, **kwargs)


@pytest.mark.parametrize("size", [1, 5, 16, 37, 85, 149])
@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.name)
def test_an_instruction_leaves_what_its_reference_leaves(kind, size, rng):
    stretch = make_stretch(rng, size)
    for counts in (0.0, 1.0):
        expected, ours = follow_both(Instructions.of([instruct(kind, size, counts)]), stretch)
        for name in ("vectors", "kept", "spikes"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(expected, name))
        changed = [
            not np.array_equal(getattr(ours, name), getattr(stretch, name))
            for name in ("vectors", "kept", "spikes")
        ]
        assert changed == [
            kind not in (Kind.SEND, Kind.KEEP),
            kind == Kind.KEEP,
            kind in (Kind.SEND, *AHEAD),
        ]


@pytest.mark.parametrize("size", [16, 64, 85, 149])
@pytest.mark.parametrize("least", [0.0, -1e-300], ids=["rise", "may fall"])
@pytest.mark.parametrize("kind", AHEAD, ids=lambda kind: kind.name)
def test_neurons_fire_as_they_should_where_no_voltage_falls(kind, least, size, rng):
    stretch = make_stretch(rng, size)
    vectors = np.abs(stretch.vectors)
    vectors[:: LANES * 16] = least
    stretch = stretch._replace(vectors=vectors)
    for counts in (0.0, 1.0):
        expected, ours = follow_both(Instructions.of([instruct(kind, size, counts)]), stretch)
        np.testing.assert_array_equal(ours.vectors, expected.vectors)
        np.testing.assert_array_equal(ours.spikes, expected.spikes)


@pytest.mark.parametrize("kind", [Kind.ADD, Kind.FILTER, Kind.FIRE, Kind.SEND, Kind.KEEP])
def test_a_source_may_be_a_part_of_a_vector(kind, rng):
    stretch = make_stretch(rng, 5)
    part = Instructions.of([instruct(kind, 5, width=21, first=9)])
    expected, ours = follow_both(part, stretch)
    whole, _ = follow_both(Instructions.of([instruct(kind, 5)]), stretch)
    for name in ("vectors", "kept", "spikes"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(expected, name))
    assert any(
        not np.array_equal(getattr(whole, name), getattr(ours, name))
        for name in ("vectors", "kept", "spikes")
    )


@pytest.mark.parametrize("side_by_side", [1, 4, 1000])
def test_instructions_follow_one_another_however_many_lanes_are_stepped_at_once(rng, side_by_side):
    chain = Instructions.of(
        [
            Instruction(Kind.RECEIVE, 5, target=0, source=0),
            Instruction(Kind.SET, 5, target=5, a=0.0),
            Instruction(Kind.ADD, 5, target=5, source=10),
            Instruction(Kind.FIRE, 5, target=20, source=5, state=25, a=2.0, b=1.0),
            Instruction(Kind.FILTER, 5, target=10, source=0, state=15, a=0.9, b=0.1),
            Instruction(Kind.SEND, 3, source=20, width=5, first=1, column=4),
            Instruction(Kind.ADD_BOTH, 5, target=5, source=10, state=20, a=0.5),
            Instruction(Kind.FILTER_RECEIVED, 5, target=10, source=0, state=15, a=0.9, b=0.1),
            Instruction(Kind.KEEP, 5, source=20, target=0),
        ]
    )
    expected, ours = follow_both(chain, make_stretch(rng, 5), side_by_side)
    for name in ("vectors", "kept", "spikes"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(expected, name))
