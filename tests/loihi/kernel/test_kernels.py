"""Both kernels leave the same state, recordings and overflows, for any program and drive."""

import itertools
import warnings

import nengo
import numpy as np
import pytest
from random_network import FEATURES, random_network

pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense import compat
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.kernel import compiled_chip, table
from nengo_dense.loihi.kernel.numba_kernel import NumbaKernel
from nengo_dense.loihi.kernel.numpy_kernel import NumpyKernel
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.program import Program


def make_program(seed, discretize, features=None):
    """Read a random network of those that nengo-loihi can build."""
    compat.nengo_loihi()
    drawn = random_network(seed, features=features)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = build_model(drawn.network, 0.001, model=drawn.model(), discretize=discretize)
    return Program.from_model(model)


def run(kernel, program, drives, seed):
    """Run some pieces; return what the kernel leaves."""
    lanes, rng = len(drives[0].spikes), np.random.RandomState(seed)
    state, left, overflowed = ChipState.zeros(program, lanes), [], []
    for drive in drives:
        recordings = []
        for key in ("spiked", "voltage", "current"):
            columns = rng.permutation(program.n_compartments)[: 1 + program.n_compartments // 2]
            dtype = np.uint8 if key == "spiked" else program.dtype
            shape = (drive.spikes.shape[1], lanes, len(columns))
            values = np.zeros(shape, dtype=dtype).swapaxes(0, 1)
            recordings.append(Recording(key, columns, values))
        counts = np.full((lanes, len(columns)), 5)  # what was counted before
        recordings.append(Recording("count", columns, counts))
        overflowed.append(kernel.advance(state, drive, recordings))
        left += [recording.values for recording in recordings]
    return [*left, *state], overflowed


def draw_drive(program, rng, lanes, n_steps, **kwargs):
    spikes = rng.uniform(size=(lanes, n_steps, program.n_inputs)) < 0.3
    return Drive(spikes.astype(np.uint8), **kwargs)


def draw_noise(program, rng, n_rows):
    noise = rng.uniform(-50, 50, size=(n_rows, program.n_compartments))
    return noise.astype(program.dtype)


def assert_same(program, drives, seed):
    expected, overflows = run(NumpyKernel(program), program, drives, seed)
    for multiplies in {table.MULTIPLIES_BYTES, False}:  # as on this machine, and on others
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(table, "MULTIPLIES_BYTES", multiplies)
            kernel = NumbaKernel(program)
        ours, found = run(kernel, program, drives, seed)
        assert found == overflows
        for mine, other in zip(ours, expected, strict=True):
            np.testing.assert_array_equal(mine, other)
    return expected


@pytest.mark.parametrize("discretize", [True, False], ids=["integers", "floats"])
@pytest.mark.parametrize("seed", range(4002, 4010))
def test_kernels_agree_on_random_networks(seed, discretize):
    program = make_program(seed, discretize)
    rng = np.random.RandomState(seed)
    lanes = rng.randint(1, 40)  # fewer and more than are stepped side by side
    drives = [
        draw_drive(program, rng, lanes, 9),
        draw_drive(
            program, rng, lanes, 4, noise_q=draw_noise(program, rng, 4),
            noise_u=draw_noise(program, rng, 4),
        ),
        draw_drive(program, rng, lanes, 1, extra=draw_noise(program, rng, lanes)),
    ]  # fmt: skip
    assert_same(program, drives, seed)


@pytest.mark.parametrize("feature", list(FEATURES))
def test_kernels_agree_on_each_feature(feature):
    program = make_program(12, True, features=[feature])
    rng = np.random.RandomState(0)
    left = assert_same(program, [draw_drive(program, rng, 3, 30)], 0)
    assert any(values.any() for values in left)


@pytest.mark.parametrize("from_host", [True, False])
def test_kernels_agree_where_few_neurons_are_connected(from_host, rng):
    zero = {"voltage": nengo.dists.Choice([0])}
    relu = nengo.SpikingRectifiedLinear(initial_state=zero)
    places = [(target, source) for target, source in zip(range(0, 30, 3), range(10), strict=True)]
    with nengo.Network(seed=0) as network:
        pre, post = (
            nengo.Ensemble(n, 1, neuron_type=relu, gain=np.ones(n), bias=np.full(n, bias))
            for n, bias in ((20, 300.0), (30, 0.0))
        )
        transform = nengo.Sparse((30, 20), indices=places, init=rng.uniform(0.2, 1, 10))
        nengo.Connection(pre.neurons, post.neurons, transform=transform, synapse=0.005)
    loihi = compat.nengo_loihi()
    loihi.add_params(network)
    network.config[pre].on_chip = not from_host
    program = Program.from_model(build_model(network, 0.001, discretize=True))
    *_, current, _, _, _, _ = assert_same(program, [draw_drive(program, rng, 3, 20)], 0)
    reached = np.isin(np.arange(30), [target for target, _ in places])
    np.testing.assert_array_equal(current[:, -30:].any(axis=0), reached)
    assert (current[:, -30:][:, reached] > 0).all()


@pytest.mark.parametrize("discretize", [True, False], ids=["integers", "floats"])
def test_nothing_is_compiled_again_for_other_recordings_or_noise(discretize, rng):
    program, lanes = make_program(12, discretize), 3
    kernel, known = NumbaKernel(program), set()
    for keys in ((), ("spiked",), ("voltage", "current"), ("count",)):
        recordings = []
        for key in keys:
            shape = (lanes, 1) if key == "count" else (lanes, 2, 1)
            dtype = {"count": np.int64, "spiked": np.uint8}.get(key, program.dtype)
            recordings.append(Recording(key, np.array([1]), np.zeros(shape, dtype=dtype)))
        for noise in ({}, {"noise_q": draw_noise(program, rng, 2)}):
            drive = draw_drive(program, rng, lanes, 2, **noise)
            kernel.advance(ChipState.zeros(program, lanes), drive, recordings)
            known.add(len(compiled_chip.advance.signatures))
    assert len(known) == 1


@pytest.mark.parametrize("bits", [7, 9])
def test_kernels_agree_where_layers_are_wide(bits, rng):
    zero = {"voltage": nengo.dists.Choice([0])}
    relu = nengo.SpikingRectifiedLinear(initial_state=zero)
    with nengo.Network(seed=0) as network:
        compat.nengo_loihi().add_params(network)
        layers = [
            nengo.Ensemble(n, 1, neuron_type=relu, gain=np.ones(n), bias=np.full(n, 30.0))
            for n in (33, 150, 280, 9)
        ]
        network.config[layers[0]].on_chip = False
        for pre, post in itertools.pairwise(layers):
            weights = rng.uniform(-1, 1, size=(post.n_neurons, pre.n_neurons))
            nengo.Connection(pre.neurons, post.neurons, transform=weights, synapse=0.005)
    program = Program.from_model(build_model(network, 0.001, discretize=True))
    if bits > 7:  # weights that do not fit in eight bits, with sums that still fit in sixteen
        program.projections[0].weights.values.setflags(write=True)
        program.projections[0].weights.values[::7] += 1
    drives = [draw_drive(program, rng, 5, 30), draw_drive(program, rng, 5, 1)]
    spiked, voltage, current, *_ = assert_same(program, drives, 0)
    assert spiked.any()
    assert voltage.any()
    assert (current > 0).any()
    assert (current < 0).any()
