import json

import h5py
import numpy as np
import pytest

from nengo_dense.importers import read_model
from nengo_dense.importers.from_keras.keras_loss import TASKS, task_of

keras = pytest.importorskip("keras")

REGRESSION = ["mse", "mean_squared_error", "log_cosh", keras.losses.Huber(), "MeanSquaredError"]
REG = "regression"
CLASSES = ["sparse_categorical_crossentropy", keras.losses.CategoricalCrossentropy(True)]


def model(loss, n_outputs=1):
    """Make a model with linear outputs, compiled with a loss."""
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(4, "relu")(inputs)
    outputs = [keras.layers.Dense(2, name=f"out_{i}")(hidden) for i in range(n_outputs)]
    made = keras.Model(inputs, outputs if n_outputs > 1 else outputs[0])
    if loss is not None:
        made.compile("adam", loss)
    return made


@pytest.mark.parametrize("way", ["live", ".keras", ".h5"])
@pytest.mark.parametrize(
    ("losses", "task"), [(REGRESSION, "regression"), (CLASSES, "classification"), ([None], None)]
)
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_a_model_says_what_it_was_trained_for(way, losses, task, tmp_path):
    for number, loss in enumerate(losses):
        source = model(loss)
        if way != "live":
            source.save(tmp_path / f"{number}{way}")
            source = tmp_path / f"{number}{way}"
        assert read_model(source).task == task


@pytest.mark.parametrize(
    ("loss", "task"),
    [("mse", "regression"), (["mse", "mae"], "regression"), (["mse", None], None)],
)
def test_losses_of_several_outputs_say_it_together(loss, task):
    assert read_model(model(loss, 2)).task == task


@pytest.mark.parametrize("way", ["live", ".keras", ".h5"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize(
    ("losses", "task"),
    [
        ({"c": "sparse_categorical_crossentropy", "v": "mse", "m": "binary_crossentropy"}, REG),
        ({"c": "categorical_crossentropy", "v": None, "m": "mse"}, None),
        (["categorical_crossentropy", "binary_crossentropy", "huber"], REG),
        ("mse", REG),
    ],
)
def test_losses_of_outputs_with_a_head_say_nothing_of_others(way, losses, task, tmp_path):
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(4, "relu")(inputs)
    heads = {"c": "softmax", "m": "sigmoid", "v": None}
    outputs = [keras.layers.Dense(2, head, name=name)(hidden) for name, head in heads.items()]
    source = keras.Model(inputs, outputs)
    source.compile("adam", losses)
    if way != "live":
        source.save(tmp_path / f"model{way}")
        source = tmp_path / f"model{way}"
    assert read_model(source).task == task


def test_what_a_loss_is_written_as_is_known():
    for loss in [*REGRESSION, *CLASSES]:
        written = keras.losses.serialize(keras.losses.get(loss))
        assert task_of(json.loads(json.dumps(written))) in set(TASKS.values())
    for other in (None, 3, {}, [], {"class_name": 3, "config": []}, [["mse"]], "my_loss"):
        assert task_of(other) is None


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("text", ["no JSON", "[1]", '{"loss": 3}', "9" * 5000])
def test_a_file_is_read_whatever_its_training_was(text, tmp_path):
    model("mse").save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        file.attrs["training_config"] = np.bytes_(text)
    assert read_model(tmp_path / "m.h5").task is None
