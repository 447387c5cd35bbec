"""The emulator: nengo-loihi's results, bit for bit, for many inputs at once."""

from nengo_dense.emulator.simulator import Simulator

__all__ = ["Simulator"]
