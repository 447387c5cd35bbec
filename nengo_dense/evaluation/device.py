"""Devices, and the energy that operations take on them; one formula for all.

Sources
-------
[1] M. Davies et al., "Loihi: A neuromorphic manycore processor with on-chip learning", IEEE Micro
    38(1), 82-99, 2018, Table 2: simulated circuits; see `nengo_dense.loihi.energy`.
[2] S. Höppner et al., "Dynamic power management for neuromorphic many-core systems", IEEE
    Transactions on Circuits and Systems I 66(8), 2973-2986, 2019 (arXiv:1903.08941), for both
    generations of SpiNNaker; the figures are those that keras-spiking 0.3 takes from it.
[3] B. Degnan, B. Marr and J. Hasler, "Assessing trends in performance per watt for signal
    processing applications", IEEE Transactions on VLSI Systems 24(1), 58-66, 2015: energy of a
    multiply-accumulate; the figures are those that keras-spiking 0.3 takes from it.
[4] E. P. Frady et al., "Neuromorphic nearest neighbor search using Intel's Pohoiki Springs", NICE
    2020, Table 1: 3.34 W of static power of a board with 32 Loihi chips, measured.
"""

from dataclasses import dataclass

from nengo_dense.arguments import between, flag
from nengo_dense.exceptions import invalid
from nengo_dense.loihi.limits import ENERGY_PER_NEURON_UPDATE, ENERGY_PER_SYNAPTIC_OPERATION
from nengo_dense.plugins import show


@dataclass(frozen=True)
class Device:
    """A device that might run a network.

    Attributes
    ----------
    name : str
    energy_per_synaptic_operation, energy_per_neuron_update : float
        In joules.
    spiking : bool
        Whether it works spike by spike and step by step. Otherwise it computes the source's
        layers once: a multiply-accumulate for each weight, an update for each neuron.
    source : str
        Where the numbers are from.
    static_power : float or None
        In watts, of the whole device as long as it is switched on, where it is known.

    Examples
    --------
    >>> device = Device("mine", 10e-12, 20e-12, spiking=True, source="its data sheet")
    >>> device.joules(synaptic_operations=1000, neuron_updates=100)
    1.2e-08
    """

    name: str
    energy_per_synaptic_operation: float
    energy_per_neuron_update: float
    spiking: bool
    source: str
    static_power: float | None = None

    def joules(self, synaptic_operations: float, neuron_updates: float) -> float:
        """Return the energy of so many operations, without static power.

        Parameters
        ----------
        synaptic_operations, neuron_updates : float
            How many.

        Returns
        -------
        energy : float
            In joules.
        """
        return (
            synaptic_operations * self.energy_per_synaptic_operation
            + neuron_updates * self.energy_per_neuron_update
        )


#: Devices by name; `register_device` adds to them.
DEVICES: dict[str, Device] = {
    device.name: device
    for device in (
        Device(
            "loihi",
            ENERGY_PER_SYNAPTIC_OPERATION,
            ENERGY_PER_NEURON_UPDATE,
            True,
            "Davies et al. 2018, simulated circuits; static power Frady et al. 2020",
            3.34 / 32,
        ),
        Device("spinnaker", 13.3e-9, 26e-9, True, "Höppner et al. 2019, by keras-spiking"),
        Device("spinnaker2", 450e-12, 2.19e-9, True, "Höppner et al. 2019, by keras-spiking"),
        Device("cpu", 8.6e-9, 8.6e-9, False, "Degnan et al. 2015: Intel i7-4960X"),
        Device("gpu", 0.3e-9, 0.3e-9, False, "Degnan et al. 2015: Nvidia GTX Titan Black, full"),
        Device("arm", 0.9e-9, 0.9e-9, False, "Degnan et al. 2015: ARM Cortex-A"),
    )
}


def register_device(
    name: str,
    *,
    energy_per_synaptic_operation: float,
    energy_per_neuron_update: float,
    spiking: bool,
    source: str,
    static_power: float | None = None,
) -> Device:
    """Add a device to those that costs are given for, in the place of one with the same name.

    Parameters
    ----------
    name : str
    energy_per_synaptic_operation, energy_per_neuron_update : float
        In joules, at least 0.
    spiking : bool
        As in `Device`.
    source : str
        Where the numbers are from; it is shown with them.
    static_power : float, optional
        In watts.

    Returns
    -------
    device : Device

    Raises
    ------
    nengo.exceptions.ValidationError
        A number below 0, or a name or a source that is no text or empty.

    Examples
    --------
    >>> device = register_device(
    ...     "mine",
    ...     energy_per_synaptic_operation=10e-12,
    ...     energy_per_neuron_update=20e-12,
    ...     spiking=True,
    ...     source="its data sheet, page 3",
    ... )
    >>> device.joules(1000, 100)
    1.2e-08
    >>> del DEVICES["mine"]
    """
    for attr, text in (("name", name), ("source", source)):
        if not isinstance(text, str) or not text:
            raise invalid(f"must be text, got {show(text)}", attr)
    DEVICES[name] = Device(
        name,
        between(energy_per_synaptic_operation, 0, 1, "energy_per_synaptic_operation"),
        between(energy_per_neuron_update, 0, 1, "energy_per_neuron_update"),
        flag(spiking, "spiking"),
        source,
        None if static_power is None else between(static_power, 0, 1e6, "static_power"),
    )
    return DEVICES[name]


def device_of(device: str | Device) -> Device:
    """Return a device by its name; a device itself as it is.

    Raises
    ------
    nengo.exceptions.ValidationError
        There is none of this name.
    """
    if isinstance(device, Device):
        return device
    if not isinstance(device, str) or device not in DEVICES:
        raise invalid(
            f"must be one of {', '.join(DEVICES)}, got {show(device)}; register_device adds "
            "others",
            "device",
        )
    return DEVICES[device]
