"""The chip's step in NumPy: each function works on registers of any shape.

This is the reference. After each step, every register equals nengo-loihi's, bit for bit.
`.compiled_update` has a twin of every function.
"""

import numpy as np

from nengo_dense.loihi.arithmetic import decay, wrap_signed
from nengo_dense.loihi.kernel.contract import Parameters, Registers
from nengo_dense.loihi.limits import Q_BITS, U_BITS


def update_integer(registers: Registers, chip: Parameters) -> int:
    """Decay, wrap, clip, fire.

    Returns
    -------
    overflow : int
        A bit for each of `.contract.REGISTERS` that overflowed anywhere.
    """
    q = wrap_signed(registers.total, Q_BITS)
    overflow = int((q != registers.total).any())
    q += decay(registers.current, chip.keep_u)
    u = wrap_signed(q, U_BITS)
    overflow |= int((u != q).any()) << 1
    registers.current[...] = u
    u += chip.bias + registers.noise
    v = wrap_signed(u, U_BITS)
    overflow |= int((v != u).any()) << 2
    v += decay(registers.voltage, chip.keep_v)
    _fire(registers, chip, v)
    return overflow


def update_float(registers: Registers, chip: Parameters) -> int:
    """Decay, clip, fire. Return 0, because floating point numbers do not overflow."""
    u = chip.keep_u * registers.current + chip.scale_u * registers.total
    registers.current[...] = u
    u += chip.bias
    if registers.noise.any():
        u += registers.noise
    _fire(registers, chip, chip.keep_v * registers.voltage + chip.scale_v * u)
    return 0


def _fire(registers: Registers, chip: Parameters, voltage: np.ndarray) -> None:
    """Clip the voltage, fire and reset."""
    np.clip(voltage, chip.vmin, chip.vmax, out=voltage)
    spiked = voltage > chip.vth
    voltage[spiked] = 0
    registers.voltage[...] = voltage
    registers.spiked[...] = spiked


def hold(registers: Registers, chip: Parameters) -> None:
    """Hold refractory compartments at a voltage of zero, without a spike; count their steps down.

    Their voltage should have been zero, and no threshold is below zero, so they cannot spike.
    """
    held = registers.refractory > 0
    registers.spiked[held] = 0
    registers.voltage[held] = 0
    np.copyto(registers.refractory, chip.refract, where=registers.spiked.view(bool))
    registers.refractory[...] = np.maximum(registers.refractory - 1, 0)
