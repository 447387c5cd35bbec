"""A block of lanes: their host, chip and channels, in the order of nengo-loihi's simulator.

If the chip's output never returns to the chip ("precompute"), a run is divided into parts of many
steps. For each part the host before the chip runs first, then the chip, then the host after the
chip. Otherwise host and chip alternate in every step.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import nengo
from nengo.builder.signal import Signal

from nengo_dense.emulator.chip_output import ChipOutput
from nengo_dense.emulator.chip_probe import ChipProbe
from nengo_dense.emulator.host.channel import Channels, Receiver
from nengo_dense.emulator.host.function import LaneFunctions
from nengo_dense.emulator.host.host import Host
from nengo_dense.emulator.node_data import NodeData
from nengo_dense.emulator.share import Share
from nengo_dense.loihi.chip import Chip
from nengo_dense.loihi.kernel.choice import make_sum_spiking
from nengo_dense.loihi.kernel.contract import Kernel
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.program import ProbeRead, Program


@dataclass(frozen=True)
class Shared:
    """What all blocks of a machine have in common.

    Attributes
    ----------
    model : nengo_loihi.builder.Model
        Built.
    program : Program
    kernel : Kernel
    choice : str
        The name that the kernel was chosen by.
    memory : Memory
        For the arrays of a run.
    complain : callable
        Called with a message when something goes wrong on the chip.
    constants : dict of {Signal: array}
        Values of the hosts' signals that nobody writes.
    """

    model: Any
    program: Program
    kernel: Kernel
    choice: str
    memory: Memory
    complain: Callable[[str], None]
    constants: dict[Signal, Any] = field(default_factory=dict)

    @property
    def host_models(self) -> dict[str, Any]:
        """(dict of {str: nengo.builder.Model}) The parts of the host that have anything."""
        parts = {"host_pre": self.model.host_pre, "host": self.model.host}
        return {name: model for name, model in parts.items() if model.params}

    @property
    def chip_reads(self) -> dict[nengo.Probe, ProbeRead]:
        """(dict of {Probe: ProbeRead}) How each probe on the chip is read."""
        reads = {read.probe: read for read in self.program.probes}
        objs = self.model.objs
        return {probe: reads[objs[probe]["out"]] for probe in self.model.nengo_probes}


class Block:
    """Host and chip of some lanes.

    Parameters
    ----------
    shared : Shared
    lanes : int
    shares : dict of {Probe: Share}
        Get the values of each probe of the network.

    Attributes
    ----------
    hosts : dict of {str: Host}
        ``"host_pre"``, which runs before the chip, and ``"host"``; each only if it exists.
    chip : Chip
    """

    def __init__(self, shared: Shared, lanes: int, shares: Mapping[nengo.Probe, Share]) -> None:
        self.lanes = lanes
        model, program = shared.model, shared.program
        self._precompute: bool = model.split.precompute
        self._channels = Channels.of_model(model, program, lanes, shared.memory)
        self._output = self._make_output(shared, shares)
        self.hosts = self._make_hosts(shared, shares)
        self.chip = Chip(program, shared.kernel, lanes, 0, model.pes_error_scale, shared.complain)

    def _make_output(self, shared: Shared, shares: Mapping[nengo.Probe, Share]) -> ChipOutput:
        """Give every probe on the chip its share, or send its values to the host."""
        model, choose = shared.model, partial(make_sum_spiking, shared.choice)
        probes: list[tuple[ChipProbe, Share | Receiver]] = []
        for probe, read in shared.chip_reads.items():
            chip_probe = ChipProbe(read, self.lanes, model.dt, choose, shared.memory)
            if probe in model.chip2host_receivers:
                receiver = self._channels.end(model.chip2host_receivers[probe].output)
                assert isinstance(receiver, Receiver), "the host's end of a channel from the chip"
                receiver.finish = chip_probe.finish
                probes.append((chip_probe, receiver))
            else:
                probes.append((chip_probe, shares[probe]))
        return ChipOutput(probes, self.lanes, shared.program.dtype, shared.memory)

    def _make_hosts(self, shared: Shared, shares: Mapping[nengo.Probe, Share]) -> dict[str, Host]:
        models = shared.host_models
        operators = [op for model in models.values() for op in model.operators]
        functions = LaneFunctions(self.lanes, operators)
        return {
            name: Host(model, self._channels, shares, functions, shared.kernel, shared.constants)
            for name, model in models.items()
        }

    @property
    def bytes_per_step(self) -> int:
        """(int) Bytes of a step's values between host and chip, and of those of probes."""
        probed = self._output.n_bytes + 8 * sum(host.n_probed for host in self.hosts.values())
        return self.lanes * (self._channels.n_inputs + probed + 1)

    def reset(self, seed: int, host_seeds: Mapping[str, int]) -> None:
        """Return to the state before the first step: the chip's seed, and that of each host."""
        for name, host in self.hosts.items():
            host.reset(host_seeds[name])
        self.chip.reset(seed)
        self._channels.reset()
        self._output.reset()

    def start_run(
        self,
        first_step: int,
        n_steps: int,
        data: Mapping[nengo.Node, NodeData],
        in_parts: bool,
    ) -> None:
        """Prepare to run some steps with data of these lanes for some nodes."""
        for host in self.hosts.values():
            host.start_run(first_step, n_steps, data)
        self._output.start_run(n_steps, in_parts, in_turns=not self._precompute)

    def advance(self, first_step: int, n_steps: int) -> set[str]:
        """Advance host and chip by some steps, from ``first_step`` (from 1) on.

        Returns
        -------
        overflowed : set of str
            Registers of the chip that overflowed.
        """
        self._channels.begin(n_steps)
        if self._precompute:
            self._advance_host("host_pre", n_steps)
            overflowed = self._advance_chip(first_step, n_steps)
            self._advance_host("host", n_steps)
            self._channels.end_part()
        else:
            self._advance_host("host", n_steps)
            self._send_errors()
            overflowed = self._advance_chip(first_step, n_steps)
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

    def _advance_chip(self, first_step: int, n_steps: int) -> set[str]:
        """Advance the chip, and pass on its probed values."""
        recordings = self._output.room(n_steps)
        overflowed = self.chip.advance(self._channels.spikes, recordings)
        self._output.hand_on(first_step, recordings, self.chip.state.spiked)
        return overflowed
