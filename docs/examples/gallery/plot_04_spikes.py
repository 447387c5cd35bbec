"""
Spikes over time
================

One sample, spike by spike: which neurons of each layer fire, and how the decision follows from
them.
"""

from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

import nengo_dense

x, y = load_digits(return_X_y=True)
x = x / 16
model = MLPClassifier((32, 24), max_iter=500, random_state=0).fit(x[:1200], y[:1200])
stack = nengo_dense.convert(model, calibration=x[:1200], effort="fast", progress_bar=False)
result = nengo_dense.evaluate(stack, x[1200:], y[1200:], progress_bar=False)
print(result)

# %%
# Sample 3 of the test set. The first layer runs on the host and sends its spikes to the chip.
# Below, the outputs: the largest one, averaged over the last nine tenths of the presentation, is
# the answer.

figure = result.raster(3)

# %%
# The first steps say nothing: a spike needs one step from the host to the chip, and each layer
# waits for the one before it. ``accuracy_over_time`` has the accuracy after every step.

for step in (5, 10, 20, 50, 100):
    print(f"{step:3} steps: {result.accuracy_over_time[step - 1]:.1%}")
