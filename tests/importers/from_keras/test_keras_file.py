import json
import shutil
import zipfile

import h5py
import numpy as np
import pytest
from keras_models import MODELS, forum, nested, randomize

from nengo_dense.exceptions import ConversionError, FileFormatError
from nengo_dense.importers import forward, read_model


@pytest.fixture
def keras():
    return pytest.importorskip("keras", reason="making a Keras file needs Keras")


def save(keras, model, path, kind):
    """Save a model in one of the ways that this Keras has; return what to read."""
    if kind == "keras":
        is_keras_2 = keras.__version__.startswith("2")
        model.save(path / "m.keras", **({"save_format": "keras_v3"} if is_keras_2 else {}))
        return path / "m.keras"
    if kind == "h5":
        model.save(path / "m.h5")
        return str(path / "m.h5")
    (path / "m.json").write_text(model.to_json())
    model.save_weights(path / f"m{kind}")
    return path / "m.json"


@pytest.mark.parametrize("kind", ["keras", "h5", ".weights.h5", "_weights.h5"])
@pytest.mark.parametrize("name", MODELS)
def test_files_compute_what_keras_predicts(name, kind, keras, tmp_path, assert_computes):
    if kind == "_weights.h5" and not keras.__version__.startswith("2"):
        pytest.skip("Keras 3 writes no weights in the layout of Keras 2")
    model = MODELS[name](keras, keras.layers)
    if name != "adapted_normalization":
        randomize(model)
    source = save(keras, model, tmp_path, kind)
    predict = lambda x: model.predict(x, verbose=0)  # noqa: E731
    assert_computes(model, predict, model.input_shape[1:], source)


def test_a_pair_of_paths_is_read(keras, tmp_path):
    model = randomize(forum(keras, keras.layers))
    save(keras, model, tmp_path, ".weights.h5")
    (tmp_path / "m.weights.h5").rename(tmp_path / "elsewhere.h5")
    specs = read_model((tmp_path / "m.json", str(tmp_path / "elsewhere.h5")))
    np.testing.assert_array_equal(specs[0].weights, model.get_weights()[0].T)


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_a_registered_function_with_a_name_of_keras_is_named(kind, keras, tmp_path):
    if keras.__version__.startswith("2"):
        pytest.skip("Keras 2 writes the name of a function alone")
    saving = keras.saving
    try:

        @saving.register_keras_serializable(package="mine")
        def relu(x):
            return keras.ops.minimum(keras.ops.relu(x), 0.5)

        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation=relu)])
        source = save(keras, model, tmp_path, kind)
    finally:
        saving.get_custom_objects().pop("mine>relu", None)
    with pytest.raises(ConversionError, match="the custom activation 'mine>relu' is not supp"):
        read_model(source)


OUTPUTS = {
    "the first use": lambda layers, a, b: [a, layers.Dense(2)(b)],
    "the last use": lambda layers, a, b: [layers.Dense(2)(a), b],
    "both uses": lambda layers, a, b: [a, b],
    "the last use alone": lambda layers, a, b: [b],
    "no use": lambda layers, a, b: [layers.Dense(2)(a), layers.Dense(3)(b)],
}


@pytest.mark.parametrize("kind", ["live", "keras", "h5"])
@pytest.mark.parametrize("is_functional", [False, True])
@pytest.mark.parametrize("outputs", OUTPUTS)
def test_a_model_in_it_that_gives_outputs(outputs, is_functional, kind, keras, tmp_path, rng):
    layers = keras.layers
    x = keras.Input((6,))
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(6, "relu"), layers.Dense(6)])
    if is_functional:
        inner = keras.Model(x, layers.Dense(6)(layers.Dense(6, "relu")(x)))
    x = keras.Input((6,))
    a = inner(x)
    model = randomize(keras.Model(x, OUTPUTS[outputs](layers, a, inner(layers.Dense(6)(a)))))
    source = read_model(model if kind == "live" else save(keras, model, tmp_path, kind))
    samples = rng.normal(size=(20, 6))
    theirs = model.predict(samples.astype(np.float32), verbose=0)
    ours = source.logits(samples)
    np.testing.assert_allclose(
        ours, np.concatenate(theirs, axis=1) if isinstance(theirs, list) else theirs, atol=1e-4
    )


