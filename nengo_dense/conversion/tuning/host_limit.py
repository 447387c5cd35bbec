"""Neurons on the host are limited to one spike per step, because the chip takes no more."""

import numpy as np

from nengo_dense.conversion.tuning.answer import BATCH_SIZE
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.usual_magnitude import usual_magnitude

#: Spikes a step. A little below one: a neuron driven at exactly one may fire twice in a step, or
#: not at all, by the last bit of a sum.
LIMIT = 1 - 1e-6
#: Number of steps -> share of the samples that a neuron says something about for which it may be
#: driven faster, in presentations of up to so many steps; none in longer ones. Where few spikes
#: fit in, a neuron that is slow enough for its busiest sample is silent for most others. Tuning
#: counts what the chip does not get. On letters held back from training, a network lost 4.2 points
#: in 10 steps without such samples, and 2.2 with them.
BEYOND = {10: 0.1, 50: 0.03}


def share_beyond(n_steps: int) -> float:
    """Return the share of samples for which a neuron may be driven faster."""
    return next((share for most, share in BEYOND.items() if n_steps <= most), 0.0)


class HostLimit:
    """The limit of one spike a step, for all inputs seen but odd ones.

    A rectified linear neuron that is scaled down, and read by weights scaled up, says the same. So
    what the chip gets changes only for samples of which it would have lost spikes.

    Parameters
    ----------
    x : (batch, size_in) ndarray
        All inputs, standardised as the circuit does. Values that are odd (`usual_magnitude`)
        count as far as the others go.
    beyond : float, optional
        Share of the samples above zero, of each neuron, for which it may be driven faster.
    """

    def __init__(self, x: np.ndarray, beyond: float = 0.0) -> None:
        self.most, self.beyond = usual_magnitude(x), beyond

    def hold(self, circuit: Circuit, x: np.ndarray) -> None:
        """Scale neurons on the host that would fire faster for ``x``.

        Parameters
        ----------
        circuit : Circuit
            Changed in place. Encoders stay as they are: their rates follow from the inputs alone.
        x : (batch, size_in) ndarray
            As the circuit is shown them.
        """
        parts = circuit.parts
        drives = self._drives(circuit, x)
        for index, drive in drives.items():
            factor = np.maximum(self._highest(drive) / LIMIT, 1.0)
            circuit.weights[index] /= factor[:, np.newaxis]
            circuit.biases[index] /= factor
            for reader, other in enumerate(parts.all):
                for source, columns in other.reads:
                    if source == parts.layers[index].name:
                        circuit.weights[reader][:, columns] *= factor

    def _drives(self, circuit: Circuit, x: np.ndarray) -> dict[int, np.ndarray]:
        """Return the input of the neurons of each layer on the host, by its index."""
        hosts = [i for i, part in enumerate(circuit.parts.layers) if not part.layer.on_chip]
        drives = {i: np.empty((len(x), len(circuit.biases[i]))) for i in hosts}
        for start in range(
            0, len(x) if hosts else 0, BATCH_SIZE
        ):  # of which a copy stays in the cache
            rows = slice(start, start + BATCH_SIZE)
            usual = circuit.standard(x[rows])
            np.clip(usual, -self.most, self.most, out=usual)
            for i, drive in drives.items():
                inputs = [circuit.parts.inputs[r.source] for r in circuit.parts.layers[i].reads]
                values = [usual[:, columns] for columns in inputs]
                joined = values[0] if len(values) == 1 else np.concatenate(values, axis=1)
                np.matmul(joined, circuit.weights[i].T, out=drive[rows])
                drive[rows] += circuit.biases[i]
        return drives

    def _highest(self, drive: np.ndarray) -> np.ndarray:
        """Return the drive of each neuron that may not be above the limit.

        That of neurons that are below may be any other below.
        """
        if not self.beyond:
            return np.asarray(drive.max(axis=0))
        place = (self.beyond * (drive > 0).sum(axis=0)).astype(int)
        highest = np.full(drive.shape[1], LIMIT)
        for neuron in np.flatnonzero((drive > LIMIT).sum(axis=0) > place):  # few are
            falling = -np.sort(-drive[:, neuron])
            highest[neuron] = falling[place[neuron]]
        return highest
