"""Functions and methods between the layers of a PyTorch module, each against the module itself."""

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model

pytest.importorskip("torch", reason="reading PyTorch modules needs PyTorch")

import torch
from torch import nn
from torch.nn import functional


class Net(nn.Module):
    """Two layers, and a function that says what is done with them."""

    def __init__(self, compute, n_out=3):
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b, self.compute = nn.Linear(6, 8), nn.Linear(8, n_out), compute
        self.w, self.v = nn.Parameter(torch.randn(8, 6)), nn.Parameter(torch.randn(8))
        self.register_buffer("mean", torch.randn(6))
        self.register_buffer("std", torch.rand(6) + 0.5)

    def forward(self, x, mask=None, scale=1.0, features=False):
        if mask is not None or features:
            x = x * mask
        return self.compute(self, x) * scale


def rest(net, x):
    return net.b(torch.relu(net.a(x)))


LINEAR = {
    "x / 255": lambda n, x: rest(n, x / 255.0),
    "x - mean / std": lambda n, x: rest(n, (x - n.mean) / n.std),
    "2 x - 1": lambda n, x: rest(n, 2 * x - 1),
    "1 - x": lambda n, x: rest(n, 1 - x),
    "-x": lambda n, x: rest(n, -x),
    "in place": lambda n, x: rest(n, x.clone().mul_(3).add_(n.mean).sub_(0.5).div_(2)),
    "functions": lambda n, x: rest(n, torch.div(torch.sub(torch.mul(x, 2), n.mean), n.std)),
    "alpha": lambda n, x: rest(n, torch.add(torch.sub(n.mean, x, alpha=3), 1, alpha=2)),
    "logits / T": lambda n, x: rest(n, x) / 4.0,
    "logits + 1": lambda n, x: rest(n, x) + 1,
    "softmax(logits / T)": lambda n, x: torch.softmax(rest(n, x) / 4, dim=-1),
    "relu * .5": lambda n, x: n.b(torch.relu(n.a(x)) * 0.5 + 0.1),
    "relu * -2 at the end": lambda n, x: torch.relu(rest(n, x)) * -2 + 0.5,
    "x @ W.T + b": lambda n, x: n.b(torch.relu(x @ n.w.T + n.v)),
    "matmul": lambda n, x: n.b(torch.relu(torch.matmul(x, n.w.t()).add(n.v))),
    "mm": lambda n, x: n.b(torch.relu(torch.mm(x, n.w.T))),
    "addmm": lambda n, x: n.b(torch.relu(torch.addmm(n.v, x, n.w.T, beta=2, alpha=0.5))),
    "F.linear": lambda n, x: n.b(torch.relu(functional.linear(x, n.w * n.std, bias=n.v))),
    "to": lambda n, x: rest(n, x.to(torch.float32).to("cpu").float().contiguous().clone()),
    "to by name": lambda n, x: rest(n, x.to(dtype=torch.float32).type(torch.float32)),
    "unsqueeze": lambda n, x: rest(n, x.unsqueeze(1)).squeeze(1),
    "view": lambda n, x: rest(n, x.view(-1, 6)),
    "view of size": lambda n, x: rest(n, x.reshape((x.shape[0], -1)).view(x.size(0), 6)),
    "batch_norm": lambda n, x: rest(
        n, functional.batch_norm(x, n.mean, n.std, n.std, None, n.training, 0.1, 1e-3)
    ),
    "dropout": lambda n, x: rest(n, functional.dropout(x, 0.5, n.training)),
    "alpha_dropout": lambda n, x: rest(n, functional.alpha_dropout(x, 0.5)),
    "unused": lambda n, x: (torch.tanh(n.a(x)), rest(n, x))[1],
    "print of a shape": lambda n, x: (str(x.shape), rest(n, x))[1],
}

RELUS = {
    "relu_": lambda h: h.relu_(),
    "F.relu": lambda h: functional.relu(h, inplace=True),
    "clamp": lambda h: h.clamp(min=0),
    "clamp by place": lambda h: torch.clamp(h, 0),
    "clamp_min": lambda h: torch.clamp_min(h, 0.0),
    "clip": lambda h: torch.clip(h, 0, None),
    "maximum": lambda h: torch.maximum(h, torch.zeros(8)),
    "max": lambda h: torch.max(torch.zeros(8), h),
    "threshold": lambda h: functional.threshold(h, 0, 0),
    "leaky_relu of 0": lambda h: functional.leaky_relu(h, 0.0),
}


def predict(module):
    def run(x):
        with torch.no_grad():
            return module(torch.from_numpy(x)).numpy()

    return run


@pytest.mark.parametrize("name", LINEAR)
def test_arithmetic_with_constants_is_folded(name, assert_computes):
    module = Net(LINEAR[name]).eval()
    source = assert_computes(module, predict(module), (6,))
    n_layers = 3 if "at the end" in name else 2
    assert len(source) == n_layers, "it becomes part of the layers that are there"


@pytest.mark.parametrize("name", RELUS)
def test_every_way_to_write_a_relu_is_read(name, assert_computes):
    module = Net(lambda n, x: n.b(RELUS[name](n.a(x)))).eval()
    source = assert_computes(module, predict(module), (6,))
    assert [spec.activation for spec in source] == ["relu", "linear"]


