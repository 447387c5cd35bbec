import warnings

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model

pytest.importorskip("sklearn", reason="reading scikit-learn estimators needs scikit-learn")

from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_transformer
from sklearn.decomposition import PCA, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection


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


def assert_reads(model, x):
    source = read_model(model)
    ask = model.predict_proba if hasattr(model, "predict_proba") else model.predict
    expected = np.asarray(ask(x)).reshape(len(x), -1)
    np.testing.assert_allclose(forward(source, x)[-1], expected, atol=1e-9, rtol=1e-9)
    source.compare(x)
    assert source.compared.startswith("compared on")
    return source


@pytest.mark.parametrize(
    "scaler",
    [
        MinMaxScaler(clip=True),
        MinMaxScaler((-1, 2), clip=True),
        make_pipeline(MinMaxScaler(clip=True), PCA(3)),
        make_pipeline(StandardScaler(), MinMaxScaler(clip=True), "passthrough"),
    ],
    ids=str,
)
def test_scalers_that_clip_are_rectifiers_of_the_inputs(scaler, x, rng):
    model = trained(make_pipeline(scaler, classifier()), x[:40] / 2, rng.randint(3, size=40))
    source = assert_reads(model, x)
    assert [spec.activation for spec in source[:2]] == ["clip", "relu"]
    form = source.normal_form()
    assert {spec.activation for spec in form.layers[:-1]} == {"relu"}
    np.testing.assert_allclose(forward(form.layers, x)[-1], model.predict_proba(x), atol=1e-9)


@pytest.mark.skipif(not hasattr(MaxAbsScaler(), "clip"), reason="an earlier scikit-learn")
def test_what_is_scaled_by_its_largest_value_may_be_clipped(x, rng):
    scaler = MaxAbsScaler(clip=True)
    model = trained(make_pipeline(scaler, classifier()), x[:40] / 2, rng.randint(3, size=40))
    assert assert_reads(model, x)[0].activation == "clip"


def test_several_labels_have_a_sigmoid_each(x, rng):
    model = trained(classifier(), x, rng.randint(2, size=(len(x), 3)))
    assert assert_reads(model, x)[-1].activation == "sigmoid"


@pytest.mark.parametrize("activation", ["tanh", "logistic"])
def test_smooth_hidden_activations_are_kept(activation, x, rng):
    model = trained(classifier(activation=activation), x, rng.randint(3, size=len(x)))
    expected = "tanh" if activation == "tanh" else "sigmoid"
    assert [spec.activation for spec in assert_reads(model, x)] == [expected] * 2 + ["softmax"]


TRANSFORMERS = {
    "PCA": PCA(3),
    "whitening": PCA(3, whiten=True),
    "incremental": IncrementalPCA(3),
    "SVD": TruncatedSVD(2),
    "ICA": FastICA(3, random_state=0),
    "discriminant": LinearDiscriminantAnalysis(),
    "discriminant of eigenvalues": LinearDiscriminantAnalysis(solver="eigen"),
    "best": SelectKBest(k=3),
    "varying": VarianceThreshold(0.1),
    "imputer": SimpleImputer(),
    "function of nothing": FunctionTransformer(),
    "columns": make_column_transformer(
        (StandardScaler(), [0, 3]), (MinMaxScaler(), slice(1, 3)), remainder="passthrough"
    ),
    "dropped": make_column_transformer((PCA(2), [0, 3, 4]), ("drop", [1])),
    "union": make_union(PCA(2), SelectKBest(k=3)),
    "weighted union": FeatureUnion(
        [("p", PCA(2)), ("k", SelectKBest(k=3))], transformer_weights={"p": 3.0}
    ),
    "weighted columns": ColumnTransformer(
        [("s", StandardScaler(), [4, 2]), ("p", "passthrough", [1])],
        remainder=MaxAbsScaler(),
        transformer_weights={"s": 2.0, "p": -0.5, "remainder": 3.0},
    ),
    "columns taken twice": ColumnTransformer(
        [("s", StandardScaler(), [4, 4, -1]), ("p", "passthrough", [1, 0, 1])]
    ),
    "projection": GaussianRandomProjection(3, random_state=0),
    "sparse projection": SparseRandomProjection(3, random_state=0),
    "pipeline in columns": make_column_transformer(
        (make_pipeline(StandardScaler(), PCA(2)), [0, 1, 2])
    ),
}


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_affine_transformers_are_folded_into_the_first_layer(name, x, rng):
    model = make_pipeline(StandardScaler(), clone(TRANSFORMERS[name]), classifier())
    trained(model, x, rng.randint(4, size=len(x)))
    assert len(assert_reads(model, x)) == 3


