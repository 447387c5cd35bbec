import warnings

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model

pytest.importorskip("sklearn", reason="reading scikit-learn estimators needs scikit-learn")

from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler


@pytest.fixture
def x(rng):
    return rng.normal(1.0, 3.0, size=(80, 5))


def trained(estimator, x, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a few steps are training enough
        return estimator.fit(x, y)


def classifier(**settings):
    return MLPClassifier(hidden_layer_sizes=(8, 6), max_iter=5, random_state=0, **settings)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_classifiers(x, rng, n_classes, activation):
    model = trained(classifier(activation=activation), x, rng.randint(n_classes, size=len(x)))
    specs = read_model(model)
    assert len(specs) == (3 if activation == "relu" else 1)
    np.testing.assert_allclose(forward(specs, x)[-1], model.predict_proba(x), atol=1e-9)


@pytest.mark.parametrize("n_out", [1, 3])
def test_regressors(x, rng, n_out):
    model = trained(
        MLPRegressor(hidden_layer_sizes=(8,), max_iter=5, random_state=0),
        x,
        rng.normal(size=(80, n_out)).squeeze(),
    )
    expected = model.predict(x).reshape(len(x), -1)
    np.testing.assert_allclose(forward(read_model(model), x)[-1], expected, atol=1e-9)


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        MinMaxScaler((-1, 2)),
        MaxAbsScaler(),
        RobustScaler(),
        RobustScaler(with_centering=False),
        RobustScaler(with_scaling=False),
        make_pipeline(StandardScaler(), "passthrough", MinMaxScaler()),
    ],
    ids=str,
)
def test_scalers_are_folded_into_the_first_layer(scaler, x, rng):
    model = trained(make_pipeline(scaler, classifier()), x, rng.randint(3, size=len(x)))
    specs = read_model(model)
    assert len(specs) == 3
    np.testing.assert_allclose(forward(specs, x)[-1], model.predict_proba(x), atol=1e-9)


def test_multilabel_is_refused(x, rng):
    model = trained(classifier(), x, rng.randint(2, size=(len(x), 3)))
    with pytest.raises(ConversionError, match="a sigmoid of 3 units is 3 independent"):
        read_model(model)


@pytest.mark.parametrize("activation", ["tanh", "logistic"])
def test_hidden_activations_without_a_rate_are_refused(activation, x, rng):
    model = trained(classifier(activation=activation), x, rng.randint(3, size=len(x)))
    with pytest.raises(ConversionError, match="retrain with 'relu'") as caught:
        read_model(model)
    assert len(caught.value.problems) == 2, "both hidden layers are named"


@pytest.mark.parametrize(
    "model",
    [MLPClassifier(), Pipeline([("scale", StandardScaler()), ("mlp", MLPRegressor())])],
    ids=["alone", "pipeline"],
)
def test_untrained_estimators_are_refused(model):
    with pytest.raises(ConversionError, match="is not trained; call its fit first"):
        read_model(model)


def test_every_step_that_cannot_be_converted_is_listed(x, rng):
    model = Pipeline(
        [
            ("clipped", MinMaxScaler(clip=True)),
            ("components", PCA(2)),
            ("line", LogisticRegression()),
        ]
    )
    model.fit(x, rng.randint(2, size=len(x)))
    with pytest.raises(
        ConversionError, match="'clipped', a MinMaxScaler with clip=True"
    ) as caught:
        read_model(model)
    for name in ("'clipped'", "'components': PCA", "'line': LogisticRegression"):
        assert any(name in problem for problem in caught.value.problems)


def test_a_search_points_to_its_best_estimator(x, rng):
    search = GridSearchCV(classifier(), {"alpha": [0.1]}, cv=2)
    trained(search, x, rng.randint(2, size=len(x)))
    with pytest.raises(ConversionError, match="is a search; give its best_estimator_"):
        read_model(search)
    assert len(read_model(search.best_estimator_)) == 3


