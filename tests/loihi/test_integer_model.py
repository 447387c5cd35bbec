"""Integers are nengo-loihi's own, made from a copy, with every error where it belongs."""

import warnings

import nengo
import numpy as np
import pytest
from divided_network import divided
from nengo.dists import Choice
from nengo.exceptions import BuildError
from random_network import FEATURES, random_network
from same_model import assert_same_model, flat, numbers

from nengo_dense import compat
from nengo_dense.loihi.build import build_floats, try_build_floats
from nengo_dense.loihi.integer_model import discretize_block

RELU = nengo.SpikingRectifiedLinear(initial_state={"voltage": Choice([0])})


def build_with_nengo_loihi(drawn, discretize):
    """Build, or return None where no integers can hold the parameters."""
    np.random.seed(0)
    model = drawn.model() or compat.nengo_loihi().builder.Model()
    try:
        model.build(drawn.network, discretize=discretize)
    except (AssertionError, BuildError):
        return None
    return model


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("feature", FEATURES)
def test_integers_are_nengo_loihis_and_leave_the_floats_as_they_are(feature):
    n_built = 0
    for seed in range(3, 6):
        drawn = [random_network(seed, 12, [feature, "dense"]) for _ in range(3)]
        theirs = build_with_nengo_loihi(drawn[0], discretize=True)
        np.random.seed(0)
        floats = build_floats(drawn[1].network, 0.001, model=drawn[1].model())
        if theirs is None:
            with pytest.raises(BuildError, match=r"nengo-loihi cannot build|Could not find"):
                floats.integers()
        else:
            assert_same_model(floats.integers().model, theirs)
            assert_same_model(floats.integers().model, theirs)
            n_built += 1
        assert_same_model(floats.model, build_with_nengo_loihi(drawn[2], discretize=False))
    assert n_built


@pytest.mark.filterwarnings("ignore")
def test_integers_of_a_divided_layer_are_nengo_loihis():
    theirs = compat.nengo_loihi().builder.Model()
    theirs.build(divided())
    assert len(theirs.blocks) == 7
    assert_same_model(build_floats(divided(), 0.001).integers().model, theirs)


def two_layers(scales, n_neurons=4):
    """A population for each scale, which all get one input; weights of the scale."""
    with nengo.Network(seed=1) as net:
        pre = nengo.Ensemble(3, 1, neuron_type=RELU, gain=np.ones(3), bias=np.ones(3), label="pre")
        for number, scale in enumerate(scales):
            post = nengo.Ensemble(
                n_neurons,
                1,
                neuron_type=RELU,
                gain=np.ones(n_neurons),
                bias=np.zeros(n_neurons),
                label=f"post {number}",
            )
            weights = scale * np.linspace(1, 2, 3 * n_neurons).reshape(n_neurons, 3)
            nengo.Connection(pre.neurons, post.neurons, transform=weights)
    return net


def test_every_block_is_tried_and_every_error_kept_with_its_block():
    floats = build_floats(two_layers([1.0, 1e-6, 1.0, 1e-7]), 0.001)
    before = flat([value for _, value in numbers(floats.model)])
    integers = floats.integers(collect=True)
    failed = [layer.owner.label for layer in floats.layers for e in integers.errors
              if e.block in layer.blocks]  # fmt: skip
    assert failed == ["post 1", "post 3"]
    assert {e.function for e in integers.errors} == {"discretize_compartment"}
    assert "Could not find appropriate weight exponent" in str(integers.errors[0].error)
    kinds = [block.compartment.bias.dtype for block in integers.model.blocks]
    assert kinds.count(np.int32) == 3
    assert flat([value for _, value in numbers(floats.model)]) == before


def test_the_first_error_is_raised_where_none_is_collected():
    floats = build_floats(two_layers([1.0, 1e-6]), 0.001)
    with pytest.raises(BuildError, match=r"post 1.*Could not find appropriate weight exponent"):
        floats.integers()


def test_warnings_are_kept_with_their_block_or_shown():
    net = two_layers([1.0, 1.0])
    with net:  # a second, much weaker input to one of the two
        nengo.Connection(
            net.ensembles[0].neurons, net.ensembles[2].neurons, transform=np.full((4, 3), 2e-3)
        )
    floats = build_floats(net, 0.001)
    integers = floats.integers(collect=True)
    kept = {layer.owner.label: integers.warnings[layer.blocks[0]] for layer in floats.layers}
    assert (kept["pre"], kept["post 0"]) == ([], [])
    assert all(text.startswith("Lost ") for text in kept["post 1"])
    assert kept["post 1"]
    with pytest.warns(UserWarning, match="Lost .* extra bits"):
        floats.integers()


def test_each_integer_block_knows_its_floats():
    floats = build_floats(two_layers([1.0, 3.0]), 0.001)
    integers = floats.integers()
    assert list(integers.floats) == list(integers.model.blocks)
    assert list(integers.floats.values()) == list(floats.model.blocks)
    for block, original in integers.floats.items():
        scale = block.discretize_info["v_scale"]
        wanted = original.compartment.vth * scale
        np.testing.assert_allclose(block.compartment.vth, wanted, atol=2**5)
    owners = [layer.owner for layer in floats.layers]
    assert [layer.owner for layer in integers.layers] == owners


def test_a_core_that_holds_too_much_is_found_by_validation():
    loihi = compat.nengo_loihi()
    net = two_layers([1.0], n_neurons=1030)
    loihi.add_params(net)
    net.config[net.ensembles[1]].block_shape = loihi.BlockShape((1030,), (1030,))
    integers = try_build_floats(net, 0.001).integers(collect=True)
    assert not integers.errors
    with pytest.raises(BuildError, match=r"compartments \(1030\) exceeded max \(1024\)"):
        integers.validate()


def block_of(weights, bias):
    from nengo_loihi.block import LoihiBlock, Synapse

    block = LoihiBlock(weights.shape[1], label="block")
    block.compartment.configure_relu(vth=1000)
    block.compartment.configure_filter(0.005)
    block.compartment.bias[:] = bias
    for part in np.array_split(weights.copy(), 2):  # discretized in place
        synapse = Synapse(len(part))
        synapse.set_weights(part)
        block.add_synapse(synapse)
    return block


def outcome(discretize, block):
    """What becomes of a block, or what is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            discretize(block)
        except (AssertionError, ValueError, BuildError) as err:
            return type(err).__name__
    weights = [w.tolist() for s in block.synapses for w in s.weights]
    return weights, block.compartment.bias.tolist(), block.compartment.vth.tolist()


@pytest.mark.parametrize("odd", [None, np.nan, np.inf, -np.inf])
def test_a_synapse_as_one_array_becomes_what_its_rows_would(odd):
    from nengo_loihi.builder import discretize

    rng = np.random.RandomState(5)
    for scale in (0.0, 1e-9, 1e-3, 1.0, 1e3):
        for place in range(3):
            weights = (scale * rng.normal(size=(6, 5))).astype(np.float32)
            weights[rng.randint(6), rng.randint(5)] *= 10**place
            if odd is not None:
                weights[2 * place, place] = odd
            bias = rng.normal(size=5) * rng.choice([0, 1, 100])
            mine = outcome(discretize_block, block_of(weights, bias))
            assert mine == outcome(discretize.discretize_block, block_of(weights, bias))
