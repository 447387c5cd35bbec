"""The chip's steps are the same however many of them are made at once."""

import nengo
import numpy as np
import pytest

from nengo_dense import compat
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.chip import Chip
from nengo_dense.loihi.kernel.numpy_kernel import NumpyKernel
from nengo_dense.loihi.kernel.state import Recording
from nengo_dense.loihi.program import Program

LANES, N_STEPS = 3, 12


def learning_program(discretize):
    """Read a network that learns on the chip, from neurons on the host."""
    loihi = compat.nengo_loihi()
    with nengo.Network(seed=0) as network:
        loihi.add_params(network)
        at_rest = {"voltage": nengo.dists.Choice([0])}
        relu = nengo.SpikingRectifiedLinear(initial_state=at_rest)
        pre = nengo.Ensemble(8, 1, neuron_type=relu)
        post = nengo.Node(size_in=1)
        learned = nengo.Connection(
            pre, post, function=lambda x: 0, learning_rule_type=nengo.PES(learning_rate=1e-3)
        )
        error = nengo.Node(lambda t, x: x, size_in=1)
        nengo.Connection(post, error, synapse=None)
        nengo.Connection(error, learned.learning_rule)
        nengo.Connection(nengo.Node(0.5), pre)
    model = build_model(network, 0.001, discretize=discretize)
    return Program.from_model(model), model.pes_error_scale


def run(program, error_scale, spikes, pieces):
    """Run in pieces; return each step's voltages, the counts of spikes and the weights."""
    chip = Chip(program, NumpyKernel(program), LANES, 0, error_scale, pytest.fail)
    for learning in chip.learnings:
        learning.set_error(np.array([[0.5], [-0.25], [0.0]]))
    columns = np.arange(program.n_compartments)
    voltage = np.zeros((LANES, N_STEPS, len(columns)), dtype=program.dtype)
    counts = np.zeros((LANES, len(columns)), dtype=np.int64)
    start = 0
    for n_steps in pieces:
        part = slice(start, start + n_steps)
        recordings = [
            Recording("voltage", columns, voltage[:, part]),
            Recording("count", columns, counts),
        ]
        chip.advance(spikes[:, part].copy(), recordings)
        start += n_steps
    assert chip.n_steps == start == N_STEPS
    return voltage, counts, [learning.weights for learning in chip.learnings]


@pytest.mark.parametrize("discretize", [True, False])
def test_a_chip_that_learns_takes_several_steps_as_it_takes_them_singly(discretize):
    program, error_scale = learning_program(discretize)
    spikes = np.zeros((LANES, N_STEPS, program.n_inputs), dtype=np.uint8)
    spikes[:, ::4] = 1
    singly = run(program, error_scale, spikes, [1] * N_STEPS)
    together = run(program, error_scale, spikes, [5, N_STEPS - 5])
    for mine, other in zip(together[:2], singly[:2], strict=True):
        np.testing.assert_array_equal(mine, other)
    ((mine,), (other,)) = together[2], singly[2]
    np.testing.assert_array_equal(mine, other)
    assert not np.array_equal(mine[0], mine[2])  # lanes learned from errors of their own
    assert singly[0].any()
