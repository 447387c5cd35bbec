import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import DenseSpec, Reference, SourceModel, forward, read_model
from nengo_dense.importers.comparison import random_inputs, spread_out
from nengo_dense.importers.form.operation import Activation, Affine, Scaling
from nengo_dense.importers.model_reference import MAX_SAMPLES, MIN_SAMPLES
from nengo_dense.importers.precision import PRECISIONS

W0, W1 = np.array([[1.0, -2.0], [0.5, 1.0], [-1.0, 1.0]]), np.array([[1.0, 2.0, -1.0]] * 2)
#: Logarithms of probabilities that float64 makes zero are no part of the test.
LEAST = -1e30
OPERATIONS = [
    Affine(W0, [0.1, -0.2, 0.3], "first"),
    Activation("relu", "first"),
    Affine(W1, [0.5, -0.5], "second"),
]


def hidden(x):
    return np.maximum(np.float32(x) @ np.float32(W0).T + np.float32([0.1, -0.2, 0.3]), 0)


def outputs(x):
    return hidden(x) @ np.float32(W1).T + np.float32([0.5, -0.5])


def source(run=outputs, operations=OPERATIONS, **settings):
    return SourceModel("The model", operations, reference=Reference(run, **settings))


def test_it_is_the_sequence_of_its_layers():
    model = SourceModel("The model", OPERATIONS)
    assert len(model) == 2
    assert [spec.label for spec in model] == ["first", "second"]
    assert model[-1] is model.layers[1]
    assert (model.n_in, model.n_out) == (2, 2)
    assert repr(model).startswith("<SourceModel The model: 2 → 3 → 2, linear; not compared")
    np.testing.assert_allclose(forward(model, [[1.0, 2.0]])[-1], outputs([[1.0, 2.0]]), rtol=1e-6)


def test_reading_it_gives_itself():
    model = source()
    assert read_model(model) is model


@pytest.mark.parametrize(
    ("classes", "kept"),
    [(["no", "yes"], ["no", "yes"]), ([7, 9], [7, 9]), (None, None), ([1, 2, 3], None)],
)
def test_the_classes_of_the_source_are_kept_if_there_is_one_an_output(classes, kept):
    model = SourceModel("The model", OPERATIONS, classes=classes)
    assert (None if model.classes is None else model.classes.tolist()) == kept


@pytest.mark.parametrize("x", [None, np.random.RandomState(1).normal(size=(1000, 2))])
def test_what_agrees_is_said_to(x):
    model = source()
    assert model.compared == "not compared yet"
    model.compare(x)
    what = "252 random" if x is None else f"{MAX_SAMPLES} calibration"
    assert model.compared.startswith(f"compared on {what} inputs: the largest difference is ")


def test_fewer_samples_of_a_large_model_are_compared_at_every_scale(rng):
    n, given = 1200, []
    weights = rng.normal(size=(n, n)).astype(np.float32)

    def run(x):
        given.append(x)
        return np.maximum(x @ weights.T, 0)

    model = source(run, [Affine(weights, None, "first"), Activation("relu", "first")])
    model.compare()
    assert model.compared.startswith(f"compared on {MIN_SAMPLES} random inputs")
    (x,) = given
    sizes = np.round(np.log10(np.sqrt(np.mean(x**2, axis=1)))).astype(int)
    assert set(sizes) >= set(range(-2, 3))


def test_a_difference_is_an_error_that_gives_its_size_and_its_values():
    model = source(lambda x: outputs(x) * np.array([1.0, 1.01], dtype=np.float32))
    x = np.array([[0.0, 0.0], [1.0, 3.0]])
    ours, theirs = outputs(x)[1, 1], outputs(x)[1, 1] * 1.01
    with pytest.raises(ConversionError, match="The model cannot be converted") as caught:
        model.compare(x)
    (problem,) = caught.value.problems
    assert "gives other outputs than the model itself: on 2 calibration inputs" in problem
    assert f"by up to {theirs - ours:.3g} (here {ours:.5g}, the model {theirs:.5g})" in problem
    assert f", {(theirs - ours) / outputs(x)[1, 0]:.2g} of its largest output" in problem
    assert "at which layer, it cannot say" in problem


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1, 1e3])
def test_small_differences_are_found_at_random_inputs_too(size):
    with pytest.raises(ConversionError, match="on 252 random inputs they differ"):
        source(lambda x: outputs(x) + size * (np.abs(x).max() < 0.05) + 1e-5).compare()


