"""The channels between host and chip: spikes and errors to the chip, probed values back.

nengo-loihi uses queues in host nodes (``HostSendProcess`` and ``HostReceiveProcess``). Here the
values are arrays of all lanes, with the same delays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nengo_dense.emulator.history import Finish, as_it_is
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.program import Program


@dataclass(frozen=True)
class SpikeSender:
    """Sends spikes to one input of the chip.

    Attributes
    ----------
    first, size : int
        First neuron of the input among all input neurons of the chip, and number of neurons.
    """

    first: int
    size: int


@dataclass
class ErrorSender:
    """Sends errors to one learning synapse of the chip.

    Attributes
    ----------
    learning : int
        Index of the synapse in ``program.learnings``.
    error : (lanes, size) array or None
        Error of the present step; None before the first one.
    """

    learning: int
    error: np.ndarray | None = None


@dataclass
class Receiver:
    """Passes the chip's values to the host, with the delay of nengo-loihi's receiving node.

    The value of the chip's step ``n`` has the time stamp ``(n + 1) * dt``. At time ``t`` the host
    reads the first value with a stamp of at least ``t``, and zeros before any value has arrived.
    So it reads the value of the step before. In its first step it reads zeros if host and chip
    alternate, and the value of the chip's first step if the chip runs ahead.

    Parameters
    ----------
    lanes, size : int
    finish : callable
        Applied to received values when they are read.
    """

    lanes: int
    size: int
    finish: Finish = as_it_is

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all values."""
        self._values = np.zeros((0, self.lanes, self.size), dtype=np.uint8)
        self._before = np.zeros((self.lanes, self.size), dtype=np.uint8)
        self._first = 1

    def receive(self, first_step: int, values: np.ndarray) -> None:
        """Get the chip's values, (n_steps, lanes, size), of the steps from ``first_step`` on.

        The host has read those of before, but the last.
        """
        self.release()
        if first_step == 1:
            self._before = values[0].copy()
        self._values, self._first = values, first_step

    def release(self) -> None:
        """Keep the last value only; what it is a part of need not stay in memory."""
        if len(self._values):
            self._before = self._values[-1].copy()
            self._first += len(self._values)
            self._values = np.zeros((0, self.lanes, self.size), dtype=np.uint8)

    def values(self, first_step: int, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Return what the host reads in one of its steps, and in those after it.

        Returns
        -------
        now : (lanes, size) array
        later : (n_steps - 1, lanes, size) array
        """
        start = first_step - self._first
        now = self._values[start - 1] if start > 0 else self._before
        return self.finish(now), self.finish(self._values[start : start + n_steps - 1])


class Channels:
    """All channels between the hosts of a model and its chip.

    Parameters
    ----------
    lanes : int
    n_inputs : int
        Input neurons of the chip.
    ends : dict of {int: SpikeSender, ErrorSender or Receiver}
        The host's end of each channel, by the ``id`` of the process that it replaces.
    memory : Memory, optional
        For what the host sends and keeps.

    Attributes
    ----------
    spikes : (lanes, n_steps, n_inputs) uint8 array
        Spikes that the host sends in the present part of a run.
    step : int
        The host's present step in this part.
    """

    def __init__(
        self,
        lanes: int,
        n_inputs: int = 0,
        ends: Mapping[int, SpikeSender | ErrorSender | Receiver] | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.lanes = lanes
        self.n_inputs = n_inputs
        self._ends = dict(ends or {})
        self._silent = self._unsent()
        self.memory = Memory() if memory is None else memory
        self._no_spikes = np.zeros((lanes, 0, n_inputs), dtype=np.uint8)
        self.spikes, self.step = self._no_spikes, 0

    @classmethod
    def of_model(
        cls, model: Any, program: Program, lanes: int, memory: Memory | None = None
    ) -> "Channels":
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
            ends[id(receiver.output)] = Receiver(lanes, receiver.size_out)
        return cls(lanes, program.n_inputs, ends, memory)

    def end(self, process: Any) -> SpikeSender | ErrorSender | Receiver | None:
        """Return the host's end of the channel that replaces a process, if there is one."""
        return self._ends.get(id(process))

    def _unsent(self) -> np.ndarray:
        """Find the input neurons to which no host sends spikes."""
        sent = np.zeros(self.n_inputs, dtype=bool)
        for end in self._ends.values():
            if isinstance(end, SpikeSender):
                sent[end.first : end.first + end.size] = True
        return np.flatnonzero(~sent)

    def begin(self, n_steps: int) -> None:
        """Begin a part of a run, without spikes; those of the part before are overwritten."""
        self.spikes = self._no_spikes  # memory is used again
        self.spikes = self.memory.empty((self.lanes, n_steps, self.n_inputs), np.uint8)
        if self._silent.size:  # what is sent is written in every step
            self.spikes[:, :, self._silent] = 0
        self.step = 0

    def end_part(self) -> None:
        """End a part of a run: its values need not stay in memory."""
        self.spikes = self._no_spikes
        for end in self._ends.values():
            if isinstance(end, Receiver):
                end.release()

    def send(self, sender: SpikeSender | ErrorSender, values: np.ndarray) -> None:
        """Send the values of this step: errors, or a spike for every non-zero value."""
        if isinstance(sender, ErrorSender):
            sender.error = values.copy()
            return
        part = slice(sender.first, sender.first + sender.size)
        np.not_equal(values, 0, out=self.spikes[:, self.step, part], casting="unsafe")

    def errors(self) -> dict[int, np.ndarray]:
        """Sum the errors of this step for each learning synapse that gets any."""
        errors: dict[int, np.ndarray] = {}
        for sender in self._ends.values():
            if isinstance(sender, ErrorSender) and sender.error is not None:
                before = errors.get(sender.learning)
                errors[sender.learning] = sender.error if before is None else before + sender.error
        return errors

    def reset(self) -> None:
        """Delete the values that the chip sent."""
        for end in self._ends.values():
            if isinstance(end, Receiver):
                end.reset()
