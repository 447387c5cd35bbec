import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.conversion.chain import Chain
from nengo_dense.conversion.chip_program import ChipLayer, chip_program
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.program import Program

COMPARTMENTS = ("keep_u", "keep_v", "bias", "vth", "vmin", "refract")


@pytest.mark.parametrize(
    "neuron_type", [nengo.SpikingRectifiedLinear(), nengo.LIF(tau_ref=0.003, min_voltage=-2)]
)
def test_integers_are_those_of_the_built_network(neuron_type, rng):
    stack = DenseStack(
        [7, 6, 5, 3],
        4,
        biases=[rng.randn(n) for n in (7, 6, 5, 3)],
        neuron_type=[nengo.SpikingRectifiedLinear(), neuron_type, neuron_type],
        synapse=[0.002, 0.004, None],
        seed=1,
    )
    with nengo.Network() as net:
        nengo.Network.add(stack)
        source = nengo.Node(np.zeros(4))
        nengo.Connection(source, stack.input, synapse=None)
    built = Program.from_model(build_model(net, 0.001))
    made = chip_program(Chain(stack, 0.001)._chip_layers(), 0.001)
    for name in COMPARTMENTS:
        np.testing.assert_array_equal(
            getattr(made.compartments, name), getattr(built.compartments, name), name
        )
    for ours, theirs in zip(made.projections, built.projections, strict=True):
        np.testing.assert_array_equal(ours.weights.values, theirs.weights.values)


def test_refuses_neurons_that_the_chip_does_not_have():
    layer = ChipLayer(np.ones((2, 3)), np.zeros(2), nengo.Tanh(), 0.005)
    with pytest.raises(ValidationError, match=r"got Tanh\. Choose one of them"):
        chip_program([layer], 0.001)
