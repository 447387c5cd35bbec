import numpy as np
import pytest
from exported import skipping_graph, tuned_stack

from nengo_dense import DenseGraph
from nengo_dense.export.wiring import Wiring
from nengo_dense.layers import GraphLayer, GraphOutput


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_stacks_are_chains(encoding):
    wiring = Wiring.of(tuned_stack(encoding=encoding))
    assert wiring.is_chain
    names = list(wiring.populations)
    assert names == ["encoder"] * (encoding == "spikes") + ["layer1", "layer2", "layer3"]
    assert list(wiring.host) == names[:1]
    assert [each.sources for each in wiring.populations.values()] == [
        (name,) for name in ["input", *names[:-1]]
    ]


def test_graphs_are_populations_that_read_each_other():
    wiring = Wiring.of(skipping_graph())
    assert not wiring.is_chain
    assert {name: each.sources for name, each in wiring.host.items()} == {
        "x encoder": ("x",),
        "a": ("x",),
        "b": ("z", "x"),
    }
    assert {name: each.sources for name, each in wiring.chip.items()} == {
        "c": ("b", "a"),
        "d": ("c", "x encoder", "a"),
    }
    np.testing.assert_array_equal(wiring.columns(["z", "x"]), [4, 5, 6, 0, 1, 2, 3])
    np.testing.assert_array_equal(wiring.columns(["c", "b"]), [*range(22, 30), *range(17, 22)])


def test_an_encoder_and_a_layer_of_one_name_are_two_populations():
    parts = [GraphLayer("x encoder", {"x": np.ones((2, 3))})]
    graph = DenseGraph({"x": 3}, parts, {"y": GraphOutput({"x encoder": np.ones((1, 2))})})
    wiring = Wiring.of(graph)
    assert list(wiring.populations) == ["x encoder'", "x encoder"]
    assert wiring.chip["x encoder"].sources == ("x encoder'",)
    assert wiring.is_chain
