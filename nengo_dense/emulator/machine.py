"""Host, chip and what runs between them, in the order of nengo-loihi's simulator.

If nothing that the chip sends comes back to it ("precompute"), the host's first part runs ahead
for some steps, then the chip, then the host's second part. Otherwise host and chip take turns.
"""

import warnings
from collections.abc import Collection, Iterator
from typing import Any

import nengo
import nengo.utils.numpy as npext
import numpy as np
from nengo.builder.signal import Signal
from nengo.exceptions import SimulationError

from nengo_dense import compat
from nengo_dense.emulator.chip_probe import ChipProbe, ChipRecorder
from nengo_dense.emulator.host.channel import ErrorSender, Receiver, SpikeSender, as_it_is
from nengo_dense.emulator.host.feed import Feed
from nengo_dense.emulator.host.function import LaneFunctions
from nengo_dense.emulator.host.history import History
from nengo_dense.emulator.host.host import Host
from nengo_dense.emulator.host.host_run import HostRun
from nengo_dense.emulator.host.process import Clock, ProcessSteps
from nengo_dense.loihi.chip import Chip
from nengo_dense.loihi.kernel.choice import make_fire, make_follow, make_kernel
from nengo_dense.loihi.program import Program

#: Memory for what passes between host and chip in one go, in bytes.
CHUNK_BYTES = 2**26
#: Most steps in one go, so that progress shows and an interrupt works.
CHUNK_STEPS = 512


