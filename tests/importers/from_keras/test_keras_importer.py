import numpy as np
import pytest
from keras_models import MODELS, randomize

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model

keras = pytest.importorskip("keras", reason="live Keras models need Keras")
layers = keras.layers
is_keras_3 = int(keras.__version__.split(".")[0]) >= 3


def predict(model):
    return lambda x: model.predict(x, verbose=0)


def sequential(*stack, n_in=6):
    return randomize(keras.Sequential([layers.Input((n_in,)), *stack]))


@pytest.mark.parametrize("name", MODELS)
def test_layers_compute_what_keras_predicts(name, assert_computes):
    model = MODELS[name](keras, layers)
    if name != "adapted_normalization":
        randomize(model)
    assert_computes(model, predict(model), model.input_shape[1:])


def test_normalization_inverted(assert_computes):
    inverse = layers.Normalization(mean=1.5, variance=4.0, axis=None, invert=True)
    model = sequential(inverse, layers.Dense(3))
    assert_computes(model, predict(model), (6,))


def test_linear_hidden_layers_are_merged(assert_computes):
    model = sequential(layers.Dense(5), layers.Dense(4), layers.ReLU(), layers.Dense(3))
    specs = assert_computes(model, predict(model), (6,))
    assert specs[0].label.count("+") == 1
    assert [(spec.n_in, spec.n_out) for spec in specs] == [(6, 4), (4, 3)]


def test_final_sigmoid_of_one_unit_gives_both_classes(rng):
    model = sequential(layers.Dense(5, activation="relu"), layers.Dense(1, activation="sigmoid"))
    x = rng.normal(size=(9, 6)).astype(np.float32)
    output = forward(read_model(model), x)[-1]
    np.testing.assert_allclose(output[:, 1:], predict(model)(x), atol=1e-6)
    np.testing.assert_allclose(output.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("stack", "match"),
    [
        (lambda: [layers.Dense(3), layers.ReLU(threshold=0.1)], "it jumps at its threshold 0.1"),
        (lambda: [layers.Lambda(lambda x: x), layers.Dense(3)], "Lambda .* Python code, which is"),
        (
            lambda: [layers.Dense(3, activation=lambda x: x)],
            "activation '<lambda>' .* Python code",
        ),
        (lambda: [layers.LayerNormalization(), layers.Dense(3)], "retrain with batch norm"),
        (lambda: [layers.Softmax(), layers.Dense(3)], "a softmax comes before the first dense"),
        (
            lambda: [layers.Dense(3), layers.Softmax(), layers.Dense(3)],
            "softmax must be the last operation, but layer 'dense",
        ),
        (
            lambda: [layers.Reshape((2, 3)), layers.Softmax(), layers.Flatten()],
            r"a softmax over axis -1 of shape \(2, 3\); it must be over the whole output vector",
        ),
        (
            lambda: [layers.Reshape((2, 3)), layers.Flatten("channels_first"), layers.Dense(3)],
            "data_format 'channels_first' reorders",
        ),
        (
            lambda: [layers.Dense(4, activation=layers.PReLU()), layers.Dense(3)],
            "the slopes of a PReLU are not among its weights; make it a layer",
        ),
        (
            lambda: [layers.Reshape((6, 1)), layers.LSTM(4), layers.Dense(3)],
            "LSTM is not supported; a dense stack has no recurrence",
        ),
    ],
)
def test_what_cannot_be_converted_is_named(stack, match):
    with pytest.raises(ConversionError, match=match):
        read_model(sequential(*stack()))


@pytest.mark.skipif(not is_keras_3, reason="functions of Keras 3")
def test_a_constant_that_makes_more_of_its_values_is_refused_as_such():
    x = keras.Input((6,))
    rows = keras.ops.expand_dims(layers.Dense(4, activation="relu")(x), 1) * np.ones((1, 2, 1))
    with pytest.raises(ConversionError, match=r"shape \(2, 1\) does not fit .* \(1, 4\); repeat"):
        read_model(keras.Model(x, layers.Dense(2)(layers.Flatten()(rows))))


def test_every_layer_that_cannot_be_converted_is_listed():
    model = keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(2, 3, name="convolution"),
            layers.MaxPooling2D(name="pooling"),
            layers.Flatten(),
            layers.Dense(4, activation=lambda x: x, name="code"),
            layers.LayerNormalization(name="normalization"),
            layers.Dense(2),
        ]
    )
    with pytest.raises(ConversionError, match="Keras model") as caught:
        read_model(model)
    problems = caught.value.problems
    for name in ("convolution", "pooling", "code", "normalization"):
        assert sum(repr(name) in problem for problem in problems) == 1
    assert len(problems) == 4


