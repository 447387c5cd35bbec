"""Between host and chip: spikes and errors going in, probed values coming back.

nengo-loihi passes these through queues in host nodes (``HostSendProcess`` and
``HostReceiveProcess``); here they are arrays of all lanes, with the same delays.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np


class SpikeSender:
    """Takes the host's spikes for one input of the chip.

    Parameters
    ----------
    first, size : int
        The input's neurons among all input neurons of the chip.
    """

    def __init__(self, first: int, size: int) -> None:
        self.part = slice(first, first + size)
        self.spikes: np.ndarray | None = None

    def send(self, step: int, values: np.ndarray) -> None:
        """Send a spike for every value that is not zero, in a step of this piece of a run."""
        assert self.spikes is not None, "Simulator sets the array before the host runs"
        np.not_equal(values, 0, out=self.spikes[:, step, self.part], casting="unsafe")


class ErrorSender:
    """Takes the host's errors for one learning synapse of the chip.

    Parameters
    ----------
    learning : int
        Number of the synapse in the program.
    """

    def __init__(self, learning: int) -> None:
        self.learning = learning
        self.error: np.ndarray | None = None

    def send(self, step: int, values: np.ndarray) -> None:
        """Keep the errors of this step."""
        self.error = values.copy()


def as_it_is(values: np.ndarray) -> np.ndarray:
    """Change nothing."""
    return values


@dataclass
class Receiver:
    """Gives the host the chip's values, with the delay of nengo-loihi's receiving node.

    The chip's step ``n`` is stamped ``(n + 1) * dt``; the host sees the oldest value whose stamp
    has not passed, once anything arrived. So the first step sees zeros if host and chip take
    turns, and the chip's first step if the chip runs ahead.

    Parameters
    ----------
    lanes, size : int
    dt : float
        Step in seconds.
    finish : callable
        Applied to what was received when it is read.
    """

    lanes: int
    size: int
    dt: float
    finish: Callable[[np.ndarray], np.ndarray] = as_it_is
    _queue: list[tuple[float, np.ndarray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all values."""
        self._queue = [(0, np.zeros((self.lanes, self.size), dtype=np.uint8))]

    def receive(self, step: int, values: np.ndarray) -> None:
        """Take the chip's (lanes, size) values of its step ``step``."""
        self._queue.append((self.dt * (step + 1), values))

    def value(self, t: float) -> np.ndarray:
        """Return what the host sees at time ``t``: (lanes, size)."""
        return self.finish(self._seen(t))

    def values(self, times: Sequence[float]) -> np.ndarray:
        """Return what the host sees at several times, one after another: (n, lanes, size)."""
        return self.finish(np.array([self._seen(t) for t in times]))

    def _seen(self, t: float) -> np.ndarray:
        queue = self._queue
        while len(queue) > 1 and queue[0][0] < t:
            queue.pop(0)
        return queue[0][1]
