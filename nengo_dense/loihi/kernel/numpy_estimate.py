"""Neurons that fire by an input that is known but for rounding, in NumPy."""

from typing import NamedTuple

import numpy as np

from nengo_dense.loihi.kernel.instruction import AHEAD, Instruction, Kind, Stretch
from nengo_dense.loihi.kernel.numpy_host import fire, send

#: Two voltages are rounded in a step, at a sum and a difference each: together by less than twice
#: 2**-53 of input plus 2. This is four times as much, as the bound is rounded too.
ROUNDING = 2.0**-50


class Estimated(NamedTuple):
    """Products of all lanes, and what neurons make of them.

    Neurons integrate ``max(start + gain * product, lowest) * dt`` in each step. The true product
    is at most ``lane_error * row_error`` from the one that is known.

    Attributes
    ----------
    product : (lanes, n) float64 array
    lane_error : (lanes,) float64 array
    row_error : (n,) float64 array
    start : (lanes or 1, n) float64 array
    gain : (n,) float64 array
    lowest, dt : float
    """

    product: np.ndarray
    lane_error: np.ndarray
    row_error: np.ndarray
    start: np.ndarray
    gain: np.ndarray
    lowest: float
    dt: float

    def charge(self, product: np.ndarray, lanes: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return what neurons of some lanes integrate with a product, rounded as in Nengo."""
        start = np.broadcast_to(self.start, self.product.shape)[lanes]
        return np.asarray(np.maximum(start + self.gain * product, self.lowest) * self.dt)


def fire_estimated(
    estimated: Estimated, firing: Instruction, stretch: Stretch, n_steps: int
) -> np.ndarray:
    """Let neurons fire by the lower bound of their input, and tell in which lanes that is right.

    A rounded sum, `floor`, a comparison and a reset never fall where their input rises. So while
    all fire as for the lower bound, no voltage is below that bound's, and in each step the
    distance grows at most by that of the inputs and by rounding. Nothing else fires if the lower
    bound's voltage stays farther below 1 than the distance after the last step. If both bounds
    are the same number, nothing lies between them.

    Parameters
    ----------
    estimated : Estimated
        Starts and gains are finite.
    firing : Instruction
        What may run ahead is run in the stretch; of ``FIRE`` only the source is computed.
    stretch : Stretch
        Voltages are from 0 to 1.
    n_steps : int
        Steps in which they shall fire alike; not fewer than those of the stretch.

    Returns
    -------
    alike : (lanes,) bool array
        Where neurons surely fire alike for any constant input between bounds.
    """
    n = estimated.product.shape[1]
    with np.errstate(all="ignore"):
        error = np.multiply.outer(estimated.lane_error, estimated.row_error)
        low = estimated.charge(estimated.product - error)
        high = estimated.charge(estimated.product + error)
        least, most = np.minimum(low, high), np.maximum(low, high)
        size, apart = np.maximum(-least, most), most - least
        highest = 1.0 - n_steps * (apart + ROUNDING * (size + 2.0))
        highest[apart == 0] = np.inf
        voltage, target = stretch.vector(firing.state, n), stretch.vector(firing.target, n)
        v, top, fired = voltage.copy(), np.zeros_like(voltage), np.empty_like(voltage)
        sent = stretch.n_steps if firing.kind in AHEAD else 0
        columns = slice(firing.column, firing.column + n)
        for step in range(n_steps):
            fire(fired, least, v, firing.a, firing.b == 1)
            np.maximum(top, v, out=top)
            if step < sent:
                send(fired, stretch.spikes[..., columns], stretch.first_step + step)
                if firing.kind == Kind.FIRE_SEND_AND_ADD:
                    stretch.total(firing)[...] += fired
            if step == sent - 1:
                voltage[...], target[...] = v, fired
        stretch.vector(firing.source, n)[...] = least
        return np.asarray((top <= highest).all(axis=1))