def test_in_a_branch_too_every_problem_is_named():
    inputs = layers.Input((6,))
    x = layers.LayerNormalization(name="branch")(layers.Dense(6)(inputs))
    x = layers.Add(name="sum")([inputs, x])
    with pytest.raises(
        ConversionError, match="'branch': LayerNormalization is not supp"
    ) as caught:
        read_model(keras.Model(inputs, layers.Dense(3)(x)))
    assert len(caught.value.problems) == 1, "what is whole is not said to be broken"


def test_several_outputs_are_read_by_name():
    inputs = layers.Input((6,))
    x = layers.Dense(4, "relu")(inputs)
    outputs = [layers.Dense(3, "softmax", name="a")(x), layers.Dense(2, name="b")(x)]
    source = read_model(keras.Model(inputs, outputs))
    source.compare()
    assert {k: o.head for k, o in source.form.outputs.items()} == {"a": "softmax", "b": "linear"}
    assert source.compared.startswith("compared on 2")


def test_a_subclass_is_not_taken_for_what_it_is_called():
    class Dense(layers.Dense):
        def call(self, inputs):
            return -super().call(inputs)

    with pytest.raises(ConversionError, match="custom class 'Dense'"):
        read_model(sequential(Dense(3)))


@pytest.mark.parametrize("module", [__name__, "data_frame"])
def test_a_subclassed_model_is_refused(module):
    """Also of a module of the user's that has no name for the whole of Keras."""

    class Network(keras.Model):
        __module__ = module

        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, inputs):
            return self.dense(inputs)

    model = Network()
    model(np.ones((1, 6), dtype=np.float32))
    with pytest.raises(ConversionError, match=r"make a keras\.Sequential of its layers"):
        read_model(model)


def test_a_single_layer_is_no_model():
    with pytest.raises(ConversionError, match="a Dense has no configuration to read"):
        read_model(layers.Dense(3))


def test_a_model_that_is_not_built_says_so():
    match = r"converted: it has no weights; if .* not built, call it once|has no layers"
    with pytest.raises(ConversionError, match=match):
        read_model(keras.Sequential([layers.Dense(3)]))


def test_nan_weights_are_refused():
    model = sequential(layers.Dense(3, name="diverged"))
    model.set_weights([np.full((6, 3), np.nan), np.zeros(3)])
    with pytest.raises(
        ConversionError, match="'diverged': 18 of 18 values of its weights are NaN"
    ):
        read_model(model)


@pytest.mark.skipif(not is_keras_3, reason="Keras 3 has quantization")
def test_quantized_layers_are_refused():
    model = sequential(layers.Dense(3, name="small"))
    model.layers[-1].quantize("int8")
    with pytest.raises(ConversionError, match=r"'small' is quantized \(int8\); give"):
        read_model(model)


@pytest.mark.skipif(not is_keras_3, reason="Keras 3 has quantization")
def test_quantized_products_are_refused_and_integer_inputs_are_not():
    product = layers.EinsumDense("abc,cd->abd", output_shape=(2, 4), name="small")
    model = keras.Sequential([keras.Input((2, 3), dtype="int8"), product, layers.Flatten()])
    assert read_model(model).n_in == 6
    product.quantize("int8")
    with pytest.raises(ConversionError, match=r"'small' is quantized \(int8\); give"):
        read_model(model)


def test_a_last_relu_is_kept(rng):
    model = sequential(layers.Dense(5, activation="relu"), layers.Dense(3, activation="relu"))
    source = read_model(model)
    assert source[-1].activation == "relu"
    x = rng.normal(size=(50, 6)).astype(np.float32)
    assert forward(source, x)[-1].min() == 0
    source.compare(x)


RELUS = {
    "leaky": {"negative_slope": 0.3},
    "bounded": {"max_value": 0.7},
    "both": {"negative_slope": 0.3, "max_value": 0.7},
}


@pytest.mark.parametrize("settings", RELUS.values(), ids=RELUS)
@pytest.mark.parametrize("is_last", [False, True], ids=["hidden", "last"])
def test_rectifiers_have_the_settings_of_a_relu(settings, is_last, rng):
    last = layers.ReLU(**settings) if is_last else layers.Dense(3)
    model = sequential(
        layers.Dense(5), layers.ReLU(**settings), layers.ReLU(**settings), layers.Dense(4), last
    )
    x = rng.normal(size=(20, 6)).astype(np.float32)
    form = read_model(model).normal_form()
    assert form.fits == {}
    np.testing.assert_allclose(forward(form.layers, x)[-1], predict(model)(x), atol=1e-5)