def test_an_output_without_a_name_here_is_refused(x, rng):
    model = trained(MLPRegressor(hidden_layer_sizes=(8,), max_iter=5), x, rng.normal(size=80))
    model.out_activation_ = "exp"
    with pytest.raises(ConversionError, match="activation 'exp' is not supported"):
        read_model(model)


@pytest.mark.parametrize("labels", [[0, 1, 2], [3, 5, 9], ["barbera", "barolo", "grignolino"]])
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_classes_are_kept_as_the_source_has_them(labels, in_pipeline, x, rng):
    model = make_pipeline(StandardScaler(), classifier()) if in_pipeline else classifier()
    trained(model, x, np.array(labels)[rng.randint(3, size=len(x))])
    source = read_model(model)
    assert source.classes.tolist() == labels
    answers = source.classes[forward(source, x)[-1].argmax(axis=1)]
    np.testing.assert_array_equal(answers, model.predict(x))


def test_two_classes_of_one_output_are_kept_in_their_order(x, rng):
    model = trained(classifier(), x, np.where(rng.randint(2, size=len(x)), "yes", "no"))
    source = read_model(model)
    assert source.classes.tolist() == ["no", "yes"]
    assert source.n_out == 2


def test_a_regressor_has_no_classes(x, rng):
    model = trained(MLPRegressor(hidden_layer_sizes=(8,), max_iter=5), x, rng.normal(size=80))
    assert read_model(model).classes is None


@pytest.mark.parametrize(
    "make", [lambda: classifier(), lambda: MLPRegressor(hidden_layer_sizes=(8,), max_iter=5)]
)
@pytest.mark.parametrize("n_out", [2, 3])
def test_estimators_are_compared_with_themselves(make, n_out, x, rng):
    model = make_pipeline(StandardScaler(), make())
    y = rng.randint(n_out, size=len(x))
    trained(model, x, y if hasattr(model[-1], "predict_proba") else np.eye(n_out)[y])
    source = read_model(model)
    for inputs in (None, x):
        source.compare(inputs)
        assert source.compared.startswith("compared on")
        assert float(source.compared.rpartition(" ")[2]) < 1e-10


def test_a_subclass_that_computes_something_else_is_found(x, rng):
    class Doubled(MLPRegressor):
        def predict(self, X):
            return 2 * super().predict(X)

    model = make_pipeline(StandardScaler(), Doubled(hidden_layer_sizes=(8,), max_iter=5))
    trained(model, x, rng.normal(size=80))
    with pytest.raises(ConversionError, match="each layer alone agrees"):
        read_model(model).compare()


def test_a_step_that_computes_something_else_is_named(x, rng):
    class Shifted(StandardScaler):
        def transform(self, X):
            return super().transform(X) + 1

    model = Pipeline([("plain", MaxAbsScaler()), ("shift", Shifted()), ("mlp", classifier())])
    trained(model, x, rng.randint(3, size=len(x)))
    with pytest.raises(ConversionError, match="the first layer that differs is 'shift'"):
        read_model(model).compare()


def test_feature_names_are_given_back_to_the_estimator(x, rng):
    pandas = pytest.importorskip("pandas", reason="names of features come from data frames")
    frame = pandas.DataFrame(x, columns=list("abcde"))
    model = trained(make_pipeline(StandardScaler(), classifier()), frame, rng.randint(3, size=80))
    source = read_model(model)
    source.compare(x)
    assert source.compared.startswith("compared on")


def test_a_last_relu_is_kept(x, rng):
    model = trained(MLPRegressor(hidden_layer_sizes=(8,), max_iter=5), x, rng.normal(size=80))
    model.out_activation_ = "relu"
    source = read_model(model)
    assert source[-1].activation == "relu"
    source.compare(x)
    np.testing.assert_allclose(forward(source, x)[-1][:, 0], model.predict(x))
