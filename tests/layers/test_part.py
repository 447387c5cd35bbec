import numpy as np

from nengo_dense.layers.part import Parts
from nengo_dense.layers.stack import DenseStack


def make_stack(encoding="host"):
    return DenseStack([6, 5, 3], 4, encoding=encoding, max_rate=300.0, synapse=0.002, seed=1)


def test_a_stack_is_the_chain_among_graphs():
    parts = Parts.of(make_stack())
    reads = [(part.name, *(read.source for read in part.reads)) for part in parts.all]
    assert reads == [("layer1", "input"), ("layer2", "layer1"), ("output", "layer2")]
    assert [part.layer.on_chip for part in parts.layers] == [False, True]
    assert (parts.outputs[0].n, parts.outputs[0].head) == (3, "softmax")
    assert not parts.encoders
    assert list(Parts.of(make_stack("spikes")).encoders) == ["input"]


def test_a_part_of_a_graph_reads_its_sources_side_by_side(make_graph):
    graph = make_graph()
    parts = Parts.of(graph)
    assert parts.inputs == {"x": slice(0, 3), "y": slice(3, 5)}
    for part, matrix, layer in zip(parts.layers, parts.weights, graph.layers, strict=False):
        assert part.layer is layer
        np.testing.assert_array_equal(matrix, layer.weights)
    sources = [[read.source for read in part.reads] for part in parts.all]
    assert sources == [["x"], ["x", "y"], ["a", "y"], ["c", "b", "a"], ["d", "a"], ["c", "x"]]
