import time
import warnings
from contextlib import closing

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from sklearn.datasets import load_iris, load_wine
from sklearn.neural_network import MLPClassifier

from nengo_dense.conversion import convert
from nengo_dense.conversion.tuning.answer import Samples, Window
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.effort import EFFORTS, Effort
from nengo_dense.conversion.tuning.judgement import answer_all
from nengo_dense.emulator import Simulator
from nengo_dense.emulator.reference import ReferenceSimulator
from nengo_dense.evaluation import evaluate, predict
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model
from nengo_dense.layers.stack import DenseStack
from nengo_dense.layers.tuning_record import fingerprint


@pytest.fixture(autouse=True)
def _few_updates(monkeypatch):
    monkeypatch.setitem(EFFORTS, "normal", Effort(40, 60, 1500))


@pytest.fixture
def model(rng):
    """Random weights: hard to tell classes apart, so that conversion matters."""
    return [
        (rng.randn(12, 5), 0.3 * rng.randn(12)),
        (rng.randn(10, 12) / 3, 0.3 * rng.randn(10)),
        (rng.randn(4, 10), np.zeros(4)),
    ]


def answers(model, x):
    for w, b in model[:-1]:
        x = np.maximum(x @ w.T + b, 0)
    return (x @ model[-1][0].T + model[-1][1]).argmax(axis=1)


def agreement(stack, model, x, presentation_time):
    result = evaluate(
        stack, x, answers(model, x), presentation_time=presentation_time, progress_bar=False
    )
    return result.accuracy


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_tuned_integers_answer_as_the_model_more_often(model, rng, encoding, monkeypatch):
    monkeypatch.setitem(EFFORTS, "normal", Effort(40, 200, 1500))
    calibration, x = rng.randn(600, 5), rng.randn(4000, 5)
    plain, tuned = (
        convert(model, calibration=calibration, encoding=encoding, tune=tune, progress_bar=False)
        for tune in (False, True)
    )
    times = (0.025, 0.1)
    before, after = (
        np.array([agreement(stack, model, x, time) for time in times]) for stack in (plain, tuned)
    )
    assert after[1] > before[1]
    assert after.mean() > before.mean()
    assert after[1] > 0.9


@pytest.mark.filterwarnings("ignore:Answers of the converted")  # of little effort they may be far
def test_ten_steps_are_enough_where_they_are_tuned_for(model, rng):
    x, test = rng.randn(600, 5), rng.randn(400, 5)
    same = {"calibration": x, "presentation_time": 0.01, "progress_bar": False}
    plain = convert(model, **same, tune=False)
    fast, normal = (convert(model, **same, effort=effort) for effort in ("fast", "normal"))
    before, little, more = (agreement(s, model, test, 0.01) for s in (plain, fast, normal))
    assert before + 0.1 < little
    assert little - 0.02 < more
    assert more > 0.8


def test_labels_of_the_calibration_inputs_take_part(rng):
    x, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier((8, 6), random_state=0, max_iter=300).fit(x, names)
    same = {"calibration": x, "presentation_time": 0.05, "progress_bar": False}
    without, given = (convert(model, **same, labels=labels) for labels in (None, names))
    with pytest.warns(UserWarning, match="Labels 0, 2 are mostly answered as 2, 0"):
        shuffled = convert(model, **same, labels=names[::-1])
    assert (without.weights[0] != given.weights[0]).any()
    assert (given.weights[0] != shuffled.weights[0]).any()
    with pytest.raises(ValidationError, match=r"labels.*'rose'"):
        convert(model, **same, labels=["rose"] * len(x))


@pytest.mark.filterwarnings("ignore:Answers of the converted network")
def test_seconds_bound_tuning(model, rng):
    started = time.process_time()
    stack = convert(model, calibration=rng.randn(6000, 5), effort=0.2, progress_bar=False)
    assert stack.tuned.effort == 0.2
    assert time.process_time() - started < 60


