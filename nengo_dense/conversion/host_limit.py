"""Neurons on the host are limited to one spike per step, because the chip takes no more."""

import numpy as np

from nengo_dense.conversion.calibration import usual_magnitude
from nengo_dense.conversion.chain import Chain

#: Spikes a step. A little below one: a neuron driven at exactly one may fire twice in a step, or
#: not at all, by the last bit of a sum.
LIMIT = 1 - 1e-6


class HostLimit:
    """The limit of one spike a step, for all inputs seen but odd ones.

    A rectified linear neuron that is scaled down, and read by weights scaled up, says the same. So
    what the chip gets changes only for samples of which it would have lost spikes.

    Parameters
    ----------
    x : (batch, size_in) ndarray
        All inputs. Values that are odd (`usual_magnitude`) count as far as the others go.
    """

    def __init__(self, x: np.ndarray) -> None:
        self.most = usual_magnitude(x)

    def hold(self, chain: Chain, x: np.ndarray) -> None:
        """Scale neurons on the host that would fire faster for ``x``.

        Parameters
        ----------
        chain : Chain
            Changed in place. Nothing changes where the first layer is on the chip: the encoder's
            rates follow from the inputs alone.
        x : (batch, size_in) ndarray
        """
        if chain.first_on_chip == 0:
            return
        usual = np.clip(x, -self.most, self.most)
        highest = (usual @ chain.weights[0].T + chain.biases[0]).max(axis=0)
        factor = np.maximum(highest / LIMIT, 1.0)
        chain.weights[0] /= factor[:, np.newaxis]
        chain.biases[0] /= factor
        chain.weights[1] *= factor