@pytest.mark.parametrize("is_behind", [False, True])
def test_files_that_do_not_say_whether_a_normalization_is_inverted(is_behind, keras, tmp_path):
    layers = keras.layers
    scale = layers.Normalization(mean=1.5, variance=4.0, axis=None)
    order = [layers.Dense(4, "relu"), layers.Dense(3)]
    order.insert(2 if is_behind else 0, scale)
    path = save(keras, keras.Sequential([keras.Input((6,)), *order]), tmp_path, ".weights.h5")
    architecture = json.loads(path.read_text())
    for layer in architecture["config"]["layers"]:
        layer["config"].pop("invert", None)  # as Keras 2 leaves it out
    path.write_text(json.dumps(architecture))
    if not is_behind:
        read_model(path)
        return
    with pytest.warns(UserWarning, match=r"Keras 2 does not write whether"):
        source = read_model(path)
    kernel = np.asarray(order[1].get_weights()[0])
    np.testing.assert_allclose(source[-1].weights, kernel.T / 2, rtol=1e-6)


def test_custom_objects_are_refused_and_not_run(keras, tmp_path):
    layers = keras.layers

    class Scale(layers.Layer):
        def call(self, inputs):
            return 2 * inputs

    def strange(x):
        return x

    model = keras.Sequential(
        [
            layers.Input((3,)),
            Scale(name="custom"),
            layers.Lambda(lambda x: x + 1, name="code"),
            layers.Dense(3, activation=strange, name="odd"),
        ]
    )
    model.save(tmp_path / "m.keras")
    with pytest.raises(ConversionError, match=r"m.keras cannot be converted") as caught:
        read_model(tmp_path / "m.keras")
    for word in ("'custom'", "'code'", "strange"):
        assert any(word in problem for problem in caught.value.problems)


def hand_made(path, config, weights, version="1.2.2", root="model_weights"):
    """Write an HDF5 file as Keras 1 and 2 do; weights: {layer: {weight: array}}."""
    with h5py.File(path, "w") as file:
        if config is not None:
            file.attrs["model_config"] = json.dumps(config).encode()
        group = file.create_group(root) if root else file
        group.attrs["keras_version"] = version.encode()
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, arrays in weights.items():
            layer = group.create_group(name)
            layer.attrs["weight_names"] = [key.encode() for key in arrays]
            for key, values in arrays.items():
                layer[key] = values
    return path


def entry(class_name, **config):
    return {"class_name": class_name, "config": config}


@pytest.fixture
def old(rng):
    """A model of Keras 1: layers in a plain list, ``output_dim``, ``dense_1_W``."""
    config = {
        "class_name": "Sequential",
        "config": [
            entry(
                "Dense",
                name="dense_1",
                batch_input_shape=[None, 3],
                output_dim=4,
                bias=True,
                activation="linear",
            ),
            entry("BatchNormalization", name="bn", mode=0, axis=-1, epsilon=0.001),
            entry("Activation", name="relu", activation="relu"),
            entry("Dropout", name="dropout_1", p=0.5),
            entry("Dense", name="dense_2", output_dim=2, bias=False, activation="softmax"),
        ],
    }
    weights = {
        "dense_1": {"dense_1_W": rng.normal(size=(3, 4)), "dense_1_b": rng.normal(size=4)},
        "bn": {
            "bn_gamma": rng.normal(size=4),
            "bn_beta": rng.normal(size=4),
            "bn_running_mean": rng.normal(size=4),
            "bn_running_std": rng.uniform(0.5, 2, size=4),
        },
        "relu": {},
        "dropout_1": {},
        "dense_2": {"dense_2_W": rng.normal(size=(4, 2))},
    }
    return config, weights


def test_keras_1_files_are_read(old, tmp_path, rng):
    config, weights = old
    specs = read_model(hand_made(tmp_path / "old.h5", config, weights))
    x = rng.normal(size=(7, 3))
    bn = weights["bn"]
    y = x @ weights["dense_1"]["dense_1_W"] + weights["dense_1"]["dense_1_b"]
    y = (y - bn["bn_running_mean"]) / np.sqrt(bn["bn_running_std"] + 0.001)
    y = np.maximum(y * bn["bn_gamma"] + bn["bn_beta"], 0) @ weights["dense_2"]["dense_2_W"]
    y = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(forward(specs, x)[-1], y)


def test_weights_in_the_root_group_and_names_in_parts(old, tmp_path):
    config, weights = old
    (tmp_path / "old.json").write_text(json.dumps(config))
    hand_made(tmp_path / "old_weights.h5", None, weights, root=None)
    expected = read_model(tmp_path / "old.json")[0].weights
    with h5py.File(tmp_path / "old_weights.h5", "a") as file:
        names = file.attrs["layer_names"]
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = names[:2], names[2:]
    np.testing.assert_array_equal(read_model(tmp_path / "old.json")[0].weights, expected)


