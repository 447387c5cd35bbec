"""The order in which a matrix product adds, found by trying.

nengo-loihi weights the spikes of a run with one matrix product. Its sums are rounded, so their
last bits depend on the order in which the product adds. That order depends on the shape and on
the machine, but never on the values. So values can show it: of the numbers 1, ..., B, ..., -B, ...
with a huge B, those are lost that are added to B before -B comes.

Most products add one neuron after another, in blocks. Vectors of a processor add several partial
sums side by side, and these in pairs at the end. Either way only the neurons that spiked need be
added, which is faster. Each order that is found is held against the product itself: sum by sum
with the same kind of values, and with random ones in all places.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.kernel.numpy_readout import SumOrder

#: Adds spikes' weights in an order; see `.kernel.numpy_readout.sum_spiking`.
SumSpiking = Callable[[np.ndarray, np.ndarray, SumOrder, Memory], np.ndarray]

#: A number beside which others up to thousands are lost, and twice that.
HUGE = 2.0**70
#: Most partial sums side by side.
MOST_PARTIAL = 64
#: Trials of an order with random values.
TRIALS = 6
#: Fewest trials of its sums, if there are so many, and most values in all of them together.
FEWEST_PROBES, PROBED = 24, 2**27
#: Sums in each step that are tried first: those at a block's start and end, and of partial sums.
EDGE = 8
#: Shares of neurons that spike.
SHARES = (0.1, 0.5, 0.9)
#: Most numbers in a product that is tried. Longer runs are tried with fewer steps.
MOST_NUMBERS = 2**21
#: Steps whose number leaves no rest in any product's blocks of rows, 16 or 24, also where threads
#: divide them: common multiple of these, times 12.
WHOLE = 576
#: Most steps at the end of a run that may be added in another order.
MOST_AFTER = 4
#: Steps before them in a product of their own (of a single step, NumPy makes another product).
LEADS = (2, 4)


@dataclass(frozen=True, eq=False)
class ProductOrder:
    """The order of a product of (n_steps, n) spikes and (n, size) weights.

    Attributes
    ----------
    sums : SumOrder
    n_after : int
        How many steps at the end are added in another order: that of a product of `n_lead` further
        steps and these.
    n_lead : int
    """

    sums: SumOrder
    n_after: int
    n_lead: int


@functools.lru_cache(maxsize=1024)
def find_order(
    n_steps: int, n: int, size: int, transposed: bool, sum_spiking: SumSpiking
) -> ProductOrder | None:
    """Find the order of a product, if it adds one neuron after another, or several side by side.

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
    sums = None if n_steps < min(LEADS) or n == 0 else _find_sums(n_steps, like)
    return None if sums is None else _try(n_steps, like, sums, sum_spiking)


