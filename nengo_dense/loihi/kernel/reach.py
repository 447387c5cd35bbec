"""How large currents may become before a register can overflow in the step after."""

import numpy as np

from nengo_dense.loihi.limits import Q_BITS, U_BITS
from nengo_dense.loihi.program import Program

#: The reach of a program in which a register may overflow from any currents.
NOWHERE = -1


def signed_sums(program: Program, most: int) -> np.ndarray:
    """Sum the weights of either sign that can reach each compartment in a step.

    Parameters
    ----------
    program : Program
    most : int
        Spikes of one input neuron in one step.

    Returns
    -------
    sums : (2, n_compartments) float64 array
        Of positive weights, and of negative ones without their sign; exact, as all sums of
        integers.
    """
    sums = np.zeros((2, program.n_compartments))
    for projection in program.projections:
        used = projection.rows >= 0
        rows, bases, weights = projection.rows[used], projection.bases[used], projection.weights
        if weights.width and (bases == bases[:1]).all():
            values = weights.values.reshape(-1, weights.width)[rows]
            first = int(bases[0] if len(bases) else 0) + weights.offset
            columns = slice(first, first + weights.width)
            positive = np.maximum(values, 0).sum(axis=0, dtype=float)
            sums[0, columns] += most * positive
            sums[1, columns] += most * (positive - values.sum(axis=0, dtype=float))
            continue
        lengths = np.diff(weights.starts)[rows]
        before = np.cumsum(lengths) - lengths
        each = np.repeat(weights.starts[rows] - before, lengths) + np.arange(lengths.sum())
        targets = np.repeat(bases, lengths) + weights.targets[each]
        single = most * weights.values[each].astype(float)
        for sum_, signed in zip(sums, (single, -single), strict=True):
            sum_ += np.bincount(targets, np.maximum(signed, 0), program.n_compartments)
    return sums


def find_reach(program: Program, sums: np.ndarray) -> int:
    """Find the largest absolute value of currents from which no register overflows in a step.

    A step adds at most all positive or all negative weights to a current, and then the bias.
    Noise and learning synapses are not counted.

    Parameters
    ----------
    program : Program
    sums : (2, n_compartments) array
        See `signed_sums`.

    Returns
    -------
    reach : int
        `NOWHERE` if there is no such value, if a voltage may have to be clipped from above, or if
        numbers are not integers.
    """
    chip = program.compartments
    if program.dtype != np.int32 or (chip.vmax <= chip.vth).any():
        return NOWHERE
    added = int(sums.max(initial=0))
    bias = int(np.abs(chip.bias.astype(np.int64)).max(initial=0))
    return NOWHERE if added >> Q_BITS else max(NOWHERE, 2**U_BITS - 1 - added - bias)
