import nengo
import numpy as np
import pytest

from nengo_dense.evaluation.plot import correlation
from nengo_dense.evaluation.rung_by_rung import RUNGS, TUNED, ladder, with_rate_neurons
from nengo_dense.evaluation.source_answers import fitted_logits
from nengo_dense.importers import SourceGraph, read_model
from nengo_dense.importers.form.graph_folding import GraphNode, Merge
from nengo_dense.importers.form.operation import Activation, Affine
from nengo_dense.importers.form.spec import DenseSpec, forward
from nengo_dense.importers.source_model import SourceModel
from nengo_dense.layers import DenseStack


@pytest.fixture(scope="module")
def model():
    rng = np.random.RandomState(0)
    return [
        DenseSpec(rng.randn(16, 5) / 2, rng.rand(16) / 4, "relu"),
        DenseSpec(rng.randn(12, 16) / 3, rng.rand(12) / 4, "relu"),
        DenseSpec(rng.randn(3, 12) / 3, np.zeros(3), "softmax"),
    ]


@pytest.fixture(scope="module")
def report(model):
    x = np.random.RandomState(1).uniform(-1, 1, size=(60, 5))
    labels = forward(model, x)[-1].argmax(axis=1)
    return ladder(model, x, labels, calibration=x, progress_bar=False)


def test_goes_from_the_source_to_the_tuned_integers(report):
    names = [name for name, *_ in RUNGS + TUNED]
    assert [rung.name for rung in report.rungs] == ["source model", *names]
    assert report.rungs[0].accuracy == 1  # the labels are its own answers
    assert report.gap == pytest.approx(100 * (1 - report.rungs[-1].accuracy))


def test_agreement_is_with_the_source(report):
    # where the labels are the source's answers, agreement and accuracy are one
    for rung in report.rungs:
        assert rung.agreement == rung.accuracy


def test_activity_of_source_and_chip_go_together(report):
    assert list(report.activity) == ["layer1", "layer2"]
    for source, chip in report.activity.values():
        assert correlation(source, chip) > 0.9
    panels = report.plot().axes
    words = [text.get_text() for text in panels[1].get_legend().get_texts()]
    assert words[0].startswith("layer1, correlation 0.9") or words[0].endswith("1.000")
    assert np.isnan(correlation(np.zeros(3), np.arange(3)))


def test_rates_in_nengo_lose_nothing(report):
    assert report.rungs[1].accuracy == 1


def test_rate_errors_compare_with_the_rung_above(report):
    assert [len(rung.rate_errors) for rung in report.rungs] == [0, 0, 2, 2, 2, 2]
    # the first layer runs on the host in both, so the same spikes
    assert report.rungs[3].rate_errors[0] == pytest.approx(0, abs=1e-12)
    assert report.rungs[4].rate_errors[0] == pytest.approx(0, abs=1e-12)
    assert all(0 < rung.rate_errors[1] < 0.5 for rung in report.rungs[2:4])


def test_without_tuning_the_integers_are_the_last_rung(model, rng):
    x = rng.uniform(-1, 1, size=(20, 5))
    report = ladder(model, x, np.zeros(20), calibration=x, tune=False, progress_bar=False)
    assert report.rungs[-1].name == "chip, integers"
    for weights, spec in zip(report.stack.weights, model, strict=True):
        np.testing.assert_array_equal(weights, spec.weights)


def test_values_have_a_ladder_of_r2(model):
    x = np.random.RandomState(1).uniform(-1, 1, size=(60, 5))
    linear = [*model[:2], DenseSpec(model[2].weights, model[2].bias, "linear")]
    values = forward(linear, x)[-1]
    report = ladder(linear, x, values, calibration=x, presentation_time=0.05, progress_bar=False)
    assert report.rungs[0].score == report.rungs[0].agreement == 1
    assert [rung.agreement for rung in report.rungs] == [
        pytest.approx(rung.score) for rung in report.rungs
    ]
    assert report.rungs[-1].score > 0.9
    assert report.gap == pytest.approx(100 * (1 - report.rungs[-1].metrics["r2"]))
    assert str(report).splitlines()[0].split()[0] == "R2"
    assert "Steps are in R2" in str(report)
    assert report.to_dict()["rungs"][0]["rmse"] == 0
    with pytest.raises(AttributeError, match="has r2, rmse, mae, but no accuracy"):
        _ = report.rungs[0].accuracy


