import nengo
import numpy as np
import pytest

from nengo_dense.conversion import convert
from nengo_dense.conversion.storable import check_storable
from nengo_dense.emulator import Simulator
from nengo_dense.exceptions import ConversionError
from nengo_dense.layers.stack import DenseStack

SIZES = [6, 5, 4, 2]


def make(rng, encoding="host", weight=1.0, bias=0.0, neuron_type=None):
    """Scale the weights of the last layer on the chip, and raise one of its biases."""
    weights = [rng.uniform(0.2, 1, (o, i)) for i, o in zip([3, *SIZES], SIZES, strict=False)]
    biases = [np.zeros(n) for n in SIZES]
    weights[2] *= weight
    biases[2][1] = bias
    n = 3 + (encoding == "spikes")
    stack = DenseStack(
        SIZES,
        3,
        weights=weights,
        biases=biases,
        encoding=encoding,
        synapse=[0.002] * (n - 1) + [None],
        neuron_type=neuron_type or nengo.SpikingRectifiedLinear(),
    )
    return stack, [f"dense_{i}" for i in range(4)]


def builds(stack):
    with nengo.Network(seed=0) as net:
        nengo.Network.add(stack)
        nengo.Connection(nengo.Node(np.ones(3)), stack.input, synapse=None)
    try:
        Simulator(net, progress_bar=False).close()
    except nengo.exceptions.BuildError:
        return False
    return True


@pytest.mark.filterwarnings("ignore:Lost . extra bits")
@pytest.mark.parametrize("neuron_type", [nengo.SpikingRectifiedLinear(), nengo.LIF()])
@pytest.mark.parametrize("encoding", ["host", "spikes", "chip"])
@pytest.mark.parametrize(
    "weight, bias",
    [(1, 0), (1, 50), (1, 1e6), (1e-2, 0), (1e-6, 0), (1e-6, 1), (1e3, 0), (1e6, 0)],
)
def test_what_cannot_be_built_is_refused_and_nothing_else(
    rng, encoding, weight, bias, neuron_type
):
    stack, labels = make(rng, encoding, weight, bias, neuron_type)
    if builds(stack):
        check_storable("The model", stack, labels, 0.001)
    else:
        with pytest.raises(ConversionError, match="dense_2: has a largest weight of"):
            check_storable("The model", stack, labels, 0.001)


def test_the_message_has_the_values_and_the_way_out(rng):
    stack, labels = make(rng, bias=1e6)
    with pytest.raises(ConversionError, match=r"(?s)weight of 0\.\d+ .*bias of 1e\+06.*Rescale"):
        check_storable("The model", stack, labels, 0.001)


@pytest.mark.parametrize("encoding", ["host", "spikes", "chip"])
def test_weights_that_nengo_loihi_takes_for_zero_are_told(rng, encoding):
    weights = [
        rng.normal(size=(8, 3)) * 1e9,
        rng.normal(size=(6, 8)) / 1e9,
        rng.normal(size=(2, 6)),
    ]
    layers = [(w, np.zeros(len(w))) for w in weights]
    stack = DenseStack([8, 6, 2], 3, weights=weights, encoding=encoding, seed=0)
    with pytest.raises(ConversionError, match="second: all its weights are below 1e-08, and neng"):
        check_storable("The model", stack, ["first", "second", None], 0.001)
    # with values, or an idea of them, they are brought to another scale
    x = rng.uniform(-1, 1, size=(60, 3))
    convert(layers, calibration=x, encoding=encoding, tune=False)
    with pytest.warns(UserWarning, match="The weights are of unusual scale"):
        convert(layers, encoding=encoding)


def test_all_layers_are_told(rng):
    stack, labels = make(rng, "spikes", bias=1e6)
    stack.set_parameters(stack.weights, [np.full(6, 1e7), *stack.biases[1:]])
    with pytest.raises(ConversionError) as caught:
        check_storable("The model", stack, labels, 0.001)
    assert len(caught.value.problems) == 2


def test_a_core_that_cannot_store_its_part_of_a_layer_is_named(rng):
    """The layer as a whole can be stored; its second core has all the large biases."""
    n = 1100
    weights, biases = rng.uniform(0.2, 1, (n, 6)), np.zeros(n)
    weights[n // 2 :] *= 1e-6
    biases[n // 2 :] = 50.0
    first, last = rng.uniform(0.2, 1, (6, 3)), rng.randn(2, n)
    model = [(first, np.zeros(6)), (weights, biases), (last, np.zeros(2))]
    how = {"effort": "fast", "presentation_time": 0.02, "progress_bar": False}
    with pytest.raises(ConversionError, match=r"layer2'>\[550:1100:1\].*Rescale"):
        convert(model, calibration=rng.rand(30, 3), **how)
