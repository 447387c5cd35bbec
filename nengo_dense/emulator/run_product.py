"""Products of a run's recorded values with weights, equal to one product of the whole run."""

import os
import threading
from collections.abc import Callable

import numpy as np

from nengo_dense.emulator.product_order import ProductOrder, SumSpiking, find_order
from nengo_dense.loihi.kernel import numpy_readout
from nengo_dense.loihi.kernel.early_kernel import NUMBER, TERM
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.notices import notify

#: Bytes to convert at once; few enough to stay in the processor's cache until they are used.
CACHE = 2**18
#: Fewer lanes take less time than finding the order in which a product adds.
FEW_LANES = 16
#: Most numbers in the product of a run that is made for a part of it, 1 GiB of them, and most
#: multiplications in a run's products of that kind (about a minute).
MOST_NUMBERS, MOST_WORK = 2**27, 2**38
#: Bits that a weight may have so that its product with a value of the chip, which has at most 31,
#: needs no more than the 53 of a number.
WEIGHT_BITS = 22
#: An order is found once, in one thread; the others wait for it.
_turn = threading.Lock()
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
    memory : Memory, optional
        For the products.
    """

    def __init__(
        self,
        weights: np.ndarray,
        choose: ChooseSum | None = None,
        memory: Memory | None = None,
    ) -> None:
        self._weights = weights
        self._choose = choose
        self._compiled: SumSpiking | None = None
        self._round_once = _round_once(weights)
        self._may_add = _may_add(weights)
        self._memory = Memory() if memory is None else memory
        self.start_run(0, False)

    def start_run(self, n_steps: int, in_parts: bool) -> None:
        """Expect the values of a run of so many steps, all at once or in parts."""
        self._n_steps, self._done, self._in_parts = n_steps, 0, in_parts

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Multiply the (lanes, steps, n) values of the run's next steps; no result is -0.

        Warns
        -----
        UserWarning
            Last bits may differ from those of nengo-loihi.
        """
        sum_spiking = self._choose_sum(values)
        order = None if sum_spiking is None else self._find_order(sum_spiking)
        first, self._done = self._done, self._done + values.shape[1]
        if order is None or sum_spiking is None:
            return self._multiply(values, first)
        product = sum_spiking(values.view(np.uint8), self._weights, order.sums, self._memory)
        n_end = self._done - (self._n_steps - order.n_after)
        if n_end > 0:  # steps that a product adds in another order
            n_end = min(n_end, values.shape[1])
            start = order.n_lead + max(0, first - (self._n_steps - order.n_after))
            n_rows = order.n_lead + order.n_after
            product[:, -n_end:] = _times(values[:, -n_end:], self._weights, n_rows, start)
        return product

    def _multiply(self, values: np.ndarray, first: int) -> np.ndarray:
        """Make matrix products; of parts, with the rows of the whole run if that can be."""
        n_steps, (n, size) = values.shape[1], self._weights.shape
        if self._round_once or not self._in_parts:
            return _times(values, self._weights, n_steps, 0)
        n_parts = -(-self._n_steps // n_steps)
        number = self._n_steps * n
        if number <= MOST_NUMBERS and number * size * n_parts * len(values) <= MOST_WORK:
            return _times(values, self._weights, self._n_steps, first)
        notify(
            f"The last bits of decoded values may differ from nengo-loihi's. The run of "
            f"{self._n_steps} steps in so many lanes is too long to be kept whole, and the order "
            f"in which this machine adds the products of {n} neurons was not found. Run fewer "
            "steps or lanes at once",
            stacklevel=1,
        )
        return _times(values, self._weights, n_steps, 0)

    def _choose_sum(self, values: np.ndarray) -> SumSpiking | None:
        """Choose what adds weights of spikes, if that is worth while."""
        enough = self._in_parts or len(values) >= FEW_LANES
        if self._choose is None or not (enough and values.dtype == bool and self._may_add):
            return None
        if self._compiled is None:
            terms = NUMBER + TERM * self._weights.shape[1]
            self._compiled = self._choose(values.size * terms)
        # products of parts may add in another order than that of the whole run
        early = numpy_readout.sum_spiking if self._in_parts else None
        return early if self._compiled is None else self._compiled

    def _find_order(self, sum_spiking: SumSpiking) -> ProductOrder | None:
        """Find the order of the whole run's product."""
        transposed = not self._weights.flags.c_contiguous
        with _turn:
            return find_order(self._n_steps, *self._weights.shape, transposed, sum_spiking)


def _free_turn() -> None:
    """Let a forked process find orders, also if a thread did so that it does not have."""
    global _turn
    _turn = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_turn)


def _may_add(weights: np.ndarray) -> bool:
    """Whether a product with spikes is a sum of the weights of those that spiked."""
    contiguous = weights.flags.c_contiguous or weights.flags.f_contiguous
    # zero times infinity is not zero
    return bool(weights.dtype == np.float64 and contiguous and np.isfinite(weights).all())


def _round_once(weights: np.ndarray) -> bool:
    """Whether sums are rounded once, so that any order gives the same.

    That is so if there are no more than two terms, and weights have so few digits that a term is
    exact, as those of an ensemble's probe do, which are its radius.
    """
    with np.errstate(invalid="ignore"):
        few = np.frexp(weights)[0] * 2.0**WEIGHT_BITS % 1 == 0
    return bool(few.all() and (np.count_nonzero(weights, axis=0) <= 2).all())


def _times(values: np.ndarray, weights: np.ndarray, n_rows: int, start: int) -> np.ndarray:
    """Multiply (lanes, n_steps, n) values by (n, size) weights, lane by lane as in nengo-loihi.

    They are rows of a product of `n_rows`, from `start` on: how a row is rounded depends on the
    number of rows and on its place, but not on what the other rows are.
    """
    dtype = np.result_type(values, weights)
    product = np.empty((*values.shape[:2], weights.shape[1]), dtype=dtype)
    at_once = max(1, CACHE // (dtype.itemsize * max(1, n_rows * values.shape[2])))
    steps = slice(start, start + values.shape[1])

    def part(first: int, stop: int) -> None:
        rows = np.zeros((min(at_once, stop - first), n_rows, values.shape[2]), dtype=dtype)
        for lane in range(first, stop, at_once):
            lanes = slice(lane, min(lane + at_once, stop))
            some = rows[: lanes.stop - lane]
            some[:, steps] = values[lanes]
            product[lanes] = np.matmul(some, weights)[:, steps]
            product[lanes] += 0  # as nengo-loihi, which sums parts from 0 on

    over_lanes(part, len(values), len(values) * n_rows * values.shape[2])
    return product
