"""What passes between host and chip: spikes and errors going in, probed values coming back.

nengo-loihi passes these through queues in host nodes (``HostSendProcess`` and
``HostReceiveProcess``). Here they are arrays of all lanes, with the same delays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nengo_dense.emulator.history import Finish, as_it_is
from nengo_dense.loihi.program import Program


@dataclass(frozen=True)
class SpikeSender:
    """Sends spikes to one input of the chip.

    Attributes
    ----------
    first, size : int
        The input's neurons among all input neurons of the chip.
    """

    first: int
    size: int


@dataclass
class ErrorSender:
    """Sends errors to one learning synapse of the chip.

    Attributes
    ----------
    learning : int
        Number of the synapse in the program.
    error : (lanes, size) array or None
        Of this step; None before the first.
    """

    learning: int
    error: np.ndarray | None = None


@dataclass
class Receiver:
    """Gives the host the chip's values, with the delay of nengo-loihi's receiving node.

    The chip's step ``n`` is stamped ``(n + 1) * dt``. The host sees the oldest value whose stamp
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
    finish: Finish = as_it_is
    _queue: list[tuple[float, np.ndarray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all values."""
        self._queue = [(0, np.zeros((self.lanes, self.size), dtype=np.uint8))]

    def receive(self, first_step: int, values: np.ndarray) -> None:
        """Take the chip's values of some steps, (n_steps, lanes, size), from ``first_step`` on."""
        for step, value in enumerate(values, start=first_step):
            self._queue.append((self.dt * (step + 1), value))

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


class Channels:
    """All that passes between the hosts of a model and its chip.

    Parameters
    ----------
    lanes : int
    n_inputs : int
        Input neurons of the chip.
    ends : dict of {int: SpikeSender, ErrorSender or Receiver}
        The host's end of each channel, by ``id`` of the process in whose place it is.

    Attributes
    ----------
    spikes : (lanes, n_steps, n_inputs) uint8 array
        What the host sends in the present piece of a run.
    step : int
        Step of the piece that the host is in.
    """

    def __init__(
        self,
        lanes: int,
        n_inputs: int = 0,
        ends: Mapping[int, SpikeSender | ErrorSender | Receiver] | None = None,
    ) -> None:
        self.lanes = lanes
        self.n_inputs = n_inputs
        self._ends = dict(ends or {})
        self.begin(0)

    @classmethod
    def of_model(cls, model: Any, program: Program, lanes: int) -> "Channels":
        """Make the channels of nengo-loihi's built model."""
        first = {
            source: group.start for source, group in zip(model.inputs, program.inputs, strict=True)
        }
        numbers = {learning.synapse: i for i, learning in enumerate(program.learnings)}
        ends: dict[int, SpikeSender | ErrorSender | Receiver] = {}
        for sender, receiver in model.host2chip_senders.items():
            target = model.spike_targets[receiver]
            ends[id(sender.output)] = SpikeSender(first[target], target.n_neurons)
        for sender, receiver in model.host2chip_pes_senders.items():
            connection = model.nengo_probe_conns[receiver.error_target]
            ends[id(sender.output)] = ErrorSender(numbers[model.objs[connection]["decoders"]])
        for receiver in model.chip2host_receivers.values():
            ends[id(receiver.output)] = Receiver(lanes, receiver.size_out, model.dt)
        return cls(lanes, program.n_inputs, ends)

    def end(self, process: Any) -> SpikeSender | ErrorSender | Receiver | None:
        """Get the host's end of the channel in the place of a process, if it has one."""
        return self._ends.get(id(process))

    def begin(self, n_steps: int) -> None:
        """Begin a piece of a run, in which no spikes were sent yet."""
        self.spikes = np.zeros((self.lanes, n_steps, self.n_inputs), dtype=np.uint8)
        self.step = 0

    def send(self, sender: SpikeSender | ErrorSender, values: np.ndarray) -> None:
        """Send values of this step: errors, or a spike for every value that is not zero."""
        if isinstance(sender, ErrorSender):
            sender.error = values.copy()
            return
        part = slice(sender.first, sender.first + sender.size)
        np.not_equal(values, 0, out=self.spikes[:, self.step, part], casting="unsafe")

    def errors(self) -> dict[int, np.ndarray]:
        """Sum this step's errors for each learning synapse that is sent any."""
        errors: dict[int, np.ndarray] = {}
        for sender in self._ends.values():
            if isinstance(sender, ErrorSender) and sender.error is not None:
                before = errors.get(sender.learning)
                errors[sender.learning] = sender.error if before is None else before + sender.error
        return errors

    def reset(self) -> None:
        """Forget what the chip sent."""
        for end in self._ends.values():
            if isinstance(end, Receiver):
                end.reset()
