"""The chip's step, compiled: lane by lane, many steps in one go.

Loaded only by `.choice.make_kernel`, because it imports numba. One lane's state and the weights
that its spikes touch stay in the processor's cache while the steps run; threads share the lanes.
"""

from functools import partial
from typing import Any

import numpy as np

from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.compiled_chip import advance
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.kernel.table import EIGHT, FOUR, make_tables
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import WIDTH
from nengo_dense.loihi.limits import DECAY_BITS
from nengo_dense.loihi.program import Compartments, Program

#: Compartments to step at once: few lanes of many compartments, or many lanes of few.
WORKSPACE = 512
#: Spikes of one input neuron in one step, where a schedule may repeat them; see `.chip`.
MOST_SPIKES = 255
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
        padded = len(chip) + -len(chip) % WIDTH
        side_by_side = max(1, WORKSPACE // padded)
        repeats = any(group.scheduled for group in program.inputs)
        tables = make_tables(program, side_by_side, MOST_SPIKES if repeats else 1)
        self._room = tables.room
        self._tables = (
            tables.groups,
            tables.projections,
            aligned(tables.dense),
            tables.rows,
            tables.bases,
            tables.starts,
            tables.values,
            tables.targets,
        )
        self._parameters: tuple[Any, ...] = (
            *_repeat_parameters(chip, padded, side_by_side),
            bool((chip.keep_v != 1 << DECAY_BITS).any()),
            bool((chip.refract > 1).any()),
            repeats,
            side_by_side,
        )

    def advance(self, state: ChipState, drive: Drive, recordings: list[Recording]) -> set[str]:
        """Advance all lanes; see `.numpy_kernel.NumpyKernel.advance`."""
        lanes = len(state.spiked)
        none = np.zeros((0, self.program.n_compartments), dtype=self.program.dtype)
        arguments = (
            drive.spikes.reshape(-1),
            state.pending.reshape(-1),
            state.spiked,
            state.current,
            state.voltage,
            state.refractory,
            none if drive.noise_q is None else drive.noise_q,
            none if drive.noise_u is None else drive.noise_u,
            none if drive.extra is None else drive.extra,
            *self._tables,
            *_by_key(recordings, lanes, self.program.dtype),
            *self._parameters,
        )
        overflow = 0
        work = lanes * drive.spikes.shape[1] * self.program.n_compartments
        run = partial(self._advance, drive.spikes.shape[1], arguments)
        for bits in over_lanes(run, lanes, work):
            overflow |= bits
        return {name for bit, name in enumerate(REGISTERS) if overflow >> bit & 1}

    def _advance(self, n_steps: int, arguments: tuple[Any, ...], start: int, stop: int) -> int:
        """Run the compiled function on some lanes, with a workspace of its own."""
        program = self.program
        padded = len(self._parameters[0])
        return advance(
            start,
            stop,
            n_steps,
            aligned(np.zeros(padded + WIDTH, dtype=program.dtype)),  # the last row is padded
            *(aligned(np.zeros(padded, dtype=program.dtype)) for _ in range(3)),
            np.zeros(padded, dtype=np.int32),
            np.zeros(padded, dtype=np.uint8),
            np.empty(self._room, dtype=np.int32),
            np.empty(self._room // FOUR + EIGHT, dtype=np.int32),
            np.empty(len(self._tables[0]), dtype=np.uint64),
            *arguments,
        )


def _repeat_parameters(
    chip: Compartments, padded: int, side_by_side: int
) -> tuple[np.ndarray, ...]:
    """Pad to whole vector registers, with compartments that do nothing; repeat for each lane."""
    names = ("keep_u", "keep_v", "scale_u", "scale_v", "bias", "vth", "vmin", "vmax", "refract")
    padding = (0, padded - len(chip))
    return tuple(
        aligned(np.tile(np.pad(getattr(chip, name), padding), side_by_side)) for name in names
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
