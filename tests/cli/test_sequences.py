"""Sequences on the command line."""

import json

import numpy as np
import pytest

from nengo_dense import DenseStack, predict
from nengo_dense.cli.main import main
from nengo_dense.layers.tuning_record import TuningRecord

LENGTHS = np.array([4, 2, 3, 4])
TIME = ["--presentation-time", "0.04"]


@pytest.fixture
def stack(tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    x = rng.uniform(-1, 1, (4, 4, 5))
    mask = np.arange(4) < LENGTHS[:, None]
    y = rng.randint(3, size=4)
    np.savez("data.npz", x=x, y=y, mask=mask)
    np.savez("frames.npz", x_test=x, y_test=np.repeat(y[:, None], 4, axis=1), mask_test=mask)
    weights = [rng.randn(16, 5) / 2, rng.randn(12, 16) / 3, rng.randn(3, 12) / 3]
    stack = DenseStack([16, 12, 3], 5, weights=weights, classes=["a", "b", "c"])
    stack.save("stack.npz")
    return stack


@pytest.mark.filterwarnings("ignore:y has numbers, while the classes are text")
def test_a_mask_in_the_data_set_ends_sequences(stack, capsys):
    assert main(["evaluate", "stack.npz", "--data", "data.npz", *TIME]) == 0
    assert "on 4 sequences of up to 4 frames, 10 ms each" in capsys.readouterr().out
    frames = ["evaluate", "stack.npz", "--data", "frames.npz", "--per-frame", "--json", "f.json"]
    assert main([*frames, *TIME]) == 0
    assert "on 13 frames of 4 sequences, 10 ms each" in capsys.readouterr().out
    with open("f.json") as file:
        assert json.load(file)["n"] == 13


@pytest.mark.filterwarnings("ignore:y has numbers, while the classes are text")
def test_frames_last_as_long_as_in_tuning_unless_a_time_is_given(stack, capsys):
    record = TuningRecord(0.06, 0.002, "host", [-1.0] * 5, [1.0] * 5, frame_time=0.02)
    DenseStack(**stack.arguments() | {"tuned": record}).save("tuned.npz")
    assert main(["evaluate", "tuned.npz", "--data", "data.npz"]) == 0
    assert "on 4 sequences of up to 4 frames, 20 ms each" in capsys.readouterr().out
    assert main(["predict", "tuned.npz", "--data", "data.npz", "-o", "y.npz"]) == 0
    x, mask = np.load("data.npz")["x"], np.load("data.npz")["mask"]
    quick = {"presentation_time": 0.08, "dt": 0.002, "progress_bar": False}
    np.testing.assert_array_equal(np.load("y.npz")["y"], predict(stack, x, mask=mask, **quick))


@pytest.mark.parametrize(
    ("time", "dt", "given"),
    [(0.01, 0.0005, ["--presentation-time", "0.0004"]), (0.5, 0.005, ["--dt", "0.2"])],
)
@pytest.mark.parametrize("command", [["evaluate"], ["predict", "-o", "y.npz"]])
@pytest.mark.filterwarnings("ignore:y has numbers, while the classes are text")
def test_a_single_time_is_not_held_against_the_usual_other(
    stack, capsys, time, dt, given, command
):
    """What a stack was tuned for takes the other's place."""
    record = TuningRecord(time, dt, "host", [-1.0] * 5, [1.0] * 5)
    DenseStack(**stack.arguments() | {"tuned": record}).save("tuned.npz")
    np.savez("one.npz", x=np.zeros((3, 5)), y=np.zeros(3, dtype=int))
    verb, *output = command
    assert main([verb, "tuned.npz", "--data", "one.npz", *output, *given]) == 0
    assert "This stack was tuned for" in capsys.readouterr().err


def test_answers_of_frames_are_written_with_nan_after_the_end(stack, capsys):
    assert main(["predict", "stack.npz", "--data", "data.npz", *TIME, "-o", "y.npz"]) == 0
    assert "y.npz: y and labels, 4 samples, 3 outputs each" in capsys.readouterr().out
    frames = ["predict", "stack.npz", "--data", "data.npz", "--per-frame", "-o", "f.npz"]
    assert main([*frames, *TIME]) == 0
    assert "f.npz: y, 13 frames of 4 sequences, 3 outputs each" in capsys.readouterr().out
    x = np.load("data.npz")["x"]
    parts = [one[:length] for one, length in zip(x, LENGTHS, strict=True)]
    quick = {"presentation_time": 0.04, "progress_bar": False}
    np.testing.assert_array_equal(np.load("y.npz")["y"], predict(stack, parts, **quick))
    assert set(np.load("y.npz")["labels"]) <= {"a", "b", "c"}
    found = np.load("f.npz")["y"]
    for row, expected in zip(found, predict(stack, parts, per_frame=True, **quick), strict=True):
        np.testing.assert_array_equal(row[: len(expected)], expected)
        assert np.isnan(row[len(expected) :]).all()


def test_a_mask_may_end_all_sequences_early(stack, capsys):
    x, mask = np.load("data.npz")["x"], np.arange(4) < np.full((4, 1), 2)
    np.savez("early.npz", x=np.where(mask[..., None], x, 100.0), mask=mask, y=[0, 1, 2, 0])
    time = ["--presentation-time", "0.02"]
    assert main(["predict", "stack.npz", "--data", "early.npz", "-o", "y.npz", *time]) == 0
    expected = predict(stack, x[:, :2], presentation_time=0.02, progress_bar=False)
    np.testing.assert_array_equal(np.load("y.npz")["y"], expected)


def test_labels_of_frames_are_looked_at_before_a_model_is_converted(stack, capsys):
    arguments = ["evaluate", "stack.npz", "--data", "data.npz", "--per-frame", *TIME]
    assert main(arguments) == 2
    assert "must have a value for each frame of each of 4 sequences" in capsys.readouterr().err
