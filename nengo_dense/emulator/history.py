"""The values of probes: stored as recorded, and converted when a user reads them.

Spikes are stored as bytes. When they are read, a function (*finish*) applies the probe's weights
to all values at once.
"""

import math
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeAlias

import nengo
import numpy as np
from nengo.exceptions import SimulationError, ValidationError
from nengo.simulator import SimulationData as NengoSimulationData

from nengo_dense.emulator.sole_use import in_turn
from nengo_dense.plugins import show

#: Function that converts stored values to probed values.
Finish = Callable[[np.ndarray], np.ndarray]
#: Function of the first step (from 1) and the (lanes, n_steps, *shape) values of a part of a run.
Observer = Callable[[int, np.ndarray], object]
#: Probes whose values are all kept: some, all or none. Or a function for each of some probes.
KeepHistory: TypeAlias = bool | Collection[nengo.Probe] | Mapping[nengo.Probe, Observer]


def as_it_is(values: np.ndarray) -> np.ndarray:
    """Return values unchanged."""
    return values


def check_keep_history(keep_history: Any, network: nengo.Network) -> None:
    """Refuse a value that is not a `KeepHistory`.

    Raises
    ------
    ValidationError
        It is neither a bool nor a collection of the network's probes, or an observer is not
        callable.
    """
    if isinstance(keep_history, bool):
        return
    single = isinstance(keep_history, str | bytes | np.ndarray)
    if single or not isinstance(keep_history, Collection):
        raise ValidationError(
            f"must be a bool or a list of probes (got {show(keep_history)})", attr="keep_history"
        )
    probes = set(network.all_probes)  # walks through the whole network
    for item in keep_history:
        if not isinstance(item, nengo.Probe) or item not in probes:
            raise ValidationError(
                f"has an entry that is not a probe of this network ({show(item)})",
                attr="keep_history",
            )
    if isinstance(keep_history, Mapping):
        for probe, observer in keep_history.items():
            if not callable(observer):
                raise ValidationError(
                    f"must give each probe a function of first step and values (got "
                    f"{show(observer)} for {probe})",
                    attr="keep_history",
                )


