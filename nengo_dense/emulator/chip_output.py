"""What probes on the chip see goes into histories, or back to the host."""

import numpy as np

from nengo_dense.emulator.chip_probe import ChipProbe, ChipRecorder
from nengo_dense.emulator.history import History
from nengo_dense.emulator.host.channel import Receiver
from nengo_dense.loihi.kernel.state import Recording


class ChipOutput:
    """The probes on the chip, each with the place that its values go to.

    Parameters
    ----------
    probes : list of (ChipProbe, History or Receiver)
    lanes : int
    dtype : dtype
        Of voltage and current.
    """

    def __init__(
        self, probes: list[tuple[ChipProbe, History | Receiver]], lanes: int, dtype: np.dtype
    ) -> None:
        self._probes = probes
        self._lanes = lanes
        self._recorder = ChipRecorder([probe for probe, _ in probes], dtype)

    @property
    def n_columns(self) -> int:
        """Number of values that probes see in a step of one lane."""
        return sum(len(probe.columns) for probe, _ in self._probes)

    def reset(self) -> None:
        """Forget what was filtered."""
        for probe, _ in self._probes:
            probe.reset()

    def room(self, n_steps: int) -> list[Recording]:
        """Make room for what the chip records in some steps."""
        return self._recorder.start(self._lanes, n_steps)

    def hand_on(self, first_step: int, recordings: list[Recording]) -> None:
        """Give every history and receiver its values, from ``first_step`` (of all runs) on."""
        for probe, place in self._probes:
            recorded = self._recorder.read(recordings, probe)
            values = recorded if probe.deferred else probe.values(recorded)
            if isinstance(place, History):
                place.write(first_step, values)
            else:
                place.receive(first_step, np.ascontiguousarray(values.swapaxes(0, 1)))
