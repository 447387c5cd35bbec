"""One build by nengo-loihi's builder: troubles raised, or collected while the build goes on."""

import nengo
import numpy as np
import pytest
from divided_network import LIF, divided
from nengo.exceptions import BuildError
from same_model import assert_same_model

from nengo_dense import compat
from nengo_dense.loihi.build import build_floats, build_model, try_build_floats

# the decoders of a small ensemble are weak beside its threshold
pytestmark = pytest.mark.filterwarnings("ignore:Lost .* extra bits:UserWarning")


def troubled():
    """Two ensembles that cannot be built, one that can, and connections from all three."""
    with nengo.Network(seed=0) as net:
        odd = nengo.Ensemble(4, 1, encoders=np.zeros((4, 1)), neuron_type=LIF, label="odd")
        other = nengo.Ensemble(4, 1, neuron_type=nengo.Sigmoid(), label="other")
        fine = nengo.Ensemble(4, 1, neuron_type=LIF, label="fine")
        for pre in (odd, other, fine):
            nengo.Connection(pre.neurons, fine.neurons, transform=np.ones((4, 4)))
    return net


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_the_first_trouble_is_raised_with_its_object():
    with pytest.raises(BuildError, match=r"odd.*zero-length encoders"):
        build_floats(troubled(), 0.001)


def test_all_troubles_are_collected_with_their_objects():
    net = troubled()
    floats = try_build_floats(net, 0.001)
    assert [trouble.target.label for trouble in floats.troubles] == ["odd", "other"]
    assert "zero-length encoders" in floats.troubles[0].text
    assert "cannot be simulated on Loihi" in floats.troubles[1].text
    assert [layer.owner.label for layer in floats.layers] == ["fine"]
    assert len(floats.layers[0].blocks[0].synapses) == 1


def test_a_network_that_cannot_even_be_divided_is_a_trouble_of_its_own():
    with nengo.Network() as net:
        compat.nengo_loihi().add_params(net)
        pre, post = (nengo.Ensemble(4, 1, neuron_type=LIF) for _ in range(2))
        nengo.Connection(pre, post, learning_rule_type=nengo.PES())
    net.config[post].on_chip = True
    floats = try_build_floats(net, 0.001)
    assert [trouble.target for trouble in floats.troubles] == [net]
    assert "must not be configured as on_chip" in floats.troubles[0].text


def test_limits_are_not_enforced_and_nothing_is_warned_of_while_troubles_are_collected():
    loihi = compat.nengo_loihi()
    with nengo.Network() as net:
        loihi.add_params(net)
        large = nengo.Ensemble(1100, 1)  # its initial voltages are not zero, which warns
        net.config[large].block_shape = loihi.BlockShape((1100,), (1100,))
    floats = try_build_floats(net, 0.001)
    assert not floats.troubles
    assert floats.layers[0].n_neurons == 1100
    with pytest.raises(BuildError, match=r"compartments \(1100\) exceeded"):
        floats.integers().validate()


@pytest.mark.parametrize("target", ["simreal", "sim"])
def test_a_collected_model_runs_in_nengo_loihi_without_being_built_anew(target):
    loihi = compat.nengo_loihi()
    floats = try_build_floats(divided(), 0.001)
    model = floats.model if target == "simreal" else floats.integers().model
    blocks = list(model.blocks)
    net = model.toplevel
    with loihi.Simulator(net, model=model, target=target) as sim:
        sim.run_steps(30)
    assert list(sim.model.blocks) == blocks
    again = divided()
    with loihi.Simulator(again, target=target) as reference:
        reference.run_steps(30)
    pairs = zip(net.probes_of_all_kinds, again.probes_of_all_kinds, strict=True)
    for mine, theirs in pairs:
        assert sim.data[mine].any()
        np.testing.assert_array_equal(sim.data[mine], reference.data[theirs])


def test_a_model_that_is_given_becomes_what_is_built():
    given = compat.nengo_loihi().builder.Model(dt=0.001)
    assert build_model(divided(), 0.001, model=given) is given
    assert {block.compartment.bias.dtype for block in given.blocks} == {np.dtype(np.int32)}
    assert_same_model(given, build_model(divided(), 0.001))


def test_a_model_without_validation_is_not_validated():
    loihi = compat.nengo_loihi()
    net = divided()
    large = loihi.BlockShape((1100,), (1100,))
    with net:
        wide = nengo.Ensemble(1100, 1, neuron_type=LIF, gain=np.ones(1100), bias=np.ones(1100))
    net.config[wide].block_shape = large
    model = loihi.builder.Model(dt=0.001)
    model.validation_level = loihi.builder.builder.ValidationLevel.NONE
    assert len(build_model(net, 0.001, model=model).objs[wide]["in"]) == 1


def test_what_is_out_of_range_as_an_integer_is_refused_after_discretizing():
    loihi = compat.nengo_loihi()
    model = loihi.builder.Model(dt=0.001)
    model.pes_wgt_exp = 8  # one more than a core has bits for
    with nengo.Network(seed=0) as net:
        pre = nengo.Ensemble(20, 1, neuron_type=LIF)
        out, error = nengo.Node(size_in=1), nengo.Node(size_in=1)
        conn = nengo.Connection(pre, out, learning_rule_type=nengo.PES(), function=lambda x: 0)
        nengo.Connection(error, conn.learning_rule)
        nengo.Probe(out)
    with pytest.raises(BuildError, match="weight_exp"):
        build_model(net, 0.001, model=model)
