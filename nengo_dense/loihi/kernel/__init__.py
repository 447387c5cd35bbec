"""The kernels, which compute the steps: one in NumPy, one compiled with numba, with equal results.

`.contract` defines a kernel; it works on the tables of `.state` (the chip) and `.instruction` (the
host). `.numpy_kernel` is the reference; it uses `.numpy_chip`, `.numpy_spikes` and `.numpy_host`.
`.numba_kernel` uses their compiled twins `.compiled_chip`, `.compiled_update`, `.compiled_spikes`
and `.compiled_host`, with vector instructions (`.vector`) and weights in flat tables (`.table`),
two in one number where they fit (`.packing`). `.reach` says where no register can overflow.
"""