def test_columns_may_be_named(x, rng):
    pandas = pytest.importorskip("pandas", reason="columns have names in data frames")
    frame = pandas.DataFrame(x, columns=list("abcde"))
    columns = make_column_transformer((StandardScaler(), ["d", "a"]), (MinMaxScaler(), ["b"]))
    model = trained(make_pipeline(columns, classifier()), frame, rng.randint(3, size=80))
    source = read_model(model)
    expected = model.predict_proba(frame)
    np.testing.assert_allclose(forward(source, x)[-1], expected, atol=1e-9)


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), None], ids=str)
def test_scaled_targets_are_scaled_back(scaler, x, rng):
    regressor = MLPRegressor(hidden_layer_sizes=(8,), max_iter=5, random_state=0)
    model = TransformedTargetRegressor(regressor, transformer=scaler)
    assert len(assert_reads(trained(model, x, rng.normal(5, 3, size=len(x))), x)) == 2


def test_transformer_that_is_no_affine_map_is_left_out_as_the_message_says(x, rng):
    steps = [StandardScaler(), PolynomialFeatures(2), StandardScaler(), classifier()]
    pipeline = trained(make_pipeline(*steps), x, rng.randint(3, size=len(x)))
    way_out = r"from step n on: convert\(pipeline\[n:\], .*pipeline\[:n\].transform\(x\)"
    with pytest.raises(ConversionError, match=way_out):
        assert_reads(pipeline, x)
    assert_reads(pipeline[2:], pipeline[:2].transform(x))


@pytest.mark.parametrize(
    ("transformer", "match"),
    [
        (PolynomialFeatures(2), "PolynomialFeatures is not supported; apply it to the data"),
        (QuantileTransformer(n_quantiles=5), "QuantileTransformer is not supported; apply it"),
        (FunctionTransformer(np.arctan), "it calls .* whose code is not read"),
        (SimpleImputer(add_indicator=True), "add_indicator=True adds features"),
        (SimpleImputer(missing_values=0.0), "it replaces every value 0.0"),
        (
            make_column_transformer((QuantileTransformer(n_quantiles=5), [0]), (PCA(1), [1, 2])),
            "in it 'quantiletransformer': QuantileTransformer is not supported",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
def test_transformers_that_are_no_affine_map_are_named(transformer, match, x, rng):
    model = trained(make_pipeline(transformer, classifier()), x, rng.randint(3, size=len(x)))
    with pytest.raises(ConversionError, match=match):
        read_model(model)


def test_targets_that_are_bent_are_refused(x, rng):
    regressor = MLPRegressor(hidden_layer_sizes=(8,), max_iter=5, random_state=0)
    model = TransformedTargetRegressor(regressor, func=np.log, inverse_func=np.exp)
    trained(model, x, rng.uniform(1, 2, size=len(x)))
    match = "target', a FunctionTransformer: it calls <ufunc 'exp'>; give the regressor_ alone"
    with pytest.raises(ConversionError, match=match):
        read_model(model)


def test_targets_that_are_mixed_are_refused(x, rng):
    regressor = MLPRegressor(hidden_layer_sizes=(8,), max_iter=5, random_state=0)
    model = TransformedTargetRegressor(regressor, transformer=PCA(2), check_inverse=False)
    trained(model, x, rng.uniform(1, 2, size=(len(x), 3)))
    with pytest.raises(ConversionError, match="only scalers of targets are taken back"):
        read_model(model)


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
            ("clipped", ColumnTransformer([("a", MinMaxScaler(clip=True), [0, 1])])),
            ("bins", KBinsDiscretizer(2, encode="ordinal")),
            ("line", LogisticRegression()),
        ]
    )
    model.fit(x, rng.randint(2, size=len(x)))
    with pytest.raises(ConversionError, match="with clip=True it is not linear") as caught:
        read_model(model)
    for name in ("'clipped'", "'bins': KBinsDiscretizer", "'line': LogisticRegression"):
        assert any(name in problem for problem in caught.value.problems)


@pytest.mark.parametrize("search_class", [GridSearchCV, RandomizedSearchCV])
def test_a_search_is_read_as_its_best_estimator(search_class, x, rng):
    settings = {"n_iter": 1} if search_class is RandomizedSearchCV else {}
    search = search_class(classifier(), {"alpha": [0.1]}, cv=2, **settings)
    trained(search, x, rng.randint(2, size=len(x)))
    source = assert_reads(search, x)
    assert source.classes.tolist() == [0, 1]


class Trainer(ClassifierMixin, BaseEstimator):
    """As skorch's classes are."""

    def fit(self, x, y):
        self.module_ = "a module of PyTorch"
        return self


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (Trainer(), "it trains a PyTorch module; give that, its module_"),
        (RidgeClassifierCV(), "one nengo.Connection, with its coef_ as transform"),
        (RandomForestClassifier(2), "only multi-layer perceptrons are converted"),
    ],
)
def test_what_has_no_perceptron_in_it_is_told_so(model, match, x, rng):
    with pytest.raises(ConversionError, match=match):
        read_model(model.fit(x, np.arange(len(x)) % 2))


