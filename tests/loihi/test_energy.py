"""Energy is operations times published energies, counted core by core."""

import nengo
import numpy as np
import pytest
from divided_network import divided
from nengo.exceptions import ValidationError
from random_network import random_network

from nengo_dense.emulator import Simulator
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.build import build_floats
from nengo_dense.loihi.energy import Energy, count_energy
from nengo_dense.loihi.layout import layers_of

pytestmark = pytest.mark.filterwarnings("ignore:Lost .* extra bits:UserWarning")


def test_a_synaptic_operation_takes_23_6_and_a_neuron_update_81_picojoules():
    assert Energy(1000, 0).joules == pytest.approx(23.6e-9)
    assert Energy(0, 1000).joules == pytest.approx(81e-9)
    total = Energy.total([Energy(1, 2), Energy(10, 20)])
    assert total == Energy(11, 22)
    assert total.joules == pytest.approx(Energy(1, 2).joules + Energy(10, 20).joules)


def built(network, model=None):
    return build_floats(network, 0.001, model=model).model


def counts_for(model, rng):
    """Draw spikes for everybody who can send."""
    return {s: rng.poisson(5, s.n_neurons) for s in (*model.inputs, *model.blocks)}


def operations_one_by_one(model, spikes):
    """Send every spike through its axons, as nengo-loihi's emulator does, and count weights."""
    owner = {id(synapse): block for block in model.blocks for synapse in block.synapses}
    counted = dict.fromkeys(model.blocks, 0)
    for source, counts in spikes.items():
        for axon in source.axons:
            for spike, count in zip(axon.map_spikes(np.arange(len(counts))), counts, strict=True):
                used = spike is not None and (
                    axon.target.axon_compartment_base(spike.axon_idx) is not None
                )
                if used:
                    weights, _ = axon.target.axon_weights_indices(spike.axon_idx, spike.atom)
                    counted[owner[id(axon.target)]] += count * len(weights)
    return counted


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("feature", ["dense", "sparse", "slice", "convolution", "decoded", None])
def test_operations_are_the_weights_that_every_spike_adds(feature, rng):
    if feature is None:
        model = built(divided())
    else:
        drawn = random_network(5, 10, [feature, "host_layer"])
        model = built(drawn.network, drawn.model())
    spikes = counts_for(model, rng)
    energy = count_energy(model, spikes, 7)
    found = {block: part.synaptic_operations for block, part in energy.items()}
    assert found == operations_one_by_one(model, spikes)
    assert all(part.neuron_updates == 7 * block.n_neurons for block, part in energy.items())
    assert sum(found.values()) > 0


def test_spikes_of_ensembles_are_divided_among_cores(rng):
    net = divided(decoded=False)
    model = built(net)
    (loop,) = [layer.blocks[0] for layer in layers_of(model) if layer.owner in net.connections]
    host, wide, last = (rng.poisson(5, e.n_neurons) for e in (net.host, net.wide, net.last))
    decoders = rng.poisson(5, loop.n_neurons)
    spikes = {net.host: host, net.wide: wide, net.last: last, loop: decoders}
    energy = count_energy(model, spikes, 3)
    parts = [energy[block].synaptic_operations for block in model.objs[net.wide]["in"]]
    np.testing.assert_array_equal(parts, host.sum() * np.array([8, 8, 4]))
    (block,) = model.objs[net.last]["in"]
    assert energy[block].synaptic_operations == 30 * (wide.sum() + decoders.sum())


def test_a_stack_costs_spikes_times_the_neurons_of_the_next_layer(rng):
    stack = DenseStack([40, 30, 8, 3], 4, weights=nengo.dists.Uniform(0, 0.2), seed=1)
    with nengo.Network(seed=0) as net:
        nengo.Network.add(stack)
        source = nengo.Node(np.ones(4))
        nengo.Connection(source, stack.input, synapse=None)
        probes = [nengo.Probe(layer.neurons) for layer in stack.layers]
    with Simulator(net, progress_bar=False) as sim:
        sim.run_steps(20)
    counts = [(sim.data[probe] > 0).sum(axis=0) for probe in probes]
    ensembles = [layer.ensemble for layer in stack.layers]
    energy = count_energy(sim.model, dict(zip(ensembles, counts, strict=True)), 20)
    total = Energy.total(energy.values())
    assert len(energy) == 2
    assert total.synaptic_operations == 30 * counts[0].sum() + 8 * counts[1].sum()
    assert total.neuron_updates == 20 * (30 + 8)
    assert counts[1].any()


def test_spikes_that_nothing_is_said_of_are_not_taken_for_none():
    net = divided()
    with pytest.raises(ValidationError, match=r"each of the 6 neurons of .*, got none"):
        count_energy(built(net), {net.wide: np.ones(20), net.last: np.ones(30)}, 1)


def test_counts_of_another_number_of_neurons_are_refused():
    net = divided()
    model = built(net)
    with pytest.raises(ValidationError, match=r"20 neurons of .*wide.*got an array of shape \(8,"):
        count_energy(model, {net.wide: np.ones(8)}, 1)
    (first,) = model.inputs
    with pytest.raises(ValidationError, match=r"6 neurons of .*got an array of shape \(5,\)"):
        count_energy(model, {first: np.ones(5)}, 1)
