"""Conversion of trained models to spiking stacks."""

from nengo_dense.conversion.conversion import convert

__all__ = ["convert"]