def _find_sums(n_steps: int, like: np.ndarray) -> SumOrder | None:
    """Find partial sums and the ends of blocks, from the first of the product's numbers alone."""
    n = len(like)
    weights = np.ones_like(like)

    def together(other: int) -> int:
        """Count the numbers in the smallest sum that has both the first and another one."""
        values = np.ones((n_steps, n))
        values[0, [0, other]] = HUGE, -HUGE
        return n - int(values.dot(weights)[0, 0])

    powers = [1 << bit for bit in range(min(n, 2 * MOST_PARTIAL).bit_length()) if 1 << bit < n]
    apart = next((power for power in powers if together(power) == 2), 1)
    if n > 1 and together(apart) != 2:
        return None
    distances = sorted((power for power in powers if power < apart), key=together)
    low, high = 1, -(-n // apart)  # numbers in the first partial sum of the first block
    while low < high:
        middle = (low + high) // 2
        same = together(middle * apart) == middle + 1
        low, high = (middle + 1, high) if same else (low, middle)
    bounds = [min(n, low * apart)]
    while bounds[-1] < n:
        bounds.append(together(bounds[-1]))
        if not bounds[-2] < bounds[-1] <= n:
            return None
    return SumOrder(np.array(bounds, dtype=np.uint64), _pairs(apart, distances))


def _pairs(n_partial: int, distances: list[int]) -> np.ndarray:
    """List the pairs of partial sums that are added if each distance halves their number."""
    pairs, left = [], list(range(n_partial))
    for distance in distances:
        left = [one for one in left if not one & distance]
        pairs += [(one, one + distance) for one in left]
    return np.array(pairs, dtype=np.uint64).reshape(-1, 2)


def _try(
    n_steps: int, like: np.ndarray, sums: SumOrder, sum_spiking: SumSpiking
) -> ProductOrder | None:
    """Hold an order against the product, bit by bit."""
    same = np.ones(n_steps, dtype=bool)
    ends = np.ones((len(LEADS), MOST_AFTER + 1), dtype=bool)
    for values, weights, expected in _trials(n_steps, like, sums, sum_spiking):
        product = values.dot(weights).view(np.uint64)
        same &= (product == expected.view(np.uint64)).all(axis=1)
        if not same[:-MOST_AFTER].all():
            return None
        for number, lead in enumerate(LEADS):
            for n_after in range(1, min(MOST_AFTER, n_steps - lead) + 1):
                alone = values[-n_after - lead :].dot(weights).view(np.uint64)
                ends[number, n_after] &= bool((alone[lead:] == product[-n_after:]).all())
    n_after = n_steps - int(np.flatnonzero(~same).min(initial=n_steps))
    for number, lead in enumerate(LEADS):
        if n_after <= min(MOST_AFTER, n_steps - lead) and ends[number, n_after]:
            return ProductOrder(sums, n_after, lead)
    return None


def _trials(
    n_steps: int, like: np.ndarray, sums: SumOrder, sum_spiking: SumSpiking
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield values, weights, and their product if it adds in an order."""
    n = len(like)
    rng = np.random.RandomState(n)
    for trial in range(TRIALS):
        # few spikes tell little of a step, so each trial has others
        spikes = rng.uniform(size=(n_steps, n)) < rng.choice(SHARES, size=(n_steps, 1))
        weights = _draw(like, rng, bool(trial % 2))
        ours = sum_spiking(spikes.view(np.uint8)[np.newaxis], weights, sums, Memory())
        yield spikes, weights, np.ascontiguousarray(ours[0])
    probes, rows = _probes(n, sums), np.arange(n_steps)
    n_trials = min(len(probes), max(FEWEST_PROBES, PROBED // (n_steps * n)))
    values, weights = np.ones((n_steps, n)), np.ones_like(like)
    half = n_trials // 2
    for trial in range(n_trials):
        # half of them in all steps; if there are more, each of the others in some steps
        several = trial + (half if trial >= half else 0) * rows
        one, other, size = probes[several % len(probes)].T
        values[rows, one], values[rows, other] = HUGE, -HUGE
        yield values, weights, np.repeat((n - size)[:, np.newaxis], like.shape[1], axis=1) * 1.0
        values[rows, one] = values[rows, other] = 1.0


def _probes(n: int, sums: SumOrder) -> np.ndarray:
    """List a number on either side of each sum of an order, and how many it sums: (n - 1, 3).

    If the smallest sum that has both is so large, for all of them, then the order is this one.
    Those that differ between orders come first.
    """
    apart, start = len(sums.pairs) + 1, 0
    probes: list[tuple[bool, int, int, int]] = []
    for end in map(int, sums.bounds):
        sizes = [len(range(start + part, end, apart)) for part in range(apart)]
        for k in range(start + apart, end):
            middle = start + EDGE * apart <= k < end - EDGE * apart
            part = (k - start) % apart
            probes.append((middle, start + part, k, (k - start) // apart + 1))
        for one, other in sums.pairs.astype(int):
            if sizes[other]:
                sizes[one] += sizes[other]
                probes.append((False, start + one, start + other, sizes[one]))
        if start:
            probes.append((False, 0, start, end))
        start = end
    probes.sort(key=lambda probe: probe[0])
    return np.array([probe[1:] for probe in probes], dtype=int).reshape(-1, 3)


def _draw(like: np.ndarray, rng: np.random.RandomState, with_huge: bool) -> np.ndarray:
    """Draw weights whose sum depends on the order; with huge ones, much of it."""
    weights = np.empty_like(like)
    weights[...] = rng.normal(size=like.shape)
    if with_huge and len(like) > 1:
        places = rng.uniform(size=like.shape).argsort(axis=0)[:2]
        np.put_along_axis(weights, places, np.array([[HUGE], [-HUGE]]), axis=0)
    return weights
