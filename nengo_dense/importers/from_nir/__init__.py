"""Graphs of the Neuromorphic Intermediate Representation."""
