"""Loihi as facts and arithmetic."""
