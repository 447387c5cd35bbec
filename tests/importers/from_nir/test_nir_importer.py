from itertools import pairwise

import h5py
import nengo
import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError, FileFormatError
from nengo_dense.export.nir_format import to_nir
from nengo_dense.importers import DenseSpec, forward, read_model

nir = pytest.importorskip("nir", reason="reading NIR graphs needs nir")
pytestmark = pytest.mark.usefixtures("readers_are_forks")


def graph(*nodes, **settings):
    return nir.NIRGraph.from_list(*nodes, **settings)


def fill(n, value):
    return np.full(n, float(value))


def affine(rng, n_in, n_out):
    return nir.Affine(rng.normal(size=(n_out, n_in)), rng.normal(size=n_out))


def simulate(neuron, drive, t=20.0, dt=1e-4):
    """Count the spikes of a NIR neuron per second, by its differential equation."""
    v = np.zeros_like(drive)
    n_spikes = np.zeros_like(drive)
    tau = getattr(neuron, "tau", None)
    for _ in range(int(t / dt)):
        if tau is None:
            v = v + dt * neuron.r * drive
        else:
            v = v + dt / tau * (neuron.v_leak - v + neuron.r * drive)
        fired = v > neuron.v_threshold
        n_spikes += fired
        v = np.where(fired, neuron.v_reset, v)
    return n_spikes / t


@pytest.fixture
def specs(rng):
    return [
        DenseSpec(rng.normal(size=(4, 3)), rng.normal(size=4), "relu"),
        DenseSpec(rng.normal(size=(5, 4)), rng.normal(size=5), "relu"),
        DenseSpec(rng.normal(size=(2, 5)), rng.normal(size=2), "softmax"),
    ]


@pytest.mark.parametrize("last", ["softmax", "linear", "relu"])
@pytest.mark.parametrize("through_file", [False, True])
def test_what_is_exported_comes_back_bit_by_bit(specs, last, through_file, tmp_path):
    specs[-1] = DenseSpec(specs[-1].weights, specs[-1].bias, last)
    exported = to_nir(specs)
    if through_file:
        nir.write(tmp_path / "m.nir", exported)
        exported = str(tmp_path / "m.nir")
    for ours, same in zip(specs, read_model(exported), strict=True):
        np.testing.assert_array_equal(same.weights, ours.weights)
        np.testing.assert_array_equal(same.bias, ours.bias)
        assert same.activation == ours.activation


@pytest.mark.parametrize("name", ["leaky_relu", "abs", "hard_tanh"])
@pytest.mark.parametrize("is_last", [False, True])
def test_straight_activations_are_exported_as_rectifiers(specs, name, is_last, rng):
    at = -1 if is_last else 0
    specs[at] = DenseSpec(specs[at].weights, specs[at].bias, name)
    x = rng.normal(size=(20, 3))
    same = forward(read_model(to_nir(specs)), x)[-1]
    np.testing.assert_allclose(same, forward(specs, x)[-1], atol=1e-12)


def test_an_activation_without_an_exact_form_is_not_exported(specs):
    specs[0] = DenseSpec(specs[0].weights, specs[0].bias, "tanh", "first")
    with pytest.raises(ConversionError, match="layer 'first': IF neurons only come close"):
        to_nir(specs)


def test_integrate_and_fire_is_a_rectifier(rng):
    neuron = nir.IF(r=fill(5, 2), v_threshold=fill(5, 0.5), v_reset=fill(5, -0.3))
    drive = np.array([-3.0, 0.0, 1.0, 4.0, 10.0])
    specs = read_model(graph(nir.Linear(np.diag(drive)), neuron))
    rates = forward(specs, np.ones((1, 5)))[-1][0]
    np.testing.assert_allclose(rates, np.maximum(drive, 0) * 2 / 0.8)
    np.testing.assert_allclose(simulate(neuron, drive), rates, rtol=0.01)


