"""PyTorch modules, read from a trace of their calls."""
