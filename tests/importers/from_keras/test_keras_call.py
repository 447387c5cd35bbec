"""Functions called in functional models, of Keras 2 and 3, live and from files."""

from types import SimpleNamespace

import numpy as np
import pytest
from keras_models import randomize

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model

keras = pytest.importorskip("keras", reason="functional models need Keras")
layers = keras.layers
IS_KERAS_3 = int(keras.__version__.split(".")[0]) >= 3
if IS_KERAS_3:
    math = keras.ops
    names = ("relu", "maximum", "softmax", "log_softmax", "sigmoid", "reshape", "squeeze")
    names += ("expand_dims", "cast", "matmul", "clip", "leaky_relu")
    f = SimpleNamespace(**{name: getattr(math, name) for name in names})
else:
    import tensorflow as tf

    f = SimpleNamespace(
        relu=tf.nn.relu,
        maximum=tf.maximum,
        softmax=tf.nn.softmax,
        log_softmax=tf.nn.log_softmax,
        sigmoid=tf.sigmoid,
        reshape=tf.reshape,
        squeeze=tf.squeeze,
        expand_dims=tf.expand_dims,
        cast=tf.cast,
        matmul=tf.matmul,
        clip=tf.clip_by_value,
        leaky_relu=tf.nn.leaky_relu,
    )

VECTOR = np.linspace(-1, 2, 6).astype(np.float32)
MATRIX = np.random.RandomState(0).normal(size=(6, 6)).astype(np.float32)


def D(n, activation=None):
    return layers.Dense(n, activation=activation)


def rest(x):
    return D(3)(D(8, "relu")(x))


MODELS = {
    "relu": lambda x: D(3)(f.relu(D(8)(x))),
    "activations.relu": lambda x: D(3)(keras.activations.relu(D(8)(x))),
    "maximum": lambda x: D(3)(f.maximum(D(8)(x), 0.0)),
    "maximum of zero first": lambda x: D(3)(f.maximum(0.0, D(8)(x))),
    "leaky_relu of 0": lambda x: D(3)(f.leaky_relu(D(8)(x), 0.0)),
    "relu at the end": lambda x: f.relu(rest(x)),
    "softmax": lambda x: f.softmax(rest(x), axis=-1),
    "log_softmax": lambda x: f.log_softmax(rest(x)),
    "activations.softmax": lambda x: keras.activations.softmax(rest(x)),
    "x / 255": lambda x: rest(x / 255.0),
    "(x - 3) * 2 + 1": lambda x: rest((x - 3.0) * 2.0 + 1.0),
    "1 - x": lambda x: rest(1.0 - x),
    "-x": lambda x: rest(-x),
    "vectors": lambda x: rest((x - VECTOR) / (VECTOR + 2)),
    "matrix": lambda x: rest(f.matmul(x, MATRIX)),
    "logits / T": lambda x: layers.Softmax()(rest(x) / 2.0),
    "cast": lambda x: rest(f.cast(x, "float32")),
    "reshape": lambda x: rest(f.reshape(x, (-1, 6))),
    "reshape there and back": lambda x: rest(f.reshape(f.reshape(x, (-1, 2, 3)), (-1, 6))),
    "expand and squeeze": lambda x: rest(f.squeeze(f.expand_dims(x, 1), 1)),
    "dense on an axis of one": lambda x: layers.Flatten()(rest(f.expand_dims(x, 1))),
    "image": lambda x: rest(layers.Flatten()(f.reshape(x, (-1, 2, 3)) * VECTOR[:3] / 0.5)),
}


def make(function, seed=0):
    inputs = layers.Input((6,))
    return randomize(keras.Model(inputs, function(inputs)), seed)


@pytest.mark.parametrize("name", MODELS)
def test_functions_between_layers_are_read(name, assert_computes):
    model = make(MODELS[name])

    source = assert_computes(model, lambda x: model.predict(x, verbose=0), (6,))
    assert len(source) == 2, "it becomes part of the layers that are there"


EINSUM = [
    ("ab,bc->ac", "c", "relu"),
    ("ij,jk->ik", None, "relu"),
    ("...x,xy->...y", "y", "relu"),
    ("ab,cb->ac", "c", "relu"),
]


@pytest.mark.parametrize(("equation", "bias", "activation"), EINSUM)
def test_an_einsum_of_vectors_is_a_dense_layer(equation, bias, activation, assert_computes):
    def function(x):
        settings = {"output_shape": 8, "bias_axes": bias, "activation": activation}
        return D(3)(layers.EinsumDense(equation, **settings)(x))

    model = make(function)
    source = assert_computes(model, lambda x: model.predict(x, verbose=0), (6,))
    assert [spec.n_out for spec in source] == [8, 3]


