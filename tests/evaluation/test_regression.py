import json
from xml.etree import ElementTree

import numpy as np
import pytest
from nengo.exceptions import ValidationError
from sklearn import metrics

from nengo_dense.evaluation import Regression, evaluate, predict
from nengo_dense.layers import DenseStack
from nengo_dense.loihi.energy import Energy


def regression(truth, outputs, **options):
    return Regression(
        truth=truth,
        outputs=outputs,
        squared_error_over_time=np.mean((outputs - truth) ** 2, axis=0)[np.newaxis],
        layers=[],
        energy=Energy(1000, 2000),
        dt=0.001,
        target="sim",
        **options,
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_out", [1, 3])
def test_measures_are_those_of_scikit_learn(rng, n_out, weighted):
    truth = 1e4 + rng.randn(50, n_out)
    outputs = truth + 0.3 * rng.randn(50, n_out)
    weights = rng.rand(50) if weighted else None
    result = regression(truth, outputs, sample_weight=weights)
    expected = {
        "r2": metrics.r2_score,
        "rmse": metrics.root_mean_squared_error,
        "mae": metrics.mean_absolute_error,
    }
    for name, measure in expected.items():
        value = measure(truth, outputs, sample_weight=weights)
        assert result.metrics[name] == pytest.approx(value, rel=1e-6)
        assert getattr(result, name) == result.metrics[name]
        low, high = result.intervals[name]
        assert low < result.metrics[name] < high
    assert result.score == result.r2


def test_equal_values_count_as_in_scikit_learn():
    truth = np.full((5, 1), 0.1)
    for outputs in (truth.copy(), np.arange(5.0)[:, np.newaxis]):
        assert regression(truth, outputs).r2 == metrics.r2_score(truth, outputs)


def test_a_bootstrap_interval_covers_as_often_as_it_says():
    """Of 200 sets of 60 samples, nearly all intervals at 95 % hold the error of all samples."""
    rng = np.random.RandomState(0)
    covered = 0
    for _ in range(200):
        truth = np.zeros((60, 1))
        result = regression(truth, rng.randn(60, 1))
        low, high = result.intervals["rmse"]
        covered += low < 1 < high
    assert 0.88 < covered / 200 < 0.99


def test_blocks_of_many_samples_vary_as_the_samples_do(rng):
    truth = np.zeros((20_000, 1))
    result = regression(truth, rng.randn(20_000, 1))
    low, high = result.intervals["mae"]
    # the standard deviation of |x| is 0.6028, of its mean 0.6028 / sqrt(n)
    assert high - low == pytest.approx(2 * 1.96 * 0.6028 / np.sqrt(20_000), rel=0.1)


@pytest.fixture
def stack(rng):
    weights = [rng.randn(20, 3), rng.randn(15, 20) / 4, rng.randn(2, 15) / 4]
    return DenseStack([20, 15, 2], 3, weights=weights, readout="linear", seed=0)


def test_values_are_those_of_predict_at_every_step(stack, rng):
    x, y = rng.rand(30, 3), rng.randn(30, 2)
    weights = rng.rand(30)
    options = {"progress_bar": False, "minibatch_size": 7}
    result = evaluate(stack, x, y, presentation_time=0.04, sample_weight=weights, **options)
    assert isinstance(result, Regression)
    for steps in (12, 17, 40):
        outputs = predict(stack, x, presentation_time=steps / 1000, **options)
        mean = np.average((outputs - y) ** 2, axis=0, weights=weights)
        # windows of a shorter presentation start with it
        np.testing.assert_allclose(result.squared_error_over_time[steps - 1], mean, rtol=1e-9)
    np.testing.assert_array_equal(result.predictions, outputs)
    np.testing.assert_allclose(result.error_over_time[-1], result.rmse)


def test_agreement_is_with_the_source(stack, rng):
    x, y = rng.rand(30, 3), rng.randn(30, 2)
    options = {"presentation_time": 0.03, "progress_bar": False}
    own = predict(stack, x, **options)
    assert evaluate(stack, x, y, source=own, **options).agreement == 1
    other = own + rng.randn(30, 2)
    result = evaluate(stack, x, y, source=other, **options)
    assert result.agreement == pytest.approx(metrics.r2_score(other, own))
    assert "R2 with the source model's values as the right ones" in result.summary()
    for size in (1e-170, 1e200):
        with pytest.raises(ValidationError, match=r"source: has values up to .* in another unit"):
            evaluate(stack, x, y, source=size * other, **options)
        with pytest.raises(ValidationError, match=r"y: has values up to .* in another unit"):
            evaluate(stack, x, size * y, **options)


def test_flat_values_stay_flat(rng):
    stack = DenseStack([8, 6, 1], 3, readout="linear", seed=0)
    result = evaluate(stack, rng.rand(5, 3), rng.rand(5), presentation_time=0.02)
    assert result.predictions.shape == result.labels.shape == (5,)


def test_reads_as_text_html_and_picture(rng, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    truth = rng.randn(50, 2)
    result = regression(truth, truth + 0.1, notes=("It <was> said.",))
    assert result.summary().startswith("R2 0.9")
    assert "RMSE 0.1 (95 % interval 0.1 to 0.1)" in repr(result)
    assert [line.split()[0] for line in result.summary().splitlines()[:3]] == ["R2", "RMSE", "MAE"]
    assert max(map(len, result.summary().splitlines())) <= 99
    assert result.summary().isascii()
    ElementTree.fromstring(f"<div>{result._repr_html_()}</div>")
    figure = result.plot(str(tmp_path / "picture.png"))
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["Firing rates", "Values", "Error over time"]
    assert json.dumps(result.metrics)
