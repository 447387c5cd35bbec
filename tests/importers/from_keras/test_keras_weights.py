"""Weights in files: types that HDF5 has no name for, order, and what is trained beside them."""

import json

import h5py
import numpy as np
import pytest
from keras_models import randomize

from nengo_dense.exceptions import FileFormatError
from nengo_dense.importers import forward, read_model

BFLOAT16 = {
    "Keras 2": "bfloat16",
    "a policy of Keras 2": {"class_name": "Policy", "config": {"name": "bfloat16"}},
    "a policy of Keras 3": {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": {"name": "bfloat16"},
        "registered_name": None,
    },
}


def write(path, weights, dtype, attribute=None):
    """Write a dense layer as Keras 2 does, its weights as bytes without a type."""
    n_in, n_out = weights.shape
    settings = {"name": "d", "units": n_out, "activation": "linear", "dtype": dtype}
    entry = {"class_name": "Dense", "config": {**settings, "use_bias": False}}
    first = {"batch_input_shape": [None, n_in], "name": "x"}
    entries = [{"class_name": "InputLayer", "config": first}, entry]
    model = {"class_name": "Sequential", "config": {"name": "m", "layers": entries}}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(model)
        file.attrs["keras_version"] = "2.12.0"
        group = file.create_group("model_weights/d")
        file["model_weights"].attrs["layer_names"] = [b"d"]
        group.attrs["weight_names"] = [b"d/kernel:0"]
        kept = group.create_dataset("d/kernel:0", data=weights)
        if attribute:
            kept.attrs["dtype"] = attribute
    return path


def halves(values):
    """Return the upper halves of single precision, as bytes that no type tells of."""
    upper = (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return upper.view("V2")


@pytest.mark.parametrize("dtype", BFLOAT16)
def test_bfloat16_is_read_exactly_where_the_layer_is_of_that_type(dtype, tmp_path, rng):
    values = rng.normal(size=(6, 3)).astype(np.float32)
    (layer,) = read_model(write(tmp_path / "m.h5", halves(values), BFLOAT16[dtype]))
    cut = (values.view(np.uint32) & 0xFFFF0000).view(np.float32)
    np.testing.assert_array_equal(layer.weights, cut.T)


@pytest.mark.parametrize(
    ("dtype", "attribute", "n_bytes"),
    [
        *(
            (kind, None, 2)
            for kind in ("float32", "mixed_bfloat16", {"config": {"name": 3}}, None)
        ),
        ("bfloat16", "int16", 2),
        ("bfloat16", None, 1),
    ],
)
def test_other_bytes_without_a_type_are_refused(dtype, attribute, n_bytes, tmp_path):
    path = write(tmp_path / "m.h5", np.zeros((6, 3), f"V{n_bytes}"), dtype, attribute)
    with pytest.raises(FileFormatError, match=f"holds values of {n_bytes} bytes without a type"):
        read_model(path)


@pytest.fixture
def keras():
    return pytest.importorskip("keras", reason="making a Keras file needs Keras")


def written(model, path, kind):
    """Save a model; return what is read of it, the model itself included."""
    if kind == "live":
        return model
    model.save(path / f"m.{kind}")
    return path / f"m.{kind}"


@pytest.mark.parametrize("kind", ["h5", "keras", "live"])
@pytest.mark.parametrize("settings", [{"rank": 2}, {"rank": 2, "lora_alpha": 5}])
@pytest.mark.parametrize("is_frozen", [False, True])
def test_what_is_trained_beside_a_kernel_is_added(kind, settings, is_frozen, keras, tmp_path, rng):
    if not hasattr(keras.layers.Dense, "enable_lora"):
        pytest.skip("this Keras has no LoRA")
    layers = [
        keras.layers.Dense(8, "relu", name="a"),
        keras.layers.Dense(4, "relu", use_bias=False, name="b"),
        keras.layers.EinsumDense("ab,bc->ac", 5, bias_axes="c", activation="relu", name="e"),
        keras.layers.Dense(3, name="c"),
    ]
    model = keras.Sequential([keras.Input((6,)), *layers])
    for layer in layers[:3]:
        layer.enable_lora(**settings)
        layer.trainable = not is_frozen
    randomize(model)
    x = rng.normal(size=(20, 6))
    theirs = model.predict(x, verbose=0)
    source = read_model(written(model, tmp_path, kind))
    np.testing.assert_allclose(forward(source, x)[-1], theirs, rtol=1e-5, atol=1e-4)
    source.compare()


@pytest.mark.parametrize("kind", ["h5", "keras", "live"])
@pytest.mark.parametrize("frozen", ["bn.gamma", "bn.beta", "a.kernel", "a.bias"])
def test_weights_are_told_apart_whatever_is_frozen(kind, frozen, keras, tmp_path, rng):
    if keras.__version__.startswith("2"):
        pytest.skip("Keras 2 freezes whole layers")
    layers = {"a": keras.layers.Dense(8, "relu"), "bn": keras.layers.BatchNormalization()}
    model = keras.Sequential([keras.Input((6,)), *layers.values(), keras.layers.Dense(3)])
    randomize(model)
    layer, _, weight = frozen.partition(".")
    getattr(layers[layer], weight).trainable = False
    x = rng.normal(size=(20, 6))
    theirs = model.predict(x, verbose=0)
    source = read_model(written(model, tmp_path, kind))
    np.testing.assert_allclose(forward(source, x)[-1], theirs, rtol=1e-5, atol=1e-5)
