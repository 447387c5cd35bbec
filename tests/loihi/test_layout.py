import nengo
import numpy as np
from divided_network import divided

from nengo_dense.loihi.build import build_floats
from nengo_dense.loihi.layout import layers_of, senders_of


def test_layers_are_the_ensembles_and_the_decoders_of_connections():
    net = divided()
    layers = layers_of(build_floats(net, 0.001).model)
    sizes = {str(layer.ensemble.label): layer for layer in layers if layer.ensemble}
    assert list(sizes) == ["wide", "last"]
    assert [block.n_neurons for block in sizes["wide"].blocks] == [8, 8, 4]
    assert sizes["wide"].n_neurons == 20
    (loop,) = [layer for layer in layers if layer.owner in net.connections]
    assert (loop.owner.pre_obj, loop.ensemble) == (net.last, None)
    probed = [layer.owner for layer in layers if layer.ensemble is None and layer is not loop]
    assert {type(owner) for owner in probed} == {nengo.Connection}
    assert [owner.pre_obj for owner in probed] == [net.last, net.wide]


def test_each_compartment_knows_its_neuron():
    model = build_floats(divided(), 0.001).model
    for layer in layers_of(model):
        numbers = np.concatenate(layer.neurons)
        np.testing.assert_array_equal(np.sort(numbers), np.arange(layer.n_neurons))
    (wide,) = [layer for layer in layers_of(model) if len(layer.blocks) == 3]
    np.testing.assert_array_equal(wide.neurons[1], np.arange(8, 16))


def test_blocks_of_nobody_are_a_layer_too():
    model = build_floats(divided(), 0.001).model
    model.objs.clear()
    layers = layers_of(model)
    assert {layer.owner for layer in layers} == {None}
    assert sum(len(layer.blocks) for layer in layers) == len(model.blocks)


def test_senders_are_blocks_or_the_inputs_that_stand_for_host_neurons():
    net = divided()
    with net:  # a second connection, from a part
        nengo.Connection(net.host.neurons[1:4], net.last.neurons, transform=np.ones((30, 3)))
    model = build_floats(net, 0.001).model
    blocks = senders_of(model, net.wide)
    assert [block for block, _ in blocks] == model.objs[net.wide]["in"]
    inputs = senders_of(model, net.host)
    assert {source for source, _ in inputs} == set(model.inputs)
    assert sorted(tuple(neurons) for _, neurons in inputs) == [(0, 1, 2, 3, 4, 5), (1, 2, 3)]


def test_who_sends_nothing_to_the_chip_has_no_senders():
    net = divided()
    with net:
        alone = nengo.Ensemble(5, 1, neuron_type=net.host.neuron_type)
        nengo.Connection(net.wide.neurons[:5], alone.neurons)
    net.config[alone].on_chip = False
    assert senders_of(build_floats(net, 0.001).model, alone) == []
