"""Neurons on the host are limited to one spike per step, because the chip takes no more."""

import numpy as np

from nengo_dense.conversion.calibration import usual_magnitude
from nengo_dense.conversion.circuit import Circuit

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
        All inputs, standardised as the circuit does. Values that are odd (`usual_magnitude`)
        count as far as the others go.
    """

    def __init__(self, x: np.ndarray) -> None:
        self.most = usual_magnitude(x)

    def hold(self, circuit: Circuit, x: np.ndarray) -> None:
        """Scale neurons on the host that would fire faster for ``x``.

        Parameters
        ----------
        circuit : Circuit
            Changed in place. Encoders stay as they are: their rates follow from the inputs alone.
        x : (batch, size_in) ndarray
            Standardised, as the circuit's layers on the host read it.
        """
        usual = np.clip(x, -self.most, self.most)
        for index, part in enumerate(circuit.parts.layers):
            if part.layer.on_chip:
                continue
            values = [usual[:, circuit.parts.inputs[read.source]] for read in part.reads]
            drive = np.concatenate(values, axis=1) @ circuit.weights[index].T
            highest = (drive + circuit.biases[index]).max(axis=0)
            factor = np.maximum(highest / LIMIT, 1.0)
            circuit.weights[index] /= factor[:, np.newaxis]
            circuit.biases[index] /= factor
            for reader, other in enumerate(circuit.parts.all):
                for source, columns in other.reads:
                    if source == part.name:
                        circuit.weights[reader][:, columns] *= factor
