"""The course of a host's plan: where its vectors are in all lanes, and how a kernel computes them.

All that is the same in each stretch is looked up once, when the plan is laid out: to look it up
takes longer than the steps of a few lanes.
"""

import numpy as np
from nengo.builder.signal import Signal

from nengo_dense.emulator.host.channel import Channels
from nengo_dense.emulator.host.plan import Begin, Content, Plan, Steady
from nengo_dense.emulator.host.signals import LaneSignals
from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.contract import Kernel
from nengo_dense.loihi.kernel.instruction import Stretch


class Course:
    """A plan, laid out for the lanes of a host.

    Parameters
    ----------
    plan : Plan
    signals : LaneSignals
        Those of the plan's vectors are moved there, for good.
    channels : Channels
    """

    def __init__(self, plan: Plan, signals: LaneSignals, channels: Channels) -> None:
        self._plan, self._signals, self._channels = plan, signals, channels
        lanes = self._lanes = signals.lanes
        self._vectors = aligned(np.zeros(lanes * sum(content.size for content in plan.places)))
        for content in plan.places:
            if isinstance(content, Signal):
                signals.move(content, self._vector(content))
        self._step, self._time = signals[plan.clock.step], signals[plan.clock.time]
        self._before = [(content, self._vector(content)) for content in plan.before]
        self._receivers = [(each, signals[signal]) for signal, each in plan.receivers.items()]
        self._sums = {signal: self._vector(total) for signal, total in plan.totals.items()}
        ends = np.cumsum([0, *(lanes * signal.size for signal in plan.kept)]).tolist()
        self._kept_bounds = list(zip(plan.kept, ends[:-1], ends[1:], strict=True))
        self._n_kept: int = ends[-1]

    def _vector(self, content: Content) -> np.ndarray:
        """Return the vectors of all lanes: (lanes, size)."""
        place, size, lanes = self._plan.places[content], content.size, self._lanes
        return self._vectors[lanes * place : lanes * (place + size)].reshape(lanes, size)

    def prepare(self, done: Steady | None = None) -> None:
        """Compute the steady vectors, but the one that has been."""
        for content, vector in self._before:
            if content is not done:
                vector[...] = content.values(self._signals)

    def follow(
        self, kernel: Kernel, n_steps: int, begin: Begin | None = None
    ) -> tuple[dict[Signal, np.ndarray], dict[Signal, np.ndarray]]:
        """Compute some steps at once, from the channels' present one on; vectors are prepared.

        Parameters
        ----------
        kernel : Kernel
        n_steps : int
        begin : callable, optional
            Runs some instructions, and returns those that are left.

        Returns
        -------
        kept : dict of {Signal: (lanes, n_steps, size) array}
        sums : dict of {Signal: (lanes, size) array}
            The next stretch writes over these.
        """
        first, channels = int(self._step) + 1, self._channels
        received = []
        for receiver, signal in self._receivers:
            signal[...], later = receiver.values(first, n_steps)
            received.append(later)
        kept = channels.memory.empty((n_steps * self._n_kept,), np.float64)
        stretch = Stretch(
            lanes=self._lanes,
            n_steps=n_steps,
            vectors=self._vectors,
            received=_join(received),
            kept=kept,
            spikes=channels.spikes,
            first_step=channels.step,
        )
        for total in self._sums.values():
            total[...] = 0
        left = self._plan.instructions if begin is None else begin(stretch)
        if len(left.places):
            kernel.follow(left, stretch)
        self._step[...] = last = first + n_steps - 1
        self._time[...] = last * self._plan.dt
        shape = n_steps, self._lanes, -1
        parts = {
            signal: kept[n_steps * start : n_steps * end].reshape(shape).swapaxes(0, 1)
            for signal, start, end in self._kept_bounds
        }
        return parts, self._sums


def _join(arrays: list[np.ndarray]) -> np.ndarray:
    """Join arrays, one after another."""
    flat = [np.asarray(array, dtype=np.float64).ravel() for array in arrays]
    return flat[0] if len(flat) == 1 else np.concatenate(flat) if flat else np.zeros(0)