@pytest.mark.usefixtures("few_updates")
def test_labels_have_a_ladder_of_macro_f1(model):
    x = np.random.RandomState(1).uniform(-1, 1, size=(60, 5))
    linear = [*model[:2], DenseSpec(model[2].weights, model[2].bias, "linear")]
    labels = forward(linear, x)[-1] > 0
    report = ladder(
        linear, x, labels, task="multilabel", presentation_time=0.05, progress_bar=False
    )
    assert report.rungs[0].score == report.rungs[0].metrics["exact_match"] == 1
    assert report.rungs[1].score > 0.95
    assert str(report).splitlines()[0].split()[:2] == ["macro", "F1"]


@pytest.mark.usefixtures("few_updates")
@pytest.mark.parametrize("where", ["source", "argument"])
def test_labels_are_the_sources(model, rng, where):
    x = rng.uniform(-1, 1, size=(20, 5))
    names = np.array(["c", "a", "b"])
    truth = forward(model, x)[-1].argmax(axis=1)
    source = read_model(model)
    if where == "source":
        source.classes = names
    classes = names if where == "argument" else None
    report = ladder(source, x, names[truth], classes=classes, progress_bar=False)
    assert [rung.agreement for rung in report.rungs] == [rung.accuracy for rung in report.rungs]
    np.testing.assert_array_equal(report.evaluation.classes, names)
    assert report.rungs[1].accuracy == 1


@pytest.mark.usefixtures("few_updates")
def test_the_source_is_held_against_its_layers_on_the_samples(model, rng):
    class Source(SourceModel):
        def compare(self, x=None):
            asked.append(x)

    asked = []
    x = rng.uniform(-1, 1, size=(20, 5))
    source = read_model(model)
    source.__class__ = Source
    ladder(source, x, np.zeros(20), progress_bar=False)
    np.testing.assert_array_equal(asked[0], x)


@pytest.mark.parametrize(
    ("spiking", "rate"),
    [
        (nengo.SpikingRectifiedLinear(), nengo.RectifiedLinear),
        (nengo.LIF(tau_ref=0.001), nengo.LIFRate),
        (nengo.RectifiedLinear(), nengo.RectifiedLinear),
    ],
)
def test_rate_neurons_keep_everything_else(spiking, rate):
    stack = DenseStack([4, 3, 2], 2, neuron_type=spiking, max_rate=[100, 200], seed=1)
    copy = with_rate_neurons(stack)
    assert [type(layer.ensemble.neuron_type) for layer in copy.layers] == [rate, rate]
    assert [layer.max_rate for layer in copy.layers] == [100, 200]
    for old, new in zip(stack.weights, copy.weights, strict=True):
        np.testing.assert_array_equal(old, new)


def fork():
    """Return a model with a skip connection, a tanh, and two outputs."""
    rng = np.random.RandomState(0)

    def dense(n_in, n_out, kind, name):
        affine = Affine(rng.randn(n_out, n_in) / 2, rng.randn(n_out) / 4, name)
        return [affine, *([Activation(kind, name)] if kind else [])]

    nodes = [
        GraphNode("a", width=3, label="a"),
        GraphNode("b", width=2, label="b"),
        GraphNode("bend", ("a", "b"), dense(5, 8, "tanh", "bend"), Merge("concat")),
        GraphNode("branch", ("bend",), dense(8, 6, "relu", "branch")),
        GraphNode("kind", ("branch", "bend"), dense(14, 3, "softmax", "kind"), Merge("concat")),
        GraphNode("value", ("branch",), dense(6, 2, "", "value")),
    ]
    return SourceGraph("fork", nodes, {"kind": "kind", "value": "value"})


