"""A graph with all that a chain does not have."""

import numpy as np
import pytest

from nengo_dense.layers.graph import DenseGraph
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput


@pytest.fixture
def make_graph(rng):
    """Return a maker of graphs: skip connections, two inputs, two outputs."""

    def matrix(n_out, n_in):
        return rng.normal(0.3, 0.5, (n_out, n_in)) / np.sqrt(n_in / 4)

    def make(encoding="host", n=6, **arguments):
        """Make one; with ``"host"`` layers a and b run there, and c reads an input itself too."""
        on_chip = encoding == "spikes"
        layers = [
            GraphLayer("a", {"x": matrix(n, 3)}, rng.normal(0.1, 0.1, n), 400.0, on_chip=on_chip),
            GraphLayer(
                "b",
                {"x": matrix(5, 3), "y": matrix(5, 2)},
                rng.normal(0.1, 0.1, 5),
                300.0,
                on_chip=on_chip,
            ),
            GraphLayer(
                "c", {"a": matrix(4, n), "y": matrix(4, 2)}, rng.normal(0.1, 0.1, 4), 350.0
            ),
            GraphLayer(
                "d", {"c": matrix(7, 4), "b": matrix(7, 5), "a": matrix(7, n)}, None, 450.0
            ),
        ]
        outputs = {
            "kind": GraphOutput(
                {"d": matrix(3, 7), "a": matrix(3, n)}, rng.normal(size=3), "softmax"
            ),
            "value": GraphOutput({"c": matrix(2, 4), "x": matrix(2, 3)}, [1.0, -2.0]),
        }
        encoders = {"y": {"max_rate": 600.0, "offset": [0.0, -0.5]}}
        if on_chip:
            encoders["x"] = {"max_rate": 900.0, "signed": [True, False, True]}
        settings = {"synapse": 0.002, "add_to_container": False, **arguments}
        return DenseGraph({"x": 3, "y": 2}, layers, outputs, encoders=encoders, **settings)

    return make
