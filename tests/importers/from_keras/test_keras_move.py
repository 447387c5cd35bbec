"""Slices, permutations, groups and joins of Keras models, live and from files, against Keras."""

import json

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model
from nengo_dense.importers.from_keras.keras_model import read_architecture

pytest.importorskip("keras", reason="reading Keras models needs Keras")

import keras

L = keras.layers
HAS_OPS = hasattr(keras, "ops")
if HAS_OPS:
    ops = keras.ops
else:
    import types

    import tensorflow as tf

    ops = types.SimpleNamespace(
        split=tf.split,
        max=tf.reduce_max,
        min=tf.reduce_min,
        mean=tf.reduce_mean,
        sum=tf.reduce_sum,
        transpose=lambda x, axes: tf.transpose(x, list(axes)),
        take=tf.gather,
        flip=lambda x, axis: tf.reverse(x, [axis]),
        concatenate=tf.concat,
        stack=tf.stack,
    )


def rest(x):
    return L.Dense(3)(L.ReLU()(L.Dense(8)(x)))


def pairs(x):
    return L.Reshape((4, 2))(x)


MODELS = {
    "the first": lambda x: rest(x[:, :4]),
    "every second": lambda x: rest(x[..., 2:8:2]),
    "from the end": lambda x: rest(x[:, -3:]),
    "one of two rows": lambda x: rest(L.Reshape((2, 4))(x)[:, 1]),
    "after neurons": lambda x: L.Dense(3)(L.Dense(6, "relu")(x)[:, 1:4]),
    "halves": lambda x: L.Add()([L.Dense(3, "relu")(p) for p in ops.split(x, 2, axis=1)]),
    "permuted": lambda x: rest(L.Flatten()(L.Permute((2, 1))(pairs(x)))),
    "transposed": lambda x: rest(L.Flatten()(ops.transpose(pairs(x), (0, 2, 1)))),
    "chosen": lambda x: rest(ops.take(x, [1, 7, 1], axis=1)),
    "turned round": lambda x: rest(ops.flip(x, axis=1)),
    "means": lambda x: rest(ops.mean(pairs(x), axis=1)),
    "a sum": lambda x: rest(ops.sum(x, axis=-1, keepdims=True)),
    "mean over time": lambda x: rest(L.GlobalAveragePooling1D()(pairs(x))),
    "mean of channels": lambda x: L.Dense(3)(
        L.GlobalAveragePooling1D(data_format="channels_first")(pairs(x))
    ),
    "largest of channels": lambda x: L.Dense(3)(
        L.GlobalMaxPooling1D(data_format="channels_first")(pairs(L.Dense(8)(x)))
    ),
    "largest of a group": lambda x: L.Dense(3)(ops.max(pairs(L.Dense(8)(x)), axis=-1)),
    "smallest of a group": lambda x: L.Dense(3)(ops.min(pairs(L.Dense(8)(x)), axis=2)),
    "maxout": lambda x: L.Dense(3)(L.Maximum()([L.Dense(4)(x) for _ in range(3)])),
    "largest over time": lambda x: L.Dense(3)(L.GlobalMaxPooling1D()(pairs(L.Dense(8)(x)))),
    "stacked": lambda x: rest(L.Flatten()(ops.stack([x, 2 * x], axis=2))),
    "side by side": lambda x: rest(L.Flatten()(L.Concatenate(axis=2)([pairs(x), pairs(2 * x)]))),
    "one after the other": lambda x: rest(
        L.Flatten()(L.Concatenate(axis=1)([pairs(x), pairs(2 * x)]))
    ),
    "spread over all": lambda x: rest(L.Add()([L.Dense(1, "relu")(x), x])),
    "every sum of two": lambda x: rest(
        L.Flatten()(L.Add()([L.Reshape((8, 1))(x), L.Reshape((1, 8))(L.Dense(8, "tanh")(x))]))
    ),
    "dense along the last axis": lambda x: rest(L.Flatten()(L.Dense(3, "relu")(pairs(x)))),
    "dense of one row": lambda x: L.Dense(3)(L.Flatten()(L.Dense(4, "tanh")(pairs(x))[:, 2])),
    "two along the last axis": lambda x: rest(
        L.Flatten()(L.Dense(2)(L.Permute((2, 1))(L.Dense(3, "relu")(pairs(x)))))
    ),
    "an equation of rows": lambda x: rest(
        L.Flatten()(L.EinsumDense("abc,cd->abd", (4, 3), bias_axes="d")(pairs(x)))
    ),
    "each step of time": lambda x: rest(
        L.Flatten()(L.TimeDistributed(L.ReLU())(L.TimeDistributed(L.Dense(3))(pairs(x))))
    ),
    "a vector repeated": lambda x: rest(L.Flatten()(L.RepeatVector(2)(x))),
    "several outputs": lambda x: [L.Dense(2, "softmax")(x[:, :4]), rest(x[:, 4:])],
    "parts of a split": lambda x: [L.Dense(2)(p) for p in ops.split(L.ReLU()(x), 2, axis=1)],
}


