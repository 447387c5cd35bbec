"""
Training in NengoDL
===================

A :class:`~nengo_dense.DenseStack` is an ordinary network, so NengoDL can train it, and the same
object then runs on the chip's integers. :func:`~nengo_dense.training.fit` does it in one call;
:doc:`/training` has the plain calls of NengoDL, and says when training is the better way than
converting a trained model.

NengoDL needs an environment of its own, which is not the one that these pages are made in. So this
page shows what the program printed there:

.. literalinclude:: ../measured/train_in_nengo_dl.txt
   :language: none
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import nengo_dense
from nengo_dense.training import fit

x, y = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0)

# %%
# A stack without weights of its own starts with random ones. ``rate_target`` keeps firing rates in
# a band: fast enough to say something within a presentation, slow enough for whole steps.

stack = nengo_dense.DenseStack([64, 32, 10], 64, max_rate=200, label="digits", seed=0)
training = fit(
    stack,
    x_train,
    y_train,
    epochs=15,
    rate_target=(100, 400),
    validation=0.1,
    seed=0,
    progress_bar=False,
)
print(training)

# %%
# The weights are in the stack now. Nothing else has to be done before it is checked and run.

report = nengo_dense.check(stack, run=0)
print("errors:", sum(finding.severity == "error" for finding in report.findings))
result = nengo_dense.evaluate(stack, x_test, y_test, presentation_time=0.05, progress_bar=False)
print(result.summary())

# sphinx_gallery_thumbnail_path = 'pictures/drawn/overview.svg'
