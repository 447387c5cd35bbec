"""Step one part of the host: feed it, run it, look at its probes."""

import nengo
import numpy as np
from nengo.builder.signal import Signal

from nengo_dense.emulator.host.feed import Feed
from nengo_dense.emulator.host.history import History
from nengo_dense.emulator.host.host import Host
from nengo_dense.emulator.host.process import Clock
from nengo_dense.loihi.kernel.contract import Fire, Follow


class HostRun:
    """Runs a host for pieces of a run.

    Parameters
    ----------
    host : Host
    clock : Clock
        Told the step within each piece.
    histories : dict of {Probe: History}
        Of the host's probes.
    fire : Fire or None
        What runs neurons ahead, if anything does.
    follow : Follow, optional
        What runs a readout after the chip, if anything does.
    """

    def __init__(
        self,
        host: Host,
        clock: Clock,
        histories: dict[nengo.Probe, History],
        fire: Fire | None,
        follow: Follow | None = None,
    ) -> None:
        self.host = host
        self._clock = clock
        self._fire = fire
        self._follow = follow
        self._probes = [
            (host.model.sig[probe]["in"], histories[probe]) for probe in host.model.probes
        ]
        self._feeds: list[tuple[Signal, Feed]] = []

    @property
    def n_probed(self) -> int:
        """Number of values that probes see in a step of one lane."""
        return sum(signal.size for signal, _ in self._probes)

    def start(self, first_step: int, feeds: list[tuple[Signal, Feed]]) -> None:
        """Begin a run at step ``first_step`` (of all runs, from 1), with data for some signals."""
        self._before = first_step - 1
        self._done = 0
        self._feeds = feeds
        self.host.replace([signal for signal, _ in feeds])

    def advance(self, n_steps: int) -> None:
        """Run the next piece of the run."""
        follows = n_steps > 1 and self.host.is_readout and not self._feeds
        if follows and self._follow is not None:
            self._keep(n_steps, self.host.run_readout(n_steps, self._follow))
            return
        seen = [self._room(signal, n_steps) for signal, _ in self._probes]
        ahead = self._fire is not None and self.host.can_run_ahead
        step = 0
        while step < n_steps:
            self._clock.step = step
            self._feed(self._done + step)
            length = self._steady_steps(self._done + step, n_steps - step) if ahead else 1
            if length > 1:
                self._run_ahead(step, length, seen)
            else:
                self.host.step()
                for (signal, _), values in zip(self._probes, seen, strict=True):
                    values[:, step] = self.host.signals[signal]
            step += length
        self._keep(n_steps, seen)

    def _keep(self, n_steps: int, seen: list[np.ndarray]) -> None:
        """Give the probes what they saw in this piece."""
        for (_, history), values in zip(self._probes, seen, strict=True):
            history.write(self._before + self._done + 1, values)
        self._done += n_steps

    def _room(self, signal: Signal, n_steps: int) -> np.ndarray:
        # Steps first: each step writes one stretch of memory.
        shape = (n_steps, self.host.signals.lanes, *signal.shape)
        return np.empty(shape, dtype=signal.dtype).swapaxes(0, 1)

    def _feed(self, step: int) -> None:
        """Put the data of a step of the run into its signals."""
        for signal, feed in self._feeds:
            if feed.changes(step):
                self.host.signals[signal][...] = feed.at(step)
                self.host.touch(signal)

    def _steady_steps(self, step: int, most: int) -> int:
        """Number of steps from ``step`` on in which the data stays the same."""
        for length in range(1, most):
            if any(feed.changes(step + length) for _, feed in self._feeds):
                return length
        return most

    def _run_ahead(self, step: int, n_steps: int, seen: list[np.ndarray]) -> None:
        """Run several steps in one go."""
        assert self._fire is not None, "asked by `advance`"
        probed = [signal for signal, _ in self._probes]
        outputs = self.host.run_ahead(step, n_steps, self._fire, probed)
        for number, signal in enumerate(probed):
            if signal.base not in outputs:
                seen[number][:, step : step + n_steps] = self.host.signals[signal][:, None]
                continue
            values = outputs[signal.base][:, :, _columns(signal)]
            if n_steps == seen[number].shape[1]:
                seen[number] = values  # the whole piece: no copy
            else:
                seen[number][:, step : step + n_steps] = values


def _columns(signal: Signal) -> slice:
    """Say which items of its base a vector is."""
    (stride,) = signal.elemstrides
    end = signal.elemoffset + stride * signal.size
    return slice(signal.elemoffset, None if end < 0 else end, stride)