def test_a_functional_model_of_keras_2_with_old_node_lists(tmp_path, rng):
    kernel = rng.normal(size=(3, 2))
    layers = [
        {**entry("Dense", name="d", units=2, use_bias=False), "name": "d"},
        {**entry("InputLayer", name="i", batch_input_shape=[None, 3]), "name": "i"},
    ]
    layers[0]["inbound_nodes"], layers[1]["inbound_nodes"] = [[["i", 0, 0, {}]]], []
    config = {"layers": layers, "input_layers": [["i", 0, 0]], "output_layers": [["d", 0, 0]]}
    path = hand_made(
        tmp_path / "m.h5",
        {"class_name": "Model", "config": config},
        {"d": {"d/kernel:0": kernel}, "i": {}},
    )
    (spec,) = read_model(path)
    np.testing.assert_array_equal(spec.weights, kernel.T)
    layers[0]["inbound_nodes"] = [[["gone", 0, 0, {}]]]
    hand_made(path, {"class_name": "Model", "config": config}, {"d": {"d/kernel:0": kernel}})
    with pytest.raises(ConversionError, match="'gone' is connected but not declared"):
        read_model(path)


def scaler(shape, axis):
    numbers = [1.0, 2.0, 3.0]
    return entry(
        "Normalization",
        **{"name": "n", "batch_input_shape": shape, "axis": axis},
        **{"mean": numbers, "variance": numbers},
    )


@pytest.mark.parametrize(
    ("layer", "change", "match"),
    [
        (0, {"class_name": "Custom>Dense"}, "Custom>Dense is not supported"),
        (0, {"module": "evil.layers"}, "is of the custom class 'Dense', whose code is not run"),
        (
            0,
            {"config": {"name": "dense_1", "output_dim": 9}},
            "declares 9 units on any inputs, its",
        ),
        (0, {"config": {"name": "dense_1"}}, "declares None units"),
        (0, {"config": 3}, "its architecture is malformed"),
        (0, scaler([None, None, 3], axis=-1), r"the input shape \(None, 3\) must be known"),
        (0, scaler([None, 2, 3], axis=0), "axis 0, the samples, cannot be normalized alone"),
        (1, {"config": {"name": "bn", "mode": 1}}, "mode 1 of Keras 1"),
        (1, {"config": {"name": "bn"}}, "'bn' is malformed .*epsilon"),
        (1, {"config": {"name": "bn", "epsilon": "x"}}, "'bn' is malformed"),
        (
            2,
            {"class_name": "ReLU", "config": {"name": "r", "max_value": 0}},
            "max_value must be above 0",
        ),
        (2, {"config": {"name": "relu"}}, "'relu' is malformed .*activation"),
        (2, {"config": {"name": "relu", "activation": 3}}, "'relu' is malformed"),
        (
            2,
            {"class_name": "Reshape", "config": {"target_shape": None}},
            "'reshape_3' is malformed",
        ),
    ],
)
def test_a_file_that_declares_nonsense_is_refused(layer, change, match, old, tmp_path):
    config, weights = old
    config["config"][layer].update(change)
    with pytest.raises(ConversionError, match=match):
        read_model(hand_made(tmp_path / "bad.h5", config, weights))


def test_a_declared_input_may_not_be_huge(old, tmp_path):
    config, weights = old
    config["config"][0]["config"]["batch_input_shape"] = [None, 10**9, 10**9]
    with pytest.raises(ConversionError, match=r"has an input of shape \(1000000000, 1000"):
        read_model(hand_made(tmp_path / "bad.h5", config, weights))


@pytest.mark.parametrize("size", [0.5, "7", True, [7]])
@pytest.mark.parametrize("branch", [False, True])
def test_sizes_are_whole_numbers(size, branch, tmp_path):
    shape = [None, size]
    layers = [entry("InputLayer", name="in", batch_shape=shape), entry("ReLU", name="r")]
    config = {"layers": layers, "input_layers": [["in", 0, 0]]}
    if branch:
        layers.append(entry("Add", name="sum"))
    ends = [[], [[["in", 0, 0]]], [[["in", 0, 0], ["r", 0, 0]]]]
    for layer, nodes in zip(layers, ends, strict=False):
        layer |= {"name": layer["config"]["name"], "inbound_nodes": nodes}
    config["output_layers"] = [[layers[-1]["name"], 0, 0]]
    file = hand_made(tmp_path / "m.h5", {"class_name": "Functional", "config": config}, {})
    with pytest.raises(ConversionError, match=r"the shape .* has sizes that are no whole numbers"):
        read_model(file)


