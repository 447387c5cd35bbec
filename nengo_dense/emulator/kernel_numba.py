"""The chip's step, compiled: lane by lane, many steps in one go.

Loaded only by `.kernel.make_kernel`, because it imports numba. One lane's state and the weights
that its spikes touch stay in the processor's cache while the steps run; threads share the lanes.
"""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np

from nengo_dense.chip.program import Program
from nengo_dense.emulator.compiled import advance
from nengo_dense.emulator.state import ChipState, Drive, Recording
from nengo_dense.emulator.table import PADDING, make_tables

#: Registers in the order of their bits in what the compiled functions return.
REGISTERS = ("q0", "current", "u2")
#: Compartment-steps below which starting threads costs more than it saves.
THREAD_WORK = 20_000


class NumbaKernel:
    """Advance the chip by whole steps.

    Parameters
    ----------
    program : Program
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        chip = program.compartments
        tables = make_tables(program)
        self._tables = (
            tables.groups,
            tables.projections,
            tables.rows,
            tables.bases,
            tables.starts,
            tables.values,
            tables.targets,
        )
        self._parameters = (
            chip.keep_u,
            chip.keep_v,
            chip.scale_u,
            chip.scale_v,
            chip.bias,
            chip.vth,
            chip.vmin,
            chip.vmax,
            chip.refract,
        )
        self._n_threads = numba.get_num_threads()

    def advance(self, state: ChipState, drive: Drive, recordings: list[Recording]) -> set[str]:
        """Advance all lanes; see `.kernel_numpy.NumpyKernel.advance`."""
        lanes = len(state.spiked)
        none = np.zeros((1, self.program.n_compartments), dtype=self.program.dtype)
        arguments = (
            drive.spikes,
            state.pending[:, None],
            state.spiked,
            state.current,
            state.voltage,
            state.refractory,
            none if drive.noise_q is None else drive.noise_q,
            none if drive.noise_u is None else drive.noise_u,
            none[:0] if drive.extra is None else drive.extra,
            *self._tables,
            *_by_key(recordings, lanes, self.program.dtype),
            *self._parameters,
        )
        overflow = 0
        for bits in self._call(arguments, lanes, drive.spikes.shape[1]):
            overflow |= bits
        return {name for bit, name in enumerate(REGISTERS) if overflow >> bit & 1}

    def _call(self, arguments: tuple[Any, ...], lanes: int, n_steps: int) -> list[int]:
        """Run the compiled function on all lanes, in threads if it pays."""
        work = lanes * n_steps * self.program.n_compartments
        if self._n_threads == 1 or lanes == 1 or work < THREAD_WORK:
            return [self._advance(0, lanes, arguments)]
        bounds = np.linspace(0, lanes, min(lanes, 4 * self._n_threads) + 1).astype(int).tolist()
        with ThreadPoolExecutor(self._n_threads) as pool:
            parts = [
                pool.submit(self._advance, start, stop, arguments)
                for start, stop in itertools.pairwise(bounds)
            ]
            return [part.result() for part in parts]

    def _advance(self, start: int, stop: int, arguments: tuple[Any, ...]) -> int:
        """Run the compiled function on some lanes, with a workspace of its own."""
        program = self.program
        room = 255 * program.n_inputs + program.n_compartments + 1
        return advance(
            start,
            stop,
            np.empty(program.n_compartments + PADDING, dtype=program.dtype),
            np.empty(room, dtype=np.int32),
            np.empty(room, dtype=np.uint64),
            np.empty(len(self._tables[0]), dtype=np.uint64),
            *arguments,
        )


def _by_key(recordings: list[Recording], lanes: int, dtype: np.dtype) -> list[np.ndarray]:
    """Order recordings as spikes, voltage, current; empty where there is none."""
    given = {recording.key: recording for recording in recordings}
    arrays: list[np.ndarray] = []
    for key in ("spiked", "voltage", "current"):
        if key in given:
            arrays += [np.asarray(given[key].columns, dtype=np.int64), given[key].values]
        else:
            kind = np.uint8 if key == "spiked" else dtype
            arrays += [np.zeros(0, dtype=np.int64), np.zeros((lanes, 0, 0), dtype=kind)]
    return arrays
