"""What steps the numbers: in NumPy, or compiled with numba; one gives what the other does.

`.contract` says what a kernel does, on the tables of `.state` (the chip) and `.instruction` (the
host). `.numpy_kernel` is the reference, made of `.numpy_chip`, `.numpy_spikes` and `.numpy_host`.
`.numba_kernel` is made of their twins `.compiled_chip`, `.compiled_spikes` and `.compiled_host`,
of instructions of the processor (`.vector`), and of weights as flat tables (`.table`).
"""
