"""Small tuned stacks to export, and what is read from the files."""

import shutil

import numpy as np
import pytest

import nengo_dense
from nengo_dense.files import load_arrays
from nengo_dense.layers import GraphLayer, GraphOutput
from nengo_dense.layers.tuning_record import TuningRecord

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


def skipping_graph(encoding="host", seed=0, **changes):
    """Make a busy graph: two inputs, skip connections, layers on the host, two outputs."""
    rng = np.random.RandomState(seed)

    def matrix(n_out, n_in):
        return rng.normal(0.05, 1.2 / np.sqrt(n_in), size=(n_out, n_in))

    on_host = {"on_chip": encoding == "spikes"}
    layers = [
        GraphLayer("a", {"x": matrix(9, 4)}, rng.normal(0.1, 0.3, 9), 300.0, **on_host),
        GraphLayer("b", {"z": matrix(5, 3), "x": matrix(5, 4)}, np.full(5, 0.2), 300.0, **on_host),
        GraphLayer("c", {"b": matrix(8, 5), "a": matrix(8, 9)}, rng.normal(0, 0.3, 8), 300.0),
        GraphLayer("d", {"c": matrix(7, 8), "x": matrix(7, 4), "a": matrix(7, 9)}, max_rate=200.0),
    ]
    outputs = {
        "first": GraphOutput({"d": matrix(3, 7), "b": matrix(3, 5)}, [0.1, 0, -0.1], "softmax"),
        "other": GraphOutput({"z": matrix(2, 3), "c": matrix(2, 8)}),
    }
    settings = {"synapse": 0.002, "seed": seed, **changes}
    return nengo_dense.DenseGraph({"x": 4, "z": 3}, layers, outputs, **settings)


def read_vectors(path):
    """Read the test vectors at a path."""
    return load_arrays(path, "test vectors", "")
