"""
Short presentations
===================

A sample that takes 25 steps instead of 100 is answered four times as soon, with about a quarter
of the energy. A network is tuned for one length: read it at another one, and it is worse.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

import nengo_dense

x, y = load_digits(return_X_y=True)
x = x / 16
model = MLPClassifier((32, 24), max_iter=500, random_state=0).fit(x[:1200], y[:1200])
results = {}
for n_steps in (25, 100):
    seconds = n_steps / 1000
    stack = nengo_dense.convert(
        model, calibration=x[:1200], presentation_time=seconds, effort="fast", progress_bar=False
    )
    results[n_steps] = nengo_dense.evaluate(
        stack, x[1200:], y[1200:], presentation_time=seconds, progress_bar=False
    )
    print(f"tuned for {n_steps:3} steps, read after {n_steps:3}: {results[n_steps].accuracy:.1%}")

# %%
# The accuracy after each step. The line of each network ends at the length it was tuned for.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for n_steps, result in results.items():
    accuracy = 100 * np.asarray(result.accuracy_over_time)
    ax.plot(1 + np.arange(len(accuracy)), accuracy, label=f"tuned for {n_steps} steps")
ax.axhline(100 * model.score(x[1200:], y[1200:]), color="gray", ls="--", label="source model")
ax.set(xlabel="steps of 1 ms", ylabel="accuracy (%)", xlim=(0, 100))
ax.legend(loc="lower right")
