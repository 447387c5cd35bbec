"""A host: Nengo's operators, in Nengo's order, on all lanes at once.

A host can compute steps in two ways. Step by step, it runs its groups of operators, and skips a
group whose inputs have not changed. If it has a plan (`.plan`), a kernel computes a *stretch* at
once: a number of steps in which no data changes.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import nengo
import numpy as np
from nengo.builder import Model
from nengo.builder.operator import Operator, SimPyFunc
from nengo.builder.probe import SimProbe
from nengo.builder.processes import SimProcess
from nengo.builder.signal import Signal
from nengo.utils.graphs import toposort
from nengo.utils.simulator import operator_dependency_graph

from nengo_dense.emulator.history import History
from nengo_dense.emulator.host.channel import Channels
from nengo_dense.emulator.host.course import Course
from nengo_dense.emulator.host.estimate import Estimate
from nengo_dense.emulator.host.function import LaneFunctions
from nengo_dense.emulator.host.group import OperatorGroup, group_operators, live_groups
from nengo_dense.emulator.host.operators import Step, has_effect, is_pure, make_step
from nengo_dense.emulator.host.plan import Begin, Plan
from nengo_dense.emulator.host.process import make_process_step
from nengo_dense.emulator.host.seen import Seen, SeenSum, SeenValues
from nengo_dense.emulator.host.signals import LaneSignals
from nengo_dense.emulator.host.translation import make_plan
from nengo_dense.emulator.node_data import NodeData
from nengo_dense.emulator.share import Share
from nengo_dense.exceptions import NumberError
from nengo_dense.loihi.kernel.contract import Kernel


class Host:
    """One of nengo-loihi's host models, in all lanes.

    Parameters
    ----------
    model : nengo.builder.Model
    channels : Channels
        The channels to the chip.
    histories : dict of {Probe: History or Share}
        Get the values of the model's probes.
    functions : LaneFunctions, optional
        The functions of all hosts of a model.
    kernel : Kernel, optional
        Runs the host's plan. Without a kernel, Nengo's operators compute every step.
    constants : dict, optional
        As of `.signals.LaneSignals`.

    Attributes
    ----------
    inputs : dict of {Node: Signal}
        Outputs of nodes without input, which data may replace.
    plan : Plan or None
    """

    def __init__(
        self,
        model: Model,
        channels: Channels,
        histories: Mapping[nengo.Probe, History | Share],
        functions: LaneFunctions | None = None,
        kernel: Kernel | None = None,
        constants: dict[Signal, Any] | None = None,
    ) -> None:
        self.model = model
        self.inputs = {
            node: model.sig[node]["out"]
            for node in model.params
            if isinstance(node, nengo.Node) and node.size_in == 0 < node.size_out
        }
        self.signals = LaneSignals(
            model.operators,
            channels.lanes,
            changing=self.inputs.values(),
            shared=(model.step, model.time),
            functions=functions,
            constants=constants,
        )
        self._channels, self._kernel = channels, kernel
        probes = [(model.sig[probe]["in"], histories[probe]) for probe in model.probes]
        self._seen = [(signal, Seen.of(each, signal, channels.lanes)) for signal, each in probes]
        probed = [signal for signal, _ in probes]
        self._order = _in_order(model)
        self._groups = live_groups(group_operators(self._order), probed)
        self._written_by = {signal: group for group in self._groups for signal in group.writes}
        self._begun_anew = self._find_begun_anew()
        self._steps: dict[Operator, Step] = {}
        self._lasting = {op for op in self._order if is_pure(op)}  # their steps have no state
        self._rng = np.random.RandomState()  # to make one takes longer than to seed it
        self._estimated, self._now, self._prepared = False, 0, -1
        self._changed: dict[Signal, int] = dict.fromkeys(self.signals, 0)
        self._given: set[Signal] = set()
        self._replaced: set[OperatorGroup] = set()
        self.plan: Plan | None = None
        self._estimate: Estimate | None = None
        if kernel is not None:
            self._make_plan(probed)

    def _make_plan(self, probed: list[Signal]) -> None:
        """Make the plan, if there is one, and what follows from it."""
        summed = [signal for signal, seen in self._seen if isinstance(seen, SeenSum)]
        kept = [signal for signal, seen in self._seen if isinstance(seen, SeenValues)]
        self.plan = make_plan(self._groups, self._channels, kept, self.model.dt, summed)
        if self.plan is not None:
            of_plan = {*self.plan.kept, *self.plan.totals}
            self._columns = {s: _columns(s) for s in probed if s.base in of_plan}
            self._course = Course(self.plan, self.signals, self._channels)
            bases = {signal.base for signal in probed}
            self._estimate = Estimate.of(self.plan, self.signals, bases)

    def _find_begun_anew(self) -> set[Signal]:
        """Find the signals that neither data give nor follow from others of the same step."""
        follow = set().union(*(group.writes for group in self._groups if group.pure))
        given = {signal.base for signal in self.inputs.values()} - self._written_by.keys()
        return self.signals.written - follow - given

    @property
    def n_probed(self) -> int:
        """Number of values in one step of one lane that are kept for probes."""
        return sum(signal.size for signal, seen in self._seen if isinstance(seen, SeenValues))

    def reset(self, seed: int) -> None:
        """Return to the state before the first step, with fresh random numbers.

        What follows from the data alone is computed again where the data changes.
        """
        self._rng.seed(seed)
        self.signals.reset(self._begun_anew)
        self._touch(self._begun_anew)
        for op in self._order:
            if type(op) is SimProcess:
                step = make_process_step(
                    op, self.signals, self.model.dt, self._rng, self._channels
                )
            elif op in self._lasting and op in self._steps:
                continue
            else:
                step = make_step(op, self.signals, self.model.dt, self._rng)
            self._steps[op] = step
        for group in self._groups:
            group.steps = [self._steps[op] for op in group.operators]
        if self._estimated and self._estimate is not None:
            for group in self._estimate.groups:  # which have not run
                group.done = -1
        self._estimated, self._done = False, 0

    def start_run(
        self, first_step: int, n_steps: int, data: Mapping[nengo.Node, NodeData]
    ) -> None:
        """Begin a run of some steps with data for some nodes.

        ``first_step`` is its first step, counted from 1 over all runs. Nodes without data use
        their own output again.
        """
        if self._estimated and self._estimate is not None:  # its voltages go on
            self._estimate.settle(self.signals, self._done)
            self._touch(self.plan.reads if self.plan is not None else [])
            self._estimated = False
        self._first_step, self._n_steps = first_step, n_steps
        self._done = 0
        self._data = [(self.inputs[node], data[node]) for node in self.inputs if node in data]
        before, self._given = self._given, {signal.base for signal, _ in self._data}
        if before != self._given:
            self._replaced = {self._written_by[s] for s in self._given & self._written_by.keys()}
            self._take_back(before - self._given)

    def _take_back(self, own: set[Signal]) -> None:
        """Let nodes whose output data replaced use their own again."""
        self._touch(own)
        for signal in self.inputs.values():
            if signal.base in own and signal.base not in self._written_by:
                self.signals[signal][...] = signal.initial_value

    def advance(self, n_steps: int) -> None:
        """Compute the next steps of the run, and store the probed values.

        Raises
        ------
        NumberError
            Where Nengo stops, as arithmetic has no result.
        """
        try:
            self._advance(n_steps)
        except FloatingPointError as err:
            raise NumberError(
                f"Arithmetic on the host has no result ({err}), as in Nengo: in a function of a "
                "node or connection, or as values of connections or inputs of neurons beyond "
                "1e308 are infinite, in which case make data or weights smaller"
            ) from err

    def _advance(self, n_steps: int) -> None:
        for _, seen in self._seen:
            seen.begin(n_steps)
        step = 0
        while step < n_steps:
            self._channels.step = step
            self._take_data(self._done + step)
            length = self._stretch(self._done + step, n_steps - step)
            if length > 1:
                self._follow_plan(step, length)
            else:
                self._step()
                for signal, seen in self._seen:
                    seen.hold(step, 1, self.signals.by_lane(signal))
            step += length
        for _, seen in self._seen:
            seen.finish(self._first_step + self._done)
        self._done += n_steps

    def _take_data(self, step: int) -> None:
        """Copy the data of a step to the nodes' signals."""
        for signal, data in self._data:
            if data.changes(step):
                self.signals[signal][...] = data.at(step)
                self._touch([signal.base])

    def _stretch(self, step: int, most: int) -> int:
        """Count the steps until the data changes, at most ``most``; 1 if the plan cannot run."""
        if (
            self._kernel is None
            or self.plan is None
            or not self._replaced.issuperset(self.plan.sources)
        ):
            return 1
        return min((data.holds(step, most) for _, data in self._data), default=most)

    def _follow_plan(self, first: int, n_steps: int) -> None:
        """Let the kernel compute some steps, from ``first`` of those that probes see."""
        assert self._kernel is not None, "checked by `_stretch`"
        assert self.plan is not None, "checked by `_stretch`"
        begin: Begin | None = None
        with np.errstate(invalid="raise", divide="ignore"):
            estimate = self._begin(first)
            if estimate is not None:
                begin = partial(estimate.fire, self.signals, self._kernel, self._n_steps)
            kept, sums = self._course.follow(self._kernel, n_steps, begin)
        self._touch(self.plan.moving)
        for signal, seen in self._seen:
            base = signal.base
            if isinstance(seen, SeenValues) and base in kept:
                seen.keep(first, kept[base][:, :, self._columns[signal]])
            elif isinstance(seen, SeenSum) and base in sums:
                seen.add(sums[base][:, self._columns[signal]], self.signals[signal])
            else:  # the signal did not change
                seen.hold(first, n_steps, self.signals.by_lane(signal))

    def _begin(self, first: int) -> Estimate | None:
        """Run all before the kernel begins; return what it can estimate, from the first step."""
        assert self.plan is not None, "checked by `_stretch`"
        estimate = self._estimate if self._first_step + self._done + first == 1 else None
        if estimate is not None and not (self._holds() and self._pays(estimate)):
            estimate = None
        if estimate is None:
            self._run(self.plan.steady)
        else:
            self._run(group for group in self.plan.steady if group not in estimate.groups)
            for group in estimate.groups:
                group.done = self._touch(group.writes)
            self._estimated = True
        if self._prepared < max(map(self._changed.__getitem__, self.plan.reads), default=0):
            self._course.prepare(None if estimate is None else estimate.firing.charge)
            self._prepared = self._now
        return estimate

    def _pays(self, estimate: Estimate) -> bool:
        """Whether to estimate in this run."""
        assert self._kernel is not None, "checked by `_stretch`"
        return self._kernel.may_estimate(self._n_steps * estimate.saved)

    def _holds(self) -> bool:
        """Whether no data changes in this run."""
        return all(data.holds(0, self._n_steps) == self._n_steps for _, data in self._data)

    def _step(self) -> None:
        """Compute one step with Nengo's operators."""
        with np.errstate(invalid="raise", divide="ignore"):
            self._run(self._groups)

    def _run(self, groups: Iterable[OperatorGroup]) -> None:
        """Run the groups whose result may have changed."""
        for group in groups:
            if group in self._replaced or self._is_current(group):
                continue
            changed = False
            for step in group.steps:
                changed |= step() is not False
            group.done = self._touch(group.writes if changed else ())

    def _is_current(self, group: OperatorGroup) -> bool:
        """Whether a group's result is up to date: no signal that it reads has changed."""
        if not group.pure or group.done < 0:
            return False
        return max(map(self._changed.__getitem__, group.reads), default=0) <= group.done

    def _touch(self, signals: Iterable[Signal]) -> int:
        """Record that signals have changed; return the time, as a count."""
        self._now += 1
        for signal in signals:
            self._changed[signal] = self._now
        return self._now


def _in_order(model: Model) -> list[Operator]:
    """List the operators that do something, in Nengo's order."""
    return [
        op
        for op in toposort(operator_dependency_graph(model.operators))
        if hasattr(op, "make_step") and type(op) is not SimProbe
    ]


def calls_python(model: Model, channels: Channels) -> bool:
    """Whether a host calls Python functions, processes or own types, which may share state."""
    return any(
        type(op) is SimPyFunc
        or _is_own(op, getattr(op, "neurons", op))
        or (type(op) is SimProcess and has_effect(op) and channels.end(op.process) is None)
        for op in model.operators
    )


def _is_own(*parts: object) -> bool:
    """Whether the type of an operator, or of its neurons, is neither Nengo's nor nengo-loihi's."""
    packages = {type(part).__module__.partition(".")[0] for part in parts}
    return not packages <= {"nengo", "nengo_loihi"}


def _columns(signal: Signal) -> slice:
    """Return the items of its base that a vector consists of."""
    (stride,) = signal.elemstrides
    end = signal.elemoffset + stride * signal.size
    return slice(signal.elemoffset, None if end < 0 else end, stride)
