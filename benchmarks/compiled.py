"""C that was exported, compiled and called with NumPy's arrays; for benchmarks and tests."""

import ctypes
import subprocess

import numpy as np

from nengo_dense.export.c import identifier

#: As a careful project that uses the files would compile them.
GCC = ["gcc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-Wconversion"]


class Library:
    """Compiled C code, called with NumPy's arrays.

    Parameters
    ----------
    source : pathlib.Path
    *flags : str
    """

    def __init__(self, source, *flags):
        shared = source.with_suffix(".so")
        command = [*GCC, "-O2", "-fPIC", "-shared", *flags, source.name, "-o", shared.name]
        done = subprocess.run(
            command, cwd=source.parent, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        self.name = identifier(source.stem)
        self._library = ctypes.CDLL(str(shared))
        self._spikes = getattr(self._library, f"{self.name}_spikes")
        self._spikes.restype = ctypes.c_void_p

    def call(self, function, *arrays):
        """Call a function of the network with arrays, which it may write."""
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in arrays]
        getattr(self._library, f"{self.name}_{function}")(*pointers)

    def spikes(self, sent, n_neurons):
        """Run the chip's part on input spikes, (n, n_steps, n_in); return all layers' spikes."""
        found = np.zeros((*sent.shape[:2], n_neurons), dtype=np.uint8)
        state = np.zeros(20 * (n_neurons + sent.shape[2]), dtype=np.uint8)
        address = self._spikes(ctypes.c_void_p(state.ctypes.data))
        for sample, row in zip(np.ascontiguousarray(sent), found, strict=True):
            self.call("reset", state)
            for step, spikes in enumerate(sample):
                self.call("step", state, spikes)
                row[step] = np.frombuffer(ctypes.string_at(address, n_neurons), dtype=np.uint8)
        return found
