"""The order in which a matrix product adds, found by trying.

nengo-loihi weights the spikes of a run with one matrix product. Its sums are rounded, so their
last bits depend on the order in which the product adds. That order depends on the shape and on
the machine, but never on the values. So values can show it: of the numbers 1, ..., B, ..., -B, ...
with a huge B, those are lost that are added to B before -B comes.

Most products add one neuron after another, in blocks. Then only the neurons that spiked need be
added, which is faster. Each order that is found is held against the product itself, with random
values and in all places.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nengo_dense.loihi.kernel.memory import Memory

#: Adds spikes' weights one after another; see `.kernel.compiled_readout.sum_spiking`.
SumSpiking = Callable[[np.ndarray, np.ndarray, np.ndarray, Memory], np.ndarray]

#: A number beside which others up to thousands are lost, and twice that.
HUGE = 2.0**70
#: Most and fewest trials of an order, and values in all of them together.
MOST_TRIALS, FEWEST_TRIALS, TRIED = 24, 4, 2**24
#: Most numbers in a product that is tried. Longer runs are tried with fewer steps.
MOST_NUMBERS = 2**22
#: Steps whose number leaves no rest in any product's blocks of rows: common multiple of 16 and 24.
WHOLE = 48
#: Most steps at the end of a run that may be added in another order, and steps before them in a
#: product of their own (of a single step, NumPy makes another product).
MOST_AFTER, LEAD = 4, 2


@dataclass(frozen=True, eq=False)
class ProductOrder:
    """The order of a product of (n_steps, n) spikes and (n, size) weights.

    Attributes
    ----------
    bounds : (n_blocks,) uint64 array
        Ends of the blocks of neurons, each with a sum of its own; see `SumSpiking`.
    n_after : int
        How many steps at the end are added in another order: that of a product of `LEAD` further
        steps and these.
    """

    bounds: np.ndarray
    n_after: int


@functools.lru_cache(maxsize=1024)
def find_order(
    n_steps: int, n: int, size: int, transposed: bool, sum_spiking: SumSpiking
) -> ProductOrder | None:
    """Find the order of a product, if it adds one neuron after another.

    Parameters
    ----------
    n_steps, n, size : int
        Of (n_steps, n) spikes and (n, size) weights.
    transposed : bool
        Whether the weights lie in memory column by column.
    sum_spiking : callable

    Returns
    -------
    order : ProductOrder or None
    """
    if n_steps * n > MOST_NUMBERS and n_steps > 2 * WHOLE:
        n_steps = WHOLE * max(1, MOST_NUMBERS // n // WHOLE) + n_steps % WHOLE
    like = np.zeros((n, size), order="F" if transposed else "C")
    bounds = None if n_steps < LEAD or n == 0 else _find_bounds(n_steps, like)
    return None if bounds is None else _try(n_steps, like, bounds, sum_spiking)


def _find_bounds(n_steps: int, like: np.ndarray) -> np.ndarray | None:
    """Find the ends of blocks, from the first of the product's numbers alone."""
    n = len(like)
    weights = np.ones_like(like)

    def together(other: int) -> int:
        """Count the numbers in the smallest sum that has both the first and another one."""
        values = np.ones((n_steps, n))
        values[0, [0, other]] = HUGE, -HUGE
        return n - int(values.dot(weights)[0, 0])

    low, high = 1, n  # the first block ends in between
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if together(middle) == middle + 1 else (low, middle)
    bounds = [low]
    while bounds[-1] < n:
        bounds.append(together(bounds[-1]))
        if not bounds[-2] < bounds[-1] <= n:
            return None
    return np.array(bounds, dtype=np.uint64)


def _try(
    n_steps: int, like: np.ndarray, bounds: np.ndarray, sum_spiking: SumSpiking
) -> ProductOrder | None:
    """Hold an order against the product, bit by bit."""
    n = len(like)
    rng = np.random.RandomState(n)
    same = np.ones(n_steps, dtype=bool)
    spikes = rng.uniform(size=(n_steps, n)) < rng.choice([0.1, 0.5, 0.9], size=(n_steps, 1))
    n_trials = min(MOST_TRIALS, max(FEWEST_TRIALS, TRIED // (n_steps * n)))
    ends = np.ones(MOST_AFTER + 1, dtype=bool)
    for trial in range(n_trials):
        weights = _draw(like, rng, bool(trial % 2))
        product = spikes.dot(weights).view(np.uint64)
        sums = sum_spiking(spikes.view(np.uint8)[np.newaxis], weights, bounds, Memory())
        same &= (product == np.ascontiguousarray(sums[0]).view(np.uint64)).all(axis=1)
        for n_after in range(1, min(MOST_AFTER, n_steps - LEAD) + 1):
            alone = spikes[-n_after - LEAD :].dot(weights).view(np.uint64)
            ends[n_after] &= bool((alone[LEAD:] == product[-n_after:]).all())
    n_after = n_steps - int(np.flatnonzero(~same).min(initial=n_steps))
    if n_after > min(MOST_AFTER, n_steps - LEAD) or not ends[n_after]:
        return None
    return ProductOrder(bounds, n_after)


def _draw(like: np.ndarray, rng: np.random.RandomState, with_huge: bool) -> np.ndarray:
    """Draw weights whose sum depends on the order; with huge ones, much of it."""
    weights = np.empty_like(like)
    weights[...] = rng.normal(size=like.shape)
    if with_huge and len(like) > 1:
        places = rng.uniform(size=like.shape).argsort(axis=0)[:2]
        np.put_along_axis(weights, places, np.array([[HUGE], [-HUGE]]), axis=0)
    return weights
