"""A small part of the benchmark of random graphs: what is read is what the framework computes."""

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.parametrize(
    ("framework", "package"), [("onnx", "onnx"), ("torch", "torch"), ("keras", "keras")]
)
@pytest.mark.parametrize("seed", range(6))
def test_random_graphs_are_read_exactly(framework, package, seed, monkeypatch):
    installed = pytest.importorskip(package, reason="builds the graph")
    if package == "keras" and int(installed.__version__.split(".")[0]) < 3:
        pytest.skip("builds the graph with functions of Keras 3")
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    import random_graphs

    assert random_graphs.difference(seed, framework) <= random_graphs.LIMITS[framework]
