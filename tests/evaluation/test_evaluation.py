import numpy as np
import pytest

from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.energy import Energy
from nengo_dense.evaluation.result import Evaluation


@pytest.fixture
def result():
    return Evaluation(
        labels=np.array([0, 1, 1, 2]),
        predictions_over_time=np.array([[0, 0], [0, 1], [2, 2], [0, 2]]),
        layers=[LayerActivity("layer1", False, np.array([0.0, 100.0]), 10.0)],
        energy=Energy(1000, 2000),
        n_classes=3,
        dt=0.001,
        target="sim",
    )


def test_accuracy_is_of_the_last_step(result):
    assert result.accuracy == 0.75
    np.testing.assert_array_equal(result.accuracy_over_time, [0.25, 0.75])


def test_confusion_matrix_has_right_classes_by_row(result):
    np.testing.assert_array_equal(result.confusion_matrix, [[1, 0, 0], [0, 1, 1], [0, 0, 1]])


def test_energy_adds_published_energies(result):
    assert result.energy.joules == pytest.approx(1000 * 27.1e-12 + 2000 * 81e-12)


def test_summary_names_accuracy_interval_layers_and_energy(result):
    summary = result.summary()
    for part in ("75.00%", "30.06%", "95.44%", "layer1", "host", "50.0%", "0.189 µJ", "4 samples"):
        assert part in summary


def test_plot_writes_a_picture(result, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    figure = result.plot(str(tmp_path / "picture.png"))
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert [axes.get_title() for axes in figure.axes[:3]] == [
        "Firing rates",
        "Confusion matrix",
        "Accuracy over time",
    ]
