"""The output of the chip: probed values go to their histories, or back to the host."""

import numpy as np

from nengo_dense.emulator.chip_probe import ChipProbe, ChipRecorder
from nengo_dense.emulator.host.channel import Receiver
from nengo_dense.emulator.share import Share
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.kernel.state import Recording


class ChipOutput:
    """The probes on the chip, each with the receiver of its values.

    Parameters
    ----------
    probes : list of (ChipProbe, Share or Receiver)
    lanes : int
    dtype : dtype
        Data type of voltage and current.
    memory : Memory
        For the chip's recordings.
    """

    def __init__(
        self,
        probes: list[tuple[ChipProbe, Share | Receiver]],
        lanes: int,
        dtype: np.dtype,
        memory: Memory,
    ) -> None:
        self._probes = probes
        self._lanes = lanes
        self._counted = [
            probe
            for probe, place in probes
            if isinstance(place, Share) and place.only_sums and probe.counts
        ]
        self._recorder = ChipRecorder([probe for probe, _ in probes], self._counted, dtype, memory)

    @property
    def n_bytes(self) -> int:
        """Bytes of the values, as recorded and weighted, of one step of one lane."""
        return sum(probe.n_bytes for probe, _ in self._probes if probe not in self._counted)

    def reset(self) -> None:
        """Reset the filters."""
        for probe, _ in self._probes:
            probe.reset()

    def start_run(self, n_steps: int, in_parts: bool, in_turns: bool) -> None:
        """Expect the values of a run.

        Parameters
        ----------
        n_steps : int
        in_parts : bool
            Whether they come in parts.
        in_turns : bool
            Whether the host needs the values of each step before the next one. nengo-loihi then
            multiplies them by weights step by step, but probes' values all together at the end.
        """
        for probe, place in self._probes:
            if in_turns and isinstance(place, Receiver):
                probe.start_run(1, False)
            else:
                probe.start_run(n_steps, in_parts)

    def room(self, n_steps: int) -> list[Recording]:
        """Allocate arrays for the chip's recordings of some steps."""
        return self._recorder.start(self._lanes, n_steps)

    def hand_on(self, first_step: int, recordings: list[Recording], spiked: np.ndarray) -> None:
        """Pass every share and receiver its values.

        Parameters
        ----------
        first_step : int
            Of these values, over all runs.
        recordings : list of Recording
        spiked : (lanes, n_compartments) uint8 array
            Whether each compartment spiked in the last step.
        """
        for probe, place in self._probes:
            recorded = self._recorder.read(recordings, probe)
            if probe in self._counted:
                assert isinstance(place, Share), "only those count"
                place.add(recorded, spiked[:, probe.columns])
                continue
            values = recorded if probe.deferred else probe.values(recorded)
            if isinstance(place, Share):
                place.write(first_step, values)
            else:
                place.receive(first_step, np.ascontiguousarray(values.swapaxes(0, 1)))
