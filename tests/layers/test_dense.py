"""What a DenseLayer computes, in Nengo and on nengo-loihi's emulator."""

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.dists import Choice, Uniform
from nengo.exceptions import ValidationError
from numpy.testing import assert_allclose, assert_array_equal

from nengo_dense.layers.dense import DenseLayer

WEIGHTS = np.array([[0.5, 0.5], [1.0, 0.0], [-1.0, 0.2], [0.1, 0.1]])
BIAS = np.array([0.0, -0.2, 0.3, 0.1])
STIMULUS = np.array([0.6, 0.4])
INPUT_CURRENT = WEIGHTS @ STIMULUS + BIAS  # 0.5, 0.4, -0.22, 0.2
RELU = np.maximum(INPUT_CURRENT, 0)

SPIKING = {
    "SpikingRectifiedLinear": nengo.SpikingRectifiedLinear(),
    "LIF": nengo.LIF(),
    "LoihiSpikingRectifiedLinear": nengo_loihi.LoihiSpikingRectifiedLinear(),
    "LoihiLIF": nengo_loihi.LoihiLIF(),
}
RATE = {"RectifiedLinear": nengo.RectifiedLinear(), "LIFRate": nengo.LIFRate()}


def by_name(types):
    return pytest.mark.parametrize("neuron_type", types.values(), ids=types.keys())


def one_layer(neuron_type, max_rate=200.0, on_chip=True, weights=WEIGHTS, bias=BIAS, **kwargs):
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(STIMULUS)
        layer = DenseLayer(
            len(weights),
            2,
            weights=weights,
            bias=bias,
            neuron_type=neuron_type,
            max_rate=max_rate,
            on_chip=on_chip,
            **kwargs,
        )
        nengo.Connection(stimulus, layer.input, synapse=None)
        net.probe = nengo.Probe(layer.neurons)
    return net, layer


def spike_fed_layer(neuron_type, max_rate=100.0):
    """A layer on the chip behind a host layer that passes the stimulus on in spikes."""
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(STIMULUS)
        host = DenseLayer(2, 2, weights=np.eye(2), on_chip=False)
        layer = DenseLayer(
            4, 2, weights=WEIGHTS, bias=BIAS, neuron_type=neuron_type, max_rate=max_rate
        )
        nengo.Connection(stimulus, host.input, synapse=None)
        nengo.Connection(host.output, layer.input, synapse=0.02)
        net.probe = nengo.Probe(layer.neurons)
    return net


def run(net, steps=1000, simulator=nengo.Simulator, **kwargs):
    with simulator(net, progress_bar=False, **kwargs) as sim:
        sim.run_steps(steps)
        return np.array(sim.data[net.probe])


def loihi_run(net, steps=1000, target="sim"):
    return run(net, steps, nengo_loihi.Simulator, target=target)


def spikes_per_second(output, max_rate, dt=0.001):
    """Turn a layer's output (spikes of height 1 / max_rate) into rates in hertz."""
    heights = np.unique(output[output != 0]) * dt
    assert_allclose(heights, 1 / max_rate)
    return np.count_nonzero(output, axis=0) / (len(output) * dt)


# The law: y = f(W x + b)


@pytest.mark.parametrize("max_rate", [50, 200, 400.0])
def test_relu_rate_is_max_rate_times_value(max_rate):
    net, _ = one_layer(nengo.SpikingRectifiedLinear(), max_rate)
    rates = spikes_per_second(run(net), max_rate)
    assert_allclose(rates, max_rate * RELU, atol=1)  # one spike may be under way


@pytest.mark.parametrize("max_rate", [20, 250, 1000.0])
def test_decoded_value_does_not_depend_on_max_rate(max_rate):
    net, _ = one_layer(nengo.SpikingRectifiedLinear(), max_rate)
    assert_allclose(run(net, 2000).mean(axis=0), RELU, atol=1 / max_rate)


