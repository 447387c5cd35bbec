"""`Simulator`: the results of nengo-loihi's emulator, bit for bit, for many inputs at once."""

import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import (
    BuildError,
    ReadonlyError,
    SimulationError,
    SimulatorClosed,
    ValidationError,
)
from nengo.utils.numpy import is_integer, is_number
from nengo.utils.progress import Progress, ProgressTracker

from nengo_dense import compat
from nengo_dense.arguments import check_progress_bar
from nengo_dense.emulator.history import KeepHistory, SimulationData, check_keep_history
from nengo_dense.emulator.machine import Machine
from nengo_dense.emulator.node_data import NodeData, check_data
from nengo_dense.loihi.build import build_model

TARGETS = ("sim", "simreal")


class Simulator:
    """Run a network as nengo-loihi's emulator does, many lanes at once.

    Every lane is a separate simulation: lane ``i`` of a minibatch gives the same spikes, voltages
    and values as ``nengo_loihi.Simulator`` with the same seed and lane ``i``'s data.

    Parameters
    ----------
    network : nengo.Network
        nengo-loihi's own builder builds it.
    dt : float, optional
        Step in seconds.
    seed : int, optional
        Seed of all random numbers, the same in every lane; ``network.seed + 1`` by default.
    minibatch_size : int, optional
        Number of lanes. None means one lane, and probed values without a lane axis.
    target : {"sim", "simreal"}, optional
        The chip's integers, or floating point numbers instead. None means ``"sim"``.
    progress_bar : bool or nengo.utils.progress.ProgressBar, optional
        As in ``nengo.Simulator``.
    precompute, remove_passthrough, model, hardware_options : optional
        As in ``nengo_loihi.Simulator``; the emulator ignores hardware options.
    keep_history : bool, collection of nengo.Probe, or dict of {Probe: callable}, optional
        Probes whose values are all kept. For other probes ``data`` has only the last value. `sum`
        works for all. With a dict, no values are kept, so a long run of many lanes needs little
        memory. Each callable is called for each part of a run, with the first step of the part,
        counted from 1, and its probe's values, ``(lanes, n_steps, size)``; these have a lane axis
        even without a minibatch size.
    kernel : {"auto", "numpy", "numba"}, optional
        Code that computes the chip's steps. All kernels give the same numbers; ``"auto"`` uses
        numba if it is installed.

    Attributes
    ----------
    closed : bool
    data : SimulationData
        Probe → values, ``(minibatch_size, n_steps, size)`` or ``(n_steps, size)``; other objects
        → parameters that nengo-loihi built for them.
    model : nengo_loihi.builder.Model
    minibatch_size : int or None
    timers : nengo_loihi.simulator.Timers
        Duration of building (``"build"``) and of the last run (``"run"``), in seconds.
    """

    def __init__(
        self,
        network: nengo.Network,
        dt: float = 0.001,
        seed: int | None = None,
        minibatch_size: int | None = None,
        target: str | None = "sim",
        progress_bar: Any = True,
        *,
        model: Any = None,
        precompute: bool | None = None,
        remove_passthrough: bool = True,
        hardware_options: Mapping | None = None,
        keep_history: KeepHistory = True,
        kernel: str = "auto",
    ) -> None:
        self.closed = True  # if something below fails
        if not (is_number(dt) and 0 < dt < np.inf):
            raise ValidationError(f"must be seconds above 0 (got {dt!r})", attr="dt")
        self.target = _check_target(target)
        self.minibatch_size = _check_minibatch_size(minibatch_size)
        self.progress_bar = check_progress_bar(progress_bar)
        if network is None:
            raise ValidationError("network parameter must not be None", attr="network")
        if not isinstance(network, nengo.Network):
            raise ValidationError(
                f"must be a nengo.Network (got {type(network).__name__})", attr="network"
            )
        self.network = network
        check_keep_history(keep_history, network)
        _check_seed(seed)
        _check_model(model, dt)
        self.timers = compat.nengo_loihi().simulator.Timers()
        self.timers.start("build")
        with ProgressTracker(self.progress_bar, Progress("Building", "Build")):
            self.model = build_model(
                network,
                dt,
                model=model,
                precompute=precompute,
                remove_passthrough=remove_passthrough,
                discretize=self.target == "sim",
            )
            self._machine = Machine(self.model, self._lanes, seed, keep_history, kernel)
        self.timers.stop("build")
        self.precompute = self._machine.precompute
        if self._machine.needlessly_slow:
            warnings.warn(
                "Model is precomputable. Setting precompute=False may slow execution.",
                stacklevel=2,
            )
        self.data = SimulationData(
            self._machine.params, self._machine.histories, self.minibatch_size is not None
        )
        self._n_steps = 0
        self._between_steps = True
        self.closed = False

    def __del__(self) -> None:
        if not getattr(self, "closed", True):
            warnings.warn(
                f"Simulator with model={self.model} was deallocated while open. Please close "
                "simulators manually to ensure resources are properly freed.",
                ResourceWarning,
                stacklevel=2,
            )

    def __enter__(self) -> "Simulator":
        if self.closed:
            raise SimulatorClosed("Cannot re-open after simulator is closed")
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _lanes(self) -> int:
        return self.minibatch_size or 1

    @property
    def dt(self) -> float:
        """(float) Step in seconds."""
        return self.model.dt

    @dt.setter
    def dt(self, dummy: Any) -> None:
        raise ReadonlyError(attr="dt", obj=self)

    @property
    def seed(self) -> int:
        """(int) Seed of all random numbers on the chip."""
        return self._machine.seed

    @property
    def n_steps(self) -> int:
        """(int) Steps since the start or the last reset."""
        return self._n_steps

    @property
    def time(self) -> float:
        """(float) Seconds since the start or the last reset."""
        return self._n_steps * self.dt

    def clear_probes(self) -> None:
        """Delete all probed values."""
        for history in self._machine.histories.values():
            history.clear()

    def close(self) -> None:
        """Free the memory that only runs need; ``data`` stays."""
        if not self.closed:
            self._machine.close()
        self.closed = True

    def reset(self, seed: int | None = None) -> None:
        """Return to the state before the first step, and delete all probed values.

        Parameters
        ----------
        seed : int, optional
            Seed of the random numbers during runs; the present seed by default.
        """
        if self.closed:
            raise SimulatorClosed("Cannot reset closed Simulator.")
        _check_seed(seed)
        self._machine.reset(seed)
        self.clear_probes()
        self._n_steps = 0
        self._between_steps = True

    def run(
        self,
        time_in_seconds: float,
        data: Mapping[nengo.Node, Any] | None = None,
        progress_bar: Any = None,
    ) -> None:
        """Simulate for some time, rounded to whole steps.

        Parameters
        ----------
        time_in_seconds : float
            Time in seconds; not negative.
        data, progress_bar : optional
            As in `run_steps`.
        """
        if not is_number(time_in_seconds) or not 0 <= time_in_seconds < np.inf:
            raise ValidationError(
                f"Must be positive seconds (got {time_in_seconds!r})", attr="time_in_seconds"
            )
        n_steps = int(np.round(float(time_in_seconds) / self.dt))
        if n_steps == 0:
            warnings.warn(
                f"{time_in_seconds:g} results in running for 0 timesteps. Simulator still at "
                f"time {self.time:g}.",
                stacklevel=2,
            )
        else:
            self.run_steps(n_steps, data=data, progress_bar=progress_bar)

    def run_steps(
        self,
        steps: int,
        data: Mapping[nengo.Node, Any] | None = None,
        progress_bar: Any = None,
    ) -> None:
        """Simulate for a number of steps.

        Parameters
        ----------
        steps : int
        data : dict of {Node: (minibatch_size, n_steps, size_out) array_like}, optional
            Replaces the output of nodes without input during this run, which uses the first
            ``steps`` steps. Without a minibatch size also ``(n_steps, size_out)``.
        progress_bar : bool or nengo.utils.progress.ProgressBar, optional
            Used instead of the one given at construction.
        """
        if self.closed:
            raise SimulatorClosed("Simulator cannot run because it is closed.")
        if not self._between_steps:
            raise SimulationError(
                "The last run ended inside a step, so host and chip are no longer at the same "
                "step; call reset() before running again"
            )
        steps = _check_steps(steps)
        given = check_data(data, self._machine.inputs, self.minibatch_size, steps)
        if steps == 0:
            warnings.warn(
                f"Running for 0 timesteps. Simulator still at time {self.time:g}.", stacklevel=2
            )
            return
        bar = self.progress_bar if progress_bar is None else check_progress_bar(progress_bar)
        with ProgressTracker(bar, Progress("Simulating", "Simulation", steps)) as tracker:
            self._run(steps, given, tracker)

    def _run(
        self, steps: int, given: dict[nengo.Node, NodeData], tracker: ProgressTracker
    ) -> None:
        overflowed: set[str] = set()
        self.timers.start("run")
        self._machine.start_run(self._n_steps + 1, steps, given)
        try:
            for n_steps in self._machine.pieces(steps):
                self._between_steps = False
                overflowed |= self._machine.advance(n_steps)
                self._n_steps += n_steps
                self._between_steps = True
                tracker.total_progress.step(n_steps)
        finally:
            self.timers.stop("run")
        for register in sorted(overflowed):
            self._machine.complain(f"Overflow in {register}")

    def step(self) -> None:
        """Advance by one step of ``dt`` seconds, without a progress bar."""
        self.run_steps(1, progress_bar=False)

    def sum(self, probe: nengo.Probe) -> np.ndarray:
        """Sum a probe's values over all its steps, also if they were not kept.

        Returns
        -------
        total : (minibatch_size, size) array
            Without a minibatch size ``(size,)``; before the first step ``(0,)``. For spikes this
            is their number times ``amplitude / dt``.
        """
        history = self._machine.histories.get(probe)
        if history is None:
            raise ValidationError(f"is not a probe of this network (got {probe})", attr="probe")
        total = history.total()
        return total if self.minibatch_size is not None or not len(total) else total[0]

    def trange(self, sample_every: float | None = None) -> np.ndarray:
        """Times of probed values, in seconds; the first is ``dt``.

        Parameters
        ----------
        sample_every : float, optional
            The probe's sampling period in seconds; ``dt`` by default.
        """
        period = 1 if sample_every is None else sample_every / self.dt
        steps = np.arange(1, self.n_steps + 1)
        return self.dt * steps[steps % period < 1]