def test_the_first_layer_that_differs_is_named():
    def layers(x):
        h = hidden(x) * np.float32(1.5)
        return [("first", h), ("second", h @ np.float32(W1).T)]

    wrong = lambda x: layers(x)[-1][1]  # noqa: E731
    remarks = {"first": "it has a hook; remove it", "second": "not this one"}
    with pytest.raises(ConversionError, match="first layer that differs is 'first'") as caught:
        source(wrong, layers=layers, remarks=remarks).compare()
    assert caught.value.problems[1:] == ["it has a hook; remove it"]


def test_where_every_layer_agrees_the_rest_of_the_model_differs():
    layers = lambda x: [("first", hidden(x)), ("second", outputs(x))]  # noqa: E731
    with pytest.raises(ConversionError, match="each layer alone agrees, so that something else"):
        source(lambda x: -outputs(x), layers=layers).compare()


def test_a_layer_that_is_used_twice_is_compared_at_each_use():
    twice = [Affine(2 * np.eye(2), None, "d"), Activation("relu", "r")] * 2
    h1 = lambda x: np.maximum(2 * x, 0)  # noqa: E731
    layers = lambda x: [("d", 2 * x), ("r", h1(x)), ("d", 2 * h1(x)), ("r", 3 * h1(x))]  # noqa: E731
    with pytest.raises(ConversionError, match="first layer that differs is 'r'"):
        source(lambda x: 3 * h1(x), twice, layers=layers).compare()


def test_nan_is_a_difference():
    with pytest.raises(ConversionError, match="the model nan"):
        source(lambda x: np.where(x[:, :1] > 0, outputs(x), np.nan)).compare()


def test_another_shape_is_a_difference():
    with pytest.raises(ConversionError, match=r"shape \(252, 2\), the model itself \(252,\)"):
        source(lambda x: outputs(x).argmax(axis=1)).compare()


def test_a_slow_model_is_asked_for_fewer_samples():
    model = source(max_samples=7)
    model.compare()
    assert model.compared.startswith("compared on 7 random inputs")


@pytest.mark.parametrize("as_logarithm", [False, True])
def test_probabilities_and_their_logarithms_are_compared_as_they_are(as_logarithm):
    def run(x):
        powers = np.exp(outputs(x) - outputs(x).max(axis=1, keepdims=True))
        probability = powers / powers.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            return np.maximum(np.log(probability), LEAST) if as_logarithm else probability

    kind = "log_softmax" if as_logarithm else "softmax"
    operations = [*OPERATIONS, Activation(kind, "second")]
    source(run, operations).compare()
    with pytest.raises(ConversionError, match="other outputs than the model"):
        source(lambda x: run(x)[:, ::-1], operations).compare()


def test_one_probability_of_two_is_compared_with_the_second():
    operations = [Affine([[1.0, 2.0]], [0.1], "d"), Activation("sigmoid", "d")]
    run = lambda x: 1 / (1 + np.exp(-(x @ np.array([[1.0], [2.0]]) + 0.1)))  # noqa: E731
    with np.errstate(over="ignore"):
        model = source(run, operations, input_type="float64")
        model.compare()
        assert model.compared.startswith("compared on 252")
        with pytest.raises(ConversionError, match="other outputs"):
            source(lambda x: 1 - run(x), operations, input_type="float64").compare()


def test_values_beyond_the_range_of_the_model_are_left_out():
    half = {"input_type": "float16", "precision": PRECISIONS["float16"]}
    model = source(lambda x: outputs(np.float64(x)).astype(np.float16), **half)
    model.compare(np.array([[1.0, 2.0], [6e4, 6e4], [1e9, 0.0]]))
    assert "on 1 calibration inputs" in model.compared
    assert "2 beyond the range of its numbers left out" in model.compared
    model.compare(np.full((3, 2), 1e7))
    assert model.compared.startswith("not compared: on all 3 calibration inputs its values leave")