@pytest.mark.parametrize("max_rate", [1.0, 30, 5000])
def test_rectified_linear_gives_the_value_itself(max_rate):
    net, _ = one_layer(nengo.RectifiedLinear(), max_rate)
    assert_allclose(run(net, 1)[0], RELU, rtol=1e-12)


@by_name({**SPIKING, **RATE})
def test_rates_are_those_of_the_neuron_type(neuron_type):
    """`gain_bias` at (max_rate, intercept), then W x + b in the place of x."""
    max_rate, intercept = 140.0, 0.1  # no rate on the edge of a whole step
    net, layer = one_layer(neuron_type, max_rate, intercept=intercept)
    gain, bias = neuron_type.gain_bias(np.array([max_rate]), np.array([intercept]))
    current = gain * INPUT_CURRENT + bias
    expected = neuron_type.rates(INPUT_CURRENT[:, np.newaxis], gain, bias)[:, 0]
    assert_allclose(layer.ensemble.gain * (WEIGHTS @ STIMULUS) + layer.ensemble.bias, current)
    assert_allclose(run(net, 2000).mean(axis=0) * max_rate, expected, atol=1.5)


@by_name({**SPIKING, **RATE})
@pytest.mark.parametrize("max_rate, intercept", [(100, 0.0), (250, -0.5), (200, 0.25)])
def test_a_neuron_starts_at_intercept_and_reaches_max_rate_at_one(
    neuron_type, max_rate, intercept
):
    layer = DenseLayer(
        1, 1, weights=[[1]], neuron_type=neuron_type, max_rate=max_rate, intercept=intercept
    )
    gain, bias = layer.ensemble.gain, layer.ensemble.bias
    x = np.array([[intercept - 1e-3], [intercept], [1.0]])
    rates = neuron_type.rates(x, gain, bias).ravel()
    assert_array_equal(rates[:1], [0])
    assert rates[1] < 0.25 * max_rate  # LIF rises steeply from its intercept
    step_error = max_rate**2 * 0.001  # Loihi's neurons fire in whole steps
    assert_allclose(rates[2], max_rate, atol=step_error)


@by_name(SPIKING)
def test_bias_counts_in_the_units_of_the_weighted_input(neuron_type):
    """Half of the input through the weights, or as a bias: the same spikes."""
    through_bias, _ = one_layer(neuron_type, weights=0.5 * WEIGHTS, bias=0.5 * WEIGHTS @ STIMULUS)
    through_weights, _ = one_layer(neuron_type, bias=None)
    assert_allclose(
        run(through_bias, 500).sum(axis=0), run(through_weights, 500).sum(axis=0), atol=5.1
    )


def test_default_bias_is_zero():
    _, layer = one_layer(nengo.SpikingRectifiedLinear(), bias=None)
    assert_array_equal(layer.bias, np.zeros(4))
    assert_array_equal(layer.ensemble.bias, np.zeros(4))


@by_name({**SPIKING, **RATE})
def test_weights_and_bias_read_back(neuron_type):
    layer = DenseLayer(
        4, 2, weights=WEIGHTS, bias=BIAS, neuron_type=neuron_type, intercept=0.2, max_rate=90
    )
    assert_array_equal(layer.weights, WEIGHTS)
    assert_allclose(layer.bias, BIAS, atol=1e-12)


def test_weights_from_a_distribution_follow_the_seed():
    first, again = (DenseLayer(5, 3, weights=Uniform(0, 1), seed=4) for _ in range(2))
    other = DenseLayer(5, 3, weights=Uniform(0, 1), seed=5)
    assert_array_equal(first.weights, again.weights)
    assert (first.weights != other.weights).any()
    assert first.weights.shape == (5, 3)
    assert (first.weights >= 0).all()


def test_weights_given_are_copied():
    weights = WEIGHTS.copy()
    layer = DenseLayer(4, 2, weights=weights)
    weights[:] = 0
    assert_array_equal(layer.weights, WEIGHTS)