@pytest.mark.parametrize("v_leak", [0.0, 0.4])
def test_leaky_neurons_are_off_by_less_than_the_warning_says(v_leak):
    neuron = nir.LIF(fill(8, 0.05), fill(8, 2), fill(8, v_leak), fill(8, 1), fill(8, -0.2))
    drive = np.linspace(-1, 3, 8)
    with pytest.warns(UserWarning, match="too high by up to: lif 10 Hz"):
        specs = read_model(graph(nir.Linear(np.diag(drive)), neuron))
    error = forward(specs, np.ones((1, 8)))[-1][0] - simulate(neuron, drive, t=5.0)
    assert np.all(error > -0.7), "the asymptote lies above, but for the steps of the simulation"
    assert np.all(error < 10.3)
    assert error[-1] < 2, "far above the threshold they agree"


def test_current_based_neurons_scale_their_input():
    n = 3
    settings = {"r": fill(n, 2), "v_leak": fill(n, 0), "v_threshold": fill(n, 1)}
    cuba = nir.CubaLIF(fill(n, 0.01), fill(n, 0.02), w_in=fill(n, 3), **settings)
    lif = nir.LIF(fill(n, 0.02), **{**settings, "r": fill(n, 6)})
    with pytest.warns(UserWarning, match="asymptote"):
        ours = read_model(graph(nir.Linear(np.eye(n)), cuba))
    with pytest.warns(UserWarning, match="asymptote"):
        same = read_model(graph(nir.Linear(np.eye(n)), lif))
    np.testing.assert_allclose(ours[0].weights, same[0].weights)
    np.testing.assert_allclose(ours[0].bias, same[0].bias)


@pytest.mark.parametrize("is_synaptic", [False, True])
def test_a_step_in_the_resistance_makes_rates_spikes_a_step(is_synaptic, rng):
    n, step = 40, 1e-4  # as snnTorch writes its Leaky and Synaptic layers
    tau, tau_syn = fill(n, 100 * step), fill(n, 5 * step)
    settings = {"r": tau / step, "v_leak": fill(n, 0), "v_threshold": fill(n, 1)}
    synapses = {"tau_syn": tau_syn, "tau_mem": tau, "w_in": tau_syn / step}
    neurons = nir.CubaLIF(**synapses, **settings) if is_synaptic else nir.LIF(tau, **settings)
    maps = [affine(rng, 6, n), affine(rng, n, n), affine(rng, n, 3)]
    for each in maps[:2]:
        each.weight *= 0.1 / 5**is_synaptic
        each.bias *= 0.1 / 5**is_synaptic
    x = rng.uniform(size=(30, 6))
    counts = [0.0, 0.0]
    states = [np.zeros((2, 30, n)) for _ in counts]
    for _ in range(1000):
        spikes = x
        for number, (current, voltage) in enumerate(states):
            drive = spikes @ maps[number].weight.T + maps[number].bias
            current *= 0.8 if is_synaptic else 0
            current += drive
            voltage += current - 0.01 * voltage
            spikes = (voltage > 1).astype(float)
            voltage[spikes > 0] = 0
            counts[number] = counts[number] + spikes / 1000
    assert 0.02 < np.mean(counts[1]) < 0.2, "few of them saturate"
    with pytest.warns(UserWarning, match=r"in spikes a step of 0\.0001 s"):
        read = read_model(graph(maps[0], neurons, maps[1], neurons, maps[2]))
    ours = forward(read, x)
    for values, count in zip(ours, counts, strict=False):
        assert np.corrcoef(values.ravel(), count.ravel())[0, 1] > 0.97
        np.testing.assert_allclose(values.mean(), count.mean(), rtol=0.25)


@pytest.mark.parametrize("step", [1.0, 1e-3, 0.02])
@pytest.mark.parametrize("kind", ["LIF", "CubaLIF"])
def test_what_a_step_leaves_in_the_place_of_the_resistance_is_read_as_spyx_means_it(
    kind, step, rng
):
    n = 40
    left = rng.uniform(0.9, 0.97, n)  # as Spyx's to_nir writes its LIF and CuBaLIF layers
    settings = {"v_leak": fill(n, 0), "v_threshold": fill(n, 1), "r": left}
    tau, is_synaptic = step / (1 - left), kind == "CubaLIF"
    neurons = nir.LIF(tau, **settings)
    if is_synaptic:
        neurons = nir.CubaLIF(tau_syn=fill(n, 5 * step), tau_mem=tau, **settings)
    first, last = affine(rng, 6, n), affine(rng, n, 3)
    first.weight, first.bias = first.weight * 0.1, first.bias * 0.1
    x = rng.uniform(size=(30, 6))
    count, current, voltage = np.zeros((3, 30, n))
    for _ in range(1000):
        spikes = voltage > 1
        current *= 0.8 * is_synaptic
        current += (x @ first.weight.T + first.bias) / 5**is_synaptic
        voltage += current - spikes - (1 - left) * voltage
        count += spikes / 1000
    assert 0.02 < count.mean() < 0.2, "few of them saturate"
    first.weight, first.bias = (each / 5**is_synaptic for each in (first.weight, first.bias))
    said = rf"for a step of {step:.3g} s, which Spyx writes .* in spikes a step of {step:.3g} s"
    with pytest.warns(UserWarning, match=said):
        read = read_model(graph(first, neurons, last))
    values = forward(read, x)[0]
    assert np.corrcoef(values.ravel(), count.ravel())[0, 1] > 0.99
    np.testing.assert_allclose(values.mean(), count.mean(), rtol=0.25)


