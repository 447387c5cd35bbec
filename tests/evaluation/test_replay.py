import pickle

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.evaluation import evaluate, predict
from nengo_dense.evaluation.replay import Replay
from nengo_dense.layers import DenseStack

OPTIONS = {"presentation_time": 0.03, "progress_bar": False}


@pytest.fixture
def stack(rng):
    weights = [rng.randn(20, 3), rng.randn(150, 20) / 4, rng.randn(2, 150) / 9]
    return DenseStack([20, 150, 2], 3, weights=weights, seed=0)


def test_a_sample_is_shown_as_it_was_in_its_batch(stack, rng):
    x, y = rng.rand(5, 3), rng.randint(2, size=5)
    result = evaluate(stack, x, y, **OPTIONS)
    assert isinstance(result.replay, Replay)
    shown = [result.replay.show(i) for i in range(5)]
    np.testing.assert_array_equal([s.outputs[-1] for s in shown], predict(stack, x, **OPTIONS))
    np.testing.assert_array_equal([s.outputs.argmax(1) for s in shown], result.answers_over_time)
    for layer in result.layers[1:]:
        counts = np.mean([s.spikes[layer.label].sum(axis=0) for s in shown], axis=0)
        np.testing.assert_allclose(counts / 0.03, layer.rates)


def test_raster_draws_every_layer_and_the_outputs(stack, rng, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    names = ["$a", "b"]
    result = evaluate(stack, rng.rand(5, 3), ["b"] * 5, classes=names, **OPTIONS)
    figure = result.raster(2, str(tmp_path / "raster.png"))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["layer1", "layer2, 75 of 150 neurons", "outputs so far"]
    answer = str(result.predictions[2]).replace("$", r"\$")
    right = "right" if result.predictions[2] == "b" else "right is b"
    assert figure.get_suptitle() == f"sample 2: answer {answer}, {right}"
    assert (tmp_path / "raster.png").exists()


@pytest.mark.parametrize("i", [-1, 5, 1.0, "0", True])
def test_other_samples_are_refused(stack, rng, i):
    result = evaluate(stack, rng.rand(5, 3), [0] * 5, **OPTIONS)
    with pytest.raises(ValidationError, match="must be the number of a sample, 0 to 4"):
        result.raster(i)


def test_batches_and_pickles_hold_no_samples(stack, rng):
    x, y = rng.rand(5, 3), [0] * 5
    parts = evaluate(stack, iter([x]), y, **OPTIONS)
    again = pickle.loads(pickle.dumps(evaluate(stack, x, y, **OPTIONS)))
    assert again.summary() == parts.summary()
    for result in (parts, again):
        with pytest.raises(ValidationError, match="no samples to show again"):
            result.raster(0)