@by_name(SPIKING)
def test_voltage_starts_at_zero(neuron_type):
    net, layer = one_layer(neuron_type, bias=None)
    assert isinstance(layer.ensemble.neuron_type.initial_state["voltage"], Choice)
    with nengo.Simulator(net, progress_bar=False) as sim:
        assert_array_equal(sim.signals[sim.model.sig[layer.ensemble.neurons]["voltage"]], 0)


@by_name(SPIKING)
def test_voltage_on_the_host_starts_where_it_is_told_to(neuron_type):
    net, layer = one_layer(neuron_type, on_chip=False, start=0.75)
    assert layer.start == 0.75
    with nengo.Simulator(net, progress_bar=False) as sim:
        assert_array_equal(sim.signals[sim.model.sig[layer.ensemble.neurons]["voltage"]], 0.75)


# On the chip


@by_name(SPIKING)
def test_emulated_rates_follow_the_neuron_type(neuron_type):
    """Fed by spikes on the integer emulator: Loihi's whole-step rates, within a few per cent."""
    net = spike_fed_layer(neuron_type, max_rate=100.0)
    rates = spikes_per_second(loihi_run(net, 4000)[1000:], 100)
    gain, bias = neuron_type.gain_bias(np.array([100.0]), np.array([0.0]))
    expected = neuron_type.rates(INPUT_CURRENT[:, np.newaxis], gain, bias)[:, 0]
    assert_allclose(rates, expected, atol=6)
    assert_array_equal(rates > 0, RELU > 0)


@pytest.mark.parametrize("rate", [260, 400, 700])
def test_integer_relu_fires_in_whole_steps(rate):
    """DESIGN: a ReLU driven at r Hz fires at 1000 / ceil(1000 / r) Hz."""
    with nengo.Network(seed=0) as net:
        layer = DenseLayer(1, 1, weights=[[1]], bias=[rate / 250], max_rate=250)
        net.probe = nengo.Probe(layer.neurons)
    assert_allclose(spikes_per_second(loihi_run(net), 250), 1000 / np.ceil(1000 / rate), atol=2)


@by_name(SPIKING)
@pytest.mark.parametrize("start", [0, 0.5])
def test_host_layer_in_the_emulator_equals_nengo(neuron_type, start):
    net, _ = one_layer(neuron_type, on_chip=False, start=start)
    with net:  # nengo-loihi refuses to run with nothing on the chip
        DenseLayer(1, 1, weights=[[1]])
    assert_array_equal(loihi_run(net, 300), run(net, 300))


@by_name(RATE)
def test_rate_neurons_run_on_the_host(neuron_type):
    net, _ = one_layer(neuron_type, on_chip=False)
    with net:
        DenseLayer(1, 1, weights=[[1]])
    assert_array_equal(loihi_run(net, 20), run(net, 20))


@by_name(SPIKING)
def test_float_and_integer_emulator_agree_within_quantization(neuron_type):
    net = spike_fed_layer(neuron_type)
    integer = spikes_per_second(loihi_run(net, 2000, "sim"), 100)
    floating = spikes_per_second(loihi_run(net, 2000, "simreal"), 100)
    assert_allclose(integer, floating, atol=4)


# Structure: everything is ordinary Nengo


def test_parts_are_ordinary_nengo_objects():
    layer = DenseLayer(4, 2, weights=WEIGHTS, label="first")
    assert isinstance(layer, nengo.Network)
    assert isinstance(layer.input, nengo.Node)
    assert layer.input.size_in == layer.input.size_out == 2
    assert layer.input.output is None
    assert layer.output == layer.neurons
    assert layer.neurons == layer.ensemble.neurons
    assert layer.connection.pre is layer.input
    assert layer.connection.post == layer.neurons
    assert layer.connection.synapse is None
    assert (layer.label, layer.ensemble.label) == ("first", "first")
    assert set(layer.all_objects) == {layer.ensemble, layer.input, layer.connection}


def test_made_inside_a_context_belongs_to_it():
    with nengo.Network() as net:
        layer = DenseLayer(1, 1)
    assert net.networks == [layer]


