import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.classification import Classification
from nengo_dense.evaluation.ladder_report import LadderReport, Rung
from nengo_dense.layers import DenseStack
from nengo_dense.loihi.energy import Energy


@pytest.fixture
def report():
    evaluation = Classification(
        truth=np.array([0, 1, 1, 0]),
        answers_over_time=np.array([[0], [1], [0], [1]], dtype=np.uint8),
        classes=np.arange(2),
        layers=[
            LayerActivity("layer1", False, np.ones(2), 1.0),
            LayerActivity("<layer2>", True, np.ones(2), 1.0),
        ],
        energy=Energy(1, 2),
        dt=0.001,
        target="sim",
    )
    rungs = [
        Rung("source model", {"accuracy": 0.75}, 0.75, (0.30, 0.95), 1.0, []),
        Rung("chip, integers", {"accuracy": 0.5}, 0.5, (0.15, 0.85), 0.75, [0.125, 0.25]),
    ]
    return LadderReport(rungs, DenseStack([2, 2, 2], 2), evaluation)


def test_gap_is_in_points(report):
    assert report.gap == 25
    assert report.n == 4


def test_reads_as_text(report):
    lines = str(report).splitlines()
    assert lines[0].split("  ")[-2:] == ["layer1 error", "<layer2> error"]
    cells = [" ".join(line.split()) for line in lines]
    assert cells[1] == "source model 75.00% 30.00% to 95.00% +0.00 100.00%"
    assert cells[2] == "chip, integers 50.00% 15.00% to 85.00% -25.00 75.00% 12.5% 25.0%"
    assert lines[-1] == "gap 25.00 points on 4 samples"
    assert str(report).isascii()


def test_reads_as_json(report):
    again = json.loads(json.dumps(report.to_dict()))
    assert again["gap"] == report.gap
    assert [rung["accuracy"] for rung in again["rungs"]] == [0.75, 0.5]


def test_repr_is_one_line(report):
    assert repr(report) == (
        "<LadderReport: source model 75.00%, chip, integers 50.00%, gap 25.00 points on 4 samples>"
    )


def test_html_has_the_same_cells_escaped(report):
    root = ElementTree.fromstring(f"<div>{report._repr_html_()}</div>")
    table = next(root.iter("table"))
    assert [cell.text for cell in table.iter("th")][-1] == "<layer2> error"
    assert [cell.text for cell in table.iter("td")][-1] == "25.0%"


def test_notes_of_the_last_rung_are_shown(report):
    noted = replace(report, evaluation=replace(report.evaluation, notes=("It <was> said.",)))
    assert "note: It <was> said." in str(noted)
    assert "note: It &lt;was&gt; said." in noted._repr_html_()


def test_draws_a_picture(report, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    figure = report.plot(str(tmp_path / "ladder.png"))
    assert (tmp_path / "ladder.png").read_bytes().startswith(b"\x89PNG")
    assert figure.axes[0].get_title() == "25.00 points lost on 4 samples"