@pytest.mark.parametrize(
    ("multiply", "n_out"),
    [
        (lambda h, v: h @ v, 1),
        (lambda h, v: torch.mv(h, v), 1),
        (lambda h, v: torch.matmul(h.view(-1, 2, 4), v[:4]), 2),
    ],
)
def test_a_product_with_a_vector_is_read(multiply, n_out, rng):
    module = Net(lambda n, x: multiply(torch.relu(n.a(x)), n.v)).eval()
    source, x = read_model(module), rng.normal(size=(20, 6)).astype(np.float32)
    wanted = predict(module)(x).reshape(20, n_out)
    np.testing.assert_allclose(forward(source, x)[-1], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "finish", [lambda y: y.squeeze(-1), lambda y: y.view(-1), lambda y: y.flatten()]
)
def test_one_output_may_lose_its_axis(finish, rng):
    module = Net(lambda n, x: finish(rest(n, x)), n_out=1).eval()
    source = read_model(module)
    source.compare(rng.normal(size=(30, 6)))
    assert source.compared.startswith("compared on 30")
    assert source.n_out == 1


@pytest.mark.parametrize("finish", [lambda y: y.view(-1), lambda y: torch.flatten(y)])
def test_several_outputs_must_keep_their_axis(finish):
    with pytest.raises(ConversionError, match="takes 1 inputs, but the layer before it has 3"):
        read_model(Net(lambda n, x: finish(rest(n, x))))


def test_arguments_that_nobody_gives_have_their_defaults(assert_computes):
    module = Net(rest).eval()
    source = assert_computes(module, predict(module), (6,))
    assert len(source) == 2


@pytest.mark.parametrize(
    "wrap",
    [
        lambda m: nn.DataParallel(m),
        lambda m: torch.compile(m, backend="eager"),
        lambda m: torch.optim.swa_utils.AveragedModel(m),
    ],
)
def test_what_only_runs_a_module_is_taken_off(wrap, rng):
    module = Net(rest).eval()
    source = read_model(wrap(module))
    source.compare()
    assert source.name == "PyTorch Net"
    np.testing.assert_array_equal(source[0].weights, module.a.weight.detach().numpy())
    around = wrap(module)
    handle = around.register_forward_hook(lambda module, args, output: 2 * output)
    with pytest.raises(ConversionError, match="it has the forward hook"):
        read_model(around)
    handle.remove()
    read_model(around)
    inside = nn.Sequential(around, nn.Linear(2, 2))
    with pytest.raises(ConversionError, match=r"'0', a .* only runs another module; put"):
        read_model(inside)


def test_complex_weights_are_refused():
    module = Net(rest)
    module.a.weight = nn.Parameter(module.a.weight.detach() * (1 + 1j))
    with pytest.raises(ConversionError, match=r"'a\.weight' has complex values"):
        read_model(module)


def test_a_known_function_times_a_complex_number_is_refused():
    with pytest.raises(ConversionError, match="cannot be converted"):
        read_model(Net(lambda n, x: n.b(n.a(x)) * torch.sigmoid(n.b(n.a(x))) * (1 + 1j)))


def test_complex_values_that_are_not_used_do_no_harm():
    module = Net(rest)
    module.register_buffer("turn", torch.tensor([1j]))
    source = read_model(module)
    source.compare()
    assert source.compared.startswith("compared on")


@pytest.mark.parametrize(
    ("compute", "match"),
    [
        (lambda n, x: rest(n, 1 / (x + 20)), "divides by its input; only products are linear"),
        (
            lambda n, x: rest(n, torch.div(x, 2, rounding_mode="floor")),
            "div with rounding is not supported",
        ),
        (lambda n, x: n.b((n.w @ x.T).T), "multiplies from the left|is not supported"),
        (lambda n, x: n.b(n.a(x).clamp(6, 0)), "where nothing is left"),
        (lambda n, x: n.b(functional.threshold(n.a(x), 1, 0)), "jumps from 0 to 1 at its thresh"),
        (
            lambda n, x: rest(n, x.to(torch.int32).float()),
            "to torch.int32 is not supported; it cu",
        ),
        (lambda n, x: rest(n, x.long().float()), "'long' is not supported; it cuts values off"),
        (lambda n, x: rest(n, functional.dropout(x)), "drops units at random in evaluation too"),
        (
            lambda n, x: rest(n, x**0.5),
            "'pow_1': the power 0.5 is not continuous",
        ),
        (lambda n, x: rest(n, 2**x), "a power that depends on the input is not supported"),
        (
            lambda n, x: rest(n, x * n.w[:, :1]),
            "a constant of shape .8, 1. is not one per feature",
        ),
        (
            lambda n, x: rest(n, functional.batch_norm(x, None, None, training=True)),
            "by each batch's own statistics; give it training=self.training",
        ),
    ],
)
def test_what_no_affine_map_and_no_relu_is_is_refused(compute, match):
    with pytest.raises(ConversionError, match=match):
        read_model(Net(compute).eval())


@pytest.mark.parametrize("settings", [{"beta": 2.0, "threshold": 5.0}, {"threshold": 1}, {}])
def test_a_softplus_is_straight_above_its_threshold(settings):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), nn.Softplus(**settings), nn.Linear(8, 3)).double().eval()
    x = 3 * torch.randn(50, 6, dtype=torch.float64)
    with torch.no_grad():
        wanted = net(x).numpy()
    np.testing.assert_allclose(forward(read_model(net), x.numpy())[-1], wanted, atol=1e-12)