def test_made_outside_a_context_belongs_to_nobody_until_added():
    layer = DenseLayer(1, 1)
    with nengo.Network() as net:
        nengo.Network.add(layer)
    assert net.networks == [layer]


def test_add_to_container_false_keeps_it_out():
    with nengo.Network() as net:
        DenseLayer(1, 1, add_to_container=False)
    assert net.networks == []


def test_add_to_container_true_needs_a_container():
    with pytest.raises(nengo.exceptions.NetworkContextError, match="must either be created"):
        DenseLayer(1, 1, add_to_container=True)


def test_refused_layer_leaves_nothing_behind():
    with nengo.Network() as net, pytest.raises(ValidationError, match="shape"):
        DenseLayer(2, 2, weights=np.ones((3, 3)))
    assert net.all_objects == []
    assert net.all_networks == []


def test_surrounding_configuration_does_not_change_what_a_layer_computes():
    with nengo.Network(seed=0) as net:
        net.config[nengo.Ensemble].update(
            {"radius": 3, "neuron_type": nengo.LIF(), "max_rates": Choice([10])}
        )
        net.config[nengo.Connection].synapse = 0.1
        stimulus = nengo.Node(STIMULUS)
        layer = DenseLayer(4, 2, weights=WEIGHTS, bias=BIAS, max_rate=200)
        nengo.Connection(stimulus, layer.input, synapse=None)
        net.probe = nengo.Probe(layer.neurons)
    plain, _ = one_layer(nengo.SpikingRectifiedLinear())
    assert_array_equal(run(net, 100), run(plain, 100))


# Bad input, one by one


class NoAmplitude(nengo.neurons.NeuronType):
    """A neuron type whose output a layer cannot scale."""