@pytest.mark.parametrize("step", [1.0, 1e-3])
def test_rates_of_spyx_synaptic_neurons_end_at_one_spike_a_step(step, rng):
    n = 40
    left, decay = rng.uniform(0.7, 0.9, (2, n))
    settings = {"v_leak": fill(n, 0), "v_threshold": fill(n, 1), "r": left, "w_in": fill(n, 1)}
    neurons = nir.CubaLIF(step / (1 - decay), step / (1 - left), **settings)
    first, last = nir.Linear(rng.normal(size=(n, 6)) / 2), nir.Linear(rng.normal(size=(3, n)) / 6)
    with pytest.warns(UserWarning, match="once in a step there at most; rates above that end"):
        read = read_model(graph(first, neurons, last))
    x = rng.uniform(size=(60, 6))
    current, voltage, count = np.zeros((3, 60, n))
    for i in range(1500):  # as Spyx computes them
        spikes = voltage > 1
        current = decay * current + x @ first.weight.T
        voltage = left * voltage + current - spikes
        count += spikes / 1000 * (i >= 500)
    assert 0.2 < np.mean(count > 0.99) < 0.6, "many saturate"
    ours, theirs = forward(read, x)[-1], count @ last.weight.T
    assert np.var(ours - theirs) < 0.1 * np.var(theirs)


@pytest.mark.parametrize("r, step", [(0.8, 0.02), ([0.8, 0.8, 0.9], [1, 2, 1]), (1.0, 1.0)])
def test_another_resistance_is_taken_as_it_stands(r, step, rng):
    r = fill(3, 1) * r
    tau = np.asarray(step) / np.where(r == 1, 1, 1 - r)
    first, settings = affine(rng, 2, 3), {"v_leak": fill(3, 0), "v_threshold": fill(3, 1)}
    with pytest.warns(UserWarning, match="asymptote") as record:
        (specs, *_) = read_model(graph(first, nir.LIF(tau, r=r, **settings)))
    assert "Spyx" not in str(record[0].message)
    np.testing.assert_allclose(specs.weights, first.weight * (r / tau)[:, np.newaxis])


@pytest.mark.parametrize(
    "tau, r, said", [(0.02, 1.0, "read in Hz"), ([0.02, 0.03], 5, "read in Hz"), (20.0, 1.0, "")]
)
def test_where_no_step_is_written_rates_in_hertz_are_said(tau, r, said, rng):
    neurons = nir.LIF(fill(2, 1) * tau, fill(2, r), fill(2, 0), fill(2, 1))
    told = []
    for more in ([], [affine(rng, 2, 2)]):
        with pytest.warns(UserWarning, match="asymptote") as record:
            read_model(graph(affine(rng, 3, 2), neurons, *more))
        told.append(str(record[0].message))
    assert "Rates" not in told[0], "outputs are told in Hz as ever"
    assert said in told[1]
    assert ("Rates" in told[1]) == bool(said)


def test_leaky_integrators_as_readout_are_linear(rng):
    last = affine(rng, 4, 2)
    hidden = [affine(rng, 3, 4), nir.IF(fill(4, 1), fill(4, 1))]
    cuba = nir.CubaLI(fill(2, 0.1), fill(2, 0.1), fill(2, 2), fill(2, 0.5), w_in=fill(2, 3))
    x = rng.normal(size=(6, 3))
    plain = forward(read_model(graph(*hidden, last)), x)[-1]
    np.testing.assert_allclose(
        forward(read_model(graph(*hidden, last, cuba)), x)[-1], 6 * plain + 0.5
    )


