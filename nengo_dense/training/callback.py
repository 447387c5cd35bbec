"""The callback of Keras after every epoch: validation and early stopping.

Imports TensorFlow; loaded when training starts.
"""

from typing import Any

import nengo
import numpy as np
import tensorflow as tf

from nengo_dense.heads import log_sum_exp
from nengo_dense.samples import fill_up


class Validation(tf.keras.callbacks.Callback):
    """Adds loss and accuracy on a whole validation set to each epoch's log.

    NengoDL works in minibatches of one size and would cut the rest off.

    Parameters
    ----------
    sim : nengo_dl.Simulator
    source : nengo.Node
    logits : nengo.Probe
    x : (n, size_in) ndarray
    labels : (n,) ndarray of int
    """

    def __init__(
        self, sim: Any, source: nengo.Node, logits: nengo.Probe, x: np.ndarray, labels: np.ndarray
    ) -> None:
        super().__init__()
        self.sim, self.source, self.logits, self.labels = sim, source, logits, labels
        self.x = fill_up(x, sim.minibatch_size)[:, np.newaxis]

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Evaluate; the progress bar, the history and later callbacks see the values."""
        outputs = self.sim.predict({self.source: self.x}, verbose=0)
        logits = outputs[self.logits][: len(self.labels), 0].astype(np.float64)
        log_sums = log_sum_exp(logits)
        right = logits[np.arange(len(logits)), self.labels]
        if logs is not None:
            logs["val_loss"] = float(np.mean(log_sums - right))
            logs["val_accuracy"] = float(np.mean(logits.argmax(axis=1) == self.labels))


class EarlyStopping(tf.keras.callbacks.EarlyStopping):
    """Keras's, which ends with the best weights also when the epochs run out first."""

    def __init__(self, patience: int) -> None:
        super().__init__("val_loss", patience=patience, restore_best_weights=True)

    def on_train_end(self, logs: dict | None = None) -> None:
        """Restore the best weights."""
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)
        super().on_train_end(logs)