def test_a_layer_whose_code_was_replaced_is_found_by_name():
    model = sequential(
        layers.Dense(5, activation="relu", name="first"),
        layers.Dense(4, activation="relu", name="second"),
        layers.Dense(3, name="third"),
    )
    call = model.get_layer("second").call
    model.get_layer("second").call = lambda inputs, **keywords: 1.01 * call(inputs)
    with pytest.raises(ConversionError, match="the first layer that differs is 'second'"):
        read_model(model).compare()


def test_a_difference_in_a_model_within_the_model_is_found_by_its_name():
    inner = sequential(layers.Dense(5, activation="relu"), layers.Dense(6), n_in=6)
    call = inner.layers[-1].call
    inner.layers[-1].call = lambda inputs, **keywords: call(inputs) + 0.5
    model = keras.Sequential([layers.Input((6,)), inner, layers.Dense(3)])
    with pytest.raises(ConversionError, match=f"first layer that differs is '{inner.name}'"):
        read_model(randomize(model)).compare()


@pytest.mark.skipif(not is_keras_3, reason="dtype policies of single layers, as Keras 3 has them")
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float16", "float64"])
def test_other_types_are_compared_without_a_false_alarm(policy, rng):
    model = randomize(
        keras.Sequential(
            [
                layers.Input((6,)),
                layers.Dense(9, activation="relu", dtype=policy),
                layers.Dense(3, dtype="float32"),
            ]
        )
    )
    source = read_model(model)
    for x in (None, rng.normal(size=(30, 6)) * 50):
        source.compare(x)
        assert source.compared.startswith("compared on")


@pytest.mark.skipif(not is_keras_3, reason="functions of Keras 3")
def test_casts_to_another_type_are_compared_without_a_false_alarm():
    x = keras.Input((6,))
    half = keras.ops.cast(layers.Dense(9, activation="relu")(x), "float16")
    y = layers.Dense(3)(keras.ops.cast(half, "float32"))
    source = read_model(randomize(keras.Model(x, y)))
    source.compare()
    assert source.compared.startswith("compared on")


def test_integer_inputs_are_compared(rng):
    model = randomize(
        keras.Sequential(
            [
                layers.Input((4, 4), dtype="uint8"),
                layers.Rescaling(1 / 255),
                layers.Flatten(),
                layers.Dense(5, activation="relu"),
                layers.Dense(3),
            ]
        )
    )
    source = read_model(model)
    for x in (None, rng.randint(256, size=(30, 4, 4))):
        source.compare(x)
        assert source.compared.startswith("compared on")


def test_comparing_leaves_the_model_as_it_was(rng):
    model = sequential(layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(3))
    before = model.get_weights()
    read_model(model).compare()
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)


@pytest.mark.parametrize("structure", ["alone", "list", "dict"])
def test_inputs_and_outputs_may_be_in_a_list_or_a_dict(structure, assert_computes):
    inputs = layers.Input((6,), name="features")
    output = layers.Dense(3)(layers.Dense(5, activation="relu")(inputs))
    wrap = {"alone": lambda t, _: t, "list": lambda t, _: [t], "dict": lambda t, n: {n: t}}
    model = randomize(
        keras.Model(wrap[structure](inputs, "features"), wrap[structure](output, "answer"))
    )

    def run(x):
        value = model.predict(wrap[structure](x, "features"), verbose=0)
        value = next(iter(value.values())) if structure == "dict" else value
        return value[0] if isinstance(value, list) else value

    assert_computes(model, run, (6,))


@pytest.mark.skipif(not is_keras_3, reason="Keras 2 has no such inputs")
@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
@pytest.mark.parametrize("keys", [("w", "z"), ("w", "x"), ("x", "w")])
def test_inputs_in_a_dict_have_the_names_by_which_keras_takes_them(keys, tmp_path, rng):
    ends = [layers.Input((2,), name=name) for name in ("x", "w")]
    model = randomize(
        keras.Model(dict(zip(keys, ends, strict=True)), layers.Dense(3)(layers.Subtract()(ends)))
    )
    given = {name: rng.randn(5, 2) for name in keys}
    wanted = model.predict(given, verbose=0)
    model.save(tmp_path / "model.keras")
    for source in (read_model(model), read_model(tmp_path / "model.keras")):
        assert list(source.form.inputs) == list(keys)
        np.testing.assert_allclose(source.logits(source.joined(given)), wanted, atol=1e-6)


