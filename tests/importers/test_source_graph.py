"""Models that are no chain, read from their frameworks and held against them."""

import warnings

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import SourceGraph, SourceModel, read_model

torch = pytest.importorskip("torch", reason="the modules are of torch")
nn, functional = torch.nn, torch.nn.functional


class Net(nn.Module):
    def __init__(self, compute):
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b, self.c = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        self.d = nn.Linear(4, 8)
        self.compute = compute

    def forward(self, x):
        return self.compute(self, x)


class Two(Net):
    def forward(self, x, y):
        return self.c(functional.relu(self.a(x) + self.d(y)))


GRAPHS = {
    "residual": lambda n, x: n.c((h := n.a(x).relu()) + n.b(h).relu()),
    "skip to the readout": lambda n, x: n.c(n.a(x) - 0.5 * torch.tanh(n.a(x))),
    "parts": lambda n, x: n.c(torch.cat([n.a(x)[:, :4].relu(), n.a(x)[:, 4:].tanh()], 1)),
    "maximum": lambda n, x: n.c(torch.maximum(n.a(x), n.b(n.a(x)))),
    "minimum": lambda n, x: n.c(torch.minimum(n.a(x), n.b(n.a(x)))),
    "two outputs": lambda n, x: (n.c(h := n.a(x).relu()), torch.sigmoid(n.b(h))),
    "one sigmoid of several outputs": lambda n, x: (
        torch.softmax(n.c(h := n.a(x).relu()), 1),
        torch.sigmoid(n.b(h)[:, :1]),
    ),
    "a dict": lambda n, x: {"logits": n.c(h := n.a(x).relu()), "features": h},
    "an exponential": lambda n, x: (torch.exp(n.c(h := n.a(x).relu())), h),
}
CHAINS = {
    "slices of what is linear": lambda n, x: n.c(torch.cat([n.a(x)[:, :4], n.a(x)[:, 4:]], 1)),
    "a slice": lambda n, x: n.c(n.d(n.a(x)[:, 2:6]).relu()),
    "chunks": lambda n, x: n.c((n.d((p := n.a(x).chunk(2, 1))[0]) - n.d(p[1])).relu()),
    "chunks turned round": lambda n, x: n.c(torch.cat(n.a(x).relu().chunk(2, 1)[::-1], 1)),
    "all chunks": lambda n, x: n.c(torch.cat(n.a(x).relu().chunk(2, 1), dim=1)),
    "twice": lambda n, x: n.c(n.a(x + x).relu()),
    "two branches of one input": lambda n, x: n.c(torch.cat([n.a(x)[:, :4].relu()] * 2, 1)),
}


def compared(model):
    source = read_model(model)
    source.compare()
    assert source.compared.startswith("compared on"), source.compared
    return source


@pytest.mark.parametrize("name", GRAPHS)
def test_branches_are_read_as_they_are(name):
    assert isinstance(compared(Net(GRAPHS[name])), SourceGraph)


@pytest.mark.parametrize("name", CHAINS)
def test_what_folds_to_a_chain_becomes_one(name):
    assert isinstance(compared(Net(CHAINS[name])), SourceModel)


def test_outputs_have_the_names_of_the_source():
    assert list(read_model(Net(GRAPHS["a dict"])).form.outputs) == ["logits", "features"]


def test_several_inputs_are_given_by_name_or_one_after_the_other(rng):
    source = compared(Two(None))
    assert source.form.inputs == {"x": 6, "y": 4}
    x, y = rng.normal(size=(7, 6)), rng.normal(size=(7, 4))
    joined = np.concatenate([x, y], axis=1)
    np.testing.assert_array_equal(source.joined({"y": y, "x": x}), joined)
    source.compare({"x": x, "y": y})
    assert source.compared.startswith("compared on 7 calibration")
    with pytest.raises(ValidationError, match="for each of the inputs x, y, got x, z"):
        source.joined({"x": x, "z": y})
    with pytest.raises(ValidationError, match="as many samples for each input"):
        source.joined({"x": x, "y": y[:3]})


@pytest.mark.parametrize(
    ("compute", "match"),
    [
        (
            lambda n, x: n.c(n.a(x) * n.b(n.a(x))),
            "mul.: it takes 2 values .* no sum of rectifiers",
        ),
        (
            lambda n, x: n.c(torch.cat([n.a(x), n.a(x).relu()])),
            "it needs the samples along the first axis",
        ),
        (
            lambda n, x: n.c(n.a(x)[:2] + n.a(x).relu()[:2]),
            "it does not take the same features of each sample",
        ),
    ],
)
def test_what_is_no_merge_of_rectifiers_is_named(compute, match):
    with pytest.raises(ConversionError, match=match):
        read_model(Net(compute))


def test_a_graph_that_computes_something_else_is_found():
    module = Net(GRAPHS["two outputs"])
    source = read_model(module)
    module.b.register_forward_hook(lambda module, inputs, outputs: outputs + 0.1)
    with pytest.raises(ConversionError, match="output 'sigmoid': read as dense layers it gives"):
        source.compare()


def test_values_of_a_graph_beyond_the_range_of_the_model_are_left_out():
    source = read_model(Net(GRAPHS["an exponential"]))
    source.compare(np.array([[1.0] * 6, [1e3] * 6, [-1e3] * 6]))
    assert "on 1 calibration inputs" in source.compared
    assert "2 beyond the range of its numbers left out" in source.compared
    source.compare(np.full((2, 6), 1e3))
    assert source.compared.startswith("not compared: on all 2 calibration inputs")


def test_a_graph_that_gives_another_number_of_outputs_is_found():
    module = Net(GRAPHS["two outputs"])
    source = read_model(module)
    module.c.register_forward_hook(lambda module, inputs, outputs: outputs[:, :1])
    with pytest.raises(ConversionError, match="gives 9 outputs, read as dense layers 11"):
        source.compare()


def test_several_outputs_have_no_common_head():
    with pytest.raises(ConversionError, match=r"it has 2 outputs, .* give a model with one of"):
        _ = read_model(Net(GRAPHS["two outputs"])).head


def test_a_graph_that_fails_to_run_is_said():
    module = Net(GRAPHS["residual"])
    source = read_model(module)
    module.b.register_forward_hook(lambda module, inputs, outputs: outputs[0, "a"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        source.compare()
    assert "could not be compared" in str(caught[-1].message)


def test_more_rectifiers_than_a_core_has_inputs_are_refused_in_a_graph():
    module = Net(lambda n, x: n.out((h := n.wide(x).relu()) + functional.leaky_relu(h - 1)))
    module.wide, module.out = torch.nn.Linear(6, 2100), torch.nn.Linear(2100, 2)
    with pytest.raises(ConversionError, match="would take 4200 rectifiers, more than the 4096"):
        read_model(module).normal_form()


def test_the_layers_of_a_graph_are_refused_by_name():
    with pytest.raises(ConversionError, match="no chain of layers with one output"):
        _ = read_model(Net(GRAPHS["residual"])).layers


@pytest.mark.parametrize("name", GRAPHS)
def test_the_normal_form_of_a_graph_is_one_of_rectifiers(name, rng):
    source = read_model(Net(GRAPHS[name]))
    x = rng.normal(size=(300, source.n_in))
    form, fits = source.normal_form(x, 0.02)
    assert all(population.function.name == "relu" for population in form.populations)
    ours, theirs = form.forward(x), source.form.forward(x)
    for output in theirs:
        off = np.abs(ours[output] - theirs[output]).max()
        assert off <= (0.2 if fits else 1e-12) * np.abs(theirs[output]).max()
