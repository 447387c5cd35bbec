"""The cost of an inference: time by a model, and energy by device.

Sources
-------
[1] M. Davies et al., "Loihi: A neuromorphic manycore processor with on-chip learning", IEEE Micro
    38(1), 82-99, 2018, Table 2 on page 96: times of simulated circuits.
[2] M. Davies et al., "Advancing neuromorphic computing with Loihi", Proceedings of the IEEE
    109(5), 911-934, 2021, page 914: steps are often throttled to one millisecond each.
"""

from dataclasses import dataclass
from typing import Any

from nengo_dense.arguments import between
from nengo_dense.evaluation.device import DEVICES, Device, device_of
from nengo_dense.evaluation.work import Work
from nengo_dense.loihi.energy import Energy
from nengo_dense.report_table import ReportTable, three_digits

#: Seconds of an update of an active neuron, of a synaptic operation at most, and of the barrier
#: between steps on a chip whose 32 tiles are all in use [1].
UPDATE_TIME, OPERATION_TIME, BARRIER_TIME = 8.4e-9, 3.5e-9, 465e-9
#: Column of the table -> what it says.
COLUMNS = {
    "device": "loihi, spinnaker: the layers on the chip; others: the source's layers, once",
    "operations": "weights added or multiplied",
    "updates": "neurons, times steps where there are steps",
    "uJ": "microjoules of these, without static power, host and transport",
    "static uJ": "microjoules of the whole device's static power while a sample is shown",
}