def test_scale_flatten_and_graphs_in_graphs(rng):
    inner = graph(affine(rng, 3, 4), nir.IF(fill(4, 1), fill(4, 1)))
    nodes = {
        "input": nir.Input({"input": np.array([3])}),
        "scale": nir.Scale(fill(3, 2)),
        "inner": inner,
        "affine": affine(rng, 4, 2),
        "output": nir.Output({"output": np.array([2])}),
    }
    names = list(nodes)
    outer = nir.NIRGraph(nodes, list(pairwise(names)), type_check=False)
    specs = read_model(outer)
    x = rng.normal(size=(5, 3))
    first = inner.nodes["affine"]
    hidden = np.maximum(2 * x @ first.weight.T + first.bias, 0)
    expected = hidden @ nodes["affine"].weight.T + nodes["affine"].bias
    np.testing.assert_allclose(forward(specs, x)[-1], expected)
    assert specs[0].label == "inner/affine"


@pytest.mark.parametrize(
    ("node", "match"),
    [
        (nir.Threshold(fill(3, 1)), "Threshold is not supported; it fires or does not"),
        (nir.I(fill(3, 1)), "I is not supported; an integrator grows without bound"),
        (nir.Delay(fill(3, 1)), "Delay is not supported; a rate has no delay"),
        (nir.IF(fill(3, -1), fill(3, 1)), "r, w_in, .* must be positive"),
        (nir.IF(fill(3, 1), fill(3, 1), fill(3, 1)), "v_threshold - v_reset must be positive"),
        (nir.LIF(fill(3, 0), fill(3, 1), fill(3, 0), fill(3, 1)), "time constants .* positive"),
    ],
)
def test_what_has_no_rate_is_refused(node, match):
    with pytest.raises(ConversionError, match=match):
        read_model(graph(nir.Linear(np.eye(3)), node))


def nodes_of(rng, **nodes):
    """Return nodes, with an input of 3 values and an output of 2."""
    ends = {"input": nir.Input({"input": np.array([3])}), "output": nir.Output(np.array([2]))}
    return {**ends, **nodes}


def rectifiers(n):
    return nir.IF(fill(n, 1), fill(n, 1))


def test_recurrence_is_refused(rng):
    nodes = nodes_of(rng, a=affine(rng, 3, 2), spikes=rectifiers(2), back=nir.Linear(np.eye(2)))
    edges = [("input", "a"), ("a", "spikes"), ("spikes", "output")]
    edges += [("spikes", "back"), ("back", "spikes")]
    with pytest.raises(ConversionError, match=r"comes back to its input, .* no recurrence"):
        read_model(nir.NIRGraph(nodes, edges))


def test_what_arrives_at_a_node_is_added_up(rng):
    first, second, skip, last = (affine(rng, *n) for n in ((3, 4), (4, 4), (3, 4), (4, 2)))
    nodes = nodes_of(rng, first=first, second=second, skip=skip, last=last)
    nodes |= {"spikes": rectifiers(4), "more": rectifiers(4)}
    edges = [("input", "first"), ("first", "spikes"), ("spikes", "second"), ("input", "skip")]
    edges += [("second", "more"), ("skip", "more"), ("more", "last"), ("spikes", "last")]
    source = read_model(nir.NIRGraph(nodes, [*edges, ("last", "output")]))
    x = rng.normal(size=(5, 3))
    hidden = np.maximum(x @ first.weight.T + first.bias, 0)
    more = hidden @ second.weight.T + second.bias + x @ skip.weight.T + skip.bias
    expected = (hidden + np.maximum(more, 0)) @ last.weight.T + last.bias
    np.testing.assert_allclose(source.logits(x), expected, atol=1e-12)


