"""
Samples that follow one another
===============================

On a running chip nothing is reset between two samples. What is left of one in currents and
voltages goes into the next. A short gap without input lets it decay. Whether a network needs one
is measured, not guessed.
"""

from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

import nengo_dense
from nengo_dense.evaluation import stream_report

x, y = load_digits(return_X_y=True)
x = x / 16
model = MLPClassifier((32, 24), max_iter=500, random_state=0).fit(x[:1200], y[:1200])
stack = nengo_dense.convert(
    model, calibration=x[:1200], presentation_time=0.05, effort="fast", progress_bar=False
)

# %%
# ``stream_report`` compares a fresh start for every sample with streams that have gaps of several
# lengths, and recommends one. A gap costs time and energy, which stand in the last columns.

report = stream_report(
    stack,
    x[1200:],
    y[1200:],
    gaps=[0, 0.005, 0.01, 0.02],
    presentation_time=0.05,
    progress_bar=False,
)
print(report)
figure = report.plot()

# %%
# One stream by itself, with the samples of a class together, as a camera would see them:

ordered = y[1200:].argsort(kind="stable")
result = nengo_dense.evaluate(
    stack,
    x[1200:],
    y[1200:],
    presentation_time=0.05,
    reset=False,
    gap=0.01,
    order=ordered,
    progress_bar=False,
)
print(result)
