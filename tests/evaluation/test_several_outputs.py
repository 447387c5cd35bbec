"""Several outputs are judged together as each is alone."""

import json
import pickle

import numpy as np
import pytest
from nengo.exceptions import ValidationError
from numpy.testing import assert_array_equal
from sklearn.metrics import f1_score

from nengo_dense import DenseGraph, DenseStack, evaluate
from nengo_dense.evaluation import Classification, MultiLabel, Regression, SeveralOutputs
from nengo_dense.evaluation.decision_curve import decision_curve
from nengo_dense.evaluation.stream_report import stream_report
from nengo_dense.layers import GraphLayer, GraphOutput

N = 20
QUICK = {"presentation_time": 0.03, "progress_bar": False}
HEADS = {"kind": ("softmax", 3), "value": ("linear", 2), "traits": ("sigmoid", 4)}
KINDS = {"kind": Classification, "value": Regression, "traits": MultiLabel}


def make(names=tuple(HEADS)):
    rng = np.random.RandomState(0)
    layers = [
        GraphLayer("a", {"x": rng.randn(8, 3)}, np.full(8, 0.1), on_chip=False),
        GraphLayer("b", {"a": rng.rand(6, 8) / 4}),
    ]
    outputs = {
        name: GraphOutput({"a": rng.randn(n, 8), "b": rng.randn(n, 6)}, head=head)
        for name, (head, n) in HEADS.items()
    }
    kept = {name: outputs[name] for name in names}
    return DenseGraph({"x": 3}, layers, kept, seed=0, label="net")


@pytest.fixture(scope="module")
def data():
    rng = np.random.RandomState(1)
    y = {
        "kind": rng.randint(3, size=N),
        "value": rng.randn(N, 2),
        "traits": rng.randint(2, size=(N, 4)),
    }
    return rng.uniform(-1, 1, (N, 3)), y, rng.uniform(0.5, 2, N)


@pytest.fixture(scope="module")
def result(data):
    x, y, weights = data
    source = {"kind": np.zeros(N, int), "value": y["value"]}
    return evaluate(make(), x, y, sample_weight=weights, source=source, **QUICK)


def test_each_output_is_judged_as_it_is_alone(result, data):
    x, y, weights = data
    assert isinstance(result, SeveralOutputs)
    for name, one in result.outputs.items():
        alone = evaluate(make([name]), x, y[name], sample_weight=weights, **QUICK)
        assert type(one) is type(alone) is KINDS[name]
        assert one.metrics == alone.metrics == result.metrics[name]
        assert one.score == result.scores[name]
        assert_array_equal(one.predictions, alone.predictions)
        assert_array_equal(result.predictions[name], one.predictions)
        assert_array_equal(result.labels[name], y[name])
        assert one.energy == alone.energy == result.energy
    assert result.outputs["kind"].agreement is not None
    assert result.outputs["traits"].agreement is None


def test_a_dict_for_the_only_output_is_that_output(data):
    x, y, _ = data
    found = evaluate(make(["kind"]), x, {"kind": y["kind"]}, **QUICK)
    assert isinstance(found, Classification)


def test_the_summary_says_a_line_for_each(result):
    lines = result.summary().splitlines()
    assert lines[0] == "3 outputs on 20 samples, 30 ms each, target 'sim'"
    assert [line.partition(":")[0] for line in lines[1:4]] == list(HEADS)
    assert lines[1].startswith("kind: accuracy ")
    assert "agreement with the source model" in lines[1]
    assert "\n" not in repr(result)
    assert repr(result).startswith("<SeveralOutputs: kind accuracy ")


def test_the_page_and_the_data_have_every_output(result):
    found = json.loads(result.to_json())
    assert (found["report"], found["task"], found["name"]) == ("evaluation", "several", "net")
    assert {name: one["task"] for name, one in found["outputs"].items()} == {
        "kind": "classification",
        "value": "regression",
        "traits": "multilabel",
    }
    page = result.to_html()
    for name in HEADS:
        assert f"<h2>{name}</h2>" in page
    assert page.count("<svg") == 1 + 3 * 2


def test_pictures_name_the_output(result):
    figure = result.plot()
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert len(titles) == 7
    assert titles[1].startswith("kind: ")
    raster = result.raster(3)
    assert "kind: answer" in raster.get_suptitle()
    assert "; traits: answer" in raster.get_suptitle()
    labels = [text.get_text() for text in raster.axes[-1].get_legend().get_texts()]
    assert len(labels) == 9
    assert {"kind 0", "value 1", "traits 3"} <= set(labels)
    alone = result.outputs["value"].raster(3).axes[-1]
    assert {line.get_label() for line in alone.lines} == {"0", "1"}


def test_a_pickle_holds_no_samples(result):
    copy = pickle.loads(pickle.dumps(result))
    assert copy.scores == result.scores
    with pytest.raises(ValidationError, match="no samples to show again"):
        copy.raster(0)


def test_tasks_classes_and_measures_are_by_output(data):
    x, y, _ = data
    y = {**y, "kind": np.array(["a", "b", "c"])[y["kind"]]}
    found = evaluate(
        make(),
        x,
        y,
        task={"traits": "regression"},
        classes={"kind": ["a", "b", "c"]},
        metrics={"kind": {"f1": lambda truth, got: f1_score(truth, got, average="macro")}},
        decision="margin",
        **QUICK,
    )
    kind = found.outputs["kind"]
    assert isinstance(found.outputs["traits"], Regression)
    assert set(kind.predictions) <= {"a", "b", "c"}
    assert kind.metrics["f1"] == pytest.approx(kind.macro_f1)
    assert kind.at_margin(1e6).latency == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.zeros(N)}, r"y: must be a dict by output, as there are 3: kind, value, traits"),
        ({"y": {"kind": np.zeros(N, int)}}, "y: has nothing for the outputs value, traits"),
        ({"y": {"sort": np.zeros(N, int)}}, "y: has sort, but the outputs are kind, value"),
        ({"task": {"sort": "regression"}}, "task: has sort, but the outputs are"),
        ({"classes": ["a", "b", "c"]}, "classes: must be a dict by output"),
        ({"metrics": {"f1": f1_score}}, "metrics: has f1, but the outputs are"),
        ({"source": np.zeros(N)}, "source: must be a dict by output"),
    ],
)
def test_what_fits_no_output_is_refused_before_anything_runs(data, change, message):
    x, y, _ = data
    arguments = {"y": y, **change}
    with pytest.raises(ValidationError, match=message):
        evaluate(make(), x, **arguments, **QUICK)


def test_a_margin_needs_a_class_somewhere(data):
    x, y, _ = data
    graph = make(["value", "traits"])
    given = {name: y[name] for name in ("value", "traits")}
    with pytest.raises(ValidationError, match="this is a regression and a multilabel"):
        evaluate(graph, x, given, decision="margin", **QUICK)


def test_a_stack_has_one_output_without_a_name(data):
    x, y, _ = data
    with pytest.raises(ValidationError, match="the outputs are one output, without a name"):
        evaluate(DenseStack([8, 3], 3, encoding="spikes"), x, {"kind": y["kind"]}, **QUICK)


def test_reports_of_one_score_ask_for_one_output(data):
    x, y, _ = data
    with pytest.raises(ValidationError, match=r"3 outputs \(kind, value, traits\)"):
        stream_report(make(), x, y, **QUICK)
    with pytest.raises(ValidationError, match=r"name = 'kind'; DenseGraph"):
        decision_curve(make(), x, y, calibration=(x, y), **QUICK)