class Machine:
    """Everything that runs.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Built.
    lanes : int
    seed : int or None
    keep_history : bool or collection of nengo.Probe
    kernel : str
    """

    def __init__(
        self,
        model: Any,
        lanes: int,
        seed: int | None,
        keep_history: bool | Collection[nengo.Probe],
        kernel: str,
    ) -> None:
        self.model = model
        self.lanes = lanes
        self.precompute: bool = model.split.precompute
        self.needlessly_slow = bool(model.split.precomputable() and not self.precompute)
        self.program = Program.from_model(model)
        self._strict: bool = compat.nengo_loihi().emulator.EmulatorInterface.strict
        self._clock = Clock()
        self._connect()
        self.hosts = self._make_hosts()
        self.params = {
            **{k: v for host in self.hosts.values() for k, v in host.model.params.items()},
            **model.params,
        }
        self.feedable = self._find_feedable()
        self._host_seeds = {name: np.random.randint(npext.maxint) for name in self.hosts}
        network_seed = model.toplevel.seed
        if seed is None and network_seed is not None:
            seed = network_seed + 1
        self.seed = np.random.randint(npext.maxint) if seed is None else seed
        self.chip = Chip(
            self.program,
            make_kernel(kernel, self.program),
            lanes,
            self.seed,
            model.pes_error_scale,
            self.complain,
        )
        self._make_probes(keep_history)
        fire, follow = make_fire(kernel), make_follow(kernel)
        self._host_runs = {
            name: HostRun(host, self._clock, self.histories, fire, follow)
            for name, host in self.hosts.items()
        }
        self.reset(None)

    def _connect(self) -> None:
        """Find what passes between host and chip."""
        model = self.model
        first = {
            source: group.start
            for source, group in zip(model.inputs, self.program.inputs, strict=True)
        }
        numbers = {
            learning.synapse: number for number, learning in enumerate(self.program.learnings)
        }
        self._senders: dict[int, SpikeSender | ErrorSender] = {}
        for sender, receiver in model.host2chip_senders.items():
            target = model.spike_targets[receiver]
            self._senders[id(sender.output)] = SpikeSender(first[target], target.n_neurons)
        for sender, receiver in model.host2chip_pes_senders.items():
            connection = model.nengo_probe_conns[receiver.error_target]
            synapse = model.objs[connection]["decoders"]
            self._senders[id(sender.output)] = ErrorSender(numbers[synapse])
        self._receivers = {
            id(receiver.output): Receiver(self.lanes, receiver.size_out, model.dt)
            for receiver in model.chip2host_receivers.values()
        }

    def _make_hosts(self) -> dict[str, Host]:
        """Make the parts of the host that have something to run."""
        steps = ProcessSteps(self._senders, self._receivers, self._clock)
        functions = LaneFunctions(
            self.lanes, [*self.model.host_pre.operators, *self.model.host.operators]
        )
        hosts = {}
        for name, model in (("host_pre", self.model.host_pre), ("host", self.model.host)):
            if model.params:
                sources = [
                    model.sig[node]["out"]
                    for node in model.params
                    if isinstance(node, nengo.Node) and node.size_in == 0 < node.size_out
                ]
                hosts[name] = Host(model, self.lanes, sources, steps, functions)
        return hosts

    def _find_feedable(self) -> dict[nengo.Node, tuple[Host, Signal]]:
        """Find the nodes that data can replace."""
        return {
            node: (host, host.model.sig[node]["out"])
            for node in self.model.toplevel.all_nodes
            for host in self.hosts.values()
            if node in host.model.params and node.size_in == 0 < node.size_out
        }

    def _make_probes(self, keep_history: bool | Collection[nengo.Probe]) -> None:
        """Make a history for every probe of the network."""

        def history(probe: nengo.Probe, finish: Any) -> History:
            kept = keep_history if isinstance(keep_history, bool) else probe in keep_history
            every = probe.sample_every
            return History(1 if every is None else every / self.model.dt, kept, finish)

        reads = {read.probe: read for read in self.program.probes}
        self.histories: dict[nengo.Probe, History] = {}
        self._chip_probes: list[tuple[ChipProbe, History | Receiver]] = []
        for probe in self.model.nengo_probes:
            chip_probe = ChipProbe(reads[self.model.objs[probe]["out"]], self.lanes, self.model.dt)
            finish = chip_probe.weigh if chip_probe.deferred else as_it_is
            sink: History | Receiver
            if probe in self.model.chip2host_receivers:
                receiver = self.model.chip2host_receivers[probe]
                sink = self._receivers[id(receiver.output)]
                sink.finish = finish
            else:
                sink = self.histories[probe] = history(probe, finish)
            self._chip_probes.append((chip_probe, sink))
        self._recorder = ChipRecorder([p for p, _ in self._chip_probes], self.program.dtype)
        for host in self.hosts.values():
            for probe in host.model.probes:
                self.histories[probe] = history(probe, as_it_is)

    def complain(self, message: str) -> None:
        """Warn of what goes wrong on the chip, or raise it if nengo-loihi's emulator is strict.

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
        for receiver in self._receivers.values():
            receiver.reset()
        for probe, _ in self._chip_probes:
            probe.reset()

    def close(self) -> None:
        """Drop all state."""
        del self.hosts, self.chip, self._host_runs, self._receivers, self._senders
        del self.feedable, self._chip_probes

    def start_run(self, first_step: int, n_steps: int, feeds: dict[nengo.Node, Feed]) -> None:
        """Prepare to run some steps with data for some nodes."""
        for name, host in self.hosts.items():
            fed = []
            for node, (owner, signal) in self.feedable.items():
                if owner is host and node in feeds:
                    fed.append((signal, feeds[node]))
                elif owner is host:
                    host.restore(signal)
            self._host_runs[name].start(first_step, fed)
        for history in self.histories.values():
            history.reserve(first_step, n_steps)
        self._done = 0
        self._before = first_step - 1

    def chunks(self, n_steps: int) -> Iterator[int]:
        """Split a run into pieces of bounded memory, of more than one step unless it has one."""
        if not self.precompute:
            yield from (1 for _ in range(n_steps))
            return
        columns = sum(len(probe.columns) for probe, _ in self._chip_probes)
        columns += sum(run.n_probed for run in self._host_runs.values())
        per_step = self.lanes * (self.program.n_inputs + 8 * columns + 1)
        most = max(3, min(CHUNK_STEPS, CHUNK_BYTES // per_step))
        if len(self.hosts) > 1 and all(host.calls_python for host in self.hosts.values()):
            most = n_steps  # what both parts may share is used in nengo-loihi's order
        while n_steps > 0:
            piece = n_steps if n_steps <= most else min(most, n_steps - 2)
            yield piece
            n_steps -= piece

    def advance(self, n_steps: int) -> set[str]:
        """Advance host and chip by some steps.

        Returns
        -------
        overflowed : set of str
            Registers of the chip that overflowed.
        """
        spikes = np.zeros((self.lanes, n_steps, self.program.n_inputs), dtype=np.uint8)
        for sender in self._senders.values():
            if isinstance(sender, SpikeSender):
                sender.spikes = spikes
        if self.precompute:
            self._step_host("host_pre", n_steps)
            overflowed = self._step_chip(spikes)
            self._step_host("host", n_steps)
        else:
            self._step_host("host", n_steps)
            self._send_errors()
            overflowed = self._step_chip(spikes)
        self._done += n_steps
        return overflowed

    def _step_host(self, name: str, n_steps: int) -> None:
        """Run one part of the host for some steps, if there is one."""
        if name in self._host_runs:
            self._host_runs[name].advance(n_steps)

    def _send_errors(self) -> None:
        """Give the chip's learning synapses the errors of this step."""
        errors: dict[int, np.ndarray] = {}
        for sender in self._senders.values():
            if isinstance(sender, ErrorSender) and sender.error is not None:
                before = errors.get(sender.learning)
                errors[sender.learning] = sender.error if before is None else before + sender.error
        for number, learning in enumerate(self.chip.learnings):
            learning.set_error(errors.get(number))

    def _step_chip(self, spikes: np.ndarray) -> set[str]:
        """Run the chip, and hand on what its probes saw."""
        n_steps = spikes.shape[1]
        recordings = self._recorder.start(self.lanes, n_steps)
        overflowed = self.chip.advance(spikes, recordings)
        first = self._before + self._done + 1
        for probe, sink in self._chip_probes:
            recorded = self._recorder.read(recordings, probe)
            values = recorded if probe.deferred else probe.values(recorded)
            if isinstance(sink, History):
                sink.write(first, values)
                continue
            by_step = np.ascontiguousarray(values.swapaxes(0, 1))
            for step in range(n_steps):
                sink.receive(first + step, by_step[step])
        return overflowed
