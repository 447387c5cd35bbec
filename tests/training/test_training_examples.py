"""The example scripts of the documentation, run as they are but shorter."""

import runpy
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.dl
REASON = "NengoDL is in the dl environment"
pytest.importorskip("tensorflow", reason=REASON)
pytest.importorskip("nengo_dl", reason=REASON)
pytest.importorskip("sklearn", reason="the data are scikit-learn's")
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.mark.slow
def test_every_rung_of_the_training_ladder_holds(capsys):
    main = runpy.run_path(str(EXAMPLES / "training_ladder.py"))["main"]
    ladders = main(["--epochs", "12"])
    assert [len(accuracies) for accuracies in ladders] == [4, 4]
    assert np.min(ladders) > 0.9
    assert "LIF on the chip's integers" in capsys.readouterr().out


def test_the_forum_network_goes_from_data_to_the_chip(tmp_path, capsys):
    from sklearn.datasets import make_classification

    from nengo_dense import DenseStack

    x, y = make_classification(
        3000, n_features=16, n_informative=10, n_classes=5, class_sep=1.5, random_state=0
    )
    np.savez(tmp_path / "jets.npz", X=x, y=np.array(["g", "q", "t", "w", "z"])[y])
    main = runpy.run_path(str(EXAMPLES / "jet_tagging.py"))["main"]
    saved = tmp_path / "stack.npz"
    evaluation = main(
        ["--data", str(tmp_path / "jets.npz"), "--epochs", "15", "--output", str(saved)]
    )
    assert evaluation.accuracy > 0.75
    assert DenseStack.load(saved).units == [64, 32, 32, 5]
    assert "accuracy" in capsys.readouterr().out
