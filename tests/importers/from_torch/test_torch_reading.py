"""Modules of PyTorch with branches and with tensors of several axes, held against themselves."""

import collections

import pytest
from numpy.testing import assert_allclose

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model

torch = pytest.importorskip("torch")
F, nn = torch.nn.functional, torch.nn


class Net(nn.Module):
    """Three dense layers, and a function that puts them together."""

    def __init__(self, function, **modules):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        self.small, self.function = nn.Linear(4, 3), function
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, x):
        return self.function(self, x)


def assert_same(net):
    net = net.eval()
    x = torch.randn(9, 6)
    with torch.no_grad():
        wanted = net(x).numpy().reshape(9, -1)
    source = read_model(net)
    source.compare()
    assert "compared on" in source.compared
    assert_allclose(forward(source, x.numpy())[-1], wanted, atol=1e-5)
    return source


SAME = {
    "permute": lambda n, x: n.c(torch.relu(n.a(x)).view(-1, 2, 4).permute(0, 2, 1).reshape(-1, 8)),
    "transpose": lambda n, x: n.c(n.a(x).view(x.size(0), 2, 4).transpose(1, 2).flatten(1).relu()),
    "attribute": lambda n, x: n.c(torch.relu(n.a(x)).view(-1, 2, 4).mT.flatten(1)),
    "dense along the last axis": lambda n, x: n.small(torch.relu(n.a(x).view(-1, 2, 4)))[:, 1],
    "constants along axes": lambda n, x: n.c(
        (n.a(x).view(-1, 2, 4) * torch.arange(4.0)).flatten(1)
    ),
    "mean": lambda n, x: n.small(torch.relu(n.a(x)).view(-1, 2, 4).mean(1)),
    "centred": lambda n, x: n.c((h := n.a(x).relu()) - h.mean(1, keepdim=True)),
    "sum": lambda n, x: torch.relu(n.a(x)).sum(-1),
    "maxout": lambda n, x: n.small(n.a(x).view(-1, 4, 2).amax(-1)),
    "minout": lambda n, x: n.small(torch.amin(n.a(x).view(-1, 4, 2), dim=-1)),
    "values": lambda n, x: n.small(torch.max(n.a(x).view(-1, 4, 2), dim=2).values),
    "first of two": lambda n, x: n.small(n.a(x).view(-1, 4, 2).max(-1)[0]),
    "stack": lambda n, x: n.c(torch.stack([n.a(x)[:, :4], n.a(x)[:, 4:]], 1).flatten(1).relu()),
    "largest of a stack": lambda n, x: n.c(torch.stack([n.a(x), 2 * n.a(x)], 0).amax(0)),
    "loop": lambda n, x: n.c(torch.cat([F.relu(p) for p in n.a(x).split(2, 1)], 1)),
    "loop of sums": lambda n, x: n.small(sum(F.relu(p) for p in n.a(x).view(-1, 2, 4).unbind(1))),
    "limits along axes": lambda n, x: n.c(
        torch.maximum(n.a(x).view(-1, 2, 4), torch.linspace(-1, 1, 8).view(2, 4)).flatten(1)
    ),
    "turned and back": lambda n, x: n.c((n.a(x).t() * torch.arange(8.0)[:, None]).relu().t()),
    "spread": lambda n, x: n.c(torch.relu(n.a(x)[:, :1].expand(-1, 8) + n.a(x))),
    "several axes": lambda n, x: n.c((n.a(x).view(-1, 2, 4) + n.a(x)[:, None, :4]).flatten(1)),
}


@pytest.mark.parametrize("name", SAME)
def test_what_moves_merges_or_reduces_features_computes_the_same(name):
    torch.manual_seed(0)
    assert_same(Net(SAME[name]))


def test_modules_along_axes_compute_the_same():
    torch.manual_seed(0)
    norm = nn.BatchNorm1d(2)
    norm(torch.randn(50, 2, 4))
    assert_same(
        Net(
            lambda n, x: n.c(n.norm(n.cut(n.a(x))).transpose(1, 2).flatten(1)),
            norm=norm,
            cut=nn.Unflatten(1, (2, 4)),
        )
    )


