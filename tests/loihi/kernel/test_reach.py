"""No register overflows within a program's reach, and outside of it every overflow is found."""

from dataclasses import replace

import nengo
import numpy as np
import pytest

from nengo_dense import compat
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.kernel.choice import make_kernel
from nengo_dense.loihi.kernel.numpy_kernel import NumpyKernel
from nengo_dense.loihi.kernel.reach import NOWHERE, find_reach, signed_sums
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.program import Program


def make_program(sign=1, n_in=5, n=200, discretize=True):
    """Layers on the chip, of which the second one is wide; some weights are alike in sign."""
    loihi = compat.nengo_loihi()
    rng = np.random.RandomState(3)
    zero = {"voltage": nengo.dists.Choice([0])}
    relu = nengo.SpikingRectifiedLinear(initial_state=zero)
    with nengo.Network(seed=0) as network:
        loihi.add_params(network)
        pre, post, last = (
            nengo.Ensemble(m, 1, neuron_type=relu, gain=np.full(m, 0.1), bias=np.full(m, 2.0))
            for m in (n_in, n, 3)
        )
        network.config[pre].on_chip = False
        weights = sign * rng.uniform(0.1, 1, size=(n, n_in))
        nengo.Connection(pre.neurons, post.neurons, transform=weights, synapse=0.005)
        weights = rng.uniform(-1, 1, size=(3, n))
        nengo.Connection(post.neurons, last.neurons, transform=weights, synapse=0.005)
    return Program.from_model(build_model(network, 0.001, discretize=discretize))


def reach_of(program, most):
    return find_reach(program, signed_sums(program, most))


def with_compartments(program, **changes):
    return replace(program, compartments=replace(program.compartments, **changes))


def with_weights(program, factor):
    projections = [
        replace(p, weights=replace(p.weights, values=p.weights.values * np.int32(factor)))
        for p in program.projections
    ]
    return replace(program, projections=projections)


def at_the_limit(program):
    """Let currents never decay, and the bias of all have the sign of the weights from the host."""
    n = program.n_compartments
    sign = np.sign(program.projections[0].weights.values[0])
    # without the second layer's weights, each of which needs a spike of its own
    program = replace(program, projections=program.projections[:1])
    return with_compartments(
        program,
        keep_u=np.full(n, 4096, dtype=np.int32),
        bias=np.full(n, 1000 * sign, dtype=np.int32),
    )


def run(kernel, program, n_steps, current=0):
    """Let all inputs spike in each step; return currents, the state, and what overflowed."""
    state = ChipState.zeros(program, 2)
    state.current[...] = current
    columns = np.arange(program.n_compartments)
    values = np.zeros((n_steps, 2, len(columns)), dtype=program.dtype).swapaxes(0, 1)
    spikes = np.ones((2, n_steps, program.n_inputs), dtype=np.uint8)
    overflowed = kernel.advance(state, Drive(spikes), [Recording("current", columns, values)])
    return values, state, overflowed


@pytest.mark.parametrize("sign", [1, -1])
def test_from_currents_within_the_reach_nothing_overflows_and_from_a_little_more_it_does(sign):
    program = at_the_limit(make_program(sign))
    reach = reach_of(program, 1)
    assert reach > 0
    for current in (sign * reach, -sign * reach):
        assert not run(NumpyKernel(program), program, 2, current)[2]
    more = reach + (1 if sign > 0 else 2)  # there is one more negative number
    assert run(NumpyKernel(program), program, 2, sign * more)[2] == {"u2"}


def test_sums_are_those_of_all_rows_whether_or_not_they_are_a_dense_matrix():
    program = make_program()
    expected = np.zeros((2, program.n_compartments))
    for projection in program.projections:
        weights = projection.weights
        for row, base in zip(projection.rows, projection.bases, strict=True):
            part = slice(weights.starts[row], weights.starts[row + 1])
            targets, values = weights.targets[part] + base, weights.values[part]
            np.add.at(expected[0], targets, 3 * np.maximum(values, 0))
            np.add.at(expected[1], targets, 3 * np.maximum(-values, 0))
    assert expected.all(axis=1).any()
    np.testing.assert_array_equal(signed_sums(program, 3), expected)
    sparse = [replace(p, weights=replace(p.weights, width=0)) for p in program.projections]
    np.testing.assert_array_equal(signed_sums(replace(program, projections=sparse), 3), expected)


def test_where_sources_spike_more_often_the_reach_is_smaller():
    program = make_program()
    twice = reach_of(program, 2)
    assert NOWHERE < twice < reach_of(program, 1)
    assert twice == reach_of(with_weights(program, 2), 1)


@pytest.mark.parametrize("kernel", ["numpy", "numba"])
def test_currents_within_the_reach_and_those_beyond_are_computed_alike(kernel):
    if kernel == "numba":
        pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    program = at_the_limit(make_program())
    reach = reach_of(program, 1)
    found = []
    for current in (0, reach, -reach, reach + 1, -reach - 1, 2**23 - 1):
        values, state, overflowed = run(make_kernel(kernel, program), program, 9, current)
        expected = run(NumpyKernel(program), program, 9, current)
        np.testing.assert_array_equal(values, expected[0])
        for mine, other in zip(state, expected[1], strict=True):
            np.testing.assert_array_equal(mine, other)
        assert overflowed == expected[2]
        found.append(bool(overflowed))
    assert any(found)
    assert not all(found)


def test_a_program_that_may_overflow_from_any_currents_has_no_reach():
    program = with_weights(make_program(), 2**8)
    assert reach_of(program, 1) == NOWHERE
    assert "q0" in run(NumpyKernel(program), program, 2)[2]
    program = make_program()
    n = program.n_compartments
    bias = np.full(n, 2**23 - 1, dtype=np.int32)
    assert reach_of(with_compartments(program, bias=bias), 1) == NOWHERE


def test_a_bias_of_either_sign_makes_the_reach_smaller():
    program = make_program()
    n = program.n_compartments
    for bias in (3000, -3000):
        changed = with_compartments(program, bias=np.full(n, bias, dtype=np.int32))
        none = with_compartments(program, bias=np.zeros(n, dtype=np.int32))
        assert reach_of(none, 1) - reach_of(changed, 1) == 3000


def test_voltages_that_must_be_clipped_from_above_have_no_reach():
    program = make_program()
    assert reach_of(with_compartments(program, vmax=program.compartments.vth), 1) == NOWHERE


def test_floating_point_numbers_have_no_reach():
    assert reach_of(make_program(discretize=False), 1) == NOWHERE
