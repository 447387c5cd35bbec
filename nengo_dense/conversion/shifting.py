"""The constant part of an activation moves to the next biases, so spikes represent changes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nengo_dense.importers.spec import DenseSpec

#: Part of a neuron's range that is kept below its least activation seen, for inputs not seen.
MARGIN = 0.2


def shift_resting_activity(specs: Sequence[DenseSpec], x: np.ndarray) -> list[DenseSpec]:
    """Lower the bias of neurons that are always active, and raise those of the next layer.

    A rectified neuron that is above zero for every input is linear: it may say its activation less
    a constant, which the next layer's biases make up for. A neuron between 1000 and 1010 would
    spend its spikes on the 1000.

    Parameters
    ----------
    specs : sequence of DenseSpec
    x : (batch, n_in) ndarray
        Calibration inputs. For these the model computes what it did.

    Returns
    -------
    specs : list of DenseSpec
    """
    shifted = list(specs)
    y = np.asarray(x, dtype=np.float64)
    for i, spec in enumerate(specs[:-1]):
        y = np.maximum(y @ spec.weights.T + spec.bias, 0)
        low, high = y.min(axis=0), y.max(axis=0)
        constant = np.maximum(low - MARGIN * (high - low), 0)
        following = specs[i + 1]
        shifted[i] = replace(shifted[i], bias=shifted[i].bias - constant)
        shifted[i + 1] = replace(following, bias=following.bias + following.weights @ constant)
    return shifted
