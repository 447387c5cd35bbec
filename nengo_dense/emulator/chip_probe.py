"""Probes on the chip: values are weighted, ordered and filtered as in nengo-loihi."""

from typing import Any

import numpy as np

from nengo_dense.emulator.history import Finish, as_it_is
from nengo_dense.emulator.host.filter import LaneStep, make_lane_filter
from nengo_dense.emulator.run_product import ChooseSum, RunProduct
from nengo_dense.loihi.kernel.alignment import CACHE_LINE
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.kernel.state import Recording
from nengo_dense.loihi.program import ProbeRead


class ChipProbe:
    """Turn recorded compartments into a probe's values.

    Parameters
    ----------
    read : ProbeRead
    lanes : int
    dt : float
        Step in seconds.
    choose : callable, optional
        Chooses what adds spikes' weights; see `.run_product`.
    memory : Memory, optional
        For their sums.
    """

    def __init__(
        self,
        read: ProbeRead,
        lanes: int,
        dt: float,
        choose: ChooseSum | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.read = read
        self.probe = read.probe
        self.lanes = lanes
        self.dt = dt
        sizes = [len(columns) for columns in read.columns]
        self._bounds = np.concatenate([[0], np.cumsum(sizes)])
        self.columns = np.concatenate(read.columns)
        self._is_transformed: bool = self.probe.is_transformed
        #: Whether values may be stored as recorded, and weighted when they are read.
        self.deferred = self.probe.synapse is None and not self._is_transformed
        #: Whether the sum of its values follows from how often neurons spiked.
        self.counts = self.deferred and read.key == "spiked"
        #: Applied to values that were stored as recorded when they are read.
        self.finish: Finish = self.weigh if self.deferred else as_it_is
        self._products = {
            number: RunProduct(weights, choose, memory)
            for number, weights in enumerate(self.probe.weights)
            if weights is not None and weights.ndim == 2
        }
        self.reset()

    @property
    def n_bytes(self) -> int:
        """Bytes of the values of one step of one lane: as recorded, and weighted if they are."""
        recorded = (1 if self.read.key == "spiked" else 4) * len(self.columns)
        return recorded if self.deferred else recorded + 8 * self.probe.output_size

    def reset(self) -> None:
        """Reset the filter."""
        self._filter: LaneStep | None = None

    def start_run(self, n_steps: int, in_parts: bool) -> None:
        """Expect the values of a run of so many steps, all at once or in parts."""
        for product in self._products.values():
            product.start_run(n_steps, in_parts)

    def values(self, recorded: np.ndarray) -> np.ndarray:
        """Weight and filter recorded values.

        Parameters
        ----------
        recorded : (lanes, n_steps, k) array
            Values of `columns`.

        Returns
        -------
        values : (lanes, n_steps, size) array
        """
        if self._is_transformed:  # steps times weights, as in nengo-loihi, to round alike
            weighted = self.weigh(recorded)
        else:  # in the order of memory
            weighted = self.weigh(recorded.swapaxes(0, 1)).swapaxes(0, 1)
        if self.probe.synapse is None:
            return weighted
        if self._filter is None:
            self._filter = self._make_filter()
        # nengo-loihi keeps the type of the data, which for unweighted voltages is an integer
        filtered = np.zeros_like(weighted)
        for step in range(weighted.shape[1]):
            filtered[:, step] = self._filter(0.0, weighted[:, step])
        return filtered

    def weigh(self, recorded: np.ndarray) -> np.ndarray:
        """Weight each block's part, then sum or concatenate; compartments are the last axis."""
        if self.read.key == "spiked" and recorded.dtype == np.uint8:
            recorded = recorded.view(bool)
        parts = []
        for number, weights in enumerate(self.probe.weights):
            part = recorded[..., self._bounds[number] : self._bounds[number + 1]]
            if number in self._products:
                part = self._products[number](part)
            elif weights is not None:
                part = np.multiply(part, weights, dtype=np.result_type(part.dtype, weights.dtype))
            parts.append(part)
        if self._is_transformed:
            return np.asarray(sum(parts[1:], start=parts[0]))
        values = np.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        return values if self.probe.reindexing is None else values[..., self.probe.reindexing]

    def _make_filter(self) -> LaneStep:
        shape = (self.probe.output_size,)
        one = self.probe.synapse.make_state(shape, shape, self.dt, dtype=np.float32)
        state = {name: np.repeat(value[None], self.lanes, axis=0) for name, value in one.items()}
        rngs: list[Any] = [None] * self.lanes
        return make_lane_filter(self.probe.synapse, shape, self.dt, state, rngs)


class ChipRecorder:
    """Record the states that several probes need, each state once.

    Parameters
    ----------
    probes : list of ChipProbe
    counted : list of ChipProbe
        Those of spikes that are only to be counted.
    dtype : dtype
        Data type of voltage and current.
    memory : Memory
        For the recordings.
    """

    def __init__(
        self,
        probes: list[ChipProbe],
        counted: list[ChipProbe],
        dtype: np.dtype,
        memory: Memory,
    ) -> None:
        self.dtype = dtype
        self._memory = memory
        self._parts: dict[int, tuple[str, slice]] = {}
        columns: dict[str, list[np.ndarray]] = {}
        for probe in probes:
            key = "count" if probe in counted else probe.read.key
            start = sum(map(len, columns.setdefault(key, [])))
            columns[key].append(probe.columns)
            self._parts[id(probe)] = (key, slice(start, start + len(probe.columns)))
        self._columns = {key: np.concatenate(parts) for key, parts in columns.items()}

    def start(self, lanes: int, n_steps: int) -> list[Recording]:
        """Allocate the recordings of some steps."""
        recordings = []
        for key, columns in self._columns.items():
            if key == "count":
                values = np.zeros((lanes, len(columns)), dtype=np.int64)
            else:
                values = self._room(lanes, n_steps, key, len(columns))
            recordings.append(Recording(key, columns, values))
        return recordings

    def _room(self, lanes: int, n_steps: int, key: str, size: int) -> np.ndarray:
        """Make room for (lanes, n_steps, size) records.

        In memory steps come before lanes, as in what is made of them, but for many spikes: a lane
        of these is written, and read, from its first step to its last.
        """
        dtype = np.uint8 if key == "spiked" else self.dtype
        if key == "spiked" and size > CACHE_LINE:
            return self._memory.empty((lanes, n_steps, size), dtype)
        return self._memory.empty((n_steps, lanes, size), dtype).swapaxes(0, 1)

    def read(self, recordings: list[Recording], probe: ChipProbe) -> np.ndarray:
        """Return a probe's part of the recordings: (lanes, n_steps, k), or (lanes, k) counts."""
        key, part = self._parts[id(probe)]
        values = next(r.values for r in recordings if r.key == key)
        return values[..., part]