class History:
    """The values of one probe.

    Parameters
    ----------
    period : float
        Values are stored in the steps ``n`` with ``n % period < 1``; 1 stores all.
    keep : bool
        Whether to keep all of these values, or only the last one and the sum.
    finish : callable
        Applied to stored values when they are read.
    observer : callable, optional
        Called with all values as they are recorded.
    """

    def __init__(
        self,
        period: float,
        keep: bool,
        finish: Finish = as_it_is,
        observer: Observer | None = None,
    ) -> None:
        self.period = period
        self.keep = keep
        self.finish = finish
        self.observer = observer
        self.turn = threading.RLock()  # another thread may read while a run writes
        self.clear()

    @classmethod
    def of(
        cls, probe: nengo.Probe, dt: float, keep_history: KeepHistory, finish: Finish = as_it_is
    ) -> "History":
        """Make the history of a probe, for steps of ``dt`` seconds."""
        period = 1 if probe.sample_every is None else probe.sample_every / dt
        if isinstance(keep_history, Mapping):
            return cls(period, False, finish, keep_history.get(probe))
        keep = keep_history if isinstance(keep_history, bool) else probe in keep_history
        return cls(period, keep, finish)

    @property
    def only_sums(self) -> bool:
        """(bool) Whether nobody asks for more than the sum of all steps and the last value."""
        return not self.keep and self.observer is None and self.period == 1

    @in_turn
    def clear(self) -> None:
        """Delete all values."""
        self._parts: list[np.ndarray] = []
        self._open: np.ndarray | None = None
        self._filled = 0
        self._expected = 0
        self._total: np.ndarray | None = None
        self._last: np.ndarray | None = None
        self._cache: np.ndarray | None = None

    @in_turn
    def reserve(self, first_step: int, n_steps: int) -> None:
        """Expect the values of a run. Room that the run before did not fill is given up."""
        self._close()
        self._expected = n_steps
        if self.period != 1:
            steps = np.arange(first_step, first_step + n_steps)
            self._expected = int((steps % self.period < 1).sum())

    def write(self, first_step: int, values: np.ndarray) -> None:
        """Add the values of some steps.

        Parameters
        ----------
        first_step : int
            The first value's step, counted from 1.
        values : (lanes, n_steps, *shape) array
            The history owns this array from now on.
        """
        if self.period != 1:
            steps = np.arange(first_step, first_step + values.shape[1])
            values = values[:, steps % self.period < 1]
        if values.shape[1] == 0:
            return
        if self.observer is not None:
            self.observer(first_step, self.finish(values))
        if self.keep:
            self._keep(values)
            return
        self.add(values.sum(axis=1, dtype=np.result_type(values, np.int64)), values[:, -1])

    @in_turn
    def add(self, added: np.ndarray, last: np.ndarray) -> None:
        """Add the sum of some steps' values, and keep the last: (lanes, *shape) arrays."""
        self._cache = None
        self._total = added if self._total is None else self._total + added
        self._last = last[:, np.newaxis].copy()

    @in_turn
    def _keep(self, values: np.ndarray) -> None:
        """Store values: a whole run's as they are, those of parts in one array for the run."""
        self._cache = None
        n_steps = values.shape[1]
        if self._open is None and n_steps == self._expected:
            self._parts.append(_apart(values))
            return
        room = self.room(len(values), n_steps, values.shape[2:], values.dtype)
        if not np.may_share_memory(room, values):
            room[...] = values
        self._filled += n_steps
        if self._filled == self._expected:
            self._close()

    @in_turn
    def room(
        self, lanes: int, n_steps: int, shape: tuple[int, ...], dtype: np.dtype
    ) -> np.ndarray:
        """Return where a run's next values are kept, (lanes, n_steps, *shape).

        Values that are there already are written without a copy.
        """
        if self._open is None:
            self._open, self._filled = _room((lanes, self._expected, *shape), dtype), 0
        return self._open[:, self._filled : self._filled + n_steps]

    def _close(self) -> None:
        """Add the values of the current run to those of the runs before."""
        if self._open is not None:
            self._parts.append(self._open[:, : self._filled])
            self._open = None

    @in_turn
    def values(self) -> np.ndarray:
        """All values that were kept: (lanes, n_values, *shape)."""
        if self._cache is None:
            stored = self._stored() if self.keep else self._last
            self._cache = np.zeros(0) if stored is None else self.finish(stored).view()
            self._cache.setflags(write=False)
        return self._cache

    @in_turn
    def total(self) -> np.ndarray:
        """Sum of all values since the last clearing: (lanes, *shape), or (0,) if there is none."""
        total = self._total
        if self.keep:
            stored = self._stored()
            if stored is not None:
                total = stored.sum(axis=1, dtype=np.result_type(stored, np.int64))
        return np.zeros(0) if total is None else self.finish(total)

    def _stored(self) -> np.ndarray | None:
        """All values stored so far, as one array; also during a run."""
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts, axis=1)]
        if self._open is None:
            return self._parts[0] if self._parts else None
        now = self._open[:, : self._filled]
        return np.concatenate([*self._parts, now], axis=1) if self._parts else now


def _room(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Allocate memory for a run's values, steps before lanes, or say that there is too little."""
    try:
        return np.empty((shape[1], shape[0], *shape[2:]), dtype=dtype).swapaxes(0, 1)
    except MemoryError as err:
        n_bytes = dtype.itemsize * math.prod(shape)
        raise SimulationError(
            f"The values of one probe in {shape[0]} lanes and {shape[1]} steps take "
            f"{n_bytes / 2**30:.3g} GiB, more than there is. Run fewer steps or lanes at once, or "
            "set keep_history=False"
        ) from err


def _apart(values: np.ndarray) -> np.ndarray:
    """Copy a small part of an array, so that the whole array need not stay in memory."""
    whole = values.base
    return values.copy() if whole is not None and whole.nbytes > 2 * values.nbytes else values


class SimulationData(NengoSimulationData):
    """Probed values and built parameters, as in Nengo.

    Parameters
    ----------
    raw : dict
        Objects → built parameters.
    histories : dict of {Probe: History}
    batched : bool
        Whether probed values have a lane axis.
    """

    def __init__(self, raw: dict, histories: dict[Any, History], batched: bool) -> None:
        super().__init__(raw=raw)
        self._histories = histories
        self._batched = batched

    def __getitem__(self, key: Any) -> Any:
        history = self._histories.get(key)
        if history is None:
            return self.raw[key]
        values = history.values()
        return values if self._batched or not len(values) else values[0]

    def __iter__(self) -> Iterator[Any]:
        yield from self.raw

    def __len__(self) -> int:
        return len(self.raw)