def test_the_same_seed_gives_the_same_stack(model, rng):
    x = rng.randn(60, 5)
    first, second = (convert(model, calibration=x, seed=3, progress_bar=False) for _ in range(2))
    for a, b in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_calibration_weights_stay(model):
    stack = convert(model)
    for (w, b), w2, b2 in zip(model, stack.weights, stack.biases, strict=True):
        np.testing.assert_array_equal(w, w2)
        np.testing.assert_allclose(b, b2, atol=1e-12)
    assert [layer.max_rate for layer in stack.layers] == [250.0, 250.0]


def test_calibration_sets_rates_and_the_encoders_scales(model, rng):
    x = rng.randn(500, 5) * [1, 2, 3, 4, 5]
    x[:, 2] = np.abs(x[:, 2])
    stack = convert(model, calibration=x, encoding="spikes", tune=False)
    assert stack.layers[0].max_rate != stack.layers[1].max_rate
    np.testing.assert_array_equal(stack.encoder.signed, [True, True, False, True, True])
    assert np.all(np.diff(stack.encoder.scale) > 0)


def test_encoders_of_known_values_start_at_half_a_spike(model, rng):
    known = convert(model, calibration=rng.randn(500, 5), encoding="spikes", tune=False)
    assert known.encoder.layer.start == 0.5
    assert convert(model, encoding="spikes").encoder.layer.start == 0


def test_the_readout_has_no_filter_unless_one_is_asked_for(model):
    assert convert(model, synapse=0.003).synapses == [0.003, None]
    assert convert(model, synapse=0.003, encoding="spikes").synapses == [0.003, 0.003, None]
    assert convert(model, synapse=[0.003, 0.01]).synapses == [0.003, 0.01]


@pytest.mark.filterwarnings("ignore:Answers of the converted network differ")
@pytest.mark.parametrize("calibrated", [True, False])
def test_a_synapse_in_milliseconds_is_said_once_where_convert_is_called(calibrated, model, rng):
    x = rng.uniform(-1, 1, size=(100, 5)) if calibrated else None
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        convert(model, calibration=x, synapse=5, effort="fast", progress_bar=False)
    (told,) = [one for one in said if "if milliseconds are meant" in str(one.message)]
    assert told.filename == __file__


def test_a_layer_on_the_host_is_exact(model):
    lif = nengo.LIF()
    types = [type(layer.ensemble.neuron_type) for layer in convert(model, neuron_type=lif).layers]
    assert types == [nengo.SpikingRectifiedLinear, nengo.LIF]
    stack = convert(model, neuron_type=lif, encoding="spikes")
    assert {type(layer.ensemble.neuron_type) for layer in stack.layers} == {nengo.LIF}


def test_rate_neurons_are_left_for_training(model):
    stack = convert(model, neuron_type=nengo.RectifiedLinear())
    assert {type(layer.ensemble.neuron_type) for layer in stack.layers} == {nengo.RectifiedLinear}


def test_regression_keeps_its_values(rng):
    model = [
        (rng.randn(12, 3), 0.3 * rng.randn(12)),
        (rng.randn(10, 12) / 3, 0.3 * rng.randn(10)),
        (rng.randn(1, 10), np.array([0.5])),
    ]
    x, test = rng.randn(400, 3), rng.randn(50, 3)
    y = test
    for w, b in model[:-1]:
        y = np.maximum(y @ w.T + b, 0)
    y = y @ model[-1][0].T + model[-1][1]
    stack = convert(model, calibration=x, progress_bar=False)
    circuit = Circuit(stack, 0.001)
    ((_, read),) = answer_all(circuit, Samples(test, y), [Window(10, 100, 1.0)])
    found = circuit.logits(read)
    assert np.corrcoef(found[:, 0], y[:, 0])[0, 1] > 0.98


def test_chip_encoding_says_which_features_it_clips(model, rng):
    x = np.clip(rng.randn(50, 5), -1, 1)
    x[3, 1] = 7.0
    with pytest.warns(UserWarning, match=r"1 of 5 features .* number 1, up to 7.*encoding='host'"):
        convert(model, calibration=x, encoding="chip")
    x[3, 1] = 0.5
    assert convert(model, calibration=x, encoding="chip").encoding == "chip"


