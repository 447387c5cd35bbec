"""What runs beside the chip: Nengo's operators, in Nengo's order, on all lanes at once.

All operators that write one signal form a group. A group whose operators depend on their inputs
alone (`.operators.is_pure`) and whose inputs did not change is skipped: during a presentation the
input is constant, and so is everything computed from it without neurons or synapses.
"""

from collections.abc import Collection, Sequence

import numpy as np
from nengo.builder import Model
from nengo.builder.operator import SimPyFunc
from nengo.builder.probe import SimProbe
from nengo.builder.processes import SimProcess
from nengo.builder.signal import Signal
from nengo.utils.graphs import toposort
from nengo.utils.simulator import operator_dependency_graph

from nengo_dense.emulator.host.burst import find_burst, run_firing
from nengo_dense.emulator.host.function import LaneFunctions
from nengo_dense.emulator.host.group import OperatorGroup, group_operators, live_groups
from nengo_dense.emulator.host.operators import has_effect, make_step
from nengo_dense.emulator.host.process import ProcessSteps
from nengo_dense.emulator.host.readout import find_readout, run_readout
from nengo_dense.emulator.host.signals import LaneSignals
from nengo_dense.loihi.kernel.contract import Fire, Follow


class Host:
    """One of nengo-loihi's host models, in all lanes.

    Parameters
    ----------
    model : nengo.builder.Model
    lanes : int
    sources : list of Signal
        Outputs of nodes without input, which data may replace.
    processes : ProcessSteps
    functions : LaneFunctions, optional
        Shared by the hosts of a model.
    """

    def __init__(
        self,
        model: Model,
        lanes: int,
        sources: Sequence[Signal],
        processes: ProcessSteps,
        functions: LaneFunctions | None = None,
    ) -> None:
        self.model = model
        self._processes = processes
        order = [
            op
            for op in toposort(operator_dependency_graph(model.operators))
            if hasattr(op, "make_step") and type(op) is not SimProbe
        ]
        self._order = order
        self.signals = LaneSignals(
            model.operators,
            lanes,
            changing=sources,
            shared=(model.step, model.time),
            functions=functions,
        )
        self._groups = group_operators(order)
        probed = [model.sig[probe]["in"] for probe in model.probes]
        self._groups = live_groups(self._groups, probed)
        self._written_by = {signal: group for group in self._groups for signal in group.writes}
        self._burst = find_burst(self._groups, processes.senders, probed)
        self._readout = find_readout(self._groups, processes.receivers, probed, model.dt)

    def reset(self, seed: int) -> None:
        """Return to the state before the first step, with fresh random numbers."""
        rng = np.random.RandomState(seed)
        self.signals.reset()
        steps = {}
        for op in self._order:
            make = self._processes.make_step if type(op) is SimProcess else make_step
            steps[op] = make(op, self.signals, self.model.dt, rng)
        for group in self._groups:
            group.steps = [steps[op] for op in group.operators]
            group.done = -1
        self._now = 0
        self._changed: dict[Signal, int] = dict.fromkeys(self.signals, 0)
        self._replaced: set[int] = set()

    def replace(self, signals: Sequence[Signal]) -> None:
        """Stop writing signals for a run, because the caller will.

        Signals that are constant otherwise return to their value if they are not replaced.
        """
        self._replaced = {
            id(self._written_by[signal.base])
            for signal in signals
            if signal.base in self._written_by
        }

    def restore(self, signal: Signal) -> None:
        """Give a signal that no operator writes its initial value."""
        if signal.base not in self._written_by:
            self.signals[signal][...] = signal.initial_value
        self.touch(signal)

    def touch(self, signal: Signal) -> None:
        """Note that the caller changed a signal."""
        self._now += 1
        self._changed[signal.base] = self._now

    def step(self) -> None:
        """Advance by one step."""
        with np.errstate(invalid="raise", divide="ignore"):
            for group in self._groups:
                if id(group) not in self._replaced and not self._is_current(group):
                    self._run(group)

    def _is_current(self, group: OperatorGroup) -> bool:
        """Whether a group would compute what it computed before."""
        if not group.pure or group.done < 0:
            return False
        return all(self._changed[signal] <= group.done for signal in group.reads)

    @property
    def calls_python(self) -> bool:
        """Whether functions or processes are called that others may share something with."""
        passing = self._processes.senders.keys() | self._processes.receivers.keys()
        return any(
            type(op) is SimPyFunc
            or (type(op) is SimProcess and has_effect(op) and id(op.process) not in passing)
            for op in self._order
        )

    @property
    def can_run_ahead(self) -> bool:
        """Whether `run_ahead` gives what so many steps would, if the data stays the same."""
        return self._burst is not None and all(
            id(group) in self._replaced for group in self._burst.sources
        )

    def run_ahead(
        self, first_step: int, n_steps: int, fire: Fire, probed: Collection[Signal]
    ) -> dict[Signal, np.ndarray]:
        """Advance by some steps of the run in one go.

        Parameters
        ----------
        first_step, n_steps : int
            Steps of the piece of the run that is being made.
        fire : callable
            `nengo_dense.loihi.kernel.compiled_host.fire`, in as many threads as it likes.
        probed : collection of Signal

        Returns
        -------
        outputs : dict of {Signal: (lanes, n_steps, n) array}
            Values of the probed signals that changed.
        """
        assert self._burst is not None, "ask `can_run_ahead` first"
        with np.errstate(invalid="raise", divide="ignore"):
            for group in self._burst.steady:
                if not self._is_current(group):
                    self._run(group)
        step, time = self.signals[self._burst.clock.step], self.signals[self._burst.clock.time]
        step[...] += n_steps
        time[...] = step * self.model.dt
        outputs = {}
        for firing in self._burst.firings:
            signal = firing.op.output
            keep = any(other.base is signal for other in probed)
            values = run_firing(
                firing, self.signals, self.model.dt, first_step, n_steps, fire, keep
            )
            if keep:
                outputs[signal] = values
            self.touch(signal)
        return outputs

    @property
    def is_readout(self) -> bool:
        """Whether `run_readout` gives what so many steps would, once the chip has run them."""
        return self._readout is not None

    def run_readout(self, n_steps: int, follow: Follow) -> list[np.ndarray]:
        """Advance by some steps in one go.

        Parameters
        ----------
        n_steps : int
        follow : callable
            `nengo_dense.loihi.kernel.compiled_host.follow`, in as many threads as it likes.

        Returns
        -------
        kept : list of (lanes, n_steps, size) array
            Of each of the model's probes.
        """
        assert self._readout is not None, "ask `is_readout` first"
        for signal in self.signals.per_lane:
            self.touch(signal)
        return run_readout(self._readout, self.signals, self.model.dt, n_steps, follow)

    def _run(self, group: OperatorGroup) -> None:
        results = [step() for step in group.steps]
        self._now += 1
        group.done = self._now
        if not all(result is False for result in results):
            for signal in group.writes:
                self._changed[signal] = self._now
