"""The compiled kernel: a few lanes run all steps, then the next lanes.

Loaded only by `.choice.make_kernel`, because it imports numba. The state of a few lanes,
and the weights that their spikes use, stay in the processor's cache during all steps. The lanes
are divided among threads.
"""

import numpy as np

from nengo_dense.loihi.kernel import compiled_estimate, compiled_host, compiled_matrix
from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.compiled_chip import advance
from nengo_dense.loihi.kernel.contract import Parameters, Registers, overflowed
from nengo_dense.loihi.kernel.instruction import Instruction, Instructions, Stretch
from nengo_dense.loihi.kernel.numpy_estimate import Estimated
from nengo_dense.loihi.kernel.patience import Patience
from nengo_dense.loihi.kernel.reach import NOWHERE, find_reach, signed_sums
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.kernel.table import FOUR, make_tables
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import WIDTH
from nengo_dense.loihi.kernel.workspace import Arrivals, Layout, Lists, Records
from nengo_dense.loihi.limits import DECAY_BITS
from nengo_dense.loihi.program import Program

#: Compartments to step at once: few lanes of many compartments, or many lanes of few.
WORKSPACE = 512
#: Numbers of the host's vectors to step at once, likewise: 32 KiB, a processor's fastest cache.
VECTORS = 4096
#: Spikes of one input neuron in one step, where a schedule may repeat them; see `.chip`.
MOST_SPIKES = 255


