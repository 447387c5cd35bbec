"""How large currents may become before a register can overflow in the step after."""

import numpy as np

from nengo_dense.loihi.limits import Q_BITS, U_BITS
from nengo_dense.loihi.program import Program

#: The reach of a program in which a register may overflow from any currents.
NOWHERE = -1


def find_reach(program: Program, most: int) -> int:
    """Find the largest absolute value of currents from which no register overflows in a step.

    A step adds at most all positive or all negative weights to a current, and then the bias.
    Noise and learning synapses are not counted.

    Parameters
    ----------
    program : Program
    most : int
        Spikes of one input neuron in one step.

    Returns
    -------
    reach : int
        `NOWHERE` if there is no such value, if a voltage may have to be clipped from above, or if
        numbers are not integers.
    """
    chip = program.compartments
    if program.dtype != np.int32 or (chip.vmax <= chip.vth).any():
        return NOWHERE
    added = _largest_sum(program, most)
    bias = int(np.abs(chip.bias.astype(np.int64)).max(initial=0))
    return NOWHERE if added >> Q_BITS else max(NOWHERE, 2**U_BITS - 1 - added - bias)


def _largest_sum(program: Program, most: int) -> int:
    """Sum the weights of either sign that reach a compartment; return the largest such sum."""
    sums = np.zeros((2, program.n_compartments))
    for projection in program.projections:
        weights, used = projection.weights, projection.rows >= 0
        rows = projection.rows[used]
        lengths = np.diff(weights.starts)[rows]
        before = np.cumsum(lengths) - lengths
        each = np.repeat(weights.starts[rows] - before, lengths) + np.arange(lengths.sum())
        targets = np.repeat(projection.bases[used], lengths) + weights.targets[each]
        values = most * weights.values[each].astype(float)  # exact, as all sums of integers
        for sum_, signed in zip(sums, (values, -values), strict=True):
            sum_ += np.bincount(targets, np.maximum(signed, 0), program.n_compartments)
    return int(sums.max(initial=0))
