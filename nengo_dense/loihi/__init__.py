"""Loihi: what it holds, how it computes, and networks made into its integers."""
