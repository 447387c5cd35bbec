"""
A trained classifier on the chip
================================

scikit-learn trains a dense network on handwritten digits. :func:`~nengo_dense.convert` turns it
into a spiking one, and :func:`~nengo_dense.evaluate` runs the whole test set on the chip's
integers. A Keras or PyTorch model goes the same way: give it to ``convert`` in the place of
``model``.
"""

# %%
# Train as you always do.

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import nengo_dense

x, y = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0)
model = MLPClassifier((64, 32, 32), max_iter=1000, random_state=0).fit(x_train, y_train)
print(f"{model.score(x_test, y_test):.2%} right in scikit-learn")

# %%
# Convert. The calibration inputs come from the training data, never from the test data: they set
# the firing rates, and the weights are tuned on them for the integers of the chip.

stack = nengo_dense.convert(model, calibration=x_train, label="digits", progress_bar=False)
print("neurons per layer:", stack.units)

# %%
# Run all test samples, 100 steps of 1 ms each, every one from a fresh start.

result = nengo_dense.evaluate(stack, x_test, y_test, progress_bar=False)
print(result.summary())

# %%
# The picture shows which classes are taken for which, how the accuracy grows with time, and how
# fast the neurons fire.

figure = result.plot()
