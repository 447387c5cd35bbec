"""Numbers of spikes in stretches of time, in NumPy; `.compiled_count` has the twin."""

from collections.abc import Sequence

import numpy as np


def count_spikes(spikes: np.ndarray, stretches: Sequence[slice]) -> np.ndarray:
    """Count spikes.

    Parameters
    ----------
    spikes : (lanes, n_steps, n) uint8 array
        Those of a step side by side.
    stretches : sequence of slice
        Of steps; they may overlap.

    Returns
    -------
    counts : (n_stretches, lanes, n) int32 array
    """
    lanes, _, n = spikes.shape
    counts = np.empty((len(stretches), lanes, n), dtype=np.int32)
    for count, steps in zip(counts, stretches, strict=True):
        np.einsum("lsn->ln", spikes[:, steps], out=count, dtype=np.int32, casting="safe")
    return counts
