"""Trained models made into spiking stacks."""

from nengo_dense.conversion.convert import convert

__all__ = ["convert"]
