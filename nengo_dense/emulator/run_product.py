"""Products of a run's recorded values with weights, equal to one product of the whole run."""

from collections.abc import Callable

import numpy as np

from nengo_dense.emulator.product_order import ProductOrder, SumSpiking, find_order
from nengo_dense.loihi.kernel import numpy_readout
from nengo_dense.loihi.kernel.early_kernel import NUMBER, TERM
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.kernel.thread import over_lanes

#: Bytes to convert at once; few enough to stay in the processor's cache until they are used.
CACHE = 2**18
#: Fewer lanes take less time than finding the order in which a product adds.
FEW_LANES = 16
#: Chooses a `SumSpiking`, or None, given the nanoseconds that a product takes.
ChooseSum = Callable[[float], SumSpiking | None]


class RunProduct:
    """Multiply recorded values by weights, and round as nengo-loihi does.

    nengo-loihi makes one matrix product of all steps of a run, for each lane. Here a run may come
    in parts.

    Parameters
    ----------
    weights : (n, size) array
    choose : callable, optional
        Returns what adds spikes' weights in a product's order, where that is known, or None; given
        the nanoseconds that a product takes.
    """

    def __init__(self, weights: np.ndarray, choose: ChooseSum | None = None) -> None:
        self._weights = weights
        self._choose = choose
        self._memory = Memory()
        self.start_run(0, False)

    def start_run(self, n_steps: int, in_parts: bool) -> None:
        """Expect the values of a run of so many steps, all at once or in parts."""
        self._n_steps, self._done, self._in_parts = n_steps, 0, in_parts

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Multiply the (lanes, steps, n) values of the run's next steps; no result is -0."""
        sum_spiking = self._choose_sum(values)
        order = None if sum_spiking is None else self._find_order(sum_spiking)
        first, self._done = self._done, self._done + values.shape[1]
        if order is None or sum_spiking is None:
            return _times(values, self._weights)
        product = sum_spiking(values.view(np.uint8), self._weights, order.sums, self._memory)
        n_end = self._done - (self._n_steps - order.n_after)
        if n_end > 0:  # steps that a product adds in another order
            n_end = min(n_end, values.shape[1])
            rows = np.zeros(
                (len(values), order.n_lead + order.n_after, values.shape[2]), dtype=bool
            )
            start = order.n_lead + max(0, first - (self._n_steps - order.n_after))
            rows[:, start : start + n_end] = values[:, -n_end:]
            product[:, -n_end:] = _times(rows, self._weights)[:, start : start + n_end]
        return product

    def _choose_sum(self, values: np.ndarray) -> SumSpiking | None:
        """Choose what adds weights of spikes, if that is worth while."""
        weights = self._weights
        enough = self._in_parts or len(values) >= FEW_LANES
        contiguous = weights.flags.c_contiguous or weights.flags.f_contiguous
        spikes = values.dtype == bool and weights.dtype == np.float64
        if self._choose is None or not (enough and spikes and contiguous):
            return None
        if not np.isfinite(weights).all():  # zero times infinity is not zero
            return None
        chosen = self._choose(values.size * (NUMBER + TERM * weights.shape[1]))
        # products of parts may add in another order than that of the whole run
        return numpy_readout.sum_spiking if chosen is None and self._in_parts else chosen

    def _find_order(self, sum_spiking: SumSpiking) -> ProductOrder | None:
        """Find the order of the whole run's product."""
        transposed = not self._weights.flags.c_contiguous
        return find_order(self._n_steps, *self._weights.shape, transposed, sum_spiking)


def _times(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Multiply (lanes, n_steps, n) values by (n, size) weights, lane by lane as in nengo-loihi."""
    dtype = np.result_type(values, weights)
    product = np.empty((*values.shape[:2], weights.shape[1]), dtype=dtype)
    at_once = max(1, CACHE // (dtype.itemsize * max(1, values[0].size)))

    def part(start: int, stop: int) -> None:
        for first in range(start, stop, at_once):
            lanes = slice(first, min(first + at_once, stop))
            converted = np.ascontiguousarray(values[lanes], dtype=dtype)
            np.matmul(converted, weights, out=product[lanes])
            product[lanes] += 0  # as nengo-loihi, which sums parts from 0 on

    over_lanes(part, len(values), values.size)
    return product
