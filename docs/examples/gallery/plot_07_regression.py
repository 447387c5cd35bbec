"""
A network that predicts values
==============================

Nothing changes for a regression but the measures: :func:`~nengo_dense.evaluate` sees from the
linear outputs and from ``y`` that values are wanted.
"""

import numpy as np
from sklearn.neural_network import MLPRegressor

import nengo_dense

rng = np.random.RandomState(0)
x = rng.uniform(0, 1, (1500, 3))
y = np.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2]
model = MLPRegressor(hidden_layer_sizes=(48, 32), max_iter=1000, random_state=0)
model.fit(x[:1000], y[:1000])
print(f"R2 in scikit-learn: {model.score(x[1000:], y[1000:]):.4f}")

# %%
# Converted and run for 100 steps a sample:

stack = nengo_dense.convert(model, calibration=x[:1000], effort="fast", progress_bar=False)
result = nengo_dense.evaluate(stack, x[1000:], y[1000:], progress_bar=False)
print(result.summary())

# %%
# The answers beside the true values, and how the error falls with time:

figure = result.plot()
