"""The machine: all lanes, in blocks, and what they have in common.

A run is divided into parts of some steps, and each part into blocks of lanes, which run in
threads. Each block goes through host, chip and host again, in memory that the next one uses too.
"""

import math
import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import nengo
import nengo.utils.numpy as npext
import numpy as np
from nengo.exceptions import SimulationError

from nengo_dense import compat
from nengo_dense.duration import MOST_STEPS
from nengo_dense.emulator.block import Block, Shared
from nengo_dense.emulator.chip_probe import ChipProbe
from nengo_dense.emulator.history import History, KeepHistory
from nengo_dense.emulator.host.channel import Channels
from nengo_dense.emulator.host.host import calls_python
from nengo_dense.emulator.node_data import NodeData
from nengo_dense.emulator.share import Gathering, Share
from nengo_dense.loihi.kernel.choice import make_kernel
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.kernel.thread import call_all, divide, n_threads
from nengo_dense.loihi.program import Program

#: Memory for the values between host and chip in one part of a block's run, and for values that
#: all blocks put together for an observer, in bytes. The latter may take as much as neurons do.
PIECE_BYTES = 2**26
#: The last part may be larger by one in so many steps; at most 4, so that no step is left alone.
SPARE = 4
#: Most steps in one part, so that the progress bar moves and an interrupt works.
PIECE_STEPS = 512
#: Steps that matrix products treat together, or multiples of it; the first that fits is used.
GROUPS = (48, 24, 12, 8, 4)
#: Fewest neurons in a block, of all its lanes, for each thread: Python's part of a block, which
#: one thread at a time computes, takes less than the rest. Fewer lanes are all in one block, whose
#: parts share out the threads.
FEWEST = 2**14
#: Most neurons in a block, unless that is less: with more, values leave the processor's caches.
MOST = 2**18
#: Arrays that a block needs at a time: spikes to the chip, its records, what is read out and kept.
ARRAYS = 8


