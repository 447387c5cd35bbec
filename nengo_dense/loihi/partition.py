"""The division of layers among cores: how many neurons of a dense layer fit on one Loihi core.

A block is the part of a layer on one core. Four limits apply (`nengo_dense.loihi.limits`):

- compartments
- input axons; splitting does not help, because every block needs the whole fan-in
- synapse memory
- output axons; each neuron takes one for *every block* of the layers that it sends to, so the
  blocks of a layer depend on those of the next layer
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nengo.exceptions import BuildError

from nengo_dense.loihi.limits import (
    ENTRY_HEADER_BITS,
    MAX_COMPARTMENTS,
    MAX_IN_AXONS,
    MAX_OUT_AXONS,
    MAX_SYNAPSE_BITS,
    WEIGHT_BITS,
    WEIGHTS_PER_ENTRY,
    WORD_BITS,
)


def ceil_div(a: int, b: int) -> int:
    """Divide integers, rounding up."""
    return -(-a // b)


def axon_bits(n_targets: int) -> int:
    """Count the bits that one input axon with ``n_targets`` dense weights takes.

    nengo-loihi stores dense weights in entries of up to 64, each with a header, each rounded up
    to whole words (``SynapseConfig.bits_per_axon`` with compression 3).
    """
    full, rest = divmod(n_targets, WEIGHTS_PER_ENTRY)
    return full * _entry_bits(WEIGHTS_PER_ENTRY) + (_entry_bits(rest) if rest else 0)


def _entry_bits(n_weights: int) -> int:
    return ceil_div(n_weights * WEIGHT_BITS + ENTRY_HEADER_BITS, WORD_BITS) * WORD_BITS


def largest_block(n_in_axons: int) -> int:
    """Find how many neurons with this dense fan-in fit on one core (0 if none can).

    Examples
    --------
    >>> [largest_block(n) for n in (64, 128, 784, 4096, 4097)]
    [1024, 910, 142, 30, 0]
    """
    if n_in_axons > MAX_IN_AXONS:
        return 0
    fits = range(1, MAX_COMPARTMENTS + 1)
    low, high = 0, len(fits)
    while low < high:  # axon_bits never falls, so bisect
        middle = (low + high + 1) // 2
        if n_in_axons * axon_bits(middle) <= MAX_SYNAPSE_BITS:
            low = middle
        else:
            high = middle - 1
    return low


@dataclass(frozen=True)
class Population:
    """Neurons that are to be divided into blocks.

    Parameters
    ----------
    label : str
        For messages.
    n_neurons : int
    n_in_axons : int
        Input axons of all synapses together.
    targets : sequence of (int, int)
        For each outgoing axon group: index of the population that it reaches, and number of
        output axons that a neuron takes for each block there (1 for dense weights).
    n_blocks : int, optional
        A fixed number of blocks; ``None`` to let `partition` choose it.
    """

    label: str
    n_neurons: int
    n_in_axons: int
    targets: Sequence[tuple[int, int]] = ()
    n_blocks: int | None = None


def partition(populations: Sequence[Population]) -> list[int]:
    """Divide every population into as few blocks as the chip's limits allow.

    Parameters
    ----------
    populations : sequence of Population

    Returns
    -------
    block_sizes : list of int
        Neurons in one block of each population; its last block may have fewer.

    Raises
    ------
    nengo.exceptions.BuildError
        A population has too many input axons, or sends to too many blocks.
    """
    sizes = [_first_size(population) for population in populations]
    settled = False
    while not settled:  # sizes only ever fall, so this ends
        settled = True
        for i, population in enumerate(populations):
            limit = _out_axon_limit(population, populations, sizes)
            if population.n_blocks is None and sizes[i] > limit:
                sizes[i] = limit
                settled = False
    return [
        ceil_div(population.n_neurons, ceil_div(population.n_neurons, size))
        for population, size in zip(populations, sizes, strict=True)
    ]


def _first_size(population: Population) -> int:
    if population.n_blocks is not None:
        return ceil_div(population.n_neurons, population.n_blocks)
    size = largest_block(population.n_in_axons)
    if size == 0:
        raise too_many_inputs(population.label, population.n_in_axons)
    return min(size, population.n_neurons)


def too_many_inputs(label: str, n_in_axons: int) -> BuildError:
    """Make the error for neurons that need more input axons than a core has."""
    return BuildError(
        f"{label}: needs {n_in_axons} input axons, but a Loihi core has {MAX_IN_AXONS}, and "
        "every core of a layer needs them all, so splitting does not help. Use fewer inputs, or "
        "put the layer on the host with on_chip=False. (A value that comes from a Node takes two "
        "axons; spikes take one.)"
    )


def _out_axon_limit(
    population: Population, populations: Sequence[Population], sizes: Sequence[int]
) -> int:
    slots = sum(
        slots_per_block * ceil_div(populations[target].n_neurons, sizes[target])
        for target, slots_per_block in population.targets
    )
    limit = MAX_OUT_AXONS // slots if slots else MAX_COMPARTMENTS
    if limit == 0:
        raise BuildError(
            f"{population.label}: each neuron sends to {slots} cores, but a core has "
            f"{MAX_OUT_AXONS} output axons. Make the layers that it sends to narrower, or give "
            "them fewer inputs so that they take fewer cores."
        )
    return limit
