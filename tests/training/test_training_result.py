"""The history of a training, read and drawn."""

import json

import pytest

from nengo_dense.training.training_result import TrainingResult

KERAS = {
    "loss": [2.0, 1.5, 1.25],
    "logits_loss": [1.0, 0.5, 0.25],
    "logits_accuracy": [0.5, 0.7, 0.9],
    "val_loss": [1.0, 0.6, 0.8],
    "val_accuracy": [0.4, 0.8, 0.7],
}


def test_history_has_readable_names_and_the_speed():
    result = TrainingResult.of_keras(KERAS, n_samples=100, seconds=2.0)
    assert set(result.history) == {
        "loss",
        "cross_entropy",
        "accuracy",
        "val_loss",
        "val_accuracy",
    }
    assert result.samples_per_second == 150
    assert result.n_epochs == 3


def test_best_epoch_is_that_of_the_lowest_validation_loss():
    result = TrainingResult.of_keras(KERAS, 1, 1.0)
    assert result.best_epoch == 1
    assert str(result).startswith("epoch 2 of 3: loss 1.5, cross_entropy 0.5, accuracy 0.7")


def test_reads_in_one_line_as_text_and_as_html():
    result = TrainingResult.of_keras(KERAS, 1, 1.0)
    assert repr(result) == f"<TrainingResult: {result}>"
    assert "\n" not in repr(result)
    html = result._repr_html_()
    assert "epoch 2 of 3 was kept" in html
    row = html[html.index("val_loss") :]
    assert row.index(">1<") < row.index(">0.6<") < row.index(">0.8<")


def test_without_validation_the_last_epoch_is_kept():
    result = TrainingResult.of_keras({"loss": [2.0, 1.0]}, 1, 1.0)
    assert result.best_epoch == 1


def test_plot_draws_every_curve():
    pytest.importorskip("matplotlib", reason="drawing needs the plot extra")
    loss, accuracy = TrainingResult.of_keras(KERAS, 1, 1.0).plot().axes
    assert [list(line.get_ydata()) for line in loss.lines[:2]] == [
        [1.0, 0.5, 0.25],
        [1.0, 0.6, 0.8],
    ]
    assert [list(line.get_ydata()) for line in accuracy.lines[:2]] == [
        [0.5, 0.7, 0.9],
        [0.4, 0.8, 0.7],
    ]
    assert list(loss.lines[2].get_xdata()) == [2, 2]


def test_has_a_page_and_data_as_all_reports(tmp_path):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    result = TrainingResult({"loss": [2.0, 1.0], "accuracy": [0.5, float("nan")]}, 10.0)
    result.save_html(tmp_path / "training.html")
    assert "<title>nengo_dense training</title>" in (tmp_path / "training.html").read_text()
    found = json.loads(result.to_json())
    assert found["schema_version"] == 1
    assert found["history"]["accuracy"] == [0.5, None]