if HAS_OPS:
    MODELS |= {
        "axes swapped": lambda x: rest(L.Flatten()(ops.swapaxes(pairs(x), 1, 2))),
        "rolled": lambda x: rest(ops.roll(x, 2, axis=1)),
        "repeated": lambda x: rest(ops.repeat(x, 2, axis=1)),
        "spectral": lambda x: rest(L.SpectralNormalization(L.Dense(8, "relu"))(x)),
        "spectral without bias": lambda x: rest(
            L.SpectralNormalization(L.Dense(8, "relu", use_bias=False))(x)
        ),
        "renormalized": lambda x: rest(L.BatchNormalization(renorm=True)(L.Dense(8)(x))),
        "in half precision": lambda x: L.Dense(3, dtype="bfloat16")(
            L.Dense(8, "relu", dtype="bfloat16")(x)
        ),
    }


def outputs_of(source, x):
    values = forward(source, x)[-1]
    return list(values.values()) if isinstance(values, dict) else [values]


@pytest.mark.parametrize("name", MODELS)
def test_what_moves_features_does_so_live_and_from_files(name, rng, tmp_path):
    x = keras.Input((8,))
    model = keras.Model(x, MODELS[name](x))
    data = rng.normal(size=(20, 8)).astype(np.float32)
    theirs = model.predict(data, verbose=0)
    theirs = theirs if isinstance(theirs, list) else [theirs]
    assert all(y.std() > 1e-3 for y in theirs), "a constant output would hide a wrong conversion"
    model.save(tmp_path / "m.keras")
    live, file = read_model(model), read_model(tmp_path / "m.keras")
    live.compare()
    assert live.compared.startswith("compared on")
    for source in (live, file):
        for ours, wanted in zip(outputs_of(source, data), theirs, strict=True):
            error = 5e-2 if "half" in name else 1e-5
            np.testing.assert_allclose(ours, wanted.reshape(20, -1), atol=error, rtol=error)


def test_inputs_by_name_are_compared_in_the_order_in_which_they_are_declared(rng):
    wide, narrow = keras.Input((4,), name="wide"), keras.Input((3,), name="narrow")
    merged = L.Concatenate()([L.Dense(5, "relu")(wide), L.Dense(3, "tanh")(narrow)])
    model = keras.Model({"wide": wide, "narrow": narrow}, L.Dense(2)(merged))
    source = read_model(model)
    assert list(source.form.inputs) == ["wide", "narrow"]
    source.compare()
    assert source.compared.startswith("compared on")
    x = {"wide": rng.normal(size=(9, 4)), "narrow": rng.normal(size=(9, 3))}
    theirs = model.predict({key: value.astype("f") for key, value in x.items()}, verbose=0)
    np.testing.assert_allclose(source.activations(x)[-1], theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("layers", "match"),
    [
        (lambda x: ops.mean(x, axis=0, keepdims=True), "makes one value of several samples"),
        (lambda x: ops.max(x, axis=0, keepdims=True), "makes one value of several samples"),
        (lambda x: ops.transpose(x, (1, 0)), "moves the axis of the samples"),
        (lambda x: L.Multiply()([x, L.Dense(8)(x)]), "unless all are functions of the same"),
        (lambda x: ops.max(L.Dense(65)(x), axis=1), "the largest of 65 values, more than 64"),
    ],
)
def test_what_mixes_samples_or_multiplies_is_named(layers, match):
    x = keras.Input((8,), batch_size=8)
    with pytest.raises(ConversionError, match=match):
        read_model(keras.Model(x, layers(L.Dense(8, "relu")(x))))


