"""Loihi: its limits, its arithmetic, and the conversion of networks to its integers."""
