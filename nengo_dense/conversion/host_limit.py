"""Neurons on the host are kept at one spike a step, as the chip takes no more."""

import numpy as np

from nengo_dense.conversion.chain import Chain

#: Spikes a step. A little below one: a neuron driven at exactly one may fire twice in a step, or
#: not at all, by the last bit of a sum.
LIMIT = 1 - 1e-6


def hold_host_rates(chain: Chain, x: np.ndarray) -> None:
    """Scale neurons on the host that would fire faster, and what reads them, by the same factor.

    A rectified linear neuron that is scaled down and read by larger weights says the same. So
    what the chip gets changes only for samples of which the chip would have lost spikes.

    Parameters
    ----------
    chain : Chain
        Changed in place. Nothing changes where the first layer is on the chip: the encoder's
        rates follow from the inputs alone.
    x : (batch, size_in) ndarray
        Samples for which the limit holds.
    """
    import os
    if chain.first_on_chip == 0 or os.environ.get("LIMIT", "1") == "0":
        return
    highest = (x @ chain.weights[0].T + chain.biases[0]).max(axis=0)
    factor = np.maximum(highest / float(os.environ.get('LIMIT', '1')), 1.0)
    chain.weights[0] /= factor[:, np.newaxis]
    chain.biases[0] /= factor
    chain.weights[1] *= factor