def test_named_outputs_keep_the_order_in_which_they_were_declared(rng):
    x = keras.Input((8,))
    model = keras.Model(x, {"z": L.Dense(3)(x), "a": L.Dense(2)(L.Dense(4, "relu")(x))})
    source = read_model(model)
    source.compare()
    assert source.compared.startswith("compared on")
    data = rng.normal(size=(20, 8)).astype(np.float32)
    theirs, ours = model.predict(data, verbose=0), forward(source, data)[-1]
    assert list(ours) == ["z", "a"]
    for name, wanted in theirs.items():
        np.testing.assert_allclose(ours[name], wanted, atol=1e-5, rtol=1e-5)


#: Models from files that Keras itself would not have written: what a call is given, and its name.
CHANGED = {
    "no indices": (
        lambda x: ops.take(x, [1, 2], axis=1),
        lambda call: call["args"].pop(),
        "what it takes must be constant",
    ),
    "no axis": (
        lambda x: ops.take(x, [1, 2], axis=1),
        lambda call: call["kwargs"].__setitem__("axis", None),
        "it must take features along an axis",
    ),
    "no parts": (
        lambda x: ops.split(x, 2, axis=1)[0],
        lambda call: call.__setitem__("kwargs", {"indices_or_sections": 0, "axis": 1}),
        "it makes 0 parts of 8 features",
    ),
    "a key that is a word": (
        lambda x: x[:, :4],
        lambda call: call["args"].__setitem__(1, ["all", "x"]),
        "it is indexed with all, must be a slice or a whole number",
    ),
    "a roll of all samples": (
        lambda x: ops.roll(x, 1, axis=1),
        lambda call: call["kwargs"].__setitem__("axis", None),
        "it rolls all samples at once; give it an axis",
    ),
    "a repetition of all samples": (
        lambda x: ops.repeat(x, 2, axis=1),
        lambda call: call["kwargs"].__setitem__("axis", None),
        "it repeats features 2 times along the axis None",
    ),
    "an axis that is not of one element": (
        lambda x: ops.squeeze(ops.expand_dims(x, 1), 1),
        lambda call: call.__setitem__("kwargs", {"axis": 2}),
        "is squeezed has more than one element",
    ),
}


@pytest.mark.skipif(not HAS_OPS, reason="the calls of Keras 2 are written down otherwise")
@pytest.mark.parametrize("name", CHANGED)
def test_a_file_may_not_ask_for_what_keras_would_refuse(name):
    build, change, match = CHANGED[name]
    x = keras.Input((8,))
    model = keras.Model(x, L.Dense(3, name="last")(build(x)))
    architecture = json.loads(model.to_json())
    layer = architecture["config"]["layers"][-2]
    layer["config"].pop("axis", None)
    layer["config"].pop("indices_or_sections", None)
    change(layer["inbound_nodes"][0])
    with pytest.raises(ConversionError, match=match):
        read_architecture("a model", architecture, lambda each: model.get_layer("last").weights)


def test_too_large_a_group_is_named():
    x = keras.Input((8,))
    groups = L.Reshape((2, 70))(L.Dense(140)(x))
    with pytest.raises(ConversionError, match="the largest of 70 values, more than 64"):
        read_model(keras.Model(x, L.Dense(3)(ops.max(groups, axis=2))))