@pytest.mark.parametrize(
    "arguments,match",
    [
        ({"calibration": np.eye(4)}, r"must have shape \(batch, 5\)"),
        ({"calibration": np.eye(5)}, "at least 20 samples"),
        ({"max_rate": 0}, "max_rate: must be above 0 hertz"),
        ({"encoding": "morse"}, "encoding: must be one of 'auto'"),
        ({"percentile": 101.0}, "percentile: must be above 0 and at most 100, got 101"),
        ({"presentation_time": 0.003}, "presentation_time: must be more than 4 steps"),
        ({"presentation_time": -1}, "presentation_time: must be above 0 seconds"),
        ({"effort": "hard"}, "effort: must be one of 'fast', 'normal', 'best', got 'hard'"),
        ({"effort": -2}, "effort: must be above 0 seconds"),
        ({"labels": np.zeros(40)}, "labels: are for a model that ends in a softmax.*'linear'"),
    ],
)
def test_refuses(model, rng, arguments, match):
    with pytest.raises(ValidationError, match=match):
        convert(model, progress_bar=False, **{"calibration": rng.randn(40, 5), **arguments})


def test_a_single_layer_of_neurons_is_on_the_chip_by_default(rng):
    model = [(rng.randn(6, 5), None), (rng.randn(2, 6), None)]
    stack = convert(model, calibration=rng.randn(40, 5), progress_bar=False)
    assert stack.encoding == "spikes"
    assert stack.layers[0].on_chip
    with pytest.raises(ValidationError, match="encoding='spikes'"):
        convert(model, calibration=rng.randn(40, 5), encoding="host", progress_bar=False)


def test_more_layers_have_the_first_on_the_host_by_default(model):
    assert convert(model, progress_bar=False).encoding == "host"


@pytest.mark.parametrize("encoding", ["host", "spikes"])
@pytest.mark.parametrize("calibrated", [False, True])
def test_a_last_relu_is_a_head(rng, encoding, calibrated):
    layers = [(rng.randn(12, 4), None, "relu"), (rng.randn(8, 12) / 3, None, "relu")]
    layers.append((rng.randn(2, 8) / 2, [-0.5, 0.3], "relu"))
    x = rng.uniform(-1, 1, (200, 4))
    calibration = x if calibrated else None
    stack = convert(layers, calibration=calibration, encoding=encoding, progress_bar=False)
    assert stack.readout == "relu"
    with nengo.Network(seed=0) as net:
        net.add(stack)
        source = nengo.Node(np.zeros(4))
        nengo.Connection(source, stack.input, synapse=None)
        probe = nengo.Probe(stack.output)
    shown = np.broadcast_to(x[:, None], (200, 150, 4))
    with Simulator(net, minibatch_size=200, progress_bar=False) as sim:
        sim.run_steps(150, data={source: shown})
    answers = sim.data[probe][:, 30:].mean(axis=1)
    wanted = forward(read_model(layers), x)[-1]
    assert answers.min() >= 0
    assert np.abs(answers - wanted).mean() < (0.06 if calibrated else 0.2)


def test_classes_of_the_source_are_kept():
    x, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = MLPClassifier((8, 6), random_state=0, max_iter=2000).fit(x, names)
    stack = convert(model, progress_bar=False)
    assert stack.classes.tolist() == ["setosa", "versicolor", "virginica"]


def test_tuning_is_noted_in_the_stack(model, rng):
    x = rng.randn(40, 5)
    stack = convert(model, calibration=x, presentation_time=0.05, progress_bar=False)
    assert (stack.tuned.presentation_time, stack.tuned.dt) == (0.05, 0.001)
    np.testing.assert_array_equal(stack.tuned.input_high, x.max(axis=0))
    assert (stack.tuned.effort, stack.tuned.data) == ("normal", fingerprint(x))
    assert 0 <= stack.tuned.gap < 100
    assert convert(model, calibration=x, tune=False, progress_bar=False).tuned is None