@pytest.fixture(scope="module")
def climbed():
    rng = np.random.RandomState(1)
    x = {"a": rng.uniform(-1, 1, (50, 3)), "b": rng.uniform(-1, 1, (50, 2))}
    source = fork()
    right = source.form.forward(source.joined(x))
    y = {"kind": right["kind"].argmax(axis=1), "value": right["value"]}
    quick = {"presentation_time": 0.05, "progress_bar": False, "tune": False}
    return x, ladder(source, x, y, calibration=x, activation_error=0.01, **quick)


def test_a_graph_has_a_ladder_for_each_output_with_its_own_names(climbed):
    _, report = climbed
    names = ["source model", "fitted activations", *(name for name, *_ in RUNGS)]
    assert list(report.outputs) == ["kind", "value"]
    for one in report.outputs.values():
        assert [rung.name for rung in one.rungs] == names
        assert one.rungs[0].score == one.rungs[0].agreement == 1  # the labels are its own answers
        for rung in one.rungs:
            assert rung.agreement == pytest.approx(rung.score)
    # so small an error of the fit loses next to nothing, and neither do rates without noise
    assert report.outputs["value"].rungs[1].score > 0.999
    assert 1 - report.outputs["value"].rungs[1].score > 0
    text = str(report)
    assert "branch error" in text
    assert text.count("branch error") == 1
    assert "points of accuracy (kind), R2 (value)" in text
    assert text.splitlines()[-1].startswith("gaps: kind ")
    assert report.gaps["value"] == report.outputs["value"].gap
    assert "\n" not in repr(report)


def test_ladders_of_several_outputs_are_shown_together(climbed):
    _, report = climbed
    found = report.to_dict()
    assert found["outputs"]["value"]["rungs"][1]["name"] == "fitted activations"
    assert found["evaluation"]["task"] == "several"
    page = report.to_html()
    assert page.count("<h2>kind</h2>") == 3  # the ladder, and the last rung's two pictures
    titles = [ax.get_title().partition(":")[0] for ax in report.plot().axes]
    assert titles == ["kind", "value", "Activity of source and chip, untuned"]


def test_rates_of_a_graph_come_from_its_layers_on_the_host_too(climbed):
    _, report = climbed
    graph = with_rate_neurons(report.stack)
    kinds = [type(layer.ensemble.neuron_type) for layer in graph.layers]
    assert kinds == [nengo.RectifiedLinear] * 2
    assert [layer.on_chip for layer in graph.layers] == [False, True]


def test_a_fitted_chain_has_the_rung_too(model, rng):
    bent = [DenseSpec(model[0].weights, model[0].bias, "tanh"), *model[1:]]
    x = rng.uniform(-1, 1, size=(20, 5))
    report = ladder(bent, x, np.zeros(20), calibration=x, tune=False, progress_bar=False)
    assert [rung.name for rung in report.rungs][:3] == [
        "source model",
        "fitted activations",
        "rates in Nengo",
    ]
    fitted = fitted_logits(read_model(bent), x, x, 0.01)
    assert 0 < np.abs(fitted - read_model(bent).logits(x)).max() < 0.2
    assert fitted_logits(read_model(model), x, x, 0.01) is None


def test_the_rung_that_runs_is_said(model, rng, capsys):
    x = rng.uniform(-1, 1, size=(4, 5))
    bar = nengo.utils.progress.TerminalProgressBar()
    ladder(model, x, np.zeros(4), presentation_time=0.01, progress_bar=bar)
    shown = capsys.readouterr().out
    places = [
        shown.index(name) for name in ("Rates in Nengo", "Spikes in Nengo", "Chip, integers")
    ]
    assert places == sorted(places)