def test_several_inputs_outputs_and_heads(rng, tmp_path):
    parts = {"a": affine(rng, 3, 4), "b": affine(rng, 2, 4), "c": affine(rng, 4, 2)}
    nodes = nodes_of(rng, **parts, spikes=rectifiers(4), other=nir.Input(np.array([2])))
    nodes |= {"d": affine(rng, 4, 3), "classes": nir.Output(np.array([3]))}
    edges = [("input", "a"), ("other", "b"), ("a", "spikes"), ("b", "spikes")]
    edges += [("spikes", "c"), ("c", "output"), ("spikes", "d"), ("d", "classes")]
    metadata = {"nengo_dense_readout_classes": "softmax"}
    nir.write(tmp_path / "m.nir", nir.NIRGraph(nodes, edges, metadata=metadata))
    for source in (read_model(nir.NIRGraph(nodes, edges)), read_model(tmp_path / "m.nir")):
        x, z = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
        hidden = x @ parts["a"].weight.T + parts["a"].bias + z @ parts["b"].weight.T
        hidden = np.maximum(hidden + parts["b"].bias, 0)
        found = source.logits(source.joined({"input": x, "other": z}))
        outputs = source.form.outputs
        last = [nodes["c" if name == "output" else "d"] for name in outputs]
        expected = [hidden @ node.weight.T + node.bias for node in last]
        np.testing.assert_allclose(found, np.concatenate(expected, axis=1), atol=1e-12)
    assert {name: part.head for name, part in outputs.items()} == {
        "output": "linear",
        "classes": "softmax",
    }


def test_branches_in_graphs_in_graphs(rng):
    inner = nir.NIRGraph(
        {
            "in": nir.Input({"input": np.array([3])}),
            "a": affine(rng, 3, 2),
            "spikes": rectifiers(2),
            "b": affine(rng, 3, 2),
            "out": nir.Output(np.array([2])),
        },
        [("in", "a"), ("a", "spikes"), ("spikes", "out"), ("in", "b"), ("b", "out")],
    )
    nodes = nodes_of(rng, inner=inner, left=nir.Linear(np.eye(3)), idle=affine(rng, 3, 7))
    edges = [("input", "inner"), ("left", "inner"), ("input", "left"), ("inner", "output")]
    source = read_model(nir.NIRGraph(nodes, [*edges, ("input", "idle")], type_check=False))
    x = rng.normal(size=(5, 3))
    a, b = inner.nodes["a"], inner.nodes["b"]
    expected = np.maximum(2 * x @ a.weight.T + a.bias, 0) + 2 * x @ b.weight.T + b.bias
    np.testing.assert_allclose(source.logits(x), expected, atol=1e-12)


@pytest.mark.parametrize(
    "edges",
    [
        [("input", "a"), ("a", "output", 2.0)],
        [("input",)],
        [("input", ["a"])],
        [None],
        ["ab"],
        [],
        None,
        "ab",
        iter([("input", "a")]),
    ],
)
def test_edges_are_pairs_of_names(rng, edges):
    model = graph(affine(rng, 3, 2))
    model.edges = edges
    match = "must be pairs of names of nodes, got" if edges != [] else "nothing arrives"
    with pytest.raises(ConversionError, match=match):
        read_model(model)


def test_what_no_graph_says_is_refused(rng):
    nodes = nodes_of(rng, a=affine(rng, 3, 2), lost=affine(rng, 3, 2), wide=affine(rng, 3, 4))
    edges = [("input", "a"), ("a", "output")]
    nodes["inside"] = graph(affine(rng, 3, 2))
    nodes["wrong"] = nir.Affine(rng.normal(size=(2, 3)), rng.normal(size=(2, 1)))
    for more, match in {
        (("lost", "output"),): "'lost': nothing arrives at it",
        (("input", "wide"), ("wide", "output")): "'output': .*cannot be added",
        (("q", "a"),): "its edges name q, which it lacks",
        ((3, "a"), ("input", "output")): "its edges name 3, which it lacks",
        (("input", "wrong"), ("wrong", "output")): r"'wrong': its bias must have shape \(2,\)",
        (("input", "a"),): "edge from 'input' to 'a' 2 times, and edges are a set",
        (("inside", "output"),): "'inside/input': nothing arrives at it",
    }.items():
        with pytest.raises(ConversionError, match=match):
            read_model(nir.NIRGraph(nodes, [*edges, *more], type_check=False))
    inner = nir.NIRGraph({**nodes, "more": nir.Input(np.array([3]))}, edges, type_check=False)
    model = nir.NIRGraph(
        {**nodes, "inner": inner}, [("input", "inner"), ("inner", "output")], type_check=False
    )
    with pytest.raises(ConversionError, match="'inner': a graph in a graph must have one input"):
        read_model(model)
    del nodes["output"]
    with pytest.raises(ConversionError, match="it has no output; add a"):
        read_model(nir.NIRGraph(nodes, edges[:1], type_check=False))