def test_no_neuron_on_the_host_fires_more_than_once_a_step():
    x, _ = load_wine(return_X_y=True)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    model = MLPClassifier((16, 12, 8), random_state=0, max_iter=300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, load_wine().target)
    stack = convert(model, calibration=x, progress_bar=False)
    drive = x @ stack.weights[0].T + stack.biases[0]
    assert drive.max() * stack.layers[0].max_rate <= 1000


def test_a_tuned_stack_gives_in_nengo_what_it_gives_on_the_chip(model, rng):
    calibration, x = rng.randn(600, 5), rng.randn(100, 5)
    stack = convert(model, calibration=calibration, progress_bar=False)
    sizes = {}
    for target in ("sim", "nengo"):
        with nengo.Network(seed=0) as net:
            nengo.Network.add(stack)
            source = nengo.Node(np.zeros(5))
            nengo.Connection(source, stack.input, synapse=None)
            probe = nengo.Probe(stack.logits)
        make = Simulator if target == "sim" else ReferenceSimulator
        options = {"progress_bar": False} if target == "sim" else {}
        with closing(make(net, 0.001, minibatch_size=100, **options)) as sim:
            sim.run_steps(100, data={source: np.broadcast_to(x[:, None], (100, 100, 5))})
            sizes[target] = np.array(sim.data[probe])[:, 10:].mean(axis=1)
    slope = (sizes["nengo"] * sizes["sim"]).sum() / (sizes["sim"] ** 2).sum()
    assert 0.85 < slope < 1.15


def test_the_chips_own_encoding_gains_from_calibration(rng):
    layers = [(rng.randn(20, 4), None), (rng.randn(16, 20) / 4, None)]
    layers.append((rng.randn(2, 16) / 3, None))
    x = rng.uniform(-1, 1, (300, 4))
    wanted = forward(read_model(layers), x)[-1]
    errors = []
    for calibration in (None, x):
        stack = convert(layers, calibration=calibration, encoding="chip", progress_bar=False)
        with nengo.Network(seed=0) as net:
            net.add(stack)
            source = nengo.Node(np.zeros(4))
            nengo.Connection(source, stack.input, synapse=None)
            probe = nengo.Probe(stack.logits)
        with Simulator(net, minibatch_size=300, progress_bar=False) as sim:
            sim.run_steps(100, data={source: np.broadcast_to(x[:, None], (300, 100, 4))})
        errors.append(np.mean((sim.data[probe][:, 10:].mean(axis=1) - wanted) ** 2))
    assert errors[1] < errors[0]


def test_numbers_too_far_apart_for_the_chip_are_named(rng):
    layers = [(rng.randn(6, 4), None), (rng.randn(6, 6), [1e6, 0, 0, 0, 0, 0])]
    layers.append((rng.randn(2, 6), None))
    message = r"(?s)layer_1: has a largest weight of.*largest bias of 1e\+06.*Rescale"
    with nengo.Network() as net, pytest.raises(ConversionError, match=message):
        convert(layers, progress_bar=False)
    assert net.all_networks == []
    # with data the neuron is seen to be always active, and its constant moves on
    x = rng.rand(100, 4)
    stack = convert(layers, calibration=x, progress_bar=False)
    assert r_squared(values_of(stack, x), forward(read_model(layers), x)[-1]) > 0.9


def test_weights_of_unusual_scale_are_said_without_calibration(rng):
    layers = [(rng.randn(6, 4) * 100, 20 * rng.randn(6)), (rng.randn(6, 6), 20 * rng.randn(6))]
    layers.append((rng.randn(2, 6), None))
    with pytest.warns(UserWarning, match="unusual scale.*pass some thousand training inputs") as w:
        stack = convert(layers, progress_bar=False)
    assert w[0].filename == __file__
    assert stack.layers[0].max_rate < 25


