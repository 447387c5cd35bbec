"""`Simulator`: the results of nengo-loihi's emulator, bit for bit, for many inputs at once."""

import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ReadonlyError, SimulationError, SimulatorClosed, ValidationError
from nengo.utils.progress import Progress, ProgressTracker

from nengo_dense import compat
from nengo_dense.arguments import check_progress_bar, check_seed, choice, count, flag, positive
from nengo_dense.duration import MOST_STEPS, whole_steps
from nengo_dense.emulator.history import KeepHistory, SimulationData, check_keep_history
from nengo_dense.emulator.machine import Machine
from nengo_dense.emulator.node_data import NodeData, check_data
from nengo_dense.emulator.simulator_arguments import (
    check_hardware_options,
    check_model,
    check_network,
    check_target,
    enough_memory,
)
from nengo_dense.emulator.sole_use import SoleUse
from nengo_dense.emulator.tuned_run import TunedRun
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.kernel.choice import KERNELS, showing
from nengo_dense.notices import Notices
from nengo_dense.plugins import show

#: Most lanes: the smallest network of a hundred neurons takes ten gigabytes for them.
MOST_LANES = 2**20


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
        Seed of the chip's random numbers, the same in every lane; ``network.seed + 1`` by
        default. Noise and processes on the host that have no seed of their own begin elsewhere
        in each simulator, as nengo-loihi's do; ``reset(seed)``, or ``numpy.random.seed`` before,
        repeats them.
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
        Code that computes the chip's steps. All kernels give the same numbers; ``"auto"`` begins
        with NumPy, and goes on with numba where that ends sooner.

    Attributes
    ----------
    closed : bool
    data : SimulationData
        Probe → values, ``(minibatch_size, n_steps, size)`` or ``(n_steps, size)``; other objects
        → parameters that nengo-loihi built for them.
    model : nengo_loihi.builder.Model
    minibatch_size : int or None
    tells_of_tuning : bool
        Whether it warns of a run that a stack was not tuned for; may be set.
    timers : nengo_loihi.simulator.Timers
        Duration of building (``"build"``) and of the last run (``"run"``), in seconds.

    Examples
    --------
    >>> import nengo, nengo_dense, numpy as np
    >>> with nengo.Network(seed=0) as network:
    ...     source = nengo.Node(np.zeros(3))
    ...     layer = nengo_dense.DenseLayer(4, 3, seed=1)
    ...     _ = nengo.Connection(source, layer.input, synapse=None)
    ...     probe = nengo.Probe(layer.output)
    >>> sim = nengo_dense.Simulator(network, minibatch_size=2, progress_bar=False)
    >>> sim.run_steps(50, data={source: np.ones((2, 50, 3))})     # lanes, steps, values
    >>> sim.run(0.01)
    >>> sim.step()
    >>> sim.data[probe].shape, sim.sum(probe).shape, len(sim.trange())
    ((2, 61, 4), (2, 4), 61)
    >>> sim.clear_probes()
    >>> sim.reset()                               # begin again
    >>> sim.close()                               # as a ``with`` block does at its end
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
        self._sole_use = SoleUse()
        dt = positive(dt, "dt", unit="seconds")
        self.target = check_target(target)
        choice(kernel, KERNELS, "kernel")
        if minibatch_size is not None:
            minibatch_size = count(minibatch_size, "minibatch_size", most=MOST_LANES)
        self.minibatch_size = minibatch_size
        self._kernel = kernel
        self.progress_bar = check_progress_bar(progress_bar)
        self.network = check_network(network)
        check_keep_history(keep_history, network)
        seed = check_seed(seed)
        check_hardware_options(hardware_options)
        check_model(model, dt)
        building: dict[str, Any] = {
            "model": model,
            "precompute": None if precompute is None else flag(precompute, "precompute"),
            "remove_passthrough": flag(remove_passthrough, "remove_passthrough"),
            "discretize": self.target == "sim",
        }
        self.timers = compat.nengo_loihi().simulator.Timers()
        self.timers.start("build")
        with ProgressTracker(self.progress_bar, Progress("Building", "Build")):
            self.model = build_model(network, dt, **building)
            with enough_memory(self._lanes):
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
        self._tuned_run, self.tells_of_tuning = TunedRun(network, dt), True
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
        with self._sole_use.to("clear probes"):
            self._machine.clear_probes()

    def close(self) -> None:
        """Free the memory that only runs need; ``data`` stays."""
        with self._sole_use.to("close"):
            if not self.closed:
                self._machine.close()
            self.closed = True

    def reset(self, seed: int | None = None) -> None:
        """Return to the state before the first step, and delete all probed values.

        Parameters
        ----------
        seed : int, optional
            Seed of the random numbers during runs; the present seed by default.

        Raises
        ------
        nengo.exceptions.SimulatorClosed
            It was closed.
        """
        with self._sole_use.to("reset"):
            if self.closed:
                raise SimulatorClosed("Cannot reset closed Simulator.")
            self._machine.reset(check_seed(seed))
            self._machine.clear_probes()
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

        Raises
        ------
        nengo.exceptions.ValidationError
            A negative time, or as in `run_steps`.
        """
        n_steps = whole_steps(time_in_seconds, self.dt, "time_in_seconds")
        if n_steps == 0:
            warnings.warn(
                f"{float(time_in_seconds):g} results in running for 0 timesteps. Simulator still "
                f"at time {self.time:g}.",
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

        Raises
        ------
        nengo.exceptions.SimulatorClosed
            It was closed.
        nengo.exceptions.SimulationError
            An earlier run ended inside a step, or a value that is not finite came up.
        nengo.exceptions.ValidationError
            A number of steps or data that cannot be.

        Warns
        -----
        UserWarning
            There are no steps to run, a register of the chip has overflowed, last bits may differ
            from nengo-loihi's, or a stack was tuned for other inputs, another step or weights.
        """
        with self._sole_use.to("run"):
            if self.closed:
                raise SimulatorClosed("Simulator cannot run because it is closed.")
            if not self._between_steps:
                raise SimulationError(
                    "The last run ended inside a step, so host and chip are no longer at the same "
                    "step; call reset() before running again"
                )
            steps = count(steps, "steps", least=0, most=MOST_STEPS)
            bar = self.progress_bar if progress_bar is None else check_progress_bar(progress_bar)
            given = check_data(data, self._machine.inputs, self.minibatch_size, steps)
            if steps == 0:
                warnings.warn(
                    f"Running for 0 timesteps. Simulator still at time {self.time:g}.",
                    stacklevel=2,
                )
                return
            progress = Progress("Simulating", "Simulation", steps)
            with Notices(), showing(progress, bar, self._kernel):
                if self.tells_of_tuning:
                    self._tuned_run.say(given)
                self._run(steps, given, progress)

    def _run(self, steps: int, given: dict[nengo.Node, NodeData], progress: Progress) -> None:
        overflowed: set[str] = set()
        self.timers.start("run")
        self._machine.start_run(self._n_steps + 1, steps, given)
        try:
            for n_steps in self._machine.pieces(steps):
                self._between_steps = False
                overflowed |= self._machine.advance(n_steps)
                self._n_steps += n_steps
                self._between_steps = True
                progress.step(n_steps)
        finally:
            self.timers.stop("run")
        for register in sorted(overflowed):
            self._machine.complain(f"Overflow in {register}")

    def step(self) -> None:
        """Advance by one step of ``dt`` seconds, without a progress bar."""
        self.run_steps(1, progress_bar=False)

    def sum(self, probe: nengo.Probe) -> np.ndarray:
        """Sum a probe's values over all its steps, also if they were not kept.

        Parameters
        ----------
        probe : nengo.Probe
            Of this network.

        Returns
        -------
        total : (minibatch_size, size) array
            Without a minibatch size ``(size,)``; before the first step ``(0,)``. For spikes this
            is their number times ``amplitude / dt``.

        Raises
        ------
        nengo.exceptions.ValidationError
            It is no probe of this network.
        """
        # first the type: a list, which has no hash, could not be looked up
        known = isinstance(probe, nengo.Probe) and probe in self._machine.histories
        if not known:
            raise ValidationError(
                f"is not a probe of this network (got {show(probe)})", attr="probe"
            )
        history = self._machine.histories[probe]
        total = history.total()
        return total if self.minibatch_size is not None or not len(total) else total[0]

    def trange(self, sample_every: float | None = None) -> np.ndarray:
        """Times of probed values, in seconds; the first is ``dt``.

        Parameters
        ----------
        sample_every : float, optional
            The probe's sampling period in seconds; ``dt`` by default.

        Returns
        -------
        times : (n,) ndarray

        Raises
        ------
        nengo.exceptions.ValidationError
            A period that is not above 0.
        """
        period = 1.0
        if sample_every is not None:
            period = positive(sample_every, "sample_every", unit="seconds") / self.dt
        steps = np.arange(1, self.n_steps + 1)
        return self.dt * steps[steps % period < 1]