def test_a_search_that_found_nothing_is_to_be_fitted():
    search = GridSearchCV(classifier(), {"alpha": [0.1]}, refit=False)
    with pytest.raises(ConversionError, match="no best_estimator_; call its fit first, with"):
        read_model(search)


def test_the_part_of_a_tuned_threshold_that_is_named_can_be_read(x, rng):
    selection = pytest.importorskip("sklearn.model_selection")
    if not hasattr(selection, "TunedThresholdClassifierCV"):
        pytest.skip("scikit-learn 1.5 has it")
    search = selection.TunedThresholdClassifierCV(classifier(), cv=2)
    model = trained(search, x, rng.randint(2, size=len(x)))
    with pytest.raises(ConversionError, match="such as its estimator_,"):
        read_model(model)
    assert_reads(model.estimator_, x)


def test_a_part_of_calibrated_classifiers_that_is_named_can_be_read(x, rng):
    model = trained(CalibratedClassifierCV(classifier(), cv=2), x, rng.randint(2, size=len(x)))
    with pytest.raises(ConversionError, match=r"its calibrated_classifiers_\[0\]\.estimator"):
        read_model(model)
    assert_reads(model.calibrated_classifiers_[0].estimator, x)


def test_a_frozen_estimator_is_read_as_what_it_holds(x, rng):
    model = trained(make_pipeline(StandardScaler(), classifier()), x, rng.randint(2, size=len(x)))
    FrozenEstimator = pytest.importorskip("sklearn.frozen", reason="of 1.6").FrozenEstimator
    frozen = FrozenEstimator(make_pipeline(FrozenEstimator(model[0]), model[1]))
    assert assert_reads(frozen, x).classes.tolist() == [0, 1]


def test_an_output_without_a_name_here_is_refused(x, rng):
    model = trained(MLPRegressor(hidden_layer_sizes=(8,), max_iter=5), x, rng.normal(size=80))
    model.out_activation_ = "cubic"
    with pytest.raises(ConversionError, match="activation 'cubic' is not supported"):
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


class Careful(MLPClassifier):
    """Says yes where that is not unlikely."""

    def predict(self, X):
        likely = self.predict_proba(X) > 0.3
        return (
            likely.astype(int) if self.out_activation_ == "logistic" else likely[:, 1].astype(int)
        )


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        ([[0, 1], [1, 1], [1, 0]], "the labels that are likelier than not"),
        ([0, 1, 2], "the likeliest classes"),
    ],
)
def test_a_subclass_that_decides_otherwise_is_told_of(labels, what, x, rng):
    y = np.array(labels)[rng.randint(3, size=len(x))]
    model = make_pipeline(StandardScaler(), Careful(hidden_layer_sizes=(8,), max_iter=5))
    trained(model, x, y)
    with pytest.warns(UserWarning, match=rf"predict\(\) of this Careful answers is not {what}"):
        read_model(model).compare(x)


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


@pytest.mark.parametrize("before", [(), (StandardScaler(),)], ids=["alone", "pipeline"])
def test_a_classifier_that_also_transforms_is_none_at_the_end(before, x, rng):
    model = make_pipeline(*before, LinearDiscriminantAnalysis()).fit(x, rng.randint(3, size=80))
    match = "LinearDiscriminantAnalysis is read as a transformer alone"
    with pytest.raises(ConversionError, match=match):
        read_model(model if before else model[-1])


def test_a_vote_of_several_models_is_no_step_of_the_data():
    from sklearn.ensemble import VotingClassifier

    x, y = np.random.RandomState(0).normal(size=(30, 4)), np.arange(30) % 2
    vote = VotingClassifier([("a", MLPClassifier((3,), max_iter=300, tol=1.0))]).fit(x, y)
    with pytest.raises(
        ConversionError,
        match=r"VotingClassifier is not supported; convert what it made .*rs_\[0\]",
    ):
        read_model(vote)
