"""Keras models that the tests of live models and of files share; they run in Keras 2 and 3."""

import os

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "torch")


def randomize(model, seed=0):
    """Give every weight a random value, as training would; variances stay positive."""
    rng = np.random.default_rng(seed)
    values = []
    for weight, old in zip(model.weights, model.get_weights(), strict=True):
        new = rng.normal(size=old.shape, scale=0.5).astype(old.dtype)
        values.append(np.abs(new) + 0.5 if "variance" in weight.name else new)
    model.set_weights(values)
    return model


def plain(keras, layers):
    return keras.Sequential([layers.Input((6,)), layers.Dense(5, "relu"), layers.Dense(3)])


def forum(keras, layers):
    return keras.Sequential(
        [
            layers.Input((6,)),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(7, activation="relu"),
            layers.GaussianNoise(0.1),
            layers.Dense(4, activation="softmax"),
        ]
    )


def separate_activations(keras, layers):
    return keras.Sequential(
        [
            layers.Input((6,)),
            layers.Dense(8, use_bias=False),
            layers.Activation("relu"),
            layers.Dense(7),
            layers.ReLU(),
            layers.Dense(4, activation=layers.ReLU()),
            layers.Softmax(),
        ]
    )


def batch_norm_both_sides(keras, layers):
    return keras.Sequential(
        [
            layers.Input((6,)),
            layers.BatchNormalization(),
            layers.Dense(8),
            layers.BatchNormalization(scale=False),
            layers.ReLU(),
            layers.Dense(7, activation="relu"),
            layers.BatchNormalization(center=False, epsilon=0.01),
            layers.Dropout(0.5),
            layers.Dense(4),
            layers.BatchNormalization(),
        ]
    )


def image(keras, layers):
    return keras.Sequential(
        [
            layers.Input((2, 4, 3)),
            layers.Rescaling([0.5, 2.0, 3.0], offset=-0.1),
            layers.BatchNormalization(axis=2),
            layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[0.5, 1.0, 4.0]),
            layers.Flatten(),
            layers.Dense(5, activation="relu"),
            layers.Reshape((5,)),
            layers.Dense(3, activation="softmax"),
        ]
    )


def adapted_normalization(keras, layers):
    normalization = layers.Normalization()
    normalization.adapt(np.random.default_rng(1).normal(2, 3, size=(50, 6)).astype(np.float32))
    return keras.Sequential(
        [layers.Input((6,)), normalization, layers.Dense(5, activation="relu"), layers.Dense(3)]
    )


def functional(keras, layers):
    x = inputs = layers.Input((6,))
    x = layers.Rescaling(0.3, name="rescale")(x)
    x = layers.Dense(5, name="first")(x)
    x = layers.ReLU()(x)
    x = layers.Dense(4, activation="relu", name="second")(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


def nested(keras, layers):
    inner = keras.Sequential(
        [
            layers.Input((5,)),
            layers.Dense(7, activation="relu", name="inner_first"),
            layers.BatchNormalization(),
            layers.Dense(5, name="inner_second"),
        ],
        name="inner",
    )
    x = inputs = layers.Input((5,))
    functional = keras.Model(inputs, layers.Dense(4, activation="relu")(x), name="functional_part")
    return keras.Sequential(
        [
            layers.Input((6,)),
            layers.Dense(5, activation="relu"),
            inner,
            functional,
            layers.Dense(3),
        ]
    )


def shared_layer(keras, layers):
    dense = layers.Dense(6, activation="relu")
    inputs = layers.Input((6,))
    return keras.Model(inputs, layers.Dense(3)(dense(dense(inputs))))


def models_in_a_model(keras, layers):
    inner = layers.Input((6,))
    first = keras.Model(inner, layers.Dense(6, activation="relu")(inner), name="used_twice")
    second = keras.Sequential([layers.Input((6,)), layers.Dense(4, activation="relu")])
    inputs = layers.Input((6,))
    return keras.Model(inputs, layers.Dense(3)(second(first(first(inputs)))))


MODELS = {
    make.__name__: make
    for make in (
        forum,
        separate_activations,
        batch_norm_both_sides,
        image,
        adapted_normalization,
        functional,
        nested,
        shared_layer,
        models_in_a_model,
    )
}
