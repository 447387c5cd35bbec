"""The example scripts of the documentation, run as they are but shorter."""

import os
import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from nengo_dense.layers.stack import DenseStack

REASON = "NengoDL is in the dl environment"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
JETS = EXAMPLES / "jet_tagging.py"
without_nengo_dl = pytest.mark.skipif(
    find_spec("nengo_dl") is not None, reason="with NengoDL, the example does not use Keras"
)


@pytest.fixture
def nengo_dl():
    pytest.importorskip("tensorflow", reason=REASON)
    return pytest.importorskip("nengo_dl", reason=REASON)


@pytest.fixture
def jets(tmp_path):
    """Write a file of samples like the jets: 16 features, five classes with names."""
    datasets = pytest.importorskip("sklearn.datasets", reason="the data are scikit-learn's")
    x, y = datasets.make_classification(
        3000, n_features=16, n_informative=10, n_classes=5, class_sep=1.5, random_state=0
    )
    path = tmp_path / "jets.npz"
    np.savez(path, X=x, y=np.array(["g", "q", "t", "w", "z"])[y])
    return path


def run_jets(*arguments):
    return runpy.run_path(str(JETS))["main"]([str(argument) for argument in arguments])


@pytest.mark.dl
@pytest.mark.slow
def test_every_rung_of_the_training_ladder_holds(nengo_dl, capsys):
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
    main = runpy.run_path(str(EXAMPLES / "training_ladder.py"))["main"]
    ladders = main(["--epochs", "12"])
    assert [len(accuracies) for accuracies in ladders] == [4, 4]
    assert np.min(ladders) > 0.9
    assert "LIF on the chip's integers" in capsys.readouterr().out


@pytest.mark.dl
def test_the_forum_network_goes_from_data_to_the_chip(nengo_dl, jets, tmp_path, capsys):
    saved = tmp_path / "stack.npz"
    evaluation = run_jets("--data", jets, "--epochs", 15, "--output", saved)
    assert evaluation.accuracy > 0.75
    assert DenseStack.load(saved).units == [64, 32, 32, 5]
    out = capsys.readouterr().out
    assert "trained in NengoDL" in out
    assert "accuracy" in out


@without_nengo_dl
@pytest.mark.usefixtures("few_updates")
def test_without_nengo_dl_the_forum_network_is_a_converted_keras_model(jets, tmp_path, capsys):
    keras = pytest.importorskip("keras", reason="Keras 3 trains the network")
    if keras.backend.backend() == "numpy":
        pytest.skip("Keras's numpy back end does not train")
    saved = tmp_path / "stack.npz"
    short = "--samples", 2000, "--epochs", 25, "--steps", 25
    evaluation = run_jets("--data", jets, *short, "--output", saved)
    assert len(evaluation.predictions) == 500
    assert evaluation.accuracy > 0.75
    assert DenseStack.load(saved).units == [64, 32, 32, 5]
    out = capsys.readouterr().out
    assert "Epoch 25/25" in out
    assert "trained in NengoDL" not in out


def fails_with(message, *arguments, **environment):
    """Run the example in a process of its own, which has to end in this message."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(JETS), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **environment},
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert message in done.stderr


def test_without_a_network_the_way_out_is_named(tmp_path):
    pytest.importorskip("sklearn", reason="it fetches the data")
    proxy = "http://127.0.0.1:9"  # the port that discards; nothing listens
    fails_with(
        "give an .npz file with arrays X (n, 16) and y (n,): jet_tagging.py --data",
        https_proxy=proxy,
        no_proxy="",
        SCIKIT_LEARN_DATA=str(tmp_path),  # where nothing was kept of another time
    )


def test_a_file_without_the_arrays_is_refused(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, samples=np.zeros((3, 16)))
    fails_with("must be an .npz file with arrays X and y: 'X is not a file", f"--data={path}")


@without_nengo_dl
@pytest.mark.skipif(find_spec("jax") is not None, reason="it has to be missing")
def test_keras_without_its_back_end_is_told_what_to_install(jets):
    fails_with(
        "or Keras 3 with a back end (No module named ", f"--data={jets}", KERAS_BACKEND="jax"
    )
