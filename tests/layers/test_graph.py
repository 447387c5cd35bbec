import json
from pathlib import Path

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from numpy.testing import assert_array_equal

import nengo_dense
from nengo_dense import DenseGraph, DenseStack
from nengo_dense.exceptions import FileFormatError
from nengo_dense.layers import GraphLayer, GraphOutput

rng = np.random.RandomState(0)
A, B, C = rng.uniform(0, 0.5, (5, 3)), rng.uniform(0, 0.3, (4, 5)), rng.uniform(0, 0.3, (4, 3))
D, E = rng.randn(2, 5), rng.randn(2, 4)


def parts(**changes):
    return {
        "inputs": {"x": 3},
        "layers": [
            GraphLayer("a", {"x": A}, np.full(5, 0.1), max_rate=300, on_chip=False),
            GraphLayer("b", {"a": B, "x": C}, max_rate=200),
        ],
        "outputs": {"y": GraphOutput({"a": D, "b": E}, [0.5, -0.5])},
        "synapse": 0.002,
        "seed": 0,
    } | changes


def expected(x):
    a = np.maximum(A @ x + 0.1, 0)
    return D @ a + E @ np.maximum(B @ a + C @ x, 0) + [0.5, -0.5]


def run(graph, simulator, x, t=1.0, **settings):
    with nengo.Network(seed=0) as net:
        net.add(graph)
        nengo.Connection(nengo.Node(x), graph.input, synapse=None)
        probe = nengo.Probe(graph.readouts["y"])
    with simulator(net, progress_bar=False, **settings) as sim:
        sim.run(t)
        return sim.data[probe][len(sim.data[probe]) // 5 :].mean(axis=0)


def test_a_graph_computes_what_its_parts_say():
    x = np.array([0.2, 0.6, 0.9])
    result = run(DenseGraph(**parts()), nengo.Simulator, x)
    np.testing.assert_allclose(result, expected(x), atol=0.1)


def test_a_skip_connection_runs_bit_exactly_on_the_emulator():
    x = np.array([0.2, 0.6, 0.9])
    theirs = run(DenseGraph(**parts()), nengo_loihi.Simulator, x, 0.1, target="sim")
    assert_array_equal(run(DenseGraph(**parts()), nengo_dense.Simulator, x, 0.1), theirs)
    np.testing.assert_allclose(
        run(DenseGraph(**parts()), nengo_dense.Simulator, x), theirs, atol=0.6
    )


def test_a_chain_is_what_a_stack_is():
    graph = DenseGraph(
        {"x": 3},
        [GraphLayer("a", {"x": A}, on_chip=False), GraphLayer("b", {"a": B})],
        {"y": GraphOutput({"b": E})},
        synapse=0.005,
    )
    zero = [np.zeros(n) for n in (5, 4, 2)]
    stack = DenseStack(
        [5, 4, 2], 3, weights=[A, B, E], biases=zero, synapse=[0.005, None], readout="linear"
    )
    results = []
    for network, logits in ((graph, graph.logits), (stack, stack.logits)):
        with nengo.Network(seed=0) as net:
            net.add(network)
            nengo.Connection(nengo.Node([0.1, 0.5, 0.9]), network.input, synapse=None)
            probe = nengo.Probe(logits)
        with nengo_dense.Simulator(net, progress_bar=False) as sim:
            sim.run(0.1)
        results.append(sim.data[probe])
    assert_array_equal(*results)


def test_several_of_a_kind_are_named():
    outputs = {"y": GraphOutput({"b": E}, head="softmax"), "z": GraphOutput({"a": D})}
    graph = DenseGraph(**parts(outputs=outputs, label="net"))
    assert list(graph.outputs) == ["y", "z"]
    assert graph.outputs["z"] is graph.readouts["z"]
    assert graph.outputs["y"] is not graph.readouts["y"]
    assert graph.input is graph.inputs["x"]
    with pytest.raises(AttributeError, match=r"2 outputs \(y, z\).*graph.outputs\['y'\]"):
        _ = graph.output
    assert repr(graph) == "<DenseGraph 'net': 3 → 5, 4 → 2 softmax + 2 linear>"


def test_a_graph_of_version_3_is_read_for_ever():
    graph = DenseGraph.load(Path(__file__).parent / "data" / "version_3_graph.npz")
    assert_array_equal(graph.encoders["x"].scale, [1, 2, 3])
    assert graph.encoders["x"].layer.start == 0


def test_a_saved_graph_computes_the_same(tmp_path):
    encoder = {"scale": [1, 2, 3], "start": 0.5}
    graph = DenseGraph(**parts(fitted={"a": 0.02}, encoders={"x": encoder}))
    graph.save(tmp_path / "graph.npz")
    loaded = DenseGraph.load(tmp_path / "graph.npz")
    assert loaded.fitted == {"a": 0.02}
    assert_array_equal(loaded.encoders["x"].scale, [1, 2, 3])
    assert loaded.encoders["x"].layer.start == 0.5
    x = np.array([0.2, 0.6, 0.9])
    assert_array_equal(*(run(g, nengo_dense.Simulator, x, 0.05) for g in (graph, loaded)))
    with pytest.raises(
        FileFormatError, match=r"holds a DenseGraph; read it with DenseGraph\.load"
    ):
        DenseStack.load(tmp_path / "graph.npz")
    DenseStack([2, 2], 3).save(tmp_path / "stack.npz")
    with pytest.raises(
        FileFormatError, match=r"holds a DenseStack; read it with DenseStack\.load"
    ):
        DenseGraph.load(tmp_path / "stack.npz")


def test_parameters_may_be_exchanged():
    graph, x = DenseGraph(**parts()), np.array([0.2, 0.6, 0.9])
    other = DenseGraph(
        **parts(
            layers=[
                GraphLayer("a", {"x": A / 2}, max_rate=300, on_chip=False),
                GraphLayer("b", {"a": B, "x": 2 * C}, max_rate=200),
            ]
        )
    )
    arguments = other.arguments()
    graph.set_parameters(arguments["layers"], arguments["outputs"])
    assert_array_equal(*(run(g, nengo_dense.Simulator, x, 0.05) for g in (graph, other)))
    with pytest.raises(ValidationError, match="names, sources and shapes of the graph's own"):
        graph.set_parameters(arguments["layers"][:1], arguments["outputs"])


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"layers": [{"name": "a"}]}, "is damaged: 'sources' is missing or malformed"),
        ({"outputs": 3}, "is damaged: .* is missing or malformed. Save the graph again"),
    ],
)
def test_a_header_without_a_part_of_the_graph_is_refused(tmp_path, changed, match):
    path = tmp_path / "graph.npz"
    DenseGraph(**parts()).save(path)
    arrays = dict(np.load(path))
    header = json.loads(str(arrays["header"])) | changed
    np.savez(path, **(arrays | {"header": np.array(json.dumps(header))}))
    with pytest.raises(FileFormatError, match=match):
        DenseGraph.load(path)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"layers": []}, "must be at least one"),
        ({"outputs": {}}, "must be at least one"),
        ({"layers": [GraphLayer("x", {"x": A})]}, "two parts called 'x'"),
        ({"layers": [GraphLayer("b", {"a": B})]}, "'b' reads 'a', which is no input and no layer"),
        ({"layers": [GraphLayer("b", {"x": B})]}, "for 5 values of 'x', which has 3"),
        (
            {"layers": [GraphLayer("a", {"x": A}), GraphLayer("b", {"a": B}, on_chip=False)]},
            "'b' is on the host and reads a layer",
        ),
        ({"outputs": {"y": GraphOutput({"z": D})}}, "'y' reads 'z', which is no input"),
    ],
)
def test_parts_that_do_not_fit_are_named(changes, match):
    with nengo.Network() as net, pytest.raises(ValidationError, match=match):
        DenseGraph(**parts(**changes))
    assert not net.all_objects


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: GraphLayer("a", {}), "dict with a matrix for each"),
        (lambda: GraphLayer("a", {"x": A, "y": B}), "with the same n"),
        (lambda: GraphLayer(3, {"x": A}), "name: must be text, got 3"),
        (lambda: GraphLayer("a", 10**5000), "must be a dict with a matrix for each"),
        (lambda: GraphLayer("a", {"x": [[1], [2, 3]]}), "weights: must"),
        (lambda: GraphLayer("a", {"x": A * np.nan}), "weights"),
        (lambda: GraphLayer("a", {"x": A}, [1.0, 2.0]), "bias"),
        (lambda: GraphOutput({"x": A}, head="argmax"), "head.*must be one of 'softmax'"),
    ],
)
def test_wrong_parts_are_refused(make, match):
    with pytest.raises(ValidationError, match=match):
        make()


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"inputs": [("x", 2)]}, "inputs: must be a dict of values by name, got"),
        ({"inputs": {1: 2}}, "inputs: must be a dict of values by name, got {1: 2}"),
        ({"layers": [[1.0]]}, "layers: must be a list of GraphLayer, got"),
        ({"layers": np.ones(3)}, "layers: must be a list of GraphLayer, got"),
        ({"outputs": {"y": "a"}}, "outputs: must be a dict of GraphOutput by name, got"),
        ({"outputs": "abc"}, "outputs: must be a dict of GraphOutput by name, got 'abc'"),
        ({"encoders": 3}, "encoders: must be a dict of values by name, got 3"),
        ({"encoders": {"x": 3}}, "encoders: must be a dict with some of scale, .*, got 3"),
        ({"encoders": {"x": {"n": 3}}}, "encoders: has no argument 'n'; it takes scale, "),
        ({"neuron_type": nengo.LIF}, "must be a neuron type .* add parentheses"),
    ],
)
def test_arguments_of_other_types_are_named(wrong, match):
    parts = [GraphLayer("a", {"x": np.ones((2, 2))})]
    right = {"inputs": {"x": 2}, "layers": parts, "outputs": {"y": GraphOutput({"a": [[1, 1]]})}}
    with pytest.raises(ValidationError, match=match):
        DenseGraph(**{**right, **wrong}, add_to_container=False)
    graph = DenseGraph(**right, add_to_container=False)
    given = {name: wrong.get(name, right[name]) for name in ("layers", "outputs")}
    if wrong.keys() & given.keys():
        with pytest.raises(ValidationError, match=match):
            graph.set_parameters(**given)


def test_the_checker_counts_what_a_graph_takes():
    graph = DenseGraph(**parts())
    with nengo.Network(seed=0) as net:
        net.add(graph)
        present = nengo.processes.PresentInput(np.eye(3), 0.1)
        nengo.Connection(nengo.Node(present), graph.input, synapse=None)
    report = nengo_dense.check(net, run=0)
    assert report.ok, str(report)
    assert report.cores == 1
