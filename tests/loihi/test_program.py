"""A program is nengo-loihi's model, frozen."""

import dataclasses

import nengo
import numpy as np
import pytest
from nengo.exceptions import BuildError

from nengo_dense import compat
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.program import Program


def built(weights, discretize=True, shape=None):
    loihi = compat.nengo_loihi()
    with nengo.Network(seed=1) as network:
        loihi.add_params(network)
        n_post, n_pre = weights.shape
        pre = nengo.Ensemble(
            n_pre, 1, gain=np.ones(n_pre), bias=np.full(n_pre, 100.0), neuron_type=relu()
        )
        post = nengo.Ensemble(
            n_post, 1, gain=np.ones(n_post), bias=np.zeros(n_post), neuron_type=relu()
        )
        if shape is not None:
            network.config[post].block_shape = loihi.BlockShape(shape, (weights.shape[0],))
        nengo.Connection(pre.neurons, post.neurons, transform=weights, synapse=0.005)
        nengo.Probe(post.neurons)
    return build_model(network, 0.001, discretize=discretize)


def relu():
    return nengo.SpikingRectifiedLinear(initial_state={"voltage": nengo.dists.Choice([0])})


def dense_matrix(program):
    """Rebuild (sources, compartments) weights from all projections."""
    matrix = np.zeros((program.n_inputs + program.n_compartments, program.n_compartments))
    groups = [*program.inputs, *program.blocks]
    for projection in program.projections:
        weights, group = projection.weights, groups[projection.source]
        for source, row in enumerate(projection.rows):
            if row >= 0:
                part = slice(weights.starts[row], weights.starts[row + 1])
                columns = projection.bases[source] + weights.targets[part]
                np.add.at(matrix[group.start + source], columns, weights.values[part])
    return matrix


@pytest.mark.parametrize("discretize, dtype", [(True, np.int32), (False, np.float32)])
def test_dtype_says_whether_the_model_is_discretized(rng, discretize, dtype):
    program = Program.from_model(built(rng.normal(size=(3, 4)), discretize))
    assert program.dtype == dtype
    assert (program.n_inputs, program.n_compartments) == (0, 7)


def test_weights_are_those_of_the_synapses(rng):
    model = built(rng.normal(size=(3, 4)))
    (synapse,) = list(model.blocks)[1].synapses
    matrix = dense_matrix(Program.from_model(model))
    np.testing.assert_array_equal(matrix[:4, 4:], np.concatenate(synapse.weights))
    assert np.count_nonzero(matrix) == np.count_nonzero(matrix[:4, 4:])


def test_splitting_a_population_changes_no_weight(rng):
    weights = rng.normal(size=(6, 4))
    weights[:, 0] = np.abs(weights).max() * 2  # every part sees the largest weight
    whole = dense_matrix(Program.from_model(built(weights)))
    split = Program.from_model(built(weights, shape=(2,)))
    assert [group.size for group in split.blocks] == [4, 2, 2, 2]
    np.testing.assert_array_equal(dense_matrix(split), whole)


def test_arrays_cannot_be_written(rng):
    program = Program.from_model(built(rng.normal(size=(3, 4))))
    with pytest.raises(ValueError, match="read-only"):
        program.compartments.vth[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        program.projections[0].weights.values[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError, match="projections"):
        program.projections = []


def test_weights_before_learning_cannot_be_written(rng):
    model = built(rng.normal(size=(3, 4)))
    (synapse,) = list(model.blocks)[1].synapses
    synapse.set_learning()
    (learning,) = Program.from_model(model).learnings
    with pytest.raises(ValueError, match="read-only"):
        learning.weights[0] = 0


def test_probe_of_a_state_that_no_chip_has_is_refused(rng):
    model = built(rng.normal(size=(3, 4)))
    model.probes[0].key = "input"
    with pytest.raises(BuildError, match=r"probe of .input. on LoihiBlock.*spiked, voltage"):
        Program.from_model(model)


def test_synapse_beyond_its_block_is_refused(rng):
    model = built(rng.normal(size=(3, 4)))
    (synapse,) = list(model.blocks)[1].synapses
    synapse.indices[0] = synapse.indices[0] + 1
    with pytest.raises(BuildError, match="reach compartments 0 to 3, but the block has 3"):
        Program.from_model(model)


def test_learning_on_anything_but_whole_rows_is_refused(rng):
    model = built(rng.normal(size=(3, 4)))
    (synapse,) = list(model.blocks)[1].synapses
    synapse.set_learning()
    synapse.weights[0], synapse.indices[0] = synapse.weights[0][:, :2], synapse.indices[0][:, :2]
    with pytest.raises(BuildError, match="needs one dense row of weights for each axon"):
        Program.from_model(model)


def test_noise_is_in_the_unit_of_the_voltage(rng):
    model = built(rng.normal(size=(3, 4)))
    compartment = list(model.blocks)[1].compartment
    compartment.enable_noise[:] = [True, False, True]
    compartment.noise_exp, compartment.noise_offset = 9, 3
    found = Program.from_model(model).compartments
    np.testing.assert_array_equal(found.noise_offset[-3:], 3 * 2**6)
    np.testing.assert_array_equal(found.noise_scale[-3:], [4, 0, 4])


def test_axon_with_a_negative_base_has_no_synapses(rng):
    model = built(rng.normal(size=(3, 4)))
    sender, receiver = model.blocks
    (axon,), (synapse,) = sender.axons, receiver.synapses
    synapse.axon_compartment_bases = np.array([0, -1, 0, 0])
    matrix = dense_matrix(Program.from_model(model))
    expected = np.concatenate(synapse.weights)
    expected[1] = 0
    assert axon.target is synapse
    np.testing.assert_array_equal(matrix[:4, 4:], expected)


def test_of_repeated_targets_the_last_weight_counts(rng):
    model = built(rng.normal(size=(3, 4)))
    (synapse,) = list(model.blocks)[1].synapses
    synapse.indices[1] = np.array([[2, 0, 2]], dtype=np.int32)
    matrix = dense_matrix(Program.from_model(model))
    row = synapse.weights[1][0]
    np.testing.assert_array_equal(matrix[1, 4:], [row[1], 0, row[2]])