@dataclass(frozen=True)
class InferenceCost:
    """What one inference costs. Nothing of it was measured on a device.

    Attributes
    ----------
    energy : Energy
        Operations on the chip.
    work : Work
        Operations elsewhere.
    presentation_time : float
        Seconds that a sample is shown.
    answer_steps : float, optional
        Steps until an answer, where it comes later than the sample ends.

    Examples
    --------
    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([8, 8, 3], 4, seed=0)
    >>> x = [[0.1, 0.9, 0.4, 0.2]]
    >>> result = nengo_dense.evaluate(stack, x, [1], progress_bar=False)
    >>> cost = result.cost
    >>> cost.joules("loihi") < cost.joules("spinnaker")
    True
    >>> operations, updates = cost.operations("cpu")
    >>> operations                                    # 4 × 8 + 8 × 8 + 8 × 3 weights, once
    120
    >>> f"{cost.latency(step_time=0.001):.1f} s"         # 100 steps in real time
    '0.1 s'
    >>> f"{1e3 * cost.static_joules('loihi'):.1f} mJ"
    '10.4 mJ'
    >>> cost.static_joules("cpu") is None, cost.host_joules("cpu") > 0
    (True, True)
    >>> print(cost.table().text())
    device ...
    >>> sorted(cost.numbers())
    ['devices', 'host_operations', 'latency', 'source_operations', 'step_time']
    >>> len(cost.lines())                             # two sentences below the table
    2
    """

    energy: Energy
    work: Work
    presentation_time: float
    answer_steps: float | None = None

    def operations(self, device: str | Device = "loihi") -> tuple[float, float]:
        """Return synaptic operations, or multiply-accumulates, and neuron updates on a device.

        Parameters
        ----------
        device : str or Device, optional
            A name such as ``"loihi"`` or ``"cpu"``, or a device of your own.

        Returns
        -------
        operations, updates : float

        Raises
        ------
        nengo.exceptions.ValidationError
            No such device.
        """
        chosen = device_of(device)
        if chosen.spiking:
            return self.energy.synaptic_operations, self.energy.neuron_updates
        return self.work.source_operations, self.work.source_neurons

    def joules(self, device: str | Device = "loihi") -> float:
        """Return the energy of these operations, without static power and host.

        Parameters
        ----------
        device : str or Device, optional
            A name such as ``"loihi"`` or ``"cpu"``, or a device of your own.

        Returns
        -------
        energy : float
            In joules.

        Raises
        ------
        nengo.exceptions.ValidationError
            No such device.
        """
        chosen = device_of(device)
        return chosen.joules(*self.operations(chosen))

    def static_joules(self, device: str | Device = "loihi") -> float | None:
        """Return static power times the time that a sample is shown; None where it is unknown.

        Parameters
        ----------
        device : str or Device, optional
            A name such as ``"loihi"`` or ``"cpu"``, or a device of your own.

        Returns
        -------
        energy : float or None
            In joules.

        Raises
        ------
        nengo.exceptions.ValidationError
            No such device.
        """
        chosen = device_of(device)
        return (
            None if chosen.static_power is None else chosen.static_power * self.presentation_time
        )

    def host_joules(self, device: str | Device = "cpu") -> float:
        """Return the energy of the host's operations, if a device is the host.

        Parameters
        ----------
        device : str or Device, optional
            A name such as ``"loihi"`` or ``"cpu"``, or a device of your own.

        Returns
        -------
        energy : float
            In joules.

        Raises
        ------
        nengo.exceptions.ValidationError
            No such device.
        """
        chosen = device_of(device)
        return chosen.joules(self.work.host_operations, 0)

    @property
    def step_time(self) -> float:
        """(float) Seconds that a step takes on Loihi, by a model: neurons, synapses, barrier.

        That of the layer that takes longest, as if one core had it, whose cores work at the same
        time. Simulated circuits are behind the numbers, and transport and host are not in it.
        """
        neurons, operations = self.work.busiest
        return neurons * UPDATE_TIME + operations * OPERATION_TIME + BARRIER_TIME

    def latency(self, step_time: float | None = None, host_time: float = 0.0) -> float:
        """Return seconds until an answer, by a model: steps times the time of each.

        Parameters
        ----------
        step_time : float, optional
            Seconds of a step: `step_time` if not given, 0.001 for steps in real time, or as
            measured on a board.
        host_time : float, optional
            Seconds in each step for the exchange of spikes with the host, of which there is no
            published figure.

        Returns
        -------
        latency : float
            In seconds.

        Raises
        ------
        nengo.exceptions.ValidationError
            A time below 0 or above 1e6 seconds.
        """
        each = self.step_time if step_time is None else between(step_time, 0, 1e6, "step_time")
        steps = self.work.steps if self.answer_steps is None else self.answer_steps
        return steps * (each + between(host_time, 0, 1e6, "host_time"))

    def table(self) -> ReportTable:
        """Return a row for each device.

        Returns
        -------
        table : nengo_dense.report_table.ReportTable
            ``print(table.text())`` shows it.
        """
        rows = []
        for device in DEVICES.values():
            operations, updates = self.operations(device)
            static = self.static_joules(device)
            rows.append(
                [
                    device.name,
                    f"{operations:.0f}",
                    f"{updates:.0f}",
                    three_digits(1e6 * self.joules(device)),
                    "unknown" if static is None else three_digits(1e6 * static),
                ]
            )
        return ReportTable(list(COLUMNS), rows)

    def lines(self) -> list[str]:
        """Say what is not in the table.

        Returns
        -------
        lines : list of str
        """
        step = self.presentation_time / self.work.steps
        fastest, clocked = 1e6 * self.latency(), 1000 * self.latency(step)
        return [
            f"elsewhere: {self.work.host_operations:.0f} multiply-accumulates on the host; "
            f"{self.work.source_operations} for the source's layers, computed once",
            f"latency by a model, without the host: {three_digits(fastest)} microseconds as fast "
            f"as cores go, {three_digits(clocked)} ms at {1000 * step:.3g} ms a step",
        ]

    def __str__(self) -> str:
        return "\n".join([self.table().text(), *self.lines()])

    def numbers(self) -> dict[str, Any]:
        """Return the numbers by name.

        Returns
        -------
        numbers : dict
            Operations, seconds, and for each device joules and where the figures are from.
        """
        return {
            "host_operations": self.work.host_operations,
            "source_operations": self.work.source_operations,
            "step_time": self.step_time,
            "latency": self.latency(),
            "devices": {
                device.name: {
                    "joules": self.joules(device),
                    "static_joules": self.static_joules(device),
                    "source": device.source,
                }
                for device in DEVICES.values()
            },
        }
