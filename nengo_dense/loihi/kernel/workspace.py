"""Arguments of the compiled chip functions, in addition to those in `.contract`."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nengo_dense.loihi.kernel.alignment import flat_view
from nengo_dense.loihi.kernel.state import Recording

#: Registers that are recorded in each step, in the order of `Records`.
RECORDED = ("spiked", "voltage", "current")
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
    reach : int32
        From currents up to this absolute value no register overflows in a step; see `.reach`.
    """

    n_steps: np.uint64
    n_inputs: np.uint64
    n: np.uint64
    padded: np.uint64
    side_by_side: np.uint64
    leaky: bool
    holds: bool
    repeats: bool
    reach: np.int32


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
    spiked_runs, voltage_runs, current_runs : (n_runs, 2) uint64 array
        First compartment and length of each run of neighbours.
    spiked, voltage, current : (n,) array
        Recorded values; those of one lane and step are side by side.
    strides : (3, 2) uint64 array
        Of spikes, voltages and currents: distance of two lanes and of two steps.
    counts : (lanes * n or 0,) int32 array
        Spikes of all compartments, to which the run adds its own.
    """

    spiked_runs: np.ndarray
    spiked: np.ndarray
    voltage_runs: np.ndarray
    voltage: np.ndarray
    current_runs: np.ndarray
    current: np.ndarray
    strides: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, recordings: Sequence[Recording], lanes: int, n: int, dtype: np.dtype) -> "Records":
        """Lay out recordings of some lanes of ``n`` compartments, in arrays of one dimension."""
        records = _no_records(np.dtype(dtype))
        strides = records.strides.copy()
        arrays = {"strides": strides}
        for key, columns, values in recordings:
            if key == "count":
                arrays["counts"] = np.zeros(lanes * n, dtype=np.int32)
            else:
                row, (lane, step, _) = strides[RECORDED.index(key)], values.strides
                row[0], row[1] = lane // values.itemsize, step // values.itemsize
                arrays[f"{key}_runs"], arrays[key] = find_runs(columns), flat_view(values)
        return records._replace(**arrays)


@functools.cache
def _no_records(dtype: np.dtype) -> Records:
    """Make records of nothing, of a type of voltage and current."""
    runs, spiked, other = np.zeros((0, 2), np.uint64), np.zeros(0, np.uint8), np.zeros(0, dtype)
    strides = np.zeros((len(RECORDED), 2), dtype=np.uint64)
    return Records(runs, spiked, runs, other, runs, other, strides, np.zeros(0, dtype=np.int32))


def find_runs(columns: np.ndarray) -> np.ndarray:
    """Find runs of neighbours: (n_runs, 2) first numbers and lengths."""
    return _find_runs(np.asarray(columns, dtype=np.int64).tobytes())


@functools.lru_cache(maxsize=128)
def _find_runs(numbers: bytes) -> np.ndarray:
    """Do as `find_runs`; a run in many short parts asks for the same ones each time."""
    columns = np.frombuffer(numbers, dtype=np.int64)
    starts = np.flatnonzero(np.diff(columns, prepend=-2) != 1)
    lengths = np.diff(starts, append=len(columns))
    return np.stack([columns[starts], lengths], axis=1).astype(np.uint64)


class Lists(NamedTuple):
    """Buffers for lists of spikes, and for sums of their weights; see `.compiled_spikes`.

    Attributes
    ----------
    sources : (room,) int32 array
    places : (room / 4,) int32 array
        For each four sources, start of their lane's compartments in the workspace.
    ends : (n_groups * side_by_side,) uint64 array
        End of each lane's part of each group's list, where the next lane's begins.
    sums : (n,) int16, int32 or float32 array
        Sums of dense weights: short ones, in the tables' unit, or ``Registers.total`` itself.
    """

    sources: np.ndarray
    places: np.ndarray
    ends: np.ndarray
    sums: np.ndarray
