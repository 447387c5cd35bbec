"""The machine: host, chip and the channels between them, in the order of nengo-loihi's simulator.

If the chip's output never returns to the chip ("precompute"), a run is divided into parts of many
steps. For each part the host before the chip runs first, then the chip, then the host after the
chip. Otherwise host and chip alternate in every step.
"""

import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import nengo
import nengo.utils.numpy as npext
import numpy as np
from nengo.exceptions import SimulationError

from nengo_dense import compat
from nengo_dense.arguments import MOST_STEPS
from nengo_dense.emulator.chip_output import ChipOutput
from nengo_dense.emulator.chip_probe import ChipProbe
from nengo_dense.emulator.history import History, KeepHistory, as_it_is
from nengo_dense.emulator.host.channel import Channels, Receiver
from nengo_dense.emulator.host.function import LaneFunctions
from nengo_dense.emulator.host.host import Host
from nengo_dense.emulator.node_data import NodeData
from nengo_dense.emulator.run_product import ChooseSum
from nengo_dense.loihi.chip import Chip
from nengo_dense.loihi.kernel.choice import make_kernel, make_sum_spiking
from nengo_dense.loihi.program import Program

#: Memory for the values between host and chip in one part of a run, in bytes.
PIECE_BYTES = 2**26
#: The last part may be larger by one in so many steps; at most 4, so that no step is left alone.
SPARE = 4
#: Most steps in one part, so that the progress bar moves and an interrupt works.
PIECE_STEPS = 512
#: Steps that matrix products treat together, or multiples of it; the first that fits is used.
GROUPS = (48, 24, 12, 8, 4)


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
    hosts : dict of {str: Host}
        ``"host_pre"``, which runs before the chip, and ``"host"``; each only if it exists.
    chip : Chip
    histories : dict of {Probe: History}
        One for each probe of the network.
    """

    def __init__(
        self, model: Any, lanes: int, seed: int | None, keep_history: KeepHistory, kernel: str
    ) -> None:
        self.model = model
        self.lanes = lanes
        self.precompute: bool = model.split.precompute
        self.needlessly_slow = bool(model.split.precomputable() and not self.precompute)
        self.program = Program.from_model(model)
        self._strict: bool = compat.nengo_loihi().emulator.EmulatorInterface.strict
        self._kernel = make_kernel(kernel, self.program)
        self._channels = Channels.of_model(model, self.program, lanes)
        self.histories: dict[nengo.Probe, History] = {}
        self._output = self._make_output(keep_history, partial(make_sum_spiking, kernel))
        self.hosts = self._make_hosts(keep_history)
        self._host_seeds = {name: np.random.randint(npext.maxint) for name in self.hosts}
        self.seed = self._choose_seed(seed)
        self.chip = Chip(
            self.program,
            self._kernel,
            lanes,
            self.seed,
            model.pes_error_scale,
            self.complain,
        )
        nodes = {node for host in self.hosts.values() for node in host.inputs}
        #: (set of Node) Nodes whose output data can replace.
        self.inputs: set[nengo.Node] = nodes & set(model.toplevel.all_nodes)
        self._most = self._most_steps()
        self.reset(None)

    def _make_output(self, keep_history: KeepHistory, choose: ChooseSum) -> ChipOutput:
        """Give every probe on the chip a history, or send its values to the host."""
        reads = {read.probe: read for read in self.program.probes}
        probes: list[tuple[ChipProbe, History | Receiver]] = []
        for probe in self.model.nengo_probes:
            read = reads[self.model.objs[probe]["out"]]
            chip_probe = ChipProbe(read, self.lanes, self.model.dt, choose)
            finish = chip_probe.weigh if chip_probe.deferred else as_it_is
            if probe in self.model.chip2host_receivers:
                receiver = self._channels.end(self.model.chip2host_receivers[probe].output)
                assert isinstance(receiver, Receiver), "the host's end of a channel from the chip"
                receiver.finish = finish
                probes.append((chip_probe, receiver))
            else:
                history = History.of(probe, self.model.dt, keep_history, finish)
                self.histories[probe] = history
                probes.append((chip_probe, history))
        return ChipOutput(probes, self.lanes, self.program.dtype)

    def _make_hosts(self, keep_history: KeepHistory) -> dict[str, Host]:
        """Make the parts of the host that have operators."""
        parts = {"host_pre": self.model.host_pre, "host": self.model.host}
        operators = [op for model in parts.values() for op in model.operators]
        functions = LaneFunctions(self.lanes, operators)
        hosts = {}
        for name, model in parts.items():
            for probe in model.probes:
                self.histories[probe] = History.of(probe, self.model.dt, keep_history)
            if model.params:
                hosts[name] = Host(model, self._channels, self.histories, functions, self._kernel)
        return hosts

    def _choose_seed(self, seed: int | None) -> int:
        """Choose the chip's seed as nengo-loihi does."""
        network_seed = self.model.toplevel.seed
        if seed is None and network_seed is not None:
            return network_seed + 1
        return np.random.randint(npext.maxint) if seed is None else seed

    @property
    def params(self) -> dict[Any, Any]:
        """(dict) The built parameters of each object of the network."""
        params = {k: v for host in self.hosts.values() for k, v in host.model.params.items()}
        return {**params, **self.model.params}

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
        for name, host in self.hosts.items():
            host.reset(self._host_seeds[name])
        self.chip.reset(self.seed)
        self._channels.reset()
        self._output.reset()

    def clear_probes(self) -> None:
        """Delete all probed values."""
        for history in self.histories.values():
            history.clear()

    def close(self) -> None:
        """Drop all state."""
        del self.hosts, self.chip, self._channels, self._output, self._kernel

    def start_run(
        self, first_step: int, n_steps: int, data: Mapping[nengo.Node, NodeData]
    ) -> None:
        """Prepare to run some steps with data for some nodes."""
        for host in self.hosts.values():
            host.start_run(first_step, n_steps, data)
        for history in self.histories.values():
            history.reserve(first_step, n_steps)
        in_parts = self._piece(n_steps) < n_steps
        self._output.start_run(n_steps, in_parts, in_turns=not self.precompute)
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
        if len(self.hosts) > 1 and all(host.calls_python for host in self.hosts.values()):
            return MOST_STEPS  # host functions may share state, so keep nengo-loihi's order
        probed = self._output.n_bytes + 8 * sum(host.n_probed for host in self.hosts.values())
        per_step = self.lanes * (self.program.n_inputs + probed + 1)
        fit = min(PIECE_STEPS, PIECE_BYTES // per_step)
        group = next((size for size in GROUPS if size <= fit), GROUPS[-1])
        return max(group, fit - fit % group)

    def advance(self, n_steps: int) -> set[str]:
        """Advance host and chip by some steps.

        Returns
        -------
        overflowed : set of str
            Registers of the chip that overflowed.
        """
        self._channels.begin(n_steps)
        if self.precompute:
            self._advance_host("host_pre", n_steps)
            overflowed = self._advance_chip(n_steps)
            self._advance_host("host", n_steps)
        else:
            self._advance_host("host", n_steps)
            self._send_errors()
            overflowed = self._advance_chip(n_steps)
        self._next_step += n_steps
        return overflowed

    def _advance_host(self, name: str, n_steps: int) -> None:
        """Advance one part of the host, if there is one."""
        if name in self.hosts:
            self.hosts[name].advance(n_steps)

    def _send_errors(self) -> None:
        """Send the errors of this step to the chip's learning synapses."""
        errors = self._channels.errors()
        for number, learning in enumerate(self.chip.learnings):
            learning.set_error(errors.get(number))

    def _advance_chip(self, n_steps: int) -> set[str]:
        """Advance the chip, and pass on its probed values."""
        recordings = self._output.room(n_steps)
        overflowed = self.chip.advance(self._channels.spikes, recordings)
        self._output.hand_on(self._next_step, recordings, self.chip.state.spiked)
        return overflowed
