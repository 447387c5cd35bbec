"""Validation counts every sample once, whatever the minibatch is."""

import numpy as np
import pytest

from nengo_dense.heads import softmax
from nengo_dense.layers.stack import DenseStack
from nengo_dense.training import fit

pytestmark = pytest.mark.dl
REASON = "NengoDL is in the dl environment"
pytest.importorskip("tensorflow", reason=REASON)
pytest.importorskip("nengo_dl", reason=REASON)


def test_loss_and_accuracy_are_those_of_the_weights_that_are_kept(rng):
    x, y = rng.normal(size=(30, 3)), rng.randint(2, size=30)
    x_val, y_val = rng.normal(size=(7, 3)), rng.randint(2, size=7)
    stack = DenseStack([8, 4, 2], 3, seed=0)
    result = fit(
        stack,
        x,
        y,
        validation=(x_val, y_val),
        minibatch_size=4,
        epochs=2,
        loihi_aware=False,
        seed=0,
        progress_bar=False,
    )
    hidden = x_val
    for layer in stack.layers:
        hidden = np.maximum(hidden @ layer.weights.T + layer.bias, 0)
    p = softmax(hidden @ stack.weights[-1].T + stack.biases[-1])
    best = result.best_epoch
    loss = -np.log(p[np.arange(7), y_val]).mean()
    assert result.history["val_loss"][best] == pytest.approx(loss, rel=1e-4)
    assert result.history["val_accuracy"][best] == np.mean(p.argmax(axis=1) == y_val)