BAD = {
    "n_neurons zero": ({"n_neurons": 0}, r"n_neurons.*at least 1, got 0"),
    "n_neurons float": ({"n_neurons": 2.5}, r"n_neurons.*whole number.*2\.5"),
    "n_neurons text": ({"n_neurons": "4"}, r"n_neurons.*whole number.*'4'"),
    "n_neurons none": ({"n_neurons": None}, r"n_neurons.*whole number.*None"),
    "n_neurons too many": ({"n_neurons": 2**31}, r"n_neurons.*2147483648 outputs of 2 inputs"),
    "on_chip text": ({"on_chip": "False"}, r"on_chip.*True or False, got 'False'"),
    "on_chip array": ({"on_chip": np.zeros(2)}, r"on_chip.*True or False, got array"),
    "bias text": ({"bias": "3"}, r"bias.*must be numbers.*texts"),
    "max_rate tiny": ({"max_rate": 1e-320}, r"max_rate.*from 1e-100 to 1e\+100 hertz"),
    "max_rate date": ({"max_rate": np.datetime64("2020")}, r"max_rate.*must be numbers.*dates"),
    "size_in negative": ({"size_in": -1}, r"size_in.*at least 1, got -1"),
    "size_in too large": (
        {"size_in": 4097, "weights": Uniform(0, 1)},
        r"size_in.*at most 4096.*got 4097.*on_chip=False",
    ),
    "weights transposed": ({"weights": WEIGHTS.T}, r"weights.*\(4, 2\), got \(2, 4\).*transpose"),
    "weights other shape": ({"weights": np.ones((3, 3))}, r"weights.*\(4, 2\), got \(3, 3\)$"),
    "weights vector": ({"weights": np.ones(8)}, r"weights.*\(4, 2\), got \(8,\)"),
    "weights nan": ({"weights": np.full((4, 2), np.nan)}, r"weights.*8 of 8 values are NaN"),
    "weights infinite": (
        {"weights": np.where(WEIGHTS > 0.9, np.inf, WEIGHTS)},
        r"weights.*1 of 8 values are NaN or infinite",
    ),
    "weights text": ({"weights": "glorot"}, r"weights.*must be numbers.*texts"),
    "weights none": ({"weights": None}, r"weights.*NaN|weights.*must"),
    "weights ragged": ({"weights": [[1, 2], [3]]}, r"weights.*must be one array, got a list"),
    "weights complex": ({"weights": WEIGHTS * 1j}, r"weights.*must be numbers.*complex"),
    "bias shape": ({"bias": np.ones(3)}, r"bias.*\(4,\), got \(3,\)"),
    "bias nan": ({"bias": [0, 0, 0, np.nan]}, r"bias.*1 of 4 values are NaN"),
    "max_rate negative": ({"max_rate": -5}, r"max_rate.*above 0 hertz, got -5"),
    "max_rate zero": ({"max_rate": 0}, r"max_rate.*above 0 hertz, got 0"),
    "max_rate nan": ({"max_rate": np.nan}, r"max_rate.*NaN or infinite"),
    "max_rate infinite": ({"max_rate": np.inf}, r"max_rate.*NaN or infinite"),
    "max_rate text": ({"max_rate": "fast"}, r"max_rate.*must be numbers"),
    "max_rate list": ({"max_rate": [100, 200]}, r"max_rate.*shape \(\), got \(2,\)"),
    "max_rate beyond tau_ref": (
        {"neuron_type": nengo.LIF(tau_ref=0.01), "max_rate": 200},
        r"max_rate.*LIF cannot fire at 200 Hz.*tau_ref",
    ),
    "intercept one": ({"intercept": 1}, r"intercept.*below 1.*got 1"),
    "start on the chip": (
        {"start": 0.5},
        r"start.*must be 0 on the chip.*got 0\.5.*on_chip=False",
    ),
    "start at a spike": ({"start": 1, "on_chip": False}, r"start.*at least 0 and below 1, got 1"),
    "intercept nan": ({"intercept": np.nan}, r"intercept.*NaN"),
    "neuron_type class": ({"neuron_type": nengo.LIF}, r"neuron_type.*add parentheses"),
    "neuron_type text": ({"neuron_type": "relu"}, r"neuron_type.*neuron type.*'relu'"),
    "neuron_type none": ({"neuron_type": None}, r"neuron_type.*neuron type.*None"),
    "neuron_type Direct": (
        {"neuron_type": nengo.Direct()},
        r"neuron_type.*Direct has no amplitude",
    ),
    "neuron_type amplitude": (
        {"neuron_type": nengo.SpikingRectifiedLinear(amplitude=0.5)},
        r"neuron_type.*amplitude 1, got 0\.5.*1 / max_rate",
    ),
    "neuron_type without amplitude": ({"neuron_type": NoAmplitude()}, r"NoAmplitude has no ampl"),
    "seed text": ({"seed": "one"}, r"seed"),
    "seed negative": ({"seed": -1, "weights": Uniform(0, 1)}, r"seed.*from 0 to.*got -1"),
}


@pytest.mark.parametrize("changed, message", BAD.values(), ids=BAD.keys())
def test_bad_argument_is_named(changed, message):
    arguments = {"n_neurons": 4, "size_in": 2, "weights": WEIGHTS} | changed
    with pytest.raises(ValidationError, match=message) as caught:
        DenseLayer(arguments.pop("n_neurons"), arguments.pop("size_in"), **arguments)
    assert "DenseLayer" in str(caught.value)


def test_wide_fan_in_is_allowed_on_the_host():
    layer = DenseLayer(1, 4097, on_chip=False)
    assert layer.weights.shape == (1, 4097)


def test_fan_in_of_4096_is_allowed_on_the_chip():
    assert DenseLayer(1, 4096).on_chip


@pytest.mark.parametrize("name", ["max_rate", "start", "weights", "bias", "on_chip"])
def test_what_a_layer_is_made_of_is_not_set_to_no_effect(name):
    layer = DenseLayer(2, 3, add_to_container=False, seed=0)
    with pytest.raises(AttributeError, match=f"{name}|can't set"):
        setattr(layer, name, 1)