def test_names_with_slashes_are_told_from_nodes_of_graphs(rng):
    inner = graph(affine(rng, 3, 2))
    nodes = nodes_of(rng, **{"inner/affine": affine(rng, 3, 2), "inner": inner})
    edges = [("input", "inner"), ("input", "inner/affine"), ("inner", "output")]
    edges.append(("inner/affine", "output"))
    x = rng.normal(size=(5, 3))
    both = inner.nodes["affine"], nodes["inner/affine"]
    expected = sum(x @ node.weight.T + node.bias for node in both)
    source = read_model(nir.NIRGraph(nodes, edges, type_check=False))
    np.testing.assert_allclose(source.logits(x), expected, atol=1e-12)


def test_the_order_is_that_of_nodes_and_not_of_edges(rng):
    parts = {"b": affine(rng, 2, 4), "a": affine(rng, 3, 4), "spikes": rectifiers(4)}
    nodes = nodes_of(rng, other=nir.Input(np.array([2])), **parts, c=affine(rng, 4, 2))
    edges = [("input", "a"), ("other", "b"), ("a", "spikes"), ("b", "spikes"), ("spikes", "c")]
    edges += [("c", "output"), ("a", "output")]
    nodes["output"] = nir.Output(np.array([2]))
    nodes["a2"] = affine(rng, 4, 2)
    edges[-1:] = [("a", "a2"), ("a2", "output")]
    x = rng.normal(size=(5, 5))
    sources = [read_model(nir.NIRGraph(nodes, order)) for order in (edges, edges[::-1])]
    for source in sources:
        assert list(source.form.inputs) == ["input", "other"]
    np.testing.assert_array_equal(sources[0].logits(x), sources[1].logits(x))


def test_a_stated_shape_is_needed_only_beside_branches(rng):
    nodes = nodes_of(rng, a=affine(rng, 3, 2), b=affine(rng, 3, 2))
    nodes["input"] = nir.Input({"input": None})
    edges = [("input", "a"), ("a", "output")]
    assert read_model(nir.NIRGraph(nodes, edges, type_check=False)).n_in == 3
    edges += [("input", "b"), ("b", "output")]
    with pytest.raises(ConversionError, match=r"of input 'input' is not known; .* nir\.Input"):
        read_model(nir.NIRGraph(nodes, edges, type_check=False))


def test_tensors_and_one_number_for_all_neurons_are_read(rng):
    torch = pytest.importorskip("torch", reason="Norse writes its tensors into graphs")
    first, last = affine(rng, 3, 4), affine(rng, 4, 2)
    neuron = nir.IF(torch.tensor(2.0), torch.tensor(1.0), torch.tensor(0.0))
    tensors = [nir.Affine(*map(torch.tensor, (n.weight, n.bias))) for n in (first, last)]
    x = rng.normal(size=(5, 3))
    hidden = 2 * np.maximum(x @ first.weight.T + first.bias, 0)
    found = forward(read_model([tensors[0], neuron, tensors[1]]), x)[-1]
    np.testing.assert_allclose(found, hidden @ last.weight.T + last.bias)
    with pytest.raises(ConversionError, match="takes 3 inputs, but the layer before it has 2"):
        read_model([last, first])


def test_graphs_in_themselves_are_refused(rng):
    model = graph(affine(rng, 3, 2))
    model.nodes["itself"] = model
    with pytest.raises(ConversionError, match="graphs in graphs more than 100 deep"):
        read_model(model)
    model = graph(affine(rng, 3, 2))
    for _ in range(30):
        outer = graph(affine(rng, 3, 2))
        outer.nodes |= {"one": model, "two": model}
        model = outer
    with pytest.raises(ConversionError, match="more than the limit of 10000 layers"):
        read_model(model)