def test_nan_weights_in_a_file_are_refused(old, tmp_path):
    config, weights = old
    weights["dense_2"]["dense_2_W"][0, 0] = np.nan
    with pytest.raises(ConversionError, match="'dense_2': 1 of 8 values of its weights are NaN"):
        read_model(hand_made(tmp_path / "bad.h5", config, weights))


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("m.keras", b"", "m.keras is empty"),
        ("m.h5", b"", "m.h5 is empty"),
        ("m.keras", b"GIF89a", "m.keras is damaged or no Keras file"),
        ("m.keras", b"PK\x03\x04 and no more", "m.keras is damaged, it cannot be unpacked"),
        ("m.h5", b"\x89HDF\r\n\x1a\n and no more", "m.h5 is damaged or no HDF5 file"),
        ("m.json", b"{}", "m.json has no weights beside it"),
        ("nowhere.h5", None, "nowhere.h5 does not exist"),
    ],
)
def test_damaged_and_foreign_files_are_refused(name, content, match, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FileFormatError, match=match):
        read_model(tmp_path / name)


def test_a_directory_is_refused(tmp_path):
    (tmp_path / "saved.keras").mkdir()
    with pytest.raises(FileFormatError, match="is a directory; give the path of a model file"):
        read_model(tmp_path / "saved.keras")


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_a_file_cut_anywhere_is_refused(kind, keras, tmp_path):
    source = save(keras, forum(keras, keras.layers), tmp_path, kind)
    with open(source, "rb") as file:
        content = file.read()
    for share in np.linspace(0.01, 0.99, 25):
        with open(source, "wb") as file:
            file.write(content[: int(share * len(content))])
        with pytest.raises((FileFormatError, ConversionError), match=r"damaged|cannot be"):
            read_model(source)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("name", ["Dropout", "BatchNormalization"])
def test_what_acts_as_in_training_when_the_model_predicts_is_refused(
    name, inside, keras, tmp_path, rng
):
    arguments = {"Dropout": {"rate": 0.5}, "BatchNormalization": {}}[name]
    layer = getattr(keras.layers, name)(name="odd", **arguments)
    if inside:
        inner = keras.Input((6,))
        layer = keras.Model(inner, layer(inner))
    inputs = keras.Input((6,))
    x = layer(keras.layers.Dense(6, activation="relu")(inputs), training=True)
    model = keras.Model(inputs, keras.layers.Dense(3)(x))
    randomize(model)
    file = save(keras, model, tmp_path, "h5")
    if keras.__version__.startswith("2"):
        with pytest.raises(ConversionError, match="odd' is called with training=True"):
            read_model(file)
    else:  # Keras 3 sets the argument aside
        x = rng.normal(size=(20, 6))
        theirs = model.predict(x, verbose=0)
        np.testing.assert_allclose(forward(read_model(file), x)[-1], theirs, atol=1e-5)


# Only the archive: it has checksums. The HDF5 library itself can crash on bytes changed at will.
def test_a_file_with_wrong_bytes_never_ends_in_a_traceback_of_an_internal(keras, tmp_path, rng):
    source = save(keras, nested(keras, keras.layers), tmp_path, "keras")
    with open(source, "rb") as file:
        content = bytearray(file.read())
    for _ in range(60):
        changed = content.copy()
        for position in rng.randint(len(content), size=20):
            changed[position] = rng.randint(256)
        with open(source, "wb") as file:
            file.write(changed)
        try:
            specs = read_model(source)
        except (FileFormatError, ConversionError):
            continue
        assert specs[0].n_in == 6


@pytest.mark.parametrize(
    "changes",
    [
        {7: 0x08, 30: 0xFF},  # the member's own name is said to be UTF-8, and is not
        {41: 0x06},  # its data begin with a kind of block that deflate lacks
        {26: 0xFF, 27: 0xFF},  # its name is longer than the file
    ],
)
def test_whatever_readers_of_archives_raise_has_a_name(changes, tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}" * 100)
    content = bytearray((tmp_path / "m.keras").read_bytes())
    for at, value in changes.items():
        content[at] = value
    (tmp_path / "m.keras").write_bytes(content)
    with pytest.raises(FileFormatError, match=r"m\.keras is damaged, it cannot be unpacked"):
        read_model(tmp_path / "m.keras")


