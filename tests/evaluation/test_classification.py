import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.classification import Classification
from nengo_dense.evaluation.plot import as_it_is
from nengo_dense.loihi.energy import Energy


@pytest.fixture
def result():
    return Classification(
        truth=np.array([0, 1, 1, 2]),
        answers_over_time=np.array([[0, 0], [0, 1], [2, 2], [0, 2]], dtype=np.uint8),
        classes=np.array(["ape", "b<>", "cat"]),
        layers=[LayerActivity("layer1", False, np.array([0.0, 100.0]), 10.0)],
        energy=Energy(1000, 2000),
        dt=0.001,
        target="sim",
        notes=("It was tuned for <another> run.",),
    )


def test_accuracy_is_of_the_last_step(result):
    assert result.accuracy == 0.75
    np.testing.assert_array_equal(result.accuracy_over_time, [0.25, 0.75])


def test_confusion_matrix_has_right_classes_by_row(result):
    np.testing.assert_array_equal(result.confusion_matrix, [[1, 0, 0], [0, 1, 1], [0, 0, 1]])


def test_labels_and_predictions_are_in_the_sources_labels(result):
    assert result.labels.tolist() == ["ape", "b<>", "b<>", "cat"]
    assert result.predictions.tolist() == ["ape", "b<>", "cat", "cat"]
    assert result.predictions_over_time[1].tolist() == ["ape", "b<>"]
    assert result.answers.tolist() == [0, 1, 2, 2]
    assert result.answers.dtype == int
    assert result.n_classes == 3


def test_summary_names_accuracy_interval_layers_and_energy(result):
    summary = result.summary()
    for part in (
        "75.00%",
        "30.06%",
        "95.44%",
        "layer1",
        "host",
        "50.0%",
        "0.186 microjoules",
        "4 samples",
    ):
        assert part in summary


def test_summary_is_ascii_and_has_the_notes(result):
    assert result.summary().isascii()
    assert result.summary().endswith("note: It was tuned for <another> run.")
    assert str(result) == result.summary()


def test_repr_is_one_line(result):
    assert repr(result).startswith("<Classification: accuracy 75.00% (95 % interval 30.06% to")
    assert "\n" not in repr(result)


def test_html_has_the_same_and_is_escaped(result):
    html = result._repr_html_()
    for part in ("75.00%", "layer1", "microjoules", "tuned for &lt;another&gt; run"):
        assert part in html
    ElementTree.fromstring(f"<div>{html}</div>")


def test_plot_writes_a_picture_with_the_names_of_the_classes(result, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    figure = result.plot(str(tmp_path / "picture.png"))
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert [axes.get_title() for axes in figure.axes[:3]] == [
        "Firing rates",
        "Confusion matrix",
        "Accuracy over time",
    ]
    names = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert names == ["ape", "b<>", "cat"]


def test_a_name_in_a_picture_has_an_end_and_no_letters_without_shape():
    assert as_it_is("\x1b[31m$") == r"\x1b[31m\$"
    assert len(as_it_is("n" * 100_000)) == 200


def test_plot_takes_dollar_signs_for_no_formula(result, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    layer = replace(result.layers[0], label="$^$")
    classes = np.array(["$^$", "$", "_"])
    replace(result, classes=classes, layers=[layer]).plot(str(tmp_path / "picture.png"))
    assert (tmp_path / "picture.png").exists()


def test_json_has_a_schema_version_and_all_but_single_samples(result, tmp_path):
    result.save_json(tmp_path / "result.json")
    found = json.loads((tmp_path / "result.json").read_text())
    assert found["schema_version"] == 1
    assert found["report"] == "evaluation"
    assert found["task"] == "classification"
    assert found["metrics"]["accuracy"] == 0.75
    assert found["confusion_matrix"] == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]
    assert found["layers"][0]["share_silent"] == 0.5
    assert found["agreement"] is None
    assert replace(result, own_metrics={"mine": float("nan")}).to_json().count("null") == 2


def test_page_takes_the_place_of_a_page_alone(result, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    path = tmp_path / "result.html"
    replace(result, name="<cats>").save_html(path)
    result.save_html(path)
    page = path.read_text()
    assert "<title>nengo_dense evaluation</title>" in page
    assert page.count("<svg") == 3
    assert "What the columns mean" in page
    assert "Evaluation of &lt;cats&gt;" in replace(result, name="<cats>").to_html()
    other = tmp_path / "other.html"
    other.write_text("somebody's page")
    with pytest.raises(OSError, match="a page of evaluation"):
        result.save_html(other)
    assert other.read_text() == "somebody's page"


def test_what_was_made_by_hand_has_no_raster(result):
    with pytest.raises(ValidationError, match="no samples to show again"):
        result.raster(0)