class Machine:
    """Host, chip and probes of a simulator.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Built.
    lanes : int
    seed : int or None
    keep_history : bool, collection of nengo.Probe, or dict of {Probe: callable}
    kernel : {"auto", "numpy", "numba"}

    Attributes
    ----------
    blocks : list of Block
        In the order of the lanes.
    histories : dict of {Probe: History}
        One for each probe of the network.
    inputs : set of Node
        Nodes whose output data can replace.
    """

    def __init__(
        self, model: Any, lanes: int, seed: int | None, keep_history: KeepHistory, kernel: str
    ) -> None:
        self.model = model
        self.lanes = lanes
        self.precompute: bool = model.split.precompute
        self.needlessly_slow = bool(model.split.precomputable() and not self.precompute)
        self._strict: bool = compat.nengo_loihi().emulator.EmulatorInterface.strict
        program = Program.from_model(model)
        self._shared = Shared(
            model=model,
            program=program,
            kernel=make_kernel(kernel, program),
            choice=kernel,
            memory=Memory(ARRAYS * n_threads()),
            complain=self.complain,
        )
        self.histories = self._make_histories(keep_history)
        self._gatherings = {
            probe: Gathering(history, lanes, probe.size_in)
            for probe, history in self.histories.items()
        }
        channels = Channels.of_model(model, program, 1)
        self._calls_python = [
            calls_python(host, channels) for host in self._shared.host_models.values()
        ]
        self._lanes = [slice(*bounds) for bounds in divide(lanes, self._n_blocks())]
        self.blocks = [self._make_block(lanes) for lanes in self._lanes]
        self._host_seeds = {
            name: np.random.randint(npext.maxint) for name in self._shared.host_models
        }
        self.seed = self._choose_seed(seed)
        nodes = {node for host in self.blocks[0].hosts.values() for node in host.inputs}
        self.inputs: set[nengo.Node] = nodes & set(model.toplevel.all_nodes)
        self._most = self._most_steps()
        self.reset(None)

    def _make_histories(self, keep_history: KeepHistory) -> dict[nengo.Probe, History]:
        """Make the history of each probe on the chip and of the host."""
        model, histories = self.model, {}
        for probe, read in self._shared.chip_reads.items():
            if probe not in model.chip2host_receivers:
                finish = ChipProbe(read, self.lanes, model.dt).finish
                histories[probe] = History.of(probe, model.dt, keep_history, finish)
        for host in self._shared.host_models.values():
            for probe in host.probes:
                histories[probe] = History.of(probe, model.dt, keep_history)
        return histories

    @property
    def _neurons(self) -> int:
        """(int) Neurons on the host and on the chip, in all lanes."""
        program = self._shared.program
        return self.lanes * (program.n_inputs + program.n_compartments)

    def _n_blocks(self) -> int:
        """Choose the number of blocks: one, or some for each thread.

        One, if lanes may share something: Python's functions run in the order of the steps.
        """
        if not self.precompute or any(self._calls_python):
            return 1
        neurons, threads = self._neurons, n_threads()
        fewest = FEWEST * threads
        if neurons < fewest * threads:
            return 1
        n_blocks = math.ceil(neurons / max(MOST, fewest))
        return min(self.lanes, threads * math.ceil(n_blocks / threads))

    def _make_block(self, lanes: slice) -> Block:
        shares = {probe: Share(g, lanes) for probe, g in self._gatherings.items()}
        return Block(self._shared, lanes.stop - lanes.start, shares)

    def _choose_seed(self, seed: int | None) -> int:
        """Choose the chip's seed as nengo-loihi does."""
        network_seed = self.model.toplevel.seed
        if seed is None and network_seed is not None:
            return network_seed + 1
        return np.random.randint(npext.maxint) if seed is None else seed

    @property
    def params(self) -> dict[Any, Any]:
        """(dict) The built parameters of each object of the network."""
        models = [*self._shared.host_models.values(), self.model]
        return {key: value for model in models for key, value in model.params.items()}

    def complain(self, message: str) -> None:
        """Warn of a problem on the chip; raise an error if nengo-loihi's emulator is strict.

        Raises
        ------
        SimulationError
            ``nengo_loihi.emulator.EmulatorInterface.strict`` was set.
        """
        if self._strict:
            raise SimulationError(message)
        warnings.warn(message, stacklevel=4)

    def reset(self, seed: int | None) -> None:
        """Return to the state before the first step."""
        if seed is not None:
            self.seed = seed
            self._host_seeds = dict.fromkeys(self._host_seeds, seed)
        for block in self.blocks:
            block.reset(self.seed, self._host_seeds)

    def clear_probes(self) -> None:
        """Delete all probed values."""
        for history in self.histories.values():
            history.clear()

    def close(self) -> None:
        """Drop all state."""
        del self.blocks, self._gatherings, self._shared

    def start_run(
        self, first_step: int, n_steps: int, data: Mapping[nengo.Node, NodeData]
    ) -> None:
        """Prepare to run some steps with data for some nodes."""
        in_parts = self._piece(n_steps) < n_steps
        for block, lanes in zip(self.blocks, self._lanes, strict=True):
            block.start_run(
                first_step,
                n_steps,
                {node: values.of_lanes(lanes) for node, values in data.items()},
                in_parts,
            )
        for gathering in self._gatherings.values():
            gathering.clear()  # a run may have ended inside a step
            gathering.history.reserve(first_step, n_steps)
        self._next_step = first_step

    def pieces(self, n_steps: int) -> Iterator[int]:
        """Divide a run into parts that fit in memory; yield the number of steps of each."""
        while n_steps > 0:
            piece = self._piece(n_steps)
            yield piece
            n_steps -= piece

    def _piece(self, n_steps: int) -> int:
        """Return the number of steps in the next part, if there are ``n_steps`` more.

        The last part has up to a quarter more than the others rather than a few, as each part
        takes time of its own.
        """
        return n_steps if n_steps <= self._most + self._most // SPARE else self._most

    def _most_steps(self) -> int:
        """Choose the number of steps in a part of a run, but the last.

        nengo-loihi multiplies the values of a whole run by a matrix. Products treat steps in
        groups, and a single step in another routine, which may round differently. Therefore parts
        consist of whole `GROUPS`, but the last one, which has more than one step.
        """
        if not self.precompute:
            return 1
        if len(self._calls_python) > 1 and all(self._calls_python):
            return MOST_STEPS  # host functions may share state, so keep nengo-loihi's order
        fit = min(PIECE_STEPS, PIECE_BYTES // max(b.bytes_per_step for b in self.blocks))
        if len(self.blocks) > 1:
            numbers = sum(g.numbers_per_step for g in self._gatherings.values())
            fit = min(fit, max(PIECE_BYTES // 8, self._neurons) // max(1, numbers))
        group = next((size for size in GROUPS if size <= fit), GROUPS[-1])
        return max(group, fit - fit % group)

    def advance(self, n_steps: int) -> set[str]:
        """Advance host and chip by some steps.

        Returns
        -------
        overflowed : set of str
            Registers of the chip that overflowed.
        """
        first, self._next_step = self._next_step, self._next_step + n_steps
        overflowed = call_all([partial(block.advance, first, n_steps) for block in self.blocks])
        for gathering in self._gatherings.values():
            gathering.hand_on(first)
        return set().union(*overflowed)