def test_modules_in_lists_and_dicts_are_read():
    def layer(n_in, kind):
        return nn.Sequential(nn.Linear(n_in, 8), kind)

    parts = nn.ModuleDict({"first": layer(6, nn.ReLU()), "more": nn.ModuleList()})
    parts["more"].extend([layer(8, nn.GELU()), layer(8, nn.Identity()), layer(8, nn.Dropout())])

    def run(net, x):
        x = net.parts["first"](x)
        for part in net.parts["more"]:
            x = part(x)
        return net.c(x)

    assert [spec.activation for spec in assert_same(Net(run, parts=parts))][:2] == ["relu", "gelu"]


def gelu(x):
    return 0.5 * x * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * torch.pow(x, 3))))


WRITTEN = {
    "square": lambda x: x**2,
    "power(3)": lambda x: x.pow(3),
    "x * x": lambda x: x * x,
    "silu": lambda x: x * torch.sigmoid(x),
    "mish": lambda x: x * torch.tanh(F.softplus(x)),
    "gelu": lambda x: 0.5 * x * (1 + torch.erf(x / 2**0.5)),
    "gelu(tanh)": gelu,
    "sigmoid": lambda x: 1 / (1 + torch.exp(-x)),
    "softsign": lambda x: x / (1 + x.abs()),
    "relu": lambda x: x * (x > 0),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_activations_that_are_written_as_several_steps_are_recognized(name):
    torch.manual_seed(0)
    source = assert_same(Net(lambda n, x: n.c(WRITTEN[name](n.a(x)))))
    assert source.layers[0].function.name == name


@pytest.mark.parametrize(
    "function, match",
    [
        (lambda n, x: n.c(n.two(n.a(x), n.b(n.a(x)))), r"'two': Bilinear .*multiplies two values"),
        (
            lambda n, x: n.c(n.a(x) - n.a(x).mean(0)),
            "'mean': it makes one value of several",
        ),
        (lambda n, x: n.c(n.a(x).sort(1)[0]), "layer 'sort': activation 'sort' is not supported"),
        (lambda n, x: n.c(n.a(x).max(1)[1][:, None] + n.b(n.a(x))), "the place of the largest"),
        (
            lambda n, x: n.c(torch.cat(n.a(x).view(-1, 2, 4).max(1), 1)),
            "'cat': the place of the largest",
        ),
        (
            lambda n, x: n.c(n.slopes((h := n.a(x)).view(-1, 2, 4)).flatten(1) + h),
            "'slopes'.*it works along one axis of several; flatten before it",
        ),
        (
            lambda n, x: n.c((n.a(x)[:, :1, None] * torch.arange(8.0)).flatten(1)),
            "'mul'.*it works along one axis of several; flatten before it",
        ),
        (lambda n, x: n.c(n.a(x).t().reshape(-1, 8)), "'c': it needs the samples along the first"),
        (
            lambda n, x: n.c(n.a(x) + n.a(x).flip(0)),
            "'add' cannot be converted: it brings different samples together",
        ),
        (
            lambda n, x: n.c(n.a(x) + n.a(x).roll(1)),
            "'roll': it does not take the same features of each sample",
        ),
        (lambda n, x: n.c(sum(row for row in n.a(x))[None]), "forward cannot be traced .*Proxy"),
        (lambda n, x: n.c(n.a(x)).t(), "output 't' does not have the samples along"),
        (lambda n, x: n.c(n.a(x) * n.b(n.a(x))), "unless all are functions of the same weighted"),
        (lambda n, x: n.c(n.a(x) / (n.a(x) - 1)), "divides by -1 . x of its input, which may be"),
        (
            lambda n, x: n.c(torch.div(n.a(x), n.a(x) ** 2 + 1, rounding_mode="floor")),
            "div with rounding is not supported",
        ),
        (lambda n, x: n.c(n.a(x)[: len(x)]), r"write x.shape\[0\] in the place of len"),
    ],
)
def test_what_is_no_sum_of_rectifiers_is_refused_by_name(function, match):
    with pytest.raises(ConversionError, match=match):
        read_model(Net(function, two=nn.Bilinear(8, 8, 8), slopes=nn.PReLU(2)))


def test_everything_that_is_refused_is_named_at_once():
    def run(n, x):
        h = n.norm(n.a(x)) + n.a(x) * n.b(x.repeat(1, 2)[:, :8])
        return n.c(n.other(h * n.b(h)).view(-1, 2, 4).flatten(1))

    with pytest.raises(ConversionError) as caught:
        read_model(Net(run, norm=nn.LayerNorm(8), other=nn.GroupNorm(2, 8)))
    named = ["'norm'", "'mul'", "'other'"]
    assert [sum(f"layer {name}" in text for text in caught.value.problems) for name in named] == [
        1
    ] * 3


def test_an_input_that_may_have_several_widths_is_refused_with_the_way_out():
    net = Net(lambda n, x: n.small(torch.relu(x[:, -4:])))
    with pytest.raises(ConversionError, match=r"\(4, 5, ...\).*begin it with x = x.view"):
        read_model(net)
    net.function = lambda n, x: n.small(torch.relu(x.view(x.shape[0], 6)[:, -4:]))
    assert assert_same(net).n_in == 6


def test_each_of_several_inputs_has_one_width():
    class Two(Net):
        def forward(self, x, y):
            return self.function(self, x, y)

    net = Two(lambda n, x, y: n.c(torch.relu(n.a(x)) + y), bias=nn.Linear(1, 1))
    assert dict(read_model(net.eval()).form.inputs) == {"x": 6, "y": 8}, "1 is spread, 8 is not"
    net.function = lambda n, x, y: n.small((x + y)[:, :4])
    with pytest.raises(ConversionError, match="input 'y' may have several numbers of features"):
        read_model(net)


def test_a_constant_of_each_feature_gives_the_width_of_an_input():
    net = Net(lambda n, x: n.one((x * n.w)[:, :]), one=nn.Linear(6, 1))
    net.w = nn.Parameter(torch.linspace(0.5, 1.5, 6))
    assert assert_same(net).n_in == 6, "not the 1 that is the number of biases"


def test_the_largest_of_many_features_is_refused_with_its_limit():
    wide = nn.Linear(6, 100)
    with pytest.raises(ConversionError, match=r"largest of 100 values, more than 64"):
        read_model(Net(lambda n, x: n.wide(x).amax(1, keepdim=True), wide=wide))


def test_a_layer_that_was_never_called_is_refused_and_stays_without_weights():
    module = torch.nn.Sequential(torch.nn.LazyLinear(8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    with pytest.raises(
        ConversionError, match=r"'0': LazyLinear .* call the model once on a sample"
    ):
        read_model(module)
    assert hasattr(module[0].weight, "materialize"), "nobody has made it weights"


Pair = collections.namedtuple("Pair", "mean spread")


class Outputs(torch.nn.Module):
    def __init__(self, how):
        super().__init__()
        self.a, self.b, self.how = torch.nn.Linear(6, 8), torch.nn.Linear(8, 3), how

    def forward(self, x):
        h = torch.relu(self.a(x))
        if self.how == "named tuple":
            return Pair(spread=self.b(h), mean=h)
        if self.how == "number":
            return self.b(h), {"scale": 3.0}
        return self.b(h), self.a.bias


def test_a_named_tuple_gives_its_names_to_the_outputs():
    source = read_model(Outputs("named tuple"))
    assert list(source.form.outputs) == ["mean", "spread"]
    source.compare()
    assert source.compared.startswith("compared on")


@pytest.mark.parametrize(("how", "name"), [("weights", "a_bias"), ("number", "scale")])
def test_an_output_that_depends_on_no_input_is_named(how, name):
    with pytest.raises(ConversionError, match=f"output '{name}' is the same for every input"):
        read_model(Outputs(how))
