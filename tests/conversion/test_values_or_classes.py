"""Several linear outputs are tuned for what they are: values, logits of classes, or either."""

import warnings

import numpy as np
import pytest
from nengo.exceptions import ValidationError
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor

from nengo_dense import DenseStack
from nengo_dense.conversion import convert
from nengo_dense.conversion.tuning.distillation import Distillation
from nengo_dense.evaluation import evaluate
from nengo_dense.importers import read_model

STEPS = {"presentation_time": 0.05, "progress_bar": False}


@pytest.fixture(scope="module")
def regressor():
    rng = np.random.RandomState(0)
    x = rng.uniform(-1, 1, (1500, 4))
    y = np.c_[np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2], x[:, 3] ** 2 - x[:, 0]]
    return MLPRegressor(hidden_layer_sizes=(30, 20), max_iter=300, random_state=0).fit(
        x[:1200], y[:1200]
    ), x


def layers_of(regressor):
    """Return the arrays, which do not say what they are for."""
    return [(w.T, b) for w, b in zip(regressor.coefs_, regressor.intercepts_, strict=True)]


def closeness(stack, regressor, x):
    """Return R2 to the source model's values."""
    return evaluate(stack, x, regressor.predict(x), **STEPS).r2


@pytest.mark.parametrize("encoding", ["host", "spikes", "chip"])
def test_a_regressors_values_are_kept(encoding, regressor):
    model, x = regressor
    stack = convert(model, calibration=x[:1200], encoding=encoding, effort="fast", **STEPS)
    assert stack.tuned.task == "regression"
    assert closeness(stack, model, x[1200:]) > 0.98


def test_where_nothing_says_it_values_are_worse_and_whoever_judges_them_is_told(regressor):
    model, x = regressor
    how = {"calibration": x[:1200], "effort": "fast", **STEPS}
    either, told = (
        convert(layers_of(model), **how),
        convert(layers_of(model), task="regression", **how),
    )
    assert either.tuned.task is None
    with pytest.warns(UserWarning, match="as if its linear outputs were logits .*task='regress"):
        worse = closeness(either, model, x[1200:])
    assert worse < closeness(told, model, x[1200:])
    with warnings.catch_warnings():  # as classes it is what tuning was for
        warnings.simplefilter("error")
        evaluate(either, x[1200:], model.predict(x[1200:]).argmax(axis=1), **STEPS)


def test_the_task_is_kept_in_the_file(tmp_path, regressor):
    model, x = regressor
    convert(model, calibration=x[:200], effort="fast", **STEPS).save(tmp_path / "stack.npz")
    assert DenseStack.load(tmp_path / "stack.npz").tuned.task == "regression"


def test_scikit_learn_says_what_its_models_are(regressor):
    model, x = regressor
    assert read_model(model).task == "regression"
    search = GridSearchCV(model.set_params(max_iter=300), {"alpha": [1e-4]}, cv=2)
    assert read_model(search.fit(x, model.predict(x))).task == "regression"


def test_logits_of_classes_alone_may_move_together(rng):
    targets = rng.randn(7, 3)
    classes = Distillation.for_targets(targets, "linear", "classification")
    values = Distillation.for_targets(targets, "linear", "regression")
    assert classes(targets + 5, targets)[0] == pytest.approx(0, abs=1e-9)
    assert values(targets + 5, targets)[0] > 1
    assert values.late
    assert not classes.late


def test_probabilities_are_no_values(rng):
    model = [(rng.randn(5, 3), np.zeros(5)), (rng.randn(2, 5), np.zeros(2), "softmax")]
    with pytest.raises(ValidationError, match=r"'regression' does not fit .* ends in a softmax"):
        convert(model, calibration=rng.rand(50, 3), task="regression", progress_bar=False)
    with pytest.raises(ValidationError, match="task: must be"):
        convert(model, calibration=rng.rand(50, 3), task="values", progress_bar=False)