def test_integer_inputs_are_rounded_for_both_sides():
    seen = []

    def run(x):
        seen.append(x)
        return outputs(x)

    source(run, input_type="uint8").compare([[1.4, 300.0], [-5.0, 2.6]])
    np.testing.assert_array_equal(seen[0], [[1, 255], [0, 3]])


def test_without_a_reference_the_reason_is_said():
    model = SourceModel("The model", OPERATIONS, why_not="it is a poem")
    model.compare()
    assert model.compared == "not compared: it is a poem"
    assert read_model([DenseSpec(W0)]).compared == "not compared: the arrays are the model"


def test_a_model_that_fails_to_run_is_warned_of():
    model = source(lambda x: 1 / 0)
    with pytest.warns(UserWarning, match="The model could not be compared .*ZeroDivisionError"):
        model.compare()
    assert "it failed to run on random inputs" in model.compared


def test_a_difference_is_told_even_if_its_layer_cannot_be_found():
    with pytest.raises(ConversionError, match="at which layer, it cannot say"):
        source(lambda x: -outputs(x), layers=lambda x: 1 / 0).compare()


def test_inputs_that_cannot_be_used_are_refused():
    with pytest.raises(ValidationError, match=r"must have shape \(batch, 2\)"):
        source().compare(np.zeros((4, 3)))


def test_random_inputs_are_around_what_the_model_makes_zero_of():
    operations = [Scaling([0.01, 2.0], [-30.0, 0.0], "scale"), *OPERATIONS]
    x = random_inputs(operations, 2)
    assert len(x) <= MAX_SAMPLES
    scaled = x * [0.01, 2.0] + [-30.0, 0.0]
    sizes = np.abs(scaled).max(axis=1)
    assert sizes.min() < 0.05
    assert sizes.max() > 500
    assert np.any(np.all(scaled > 0, axis=1) & (sizes < 1))
    np.testing.assert_array_equal(x, random_inputs(operations, 2), "the same at every call")


def test_a_feature_that_is_scaled_away_does_no_harm():
    x = random_inputs([Scaling([0.0, 1.0], 0.0, "scale"), *OPERATIONS], 2)
    assert np.isfinite(x).all()


def test_compared_samples_are_taken_from_the_whole_set():
    x = np.arange(10_000.0)[:, None]
    taken = spread_out(x, 256)
    assert len(taken) == 256
    assert (taken[0, 0], taken[-1, 0]) == (0, 9999)
    np.testing.assert_array_equal(spread_out(x[:5], 256), x[:5])


def test_layers_without_an_activation_between_them_are_said_to_be_one_matrix():
    linear = [Affine(np.eye(2), None, name) for name in ("a", "b", "c")]
    model = SourceModel("The model", linear)
    with pytest.raises(ConversionError, match="layers 'a', 'b' and 'c' have no activation betwee"):
        model.check_neurons()
    with pytest.raises(ConversionError, match="it is one matrix, for which no neurons are needed"):
        SourceModel("The model", linear[:1]).check_neurons()
    source().check_neurons()


@pytest.mark.parametrize("head", ["softmax", "log_softmax", "sigmoid", "tanh", "relu", "linear"])
def test_logits_are_those_before_any_head(head, rng):
    weights = [rng.normal(size=(5, 3)), rng.normal(size=(4, 5))]
    x = rng.normal(size=(10, 3))
    model = read_model([(weights[0], None, "tanh"), (weights[1], None, head)])
    np.testing.assert_allclose(model.logits(x), np.tanh(x @ weights[0].T) @ weights[1].T)


def test_of_what_is_no_head_the_logits_are_the_outputs(rng):
    weights = [rng.normal(size=(5, 3)), rng.normal(size=(4, 5))]
    x = rng.normal(size=(10, 3))
    model = read_model([weights[0], (weights[1], None, "softplus")])
    np.testing.assert_array_equal(model.logits(x), forward(model, x)[-1])
