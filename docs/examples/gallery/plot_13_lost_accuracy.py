"""
Where accuracy was lost, and how to get it back
===============================================

A classifier is right in scikit-learn and wrong on the chip. Three questions lead to the cause:
where is it lost, what does the checker say of the layer, and is it gone once that is mended?
"""

import nengo
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import nengo_dense

x, y = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0)
trained = MLPClassifier((64, 32, 32), max_iter=1000, random_state=0).fit(x_train, y_train)
model = [(w.T, b) for w, b in zip(trained.coefs_, trained.intercepts_, strict=True)]

# %%
# The fault is put in by hand here: one weight runs away. It belongs to a neuron of the first layer
# that no sample makes fire, so nothing in training holds it back, and the model answers as before.

active = np.maximum(x_train @ model[0][0].T + model[0][1], 0).max(axis=0)
model[1][0][0, active.argmin()] = 40

# %%
# **Where is it lost?** Every row of the ladder changes one thing. ``tune=False`` leaves the
# model's own weights, so that nothing is hidden.

options = {"calibration": x_train, "tune": False, "label": "digits", "progress_bar": False}
report = nengo_dense.ladder(model, x_test, y_test, **options)
print(report)

# %%
# Rates, spikes and the chip's neurons with floats as weights cost little. The loss is in the row
# "chip, integers": nothing changes there but that weights are rounded to 8 bits. The errors of the
# layers begin with the second one.
#
# **What does the checker say of that layer?**

with nengo.Network(seed=0) as net:
    net.add(report.stack)
    samples = nengo.Node(nengo.processes.PresentInput(x_train[:100], 0.1))
    nengo.Connection(samples, report.stack.input, synapse=None)
print(nengo_dense.check(net, select=["ND3"]))

# %%
# More than half of its weights became 0: :doc:`ND302 </rules/ND302>`. The largest weight sets the
# distance between the levels that all others have to share, as
# :doc:`How Loihi works </loihi>` explains. Which weight is it, and how large is the next one?

weights = np.abs(model[1][0])
place = np.unravel_index(weights.argmax(), weights.shape)
print("largest weight:", weights.max(), "into neuron", place[0], "from neuron", place[1])
print("next one:", np.sort(weights, axis=None)[-2].round(2))

# %%
# **Mended**: the neuron never fires, so its weight can as well be 0. Where a weight matters,
# reduce it as far as the report says, or let tuning find other weights: ``calibration=`` alone
# does that, as :doc:`Conversion without loss </conversion>` tells.

model[1][0][place] = 0
report = nengo_dense.ladder(model, x_test, y_test, **options)
print(report)

# sphinx_gallery_thumbnail_path = 'pictures/drawn/exponent.svg'