def _check_target(target: str | None) -> str:
    if target is None:
        return "sim"
    if target == "loihi":
        raise BuildError(
            "target='loihi' is the hardware, which this simulator does not run; use "
            "nengo_loihi.Simulator for it, or target='sim'"
        )
    if target not in TARGETS:
        raise ValidationError(f"Must be 'sim' or 'simreal' (got {target!r})", attr="target")
    return target


def _check_minibatch_size(minibatch_size: int | None) -> int | None:
    if minibatch_size is None:
        return None
    whole = is_integer(minibatch_size) and not isinstance(minibatch_size, bool)
    if not whole or minibatch_size < 1:
        raise ValidationError(
            f"must be a whole number of at least 1, or None (got {minibatch_size!r})",
            attr="minibatch_size",
        )
    return int(minibatch_size)


def _check_seed(seed: Any) -> None:
    if seed is not None and not (is_integer(seed) and 0 <= seed < 2**32):
        raise ValidationError(
            f"must be None or a whole number from 0 to {2**32 - 1} (got {seed!r})", attr="seed"
        )


def _check_model(model: Any, dt: float) -> None:
    if model is None:
        return
    if not isinstance(model, compat.nengo_loihi().builder.Model):
        raise ValidationError(
            f"must be a nengo_loihi.builder.Model (got {type(model).__name__})", attr="model"
        )
    if model.dt != dt:
        raise ValidationError(f"has a dt of {model.dt:g}, not {dt:g} seconds", attr="model")


def _check_steps(steps: int) -> int:
    if not is_integer(steps) or isinstance(steps, bool) or steps < 0:
        raise ValidationError(
            f"must be a whole number of steps, at least 0 (got {steps!r})", attr="steps"
        )
    return int(steps)
