"""The emulator: nengo-loihi's, for many inputs at once and bit for bit."""

from nengo_dense.emulator.simulator import Simulator

__all__ = ["Simulator"]