def test_parts_of_an_archive_may_not_be_missing(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FileFormatError, match=r"has no config\.json; it is no \.keras file"):
        read_model(tmp_path / "m.keras")


@pytest.mark.parametrize(
    ("config", "match"),
    [
        ("not json", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[1, 2]", "is no Keras architecture"),
        ('{"class_name": "Sequential"}', "is no Keras architecture"),
    ],
)
def test_the_architecture_must_be_one(config, match, old, tmp_path):
    hand_made(tmp_path / "m.h5", None, old[1])
    (tmp_path / "m.json").write_text(config)
    with pytest.raises(FileFormatError, match=match):
        read_model(tmp_path / "m.json")


def test_an_architecture_nested_without_end_is_refused(old, tmp_path):
    config = entry("Dense", name="d", units=1)
    for _ in range(250):
        config = entry("Sequential", layers=[config])
    with pytest.raises(ConversionError, match="d' cannot be converted: it has no weights"):
        read_model(hand_made(tmp_path / "m.h5", config, {"sequential_1": {}}))


def test_weights_alone_ask_for_the_architecture(old, tmp_path):
    with pytest.raises(FileFormatError, match=r"as the pair \(architecture\.json, weights\.h5\)"):
        read_model(hand_made(tmp_path / "m.h5", None, old[1]))


def test_weights_beside_an_architecture_are_hdf5(old, tmp_path):
    (tmp_path / "m.json").write_text(json.dumps(old[0]))
    (tmp_path / "m.h5").write_bytes(b"weights")
    with pytest.raises(FileFormatError, match=r"m\.h5 is damaged or no HDF5 file, so it holds no"):
        read_model((tmp_path / "m.json", tmp_path / "m.h5"))


def test_several_weight_files_are_not_guessed_between(old, tmp_path):
    config, weights = old
    (tmp_path / "m.json").write_text(json.dumps(config))
    hand_made(tmp_path / "m_weights.h5", None, weights)
    shutil.copy(tmp_path / "m_weights.h5", tmp_path / "m.h5")
    with pytest.raises(FileFormatError, match=r"several weight files \(m_weights\.h5, m\.h5\)"):
        read_model(tmp_path / "m.json")


def test_weights_of_another_model_are_refused(old, tmp_path):
    config, weights = old
    del weights["dense_2"]
    with pytest.raises(FileFormatError, match="no weights for layer 'dense_2': arch"):
        read_model(hand_made(tmp_path / "m.h5", config, weights))
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(FileFormatError, match="holds no Keras weights"):
        read_model(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "a") as file:
        file.create_group("layers")
    with pytest.raises(FileFormatError, match="has no weights for layer 'dense_1'"):
        read_model(tmp_path / "m.h5")


def test_a_part_that_declares_more_than_can_be_packed_is_refused(tmp_path):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("config.json", "metadata.json", "model.weights.h5"):
            archive.writestr(name, "{}")
    content = path.read_bytes()
    size = content.index(b"PK\x01\x02") + 24  # of the first part, in the archive's directory
    path.write_bytes(content[:size] + (10**5).to_bytes(4, "little") + content[size + 4 :])
    with pytest.raises(FileFormatError, match=r"config\.json .* more than can be packed in its 2"):
        read_model(path)


def test_weights_of_inner_layers_of_one_name_are_not_guessed_between(tmp_path, rng):
    def model(name, *layers):
        return entry("Sequential", name=name, layers=list(layers))

    def dense(**settings):
        return entry("Dense", name="dense", units=3, use_bias=False, **settings)

    first, second = model("a", dense(batch_input_shape=[None, 3])), model("b", dense())
    config = model("m", model("inner", first, second))
    weights = {f"{name}/dense/kernel:0": rng.normal(size=(3, 3)) for name in "ab"}
    with pytest.raises(FileFormatError, match=r"several layers 'dense' in 'inner', .* told apart"):
        read_model(hand_made(tmp_path / "m.h5", config, {"inner": weights}, "2.4.0"))


def test_huge_numbers_in_a_shape_are_refused_at_once_and_in_few_words(old, tmp_path):
    config, weights = old
    config["config"][0]["config"]["batch_input_shape"] = [None] + [int("9" * 4299)] * 300
    with pytest.raises(ConversionError, match=r"has an input of shape \(999") as caught:
        read_model(hand_made(tmp_path / "bad.h5", {**config}, weights))
    assert len(str(caught.value)) < 1000


def test_huge_numbers_in_a_reshape_are_refused(old, tmp_path):
    config, weights = old
    config["config"].insert(1, entry("Reshape", name="r", target_shape=[10**4000] * 300 + [-1]))
    with pytest.raises(ConversionError, match=r"4 features cannot be reshaped to \(10"):
        read_model(hand_made(tmp_path / "bad.h5", config, weights))


def chain(n, kind, **settings):
    """Declare a functional model of Keras 2 with `n` layers of a kind before its dense one."""
    layers = [{**entry("InputLayer", name="i", batch_input_shape=[None, 3]), "inbound_nodes": []}]
    for number in range(n):
        before = layers[-1]["config"]["name"]
        layer = entry(kind, name=f"l{number}", **settings)
        layers.append({**layer, "inbound_nodes": [[[before, 0, 0, {}]]]})
    for layer in layers:
        layer["name"] = layer["config"]["name"]
    ends = {"input_layers": [["i", 0, 0]], "output_layers": [[layers[-1]["name"], 0, 0]]}
    return {"class_name": "Model", "config": {"layers": layers, **ends}}


@pytest.mark.parametrize(
    ("kind", "match"),
    [("Activation", "it has no dense layer"), ("Dropout", "has no (dense )?layer")],
)
def test_a_long_chain_of_layers_ends_soon(kind, match, tmp_path):
    config = chain(9_000, kind, activation="relu")
    with pytest.raises(ConversionError, match=match):
        read_model(hand_made(tmp_path / "m.h5", config, {"l0": {}}))


def test_a_long_chain_of_dense_layers_is_read(tmp_path):
    config = chain(300, "Dense", units=3, use_bias=False, activation="relu")
    (tmp_path / "m.json").write_text(json.dumps(config))
    with h5py.File(tmp_path / "m.weights.h5", "w") as file:
        for number in range(300):
            name = f"layers/dense_{number}" if number else "layers/dense"
            file[f"{name}/vars/0"] = np.full((3, 3), float(number))
    source = read_model(tmp_path / "m.json")
    assert len(source) == 300
    assert [spec.weights[0, 0] for spec in source] == list(range(300))


def test_a_file_of_a_subclassed_model_says_what_stands_in_the_way(keras, tmp_path):
    class Network(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(3)

        def call(self, inputs):
            return self.dense(inputs)

        def get_config(self):
            return {}

    model = Network()
    model(np.ones((1, 6), dtype=np.float32))
    source = save(keras, model, tmp_path, "keras")
    with pytest.raises(ConversionError, match=r"'Network' is custom.* make a keras\.Sequential"):
        read_model(source)


def test_weights_of_another_width_are_of_another_model(keras, tmp_path):
    layers = keras.layers
    wide, narrow = (
        keras.Sequential([layers.Input((n,)), layers.Dense(3, name="d")]) for n in (5, 4)
    )
    (tmp_path / "m.json").write_text(wide.to_json())
    narrow.save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(
        ConversionError, match=r"'d' declares 3 units on 5 inputs.* of the same mo"
    ):
        read_model(tmp_path / "m.json")


@pytest.mark.parametrize("name", ["m.h5", "m.keras", "m.onnx", "m.nir", "m.json"])
def test_a_pointer_of_git_lfs_says_how_to_fetch_the_file(name, tmp_path):
    if name in ("m.onnx", "m.nir"):
        pytest.importorskip(name[2:])
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12\n"
    (tmp_path / name).write_text(text)
    with pytest.raises(FileFormatError, match=r"a pointer of git-lfs, .* 'git lfs pull'"):
        read_model(tmp_path / name)


@pytest.mark.parametrize("n_in", [1, 4096])
def test_functions_in_a_row_may_not_become_large_layers_without_end(n_in, tmp_path):
    layers = [entry("InputLayer", name="i", batch_input_shape=[None, n_in])]
    dense = entry("Dense", name="d", units=4097 - n_in, activation="linear", use_bias=False)
    row = [entry("Activation", name=f"l{k}", activation="tanh") for k in range(50)]
    layers += [dense, *row] if n_in == 1 else [*row, dense]
    config = entry("Sequential", name="m", layers=layers)
    weights = {"d": {"d/kernel:0": np.ones((n_in, 4097 - n_in), np.float32)}}
    with pytest.raises(ConversionError, match="more than the limit of 134217728 weights"):
        read_model(hand_made(tmp_path / "m.h5", config, weights, version="2.9.0"))