@pytest.mark.skipif(not is_keras_3, reason="Keras 2 has no such inputs")
@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
@pytest.mark.parametrize(
    "wrap", [lambda x, w: {"x": x, "w": w}, lambda x, w: [x, w], lambda x, w: [[x], w]]
)
def test_dicts_may_lie_in_dicts_and_lists(wrap, tmp_path):
    """Each in the order of its keys, but the outermost as it is."""
    first, second, third = (layers.Input((n,), name=f"{n}") for n in (2, 3, 4))
    given = wrap({"p": first, "o": second}, third)
    hidden = layers.Dense(5, activation="relu")(layers.Concatenate()([first, second, third]))
    ends = [layers.Dense(n, name=name)(hidden) for n, name in ((2, "d"), (2, "c"), (3, "a"))]
    model = randomize(keras.Model(given, wrap({"q": ends[0], "k": ends[1]}, ends[2])))
    source = read_model(model)
    assert list(source.form.inputs) == ["3", "2", "4"]
    assert list(source.form.outputs) == ["c", "d", "a"]
    source.compare()
    assert source.compared.startswith("compared on")
    model.save(tmp_path / "nested.keras")
    x = np.random.RandomState(0).normal(size=(4, 9))
    np.testing.assert_allclose(read_model(tmp_path / "nested.keras").logits(x), source.logits(x))


def in_a_model(kind, x):
    """Call a model in a model, whose inputs and outputs are dicts in no order of their keys."""
    ends = {name: layers.Input((6,), name=name) for name in ("z", "a")}
    both = [ends["z"], ends["a"]]
    dense = [layers.Dense(6)(end) for end in both]
    other = layers.ReLU()(x)
    if kind == "inputs":
        inner = keras.Model(ends, layers.Subtract()([dense[0], both[1]]))
        return inner({"a": x, "z": other})
    if kind == "outputs":
        given = keras.Model(both, {"q": dense[0], "p": dense[1]})([x, other])
        return layers.Subtract()([given["p"], given["q"]])
    given = keras.Model(ends, {"q": dense[0], "p": both[1]})({"z": x, "a": other})
    return layers.Subtract()([given["q"], layers.Add()([given["p"], given["p"]])])


@pytest.mark.parametrize("is_file", [False, True])
@pytest.mark.parametrize("kind", ["inputs", "outputs", "both"])
def test_a_model_in_a_model_takes_dicts_by_their_keys(kind, is_file, tmp_path, rng):
    x = layers.Input((6,))
    model = randomize(keras.Model(x, layers.Dense(3)(layers.ReLU()(in_a_model(kind, x)))))
    if is_file:
        model.save(tmp_path / "m.h5")
    source = read_model(str(tmp_path / "m.h5") if is_file else model)
    x = rng.normal(size=(20, 6)).astype(np.float32)
    np.testing.assert_allclose(source.activations(x)[-1], predict(model)(x), atol=1e-4)


def test_what_follows_a_refused_layer_is_not_said_to_be_wrong():
    model = keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(2, 3, name="convolution"),
            layers.BatchNormalization(),
            layers.Reshape((-1,)),
            layers.Normalization(mean=[0.0] * 72, variance=[1.0] * 72),
            layers.Rescaling([1.0] * 72),
            layers.Dense(4, activation="relu"),
            layers.Dense(2),
        ]
    )
    with pytest.raises(ConversionError, match="'convolution': Conv2D") as caught:
        read_model(model)
    assert len(caught.value.problems) == 1


def test_what_follows_a_refused_merge_is_not_said_to_be_wrong():
    x = layers.Input((4,))
    first, second = layers.Dense(5)(x), layers.Dense(5, activation="relu")(x)
    y = layers.Dense(2)(layers.Dot(1, name="product")([first, second]))
    with pytest.raises(ConversionError, match="'product': Dot of 2 values") as caught:
        read_model(keras.Model(x, y))
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("branches", [False, True])
def test_a_layer_of_several_axes_after_a_refused_one_is_not_said_to_be_wrong(branches):
    x = layers.Input((2, 3))
    y = layers.Flatten()(layers.Dense(4)(layers.UnitNormalization(name="unit")(x)))
    y = layers.Add()([layers.Dense(2)(y), layers.Dense(2, "relu")(y)] if branches else [y, y])
    with pytest.raises(ConversionError, match="'unit': UnitNormalization") as caught:
        read_model(keras.Model(x, layers.Dense(2)(y)))
    assert len(caught.value.problems) == 1


def test_a_layer_along_an_axis_of_unknown_size_leaves_the_next_ones_alone():
    model = keras.Sequential(
        [layers.Input((None, 3)), layers.Dense(4, name="along"), layers.Flatten(), layers.ReLU()]
    )
    with pytest.raises(ConversionError, match="'along' works along the last axis") as caught:
        read_model(model)
    assert len(caught.value.problems) == 1


def test_a_layer_of_qkeras_has_its_next_step():
    class QDense(layers.Dense):
        pass

    with pytest.raises(ConversionError, match=r"qkeras\.utils\.model_save_quantized_weights"):
        read_model(sequential(QDense(3)))