def values_of(stack, x, n_steps=100):
    """Mean logits over the last nine tenths of a presentation, on the chip's integers."""
    with nengo.Network(seed=0) as net:
        nengo.Network.add(stack)
        source = nengo.Node(np.zeros(stack.size_in))
        nengo.Connection(source, stack.input, synapse=None)
        probe = nengo.Probe(stack.logits)
    shown = np.broadcast_to(x[:, None], (len(x), n_steps, x.shape[1]))
    with Simulator(net, minibatch_size=len(x), progress_bar=False) as sim:
        sim.run_steps(n_steps, data={source: shown})
        return sim.data[probe][:, n_steps // 10 :].mean(axis=1)


def r_squared(values, wanted):
    return 1 - np.sum((values - wanted) ** 2) / np.sum((wanted - wanted.mean(axis=0)) ** 2)


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_values_in_any_unit_are_as_good(rng, encoding):
    model = [
        (rng.randn(12, 3), 0.3 * rng.randn(12)),
        (rng.randn(10, 12) / 3, 0.3 * rng.randn(10)),
        (rng.randn(1, 10), np.array([0.5])),
    ]
    x = rng.uniform(-1, 1, (300, 3))
    y = forward(read_model(model), x)[-1]
    in_units = [*model[:-1], (200 * model[-1][0], 200 * model[-1][1] + 500)]
    for source, wanted in ((model, y), (in_units, 200 * y + 500)):
        stack = convert(source, calibration=x, encoding=encoding, progress_bar=False)
        assert r_squared(values_of(stack, x), wanted) > 0.97
    assert len(stack.tuned.differences(presentation_time=0.05)) == 1  # values come at the end


@pytest.mark.parametrize("neuron_type", [nengo.SpikingRectifiedLinear(), nengo.LIF()])
def test_nengo_loihis_own_neurons_are_the_same_on_the_chip(model, rng, neuron_type):
    x = rng.randn(40, 5)
    stack = convert(model, calibration=x, neuron_type=neuron_type, progress_bar=False)
    kinds = [type(layer.ensemble.neuron_type).__name__ for layer in stack.layers]
    assert kinds == ["SpikingRectifiedLinear", f"Loihi{type(neuron_type).__name__}"]
    plain = DenseStack(
        **{**stack.arguments(), "neuron_type": [nengo.SpikingRectifiedLinear(), neuron_type]}
    )
    plain.tuned = None  # other neurons are meant, that are the same on the chip
    np.testing.assert_array_equal(values_of(stack, x), values_of(plain, x))


@pytest.mark.filterwarnings("ignore:Answers .* as values are off")  # 20 samples tell little
@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_no_sample_seen_has_a_host_neuron_fire_more_than_once_a_step(model, rng, encoding):
    for n_samples in (20, 300):
        x = rng.randn(n_samples, 5) * [1, 30, 0.1, 1, 1]
        stack = convert(model, calibration=x, encoding=encoding, progress_bar=False)
        host = stack.encoder.layer if stack.encoder else stack.layers[0]
        rates = np.maximum(x @ host.weights.T + host.bias, 0) * host.max_rate
        assert 900 < rates.max() <= 1000 * (1 + 1e-9)


@pytest.mark.parametrize("size", [1e-30, 1e-215])
def test_neurons_that_died_in_training_change_nothing(model, rng, size):
    """Weight decay brings all weights of a neuron that never fires to nothing, never to zero."""
    _, (v, c), (u, _) = model
    v[2], c[2], u[:, 2] = size * v[2], -0.1, size * u[:, 2]
    x = rng.randn(200, 5)
    stack = convert(model, calibration=x, tune=False)
    v[2] = u[:, 2] = 0
    left_out = convert(model, calibration=x, tune=False)
    np.testing.assert_array_equal(values_of(stack, x), values_of(left_out, x))


@pytest.mark.parametrize("encoding", ["host", "spikes"])
@pytest.mark.parametrize("first, second", [(1e-5, 1), (1e3, 1), (1, 1e-3), (50, 50)])
def test_layers_on_another_scale_answer_all_the_same(model, rng, encoding, first, second):
    (w, b), (v, c), (u, d) = model
    scaled = [(w * first, b * first), (v * second / first, c * second), (u / second, d)]
    x = rng.randn(200, 5)
    with pytest.warns(UserWarning, match="unusual scale.*which is a guess"):
        other = values_of(convert(scaled, encoding=encoding), x)
    right = answers(model, x)
    before = (values_of(convert(model, encoding=encoding), x).argmax(axis=1) == right).mean()
    assert (other.argmax(axis=1) == right).mean() > before - 0.05


def test_a_scaler_folded_into_the_first_layer_changes_no_rate(model, rng):
    """Inputs of every size, each with a mean of its own, as a StandardScaler leaves them."""
    (w, b), *rest = model
    mean, deviation = np.array([1e3, -20, 0.5, 7, 0]), np.array([300, 2, 0.01, 1, 50])
    folded = [(w / deviation, b - w @ (mean / deviation)), *rest]
    x = rng.randn(200, 5)
    plain, other = convert(model), convert(folded)
    assert [k.max_rate for k in other.layers] == [k.max_rate for k in plain.layers]
    agreed = values_of(other, mean + deviation * x).argmax(axis=1) == answers(model, x)
    assert agreed.mean() > (values_of(plain, x).argmax(axis=1) == answers(model, x)).mean() - 0.02


def test_a_rate_at_which_layers_must_saturate_or_fall_silent_is_warned_of(model):
    (w, b), (v, c), last = model
    with pytest.warns(UserWarning, match=r"At max_rate=250 .*layer_0 must saturate"):
        convert([(w * 100, b * 100), (v / 100, c), last], max_rate=250)
    with pytest.warns(UserWarning, match="layer_1 must fall silent"):
        convert([(w, b), (v / 100, c / 100), (100 * last[0], last[1])], max_rate=250)


def test_neurons_that_say_nothing_are_left_out(model):
    (w, b), (v, c), last = model
    w, v, u = w.copy(), v.copy(), last[0].copy()
    w[3], v[:, 5], u[:, 2] = 0, 0, 0
    assert convert([(w, b), (v, c), (u, last[1])]).units == [10, 9, 4]


@pytest.mark.parametrize("calibrated", [False, True])
def test_a_network_whose_context_is_open_gets_the_stack_and_nothing_else(model, rng, calibrated):
    calibration = rng.randn(40, 5) if calibrated else None
    outside = convert(model, calibration=calibration, progress_bar=False)
    with nengo.Network() as net:
        net.config[nengo.Ensemble].neuron_type = nengo.LIF()
        stack = convert(model, calibration=calibration, progress_bar=False)
    assert net.networks == [stack]
    assert net.nodes == net.ensembles == net.connections == net.probes == []
    for a, b in zip(stack.weights, outside.weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "arguments,match",
    [
        ({"presentation_time": -1}, "presentation_time: must be above 0"),
        ({"dt": 0}, "dt: must be above 0"),
        ({"percentile": "high"}, "percentile: must be numbers"),
        ({"tune": "False"}, "tune: must be True or False"),
        ({"encoding": np.zeros(2)}, "encoding: must be one of .*, got array"),
        ({"progress_bar": "yes"}, "progress_bar: must be True, False or a"),
    ],
)
def test_arguments_are_looked_at_also_where_they_are_not_needed(model, arguments, match):
    with pytest.raises(ValidationError, match=match):
        convert(model, **arguments)


def test_clipping_is_said_to_the_caller(model, rng):
    x = 3 * rng.randn(100, 5)
    with pytest.warns(UserWarning, match="clips them there") as warned:
        convert(model, calibration=x, encoding="chip", tune=False, progress_bar=False)
    assert warned[0].filename == __file__


def test_a_model_that_is_one_matrix_is_named(rng):
    message = "have no activation between them, so that they are one matrix"
    with pytest.raises(ConversionError, match=message):
        convert([(rng.randn(3, 4), None, "linear"), (rng.randn(2, 3), None)])
    with pytest.raises(ConversionError, match="it is one matrix, for which no neurons are needed"):
        convert([(rng.randn(3, 4), None)])


@pytest.mark.parametrize("calibrated", [False, True])
def test_a_time_that_is_meant_in_milliseconds_is_refused(rng, calibrated):
    model = [(rng.randn(8, 4), None), (rng.randn(3, 8), None, "softmax")]
    data = rng.rand(30, 4) if calibrated else None
    message = r"is 25 seconds, that is 25000 steps of 0.001, .*, 0.025 for 25 ms"
    with pytest.raises(ValidationError, match=message):
        convert(model, calibration=data, presentation_time=25, progress_bar=False)


def test_seconds_that_are_few_long_steps_are_said(rng):
    model = [(rng.randn(8, 4), None), (rng.randn(3, 8), None, "softmax")]
    with pytest.warns(UserWarning, match=r"shown for 25 seconds.*presentation_time=0.025"):
        convert(model, presentation_time=25, dt=0.01)


@pytest.mark.parametrize("kind", ["LIF", "LoihiLIF"])
@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_neurons_with_a_refractory_period_have_a_rate_that_it_allows(
    model, rng, kind, calibrated, scale
):
    (w, b, *_), *rest = model
    model = [(scale * w, scale * np.asarray(b), "relu"), *rest]
    lif = getattr(nengo if kind == "LIF" else pytest.importorskip("nengo_loihi"), kind)
    x = rng.rand(60, 5) if calibrated else None
    for encoding in ("host", "spikes"):
        stack = quiet(
            model, calibration=x, tune=False, encoding=encoding, neuron_type=lif(tau_ref=0.004)
        )
        on_chip = [layer for layer in stack.layers if layer.on_chip]
        assert {layer.max_rate for layer in on_chip} == {150.0}


def test_a_rate_that_a_refractory_period_forbids_is_refused_where_it_was_asked_for(model):
    with pytest.raises(ValidationError, match=r"LIF cannot fire at 700 Hz.*Lower max_rate"):
        convert(model, neuron_type=nengo.LIF(), max_rate=700)


def quiet(model, **settings):
    """Convert without a warning of an unusual scale, which is meant."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The weights are of unusual scale")
        return convert(model, **settings)


@pytest.mark.parametrize("encoding", ["host", "spikes", "chip"])
@pytest.mark.parametrize("scale", [1e-12, 1e10, 1e20])
def test_a_layer_of_another_scale_says_as_much(rng, encoding, scale):
    """Below 1e-8 nengo-loihi takes all weights for zero, so that outputs were constant."""
    shapes = [(12, 4), (10, 12), (2, 10)]
    layers = [[rng.normal(size=s) / np.sqrt(s[1]), rng.normal(size=s[0]) / 4] for s in shapes]
    layers[0] = [scale * values for values in layers[0]]
    layers[1][0] /= scale
    x = rng.uniform(-1, 1, size=(400, 4))
    how = {"calibration": x, "task": "regression", "progress_bar": False}
    stack = convert(layers, encoding=encoding, seed=0, **how)
    expected = read_model(layers).logits(x)
    found = predict(stack, x, progress_bar=False)
    off = ((found - expected) ** 2).mean(axis=0) / expected.var(axis=0)
    assert off.max() < 0.1


def test_inputs_of_small_scale_are_tuned(rng):
    """Decoders of their encoder are below 1e-8."""
    layers = [(rng.normal(size=(8, 4)) * 1e9, np.ones(8)), (rng.normal(size=(2, 8)), np.ones(2))]
    x = rng.normal(size=(60, 4)) / 1e9
    stack = convert(layers, calibration=x, effort="fast", encoding="spikes", progress_bar=False)
    assert np.isfinite(stack.tuned.gap)


def test_calibration_may_be_given_by_place(model, rng):
    x = rng.uniform(-1, 1, (100, 5))
    by_place, by_name = convert(model, x, tune=False), convert(model, calibration=x, tune=False)
    rates = [[layer.max_rate for layer in stack.layers] for stack in (by_place, by_name)]
    assert rates[0] == rates[1] != [layer.max_rate for layer in convert(model).layers]