@pytest.mark.skipif(not IS_KERAS_3, reason="functions of Keras 3")
@pytest.mark.parametrize("name", ["squareplus", "sparse_plus", "sparse_sigmoid"])
def test_activations_of_keras_3_are_read_by_name_and_as_functions(name, rng):
    x = rng.normal(size=(20, 6)).astype(np.float32)
    for function in (
        lambda x: D(3)(D(8, name)(x)),
        lambda x: D(3)(getattr(keras.ops, name)(D(8)(x))),
    ):
        model = make(function)
        source = read_model(model)
        source.compare(x)
        expected = model.predict(x, verbose=0)
        np.testing.assert_allclose(forward(source, x)[-1], expected, atol=1e-5)


@pytest.mark.skipif(not IS_KERAS_3, reason="functions of Keras 3")
@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("hard_shrink", "hard_shrink' is not supported; it jumps, and .* retrain with 'soft_shr"),
        ("threshold", "threshold' is not supported; it jumps"),
        ("sparsemax", "sparsemax' is not supported; it depends on the whole vector"),
    ],
)
def test_activations_without_a_form_in_rectifiers_are_refused_with_the_reason(name, match):
    with pytest.raises(ConversionError, match=match):
        read_model(make(lambda x: D(3)(D(8, name)(x))))


@pytest.mark.parametrize("kind", [".keras", ".h5"])
@pytest.mark.parametrize(
    "name", ["relu", "(x - 3) * 2 + 1", "1 - x", "vectors", "maximum of zero first", "reshape"]
)
def test_they_are_read_from_files_too(name, kind, rng, tmp_path):
    model = make(MODELS[name])
    path = tmp_path / f"m{kind}"
    save = {"save_format": "keras_v3"} if kind == ".keras" and not IS_KERAS_3 else {}
    model.save(path, **save)
    x = rng.normal(size=(20, 6)).astype(np.float32)
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(forward(read_model(path), x)[-1], expected, atol=1e-5, rtol=1e-5)


def test_a_sigmoid_at_the_end_gives_both_classes(rng):
    model = make(lambda x: f.sigmoid(D(1)(D(8, "relu")(x))))
    source = read_model(model)
    source.compare()
    x = rng.normal(size=(20, 6)).astype(np.float32)
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(forward(source, x)[-1][:, 1:], expected, atol=1e-6)


@pytest.mark.parametrize("finish", [lambda y: f.squeeze(y, -1), lambda y: f.reshape(y, (-1,))])
def test_one_output_may_lose_its_axis(finish):
    source = read_model(make(lambda x: finish(D(1)(D(8, "relu")(x)))))
    source.compare()
    assert source.compared.startswith("compared on")


def test_a_layer_that_is_used_twice_keeps_the_arguments_of_each_use(assert_computes):
    dense = D(6)
    model = make(lambda x: D(3)(f.relu(dense(f.relu(dense(x / 2.0)) / 3.0))))
    assert_computes(model, lambda x: model.predict(x, verbose=0), (6,))


@pytest.mark.parametrize(
    ("function", "match"),
    [
        (lambda x: rest(1.0 / (x + 20.0)), "divides by its input; only products are linear"),
        (lambda x: D(3)(f.clip(D(8)(x), 6, 0)), "where nothing is left"),
        (lambda x: rest(f.cast(f.cast(x, "int32"), "float32")), "a cast to int32 is not supporte"),
        (lambda x: rest(f.reshape(f.reshape(x, (-1, 3)), (-1, 6))), "6 features cannot be resha"),
        (lambda x: f.softmax(rest(x), axis=0), "a softmax over axis 0"),
        (lambda x: rest(x) ** 0.5, "the power 0.5 is not continuous over all numbers"),
    ],
)
def test_what_no_affine_map_and_no_relu_is_is_refused(function, match):
    with pytest.raises(ConversionError, match=match):
        read_model(make(function))


@pytest.mark.parametrize(
    "merge",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: layers.Concatenate()([a, b]),
        lambda a, b: layers.Average()([a, b]),
        lambda a, b: layers.Subtract()([a, b]),
        lambda a, b: layers.Maximum()([a, b]),
        lambda a, b: layers.Minimum()([a, b]),
    ],
)
def test_branches_are_merged_as_they_are(merge, tmp_path):
    model = make(lambda x: D(3)(merge(D(4, "relu")(x), D(4)(D(5, "tanh")(x)))))
    source = read_model(model)
    source.compare()
    assert source.compared.startswith("compared on")
    settings = {} if IS_KERAS_3 else {"save_format": "keras_v3"}
    model.save(tmp_path / "m.keras", **settings)
    x = np.random.RandomState(0).randn(5, 6)
    from_file = read_model(tmp_path / "m.keras").form.forward(x)
    for values, same in zip(from_file.values(), source.form.forward(x).values(), strict=True):
        np.testing.assert_allclose(values, same, rtol=1e-12)
