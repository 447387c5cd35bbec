"""
A Keras model on the chip
=========================

Keras trains a dense network with a dropout layer and a sigmoid layer, as many tutorials do.
:func:`~nengo_dense.convert` takes the model itself, or the ``.keras`` or ``.h5`` file that it was
saved to. Files are read without Keras, so the machine that converts need not have it.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # what Keras computes with: any of its back ends

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import nengo_dense

x, y = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0)

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((64,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dropout(0.1),
        keras.layers.Dense(16, activation="sigmoid"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
optimizer = keras.optimizers.Adam(0.01)
model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=64, epochs=12, verbose=0)
print(f"{model.evaluate(x_test, y_test, verbose=0)[1]:.2%} right in Keras")

# %%
# Dropout does nothing after training and folds away. Loihi's neurons are rectifiers, so the
# sigmoid layer is fitted by several of them for each of its neurons: the second layer below is
# wider than the model's. :doc:`/convertible` says what becomes of each kind of layer.

stack = nengo_dense.convert(model, calibration=x_train, effort="fast", progress_bar=False)
print("neurons per layer:", stack.units)

# %%
# The whole test set on the chip's integers, 100 steps a sample:

result = nengo_dense.evaluate(stack, x_test, y_test, progress_bar=False)
print(result.summary())
figure = result.plot()

# %%
# The command line does the same with a file:
#
# .. code-block:: bash
#
#    nengo-dense convert model.keras --calibrate digits.npz -o digits-stack.npz
#    nengo-dense evaluate digits-stack.npz --data digits.npz --html result.html
