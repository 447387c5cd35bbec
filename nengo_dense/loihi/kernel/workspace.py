"""Arguments of the compiled chip functions, in addition to those in `.contract`."""

from typing import NamedTuple

import numpy as np

#: A range of lanes: the first lane, and the one after the last.
Lanes = tuple[np.uint64, np.uint64]


class Layout(NamedTuple):
    """Sizes, and flags for work that can be skipped.

    Attributes
    ----------
    n_steps, n_inputs, n : uint64
        Steps, input neurons and compartments.
    padded : uint64
        Compartments of one lane in the workspace, padded to whole vectors.
    side_by_side : uint64
        Lanes in the workspace.
    leaky, holds, repeats : bool
        Whether any voltage decays, any compartment is ever refractory, and any input neuron may
        spike more than once in a step.
    """

    n_steps: np.uint64
    n_inputs: np.uint64
    n: np.uint64
    padded: np.uint64
    side_by_side: np.uint64
    leaky: bool
    holds: bool
    repeats: bool


class Arrivals(NamedTuple):
    """`.state.Drive` for compiled functions: an empty array takes the place of None.

    Attributes
    ----------
    spikes : (lanes * n_steps * n_inputs,) uint8 array
    pending : (lanes * n_inputs,) uint8 array
        Of `.state.ChipState`.
    noise_q, noise_u : (n_steps or 0, n) array
    extra : (lanes or 0, n) array
    """

    spikes: np.ndarray
    pending: np.ndarray
    noise_q: np.ndarray
    noise_u: np.ndarray
    extra: np.ndarray


class Records(NamedTuple):
    """All recordings, by key; a key without a recording has no runs.

    Attributes
    ----------
    spiked_runs, voltage_runs, current_runs : (m, 2) uint64 array
        First compartment and number of neighbours that are recorded; they are copied at once.
    spiked, voltage, current : (lanes, n_steps, k) array
    counts : (lanes * n or 0,) int32 array
        Spikes of all compartments, to which the run adds its own.
    """

    spiked_runs: np.ndarray
    spiked: np.ndarray
    voltage_runs: np.ndarray
    voltage: np.ndarray
    current_runs: np.ndarray
    current: np.ndarray
    counts: np.ndarray


class Lists(NamedTuple):
    """Buffers for lists of spikes; see `.compiled_spikes`.

    Attributes
    ----------
    sources : (room,) int32 array
    places : (room / 4,) int32 array
        For each four sources, start of their lane's compartments in the workspace.
    ends : (n_groups,) uint64 array
        End of each group's list.
    """

    sources: np.ndarray
    places: np.ndarray
    ends: np.ndarray
