"""Small tuned stacks to export, and what is read from the files."""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

import nengo_dense
from nengo_dense.export.c import identifier
from nengo_dense.files import load_arrays
from nengo_dense.layers.tuning_record import TuningRecord

#: As a project that uses the files would compile them.
GCC = ["gcc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-Wconversion"]
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="compiling C needs gcc")


def tuned_stack(units=(12, 10, 8, 3), size_in=6, seed=0, n_steps=40, **arguments):
    """Make a busy stack of random weights, with a record as if it had been tuned."""
    rng = np.random.RandomState(seed)
    sizes = [size_in, *units[:-1]]
    weights = [
        rng.normal(0.05, 1.5 / np.sqrt(n_in), size=(n_out, n_in))
        for n_in, n_out in zip(sizes, units, strict=True)
    ]
    encoding = arguments.pop("encoding", "host")
    settings = {
        "synapse": [0.002] * (len(units) - 2 + (encoding == "spikes")) + [None],
        "max_rate": 300.0,
        "weights": weights,
        "biases": [rng.normal(0.1, 0.3, size=n) for n in units],
        "tuned": TuningRecord(
            n_steps * 0.001, 0.001, encoding, np.full(size_in, -1.0), np.ones(size_in)
        ),
        "encoding": encoding,
        "seed": seed,
    }
    return nengo_dense.DenseStack(list(units), size_in, **{**settings, **arguments})


def read_vectors(path):
    """Read the test vectors at a path."""
    return load_arrays(path, "test vectors", "")


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