class NumbaKernel:
    """Advance the chip and run the host's instructions; see `.contract.Kernel`.

    Parameters
    ----------
    program : Program
    patience : Patience, optional
        Says from when on layers are estimated that take little longer otherwise.
    """

    def __init__(self, program: Program, patience: Patience | None = None) -> None:
        self.program = program
        self._patience = patience
        chip = program.compartments
        padded = len(chip) + -len(chip) % WIDTH
        repeats = any(group.scheduled for group in program.inputs)
        most = MOST_SPIKES if repeats else 1
        sums = signed_sums(program, most)
        tables = make_tables(program, max(1, WORKSPACE // padded), most, sums)
        # short sums have an array of their own, beside those of sparse weights
        together = not (tables.short and len(tables.sparse.values))
        self._tables = tables._replace(
            dense=aligned(tables.dense), multiplied=aligned(tables.multiplied)
        )
        self._parameters = _repeat(Parameters.of(chip), padded, tables.side_by_side)
        self._none = np.zeros((0, len(chip)), dtype=program.dtype)  # in the place of None
        self._workspaces: list[tuple[Registers, Lists]] = []
        self._panels = np.zeros((0, 0)), np.zeros((0, 0, 0))  # a matrix, as it is multiplied
        self._layout = Layout(
            n_steps=np.uint64(0),
            n_inputs=np.uint64(program.n_inputs),
            n=np.uint64(len(chip)),
            padded=np.uint64(padded),
            side_by_side=np.uint64(tables.side_by_side),
            leaky=bool((chip.keep_v != 1 << DECAY_BITS).any()),
            holds=bool((chip.refract > 1).any()),
            repeats=repeats,
            reach=np.int32(find_reach(program, sums) if together else NOWHERE),
        )

    def advance(self, state: ChipState, drive: Drive, recordings: list[Recording]) -> set[str]:
        """Advance the chip in all lanes by ``drive.spikes.shape[1]`` steps."""
        lanes, n_steps, _ = drive.spikes.shape
        n, dtype, none = self.program.n_compartments, self.program.dtype, self._none
        arrivals = Arrivals(
            spikes=drive.spikes.reshape(-1),
            pending=state.pending.reshape(-1),
            noise_q=none if drive.noise_q is None else drive.noise_q,
            noise_u=none if drive.noise_u is None else drive.noise_u,
            extra=none if drive.extra is None else drive.extra,
        )
        records = Records.of(recordings, lanes, n, dtype)
        layout = self._layout._replace(n_steps=np.uint64(n_steps))
        tables, chip = self._tables, self._parameters

        def part(start: int, stop: int) -> int:
            try:
                room = self._workspaces.pop()
            except IndexError:  # other threads use all workspaces
                room = self._make_workspace()
            bits: int = advance(start, stop, layout, tables, chip, state, arrivals, records, *room)
            self._workspaces.append(room)
            return bits

        overflow = 0
        for bits in over_lanes(part, lanes, lanes * n_steps * n):
            overflow |= bits
        for recording in recordings:
            if recording.key == "count":
                counts = records.counts.reshape(lanes, n)
                recording.values[...] += counts[:, recording.columns]
        return overflowed(overflow)

    def _make_workspace(self) -> tuple[Registers, Lists]:
        """Allocate registers for the compartments of some lanes, and lists of their spikes."""
        dtype, padded = self.program.dtype, len(self._parameters.bias)
        registers = Registers(
            total=aligned(np.zeros(padded + WIDTH, dtype=dtype)),  # the last weights are padded
            noise=aligned(np.zeros(padded, dtype=dtype)),
            current=aligned(np.zeros(padded, dtype=dtype)),
            voltage=aligned(np.zeros(padded, dtype=dtype)),
            refractory=np.zeros(padded, dtype=np.int32),
            spiked=np.zeros(padded, dtype=np.uint8),
        )
        short = aligned(np.zeros(padded + WIDTH, dtype=np.int16))
        lists = Lists(
            sources=np.empty(self._tables.room, dtype=np.int32),
            places=np.empty(self._tables.room // FOUR + WIDTH, dtype=np.int32),
            ends=np.empty(len(self._tables.groups) * int(self._layout.side_by_side), np.uint64),
            sums=short if self._tables.short else registers.total,
        )
        return registers, lists

    def follow(self, instructions: Instructions, stretch: Stretch) -> None:
        """Run the host's instructions in all lanes, for the steps of a stretch."""
        lanes, n_inputs = stretch.lanes, stretch.spikes.shape[2]
        side_by_side = max(1, VECTORS * lanes // max(1, len(stretch.vectors)))
        flat = stretch._replace(spikes=stretch.spikes.reshape(-1))

        def part(start: int, stop: int) -> None:
            compiled_host.follow(start, stop, side_by_side, n_inputs, instructions, flat)

        over_lanes(part, lanes, stretch.n_steps * len(stretch.vectors))

    def fire_estimated(
        self, estimated: Estimated, firing: Instruction, stretch: Stretch, n_steps: int
    ) -> np.ndarray:
        """Let neurons fire by an estimate, and tell in which lanes that is right."""
        return compiled_estimate.fire_estimated(estimated, firing, stretch, n_steps)

    def may_estimate(self, saved: float) -> bool:
        """Whether layers are to fire by an estimate, which saves so many nanoseconds."""
        return self._patience is None or self._patience.is_over(saved)

    def multiply_lanes(self, vectors: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        """Multiply a matrix by the vectors of all lanes, adding in any order."""
        multiplied, panels = self._panels
        if multiplied is not matrix:
            panels = compiled_matrix.make_panels(matrix)
            self._panels = matrix, panels
        return compiled_matrix.multiply_lanes(vectors, panels)[:, : len(matrix)]


def _repeat(parameters: Parameters, padded: int, side_by_side: int) -> Parameters:
    """Pad parameters to whole vectors, with compartments that do nothing; repeat for each lane."""
    # all are numbers of 32 bits, and so each begins at a cache line as the first one does
    room = aligned(np.zeros((len(parameters), side_by_side, padded), dtype=np.int32))
    rows = [row.view(p.dtype) for row, p in zip(room, parameters, strict=True)]
    for row, values in zip(rows, parameters, strict=True):
        row[:, : len(values)] = values
    return Parameters(*(row.reshape(-1) for row in rows))