def test_convolutions_are_refused_with_all_else(rng):
    convolution = nir.Conv1d(8, rng.normal(size=(1, 1, 3)), 1, 0, 1, 1, np.zeros(1))
    model = graph(convolution, nir.Threshold(fill(6, 1)), type_check=False)
    with pytest.raises(ConversionError, match="Conv1d is not supported; only dense") as caught:
        read_model(model)
    assert len(caught.value.problems) == 2


def test_a_single_node_is_a_graph(rng):
    assert read_model(affine(rng, 3, 2))[0].n_out == 2


def test_damaged_files_are_refused(tmp_path, specs):
    path = tmp_path / "m.nir"
    path.write_bytes(b"no NIR")
    with pytest.raises(FileFormatError, match=r"m.nir is damaged or no HDF5 file"):
        read_model(path)
    with h5py.File(path, "w") as file:
        file["other"] = 3
    with pytest.raises(FileFormatError, match=r"m.nir is damaged or no NIR file"):
        read_model(path)
    nir.write(path, to_nir(specs))
    with h5py.File(path, "a") as file:
        del file["node/nodes/affine_0/weight"]
        file.create_dataset("node/nodes/affine_0/weight", (10**6, 10**6), "f4", chunks=True)
    with pytest.raises(FileFormatError, match="declares 8000000000000 bytes of data"):
        read_model(path)


def test_only_a_chain_of_layers_is_exported(specs):
    with pytest.raises(ConversionError, match="takes 5 inputs, but the layer before it has 4"):
        to_nir([specs[0], specs[2]])
    with pytest.raises(nengo.exceptions.ValidationError, match="weights"):
        to_nir([DenseSpec(np.zeros(3))])


def test_neurons_at_the_end_are_a_last_relu(rng):
    source = read_model(graph(affine(rng, 3, 4), nir.IF(fill(4, 1), fill(4, 1), fill(4, 0))))
    assert source[-1].activation == "relu"
    assert forward(source, rng.normal(size=(50, 3)))[-1].min() == 0
    source.compare()
    assert source.compared == "not compared: a NIR graph only speaks in spikes"


@pytest.mark.parametrize(("shape", "start"), [((1, 2, 3), 1), ((1, 2, 3), 0), ((2, 3), 0)])
def test_a_flatten_with_an_axis_of_one_sample_is_read(shape, start, rng, tmp_path):
    width = {"input": np.array(shape)}
    nodes = {
        "in": nir.Input(width),
        "f": nir.Flatten(width, start, -1),
        "a": nir.Affine(rng.normal(size=(3, 6)), rng.normal(size=3)),
        "out": nir.Output({"output": np.array([3])}),
    }
    edges = [("a", "out"), ("f", "a"), ("in", "f")]
    unchecked = nir.NIRGraph(nodes, edges, type_check=False)
    nir.write(tmp_path / "m.nir", unchecked)
    for model in (unchecked, tmp_path / "m.nir"):
        assert read_model(model)[0].n_in == 6


def test_a_list_of_nodes_is_a_graph(rng):
    nodes = [
        nir.Affine(rng.normal(size=(4, 6)), rng.normal(size=4)),
        nir.IF(np.ones(4), np.ones(4)),
        nir.Affine(rng.normal(size=(3, 4)), rng.normal(size=3)),
    ]
    source = read_model(nodes)
    assert [layer.n_out for layer in source] == [4, 3]
    np.testing.assert_array_equal(source[0].weights, nodes[0].weight)


def test_a_file_whose_shapes_do_not_fit_is_still_checked(rng, tmp_path):
    nodes = {"in": nir.Input({"input": np.array([1, 6])}), "a": affine(rng, 5, 3)}
    nodes["out"] = nir.Output({"output": np.array([3])})
    edges = [("in", "a"), ("a", "out")]
    nir.write(tmp_path / "m.nir", nir.NIRGraph(nodes, [*edges, ("b", "out")], type_check=False))
    with pytest.raises(FileFormatError, match=r"m\.nir is damaged or no NIR file"):
        read_model(tmp_path / "m.nir")
    nodes["c"] = affine(rng, 4, 3)
    nir.write(
        tmp_path / "m.nir",
        nir.NIRGraph(nodes, [("in", "a"), ("a", "c"), ("c", "out")], type_check=False),
    )
    with pytest.raises(ConversionError, match="'c': takes 4 inputs, but the layer before it has"):
        read_model(tmp_path / "m.nir")
