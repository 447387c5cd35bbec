"""The chip's step, compiled: lane by lane, many steps in one go.

Loaded only by `.kernel.make_kernel`, because it imports numba. One lane's state and the weights
that its spikes touch stay in the processor's cache while the steps run; threads share the lanes.
"""

from functools import partial
from typing import Any

import numpy as np

from nengo_dense.chip.program import Program
from nengo_dense.emulator.compiled import advance
from nengo_dense.emulator.state import ChipState, Drive, Recording
from nengo_dense.emulator.table import PADDING, make_tables
from nengo_dense.emulator.thread import over_lanes

#: Registers in the order of their bits in what the compiled functions return.
REGISTERS = ("q0", "current", "u2")


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
        work = lanes * drive.spikes.shape[1] * self.program.n_compartments
        for bits in over_lanes(partial(self._advance, arguments), lanes, work):
            overflow |= bits
        return {name for bit, name in enumerate(REGISTERS) if overflow >> bit & 1}

    def _advance(self, arguments: tuple[Any, ...], start: int, stop: int) -> int:
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
