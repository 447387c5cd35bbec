import copy

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model

pytest.importorskip("torch", reason="reading PyTorch modules needs PyTorch")

import torch
from torch import nn
from torch.nn import functional


def trained(module, seed=0):
    """Give the parameters and the statistics of a module random values, as training would."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                values = torch.randn(tensor.shape, generator=generator) * 0.5
                tensor.copy_(values.abs() + 0.5 if "running_var" in name else values)
    return module.eval()


def predict(module):
    def run(x):
        with torch.no_grad():
            return module(torch.from_numpy(x)).numpy()

    return run


class Forum(nn.Module):
    """What people write: layers in the constructor, functions between them."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(12, 8)
        self.norm = nn.BatchNorm1d(8)
        self.body = nn.Sequential(nn.Linear(8, 6, bias=False), nn.ReLU(), nn.Dropout())
        self.last = nn.Linear(6, 4)

    def forward(self, x):
        x = x.view(x.size(0), -1)
        x = functional.relu(self.norm(self.first(x)))
        x = functional.dropout(self.body(x), 0.5, self.training)
        return functional.softmax(self.last(x), dim=1)


class Methods(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(12, 8), nn.Linear(8, 4)

    def forward(self, x):
        x = torch.flatten(x, 1).reshape(x.shape[0], 12)
        x = functional.linear(x, self.first.weight, bias=self.first.bias)
        return self.last(x.relu().relu_())


MODULES = {
    "plain": lambda: nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 4)),
    "image": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Identity(), nn.Linear(8, 4), nn.Softmax(1)
    ),
    "batch_norm": lambda: nn.Sequential(
        nn.BatchNorm1d(12),
        nn.Linear(12, 8),
        nn.BatchNorm1d(8, affine=False),
        nn.ReLU(),
        nn.BatchNorm1d(8, eps=0.1),
        nn.Dropout(),
        nn.Linear(8, 4),
        nn.BatchNorm1d(4),
    ),
    "of several devices": lambda: nn.Sequential(
        nn.Linear(12, 8), nn.SyncBatchNorm(8), nn.ReLU(), nn.Linear(8, 4)
    ),
    "nested": lambda: nn.Sequential(
        nn.Sequential(nn.Linear(12, 8), nn.ReLU()), nn.Sequential(nn.Linear(8, 4), nn.ReLU())
    ),
    "relus": lambda: nn.Sequential(
        nn.Linear(12, 8), nn.Threshold(0, 0), nn.Linear(8, 6), nn.LeakyReLU(0.0), nn.Linear(6, 4)
    ),
    "linear": lambda: nn.Sequential(nn.Linear(12, 8), nn.Linear(8, 8), nn.Linear(8, 4)),
    "forum": Forum,
    "methods": Methods,
}


@pytest.mark.parametrize("name", MODULES)
def test_layers_compute_what_the_module_does(name, assert_computes):
    module = trained(MODULES[name]())
    shape = (3, 2, 2) if name in ("image", "forum", "methods") else (12,)
    assert_computes(module, predict(module), shape)


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")
def test_sparse_weights_are_read(assert_computes):
    module = trained(MODULES["plain"]())
    expected = predict(copy.deepcopy(module))
    module[0].weight = nn.Parameter(module[0].weight.detach().to_sparse_csr())
    assert_computes(module, expected, (12,))


@pytest.mark.parametrize("training", [True, False])
def test_log_softmax_is_read_in_training_mode_too(training, rng):
    module = trained(nn.Sequential(nn.Linear(5, 4), nn.Dropout(), nn.LogSoftmax(-1)))
    x = rng.normal(size=(6, 5)).astype(np.float32)
    expected = predict(module)(x)
    specs = read_model(module.train(training))
    np.testing.assert_allclose(forward(specs, x)[-1], expected, atol=1e-6)
    assert specs[-1].activation == "log_softmax"


@pytest.mark.parametrize("end", [nn.Softmin(1), lambda x: nn.functional.softmin(x, dim=1)])
def test_softmin_is_a_softmax_of_the_negative(end, rng):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last, self.end = nn.Linear(5, 4), nn.Linear(4, 3), end

        def forward(self, x):
            return self.end(self.last(self.first(x).relu()))

    module, x = trained(Net()), rng.normal(size=(6, 5)).astype(np.float32)
    source = read_model(module)
    assert source.head == "softmax"
    np.testing.assert_allclose(forward(source, x)[-1], predict(module)(x), atol=1e-6)


def test_weight_norm_is_read_as_the_weights_it_makes(assert_computes):
    linear = nn.utils.parametrizations.weight_norm(nn.Linear(5, 4))
    module = trained(nn.Sequential(linear, nn.ReLU(), nn.Linear(4, 3)))
    assert_computes(module, predict(module), (5,))


@pytest.mark.parametrize(
    ("layers", "match"),
    [
        ([nn.Linear(4, 3), nn.Hardshrink(), nn.Linear(3, 3)], "'1': Hardshrink is not supported"),
        ([nn.Conv1d(1, 1, 3), nn.Linear(2, 1)], "'0': Conv1d is not supported; only dense"),
        ([nn.Linear(4, 3), nn.Softmax(0)], "a softmax over dimension 0; it must be over 1"),
        ([nn.Flatten(0), nn.Linear(4, 3)], "flattens dimensions 0 to -1, which mixes the samples"),
        ([nn.Linear(4, 3), nn.Threshold(1, 0), nn.Linear(3, 3)], "jumps from 0 to 1 at its thr"),
        ([nn.Linear(4, 3), nn.PReLU(5)], "its activation is for 5 units, but there are 3"),
        ([nn.Linear(4, 3), nn.BatchNorm1d(3, track_running_stats=False)], "each batch's own"),
        ([nn.LSTM(4, 3)], "LSTM is not supported; a dense stack has no recurrence"),
        ([nn.Softmax(1), nn.Linear(4, 3)], "a softmax comes before the first dense layer"),
        ([nn.LazyLinear(3)], "LazyLinear .* call the model once on a sample"),
        ([nn.Linear(6, 3, device="meta")], "weight' has no values, as it is on the device 'meta'"),
    ],
)
def test_what_cannot_be_converted_is_named(layers, match):
    with pytest.raises(ConversionError, match=match):
        read_model(nn.Sequential(*layers))


@pytest.mark.parametrize("first", [nn.ReLU(), nn.Hardtanh(0, 0.5), nn.PReLU(5), nn.Tanh()])
def test_a_function_of_the_inputs_comes_first(first):
    module = trained(nn.Sequential(first, nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)))
    x = np.random.RandomState(0).randn(50, 5).astype(np.float32)
    source = read_model(module)
    np.testing.assert_allclose(forward(source, x)[-1], predict(module)(x), atol=1e-5)
    source.compare()
    assert source.compared.startswith("compared on")
    assert [spec.n_out for spec in source] == [5, 4, 3]


def test_every_module_that_cannot_be_converted_is_listed():
    module = nn.Sequential(
        nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 4), nn.Hardshrink(), nn.Conv1d(1, 1, 1)
    )
    with pytest.raises(ConversionError, match="PyTorch Sequential") as caught:
        read_model(module)
    assert len(caught.value.problems) == 3


def test_in_a_branch_too_every_problem_is_named():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 4)

        def forward(self, x):
            return x + torch.sin(self.linear(x))

    with pytest.raises(ConversionError, match="'sin' is not supported") as caught:
        read_model(Residual())
    assert len(caught.value.problems) == 1, "what is whole is not said to be broken"


def test_a_forward_that_depends_on_data_says_what_to_do():
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 4)

        def forward(self, x):
            return self.linear(x) if x.sum() > 0 else x

    with pytest.raises(
        ConversionError, match=r"forward cannot be traced .* or an nn.Sequential of"
    ):
        read_model(Branching())


class Written(nn.Module):
    def __init__(self, compute):
        super().__init__()
        self.linear, self.compute = nn.Linear(4, 4), compute

    def forward(self, x):
        return self.compute(self.linear, x)


def put_into(linear, x):
    h = linear(x)
    h[:, 0] = 0
    return h.relu()


@pytest.mark.parametrize(
    ("compute", "match"),
    [
        (
            lambda linear, x: linear(x["a"]) + linear(x["b"]),
            "'x' is a dict, a tuple or a single s",
        ),
        (
            lambda linear, x: linear(x[0]) + linear(x[1]),
            "each tensor of a batch as an argument of",
        ),
        (put_into, "write torch.cat, torch.where or masked_fill in the place of an assignment"),
    ],
)
def test_what_a_forward_should_be_instead_is_said(compute, match):
    with pytest.raises(ConversionError, match=match):
        read_model(Written(compute))


def test_a_part_of_the_features_is_read():
    class Between(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 4)

        def forward(self, x):
            return self.linear(x)[:, :2]

    module, x = Between(), np.random.RandomState(0).randn(5, 4).astype(np.float32)
    with torch.no_grad():
        expected = module(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(forward(read_model(module).layers, x)[-1], expected, atol=1e-6)


def test_reading_leaves_the_module_as_it_was():
    module = MODULES["batch_norm"]().train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    read_model(module)
    assert module.training
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


@pytest.mark.parametrize("as_function", [False, True])
def test_a_last_relu_is_kept(as_function, assert_computes):
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 4))

        def forward(self, x):
            return torch.relu(self.body(x))

    module = Functional() if as_function else nn.Sequential(nn.Linear(12, 4), nn.ReLU())
    source = assert_computes(trained(module), predict(module), (12,))
    assert source[-1].activation == "relu"


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda m: torch.zeros(3, 3), r"it is no module; give a torch nn\.Module"),
        (lambda m: torch.optim.SGD(m.parameters(), 0.1), "an optimizer; give the module whose"),
        (lambda m: torch.export.export(m, (torch.zeros(2, 12),)), "exported program is a graph"),
        (
            lambda m: torch.export.export(m, (torch.zeros(2, 12),)).module(),
            "exported program is a graph",
        ),
        (lambda m: m.state_dict(), r"a state dict, .* call its load_state_dict with it"),
        (lambda m: {"epoch": 3, "model": m.state_dict()}, "it is a state dict"),
        (lambda m: nn.Linear, r"it is a class; make one, Linear\(\.\.\.\)"),
    ],
)
def test_what_is_no_module_has_its_next_step(make, match):
    with pytest.raises(ConversionError, match=match):
        read_model(make(MODULES["plain"]()))


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_compiled_modules_point_to_where_they_came_from():
    module = MODULES["plain"]()
    for compiled in (torch.jit.script(module), torch.jit.trace(module, torch.zeros(1, 12))):
        with pytest.raises(ConversionError, match="compiled module does not show its code"):
            read_model(compiled)


@pytest.mark.filterwarnings("ignore:.*quantization.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
def test_quantized_layers_are_refused():
    module = torch.ao.quantization.quantize_dynamic(MODULES["plain"](), {nn.Linear})
    with pytest.raises(ConversionError, match="'0' is quantized; give the model as it was before"):
        read_model(module)


@pytest.mark.filterwarnings("ignore:.*quantization.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Please use quant_min and quant_max:UserWarning")
def test_models_prepared_for_quantization_are_refused():
    module = MODULES["plain"]().eval()
    module.qconfig = torch.ao.quantization.get_default_qconfig("x86")
    prepared = torch.ao.quantization.prepare(module)
    with pytest.raises(ConversionError, match="prepared for its quantization; give it as it was"):
        read_model(prepared)


class Starred(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)


def first_of_many(self, *x):
    return self.linear(x[0])


def by_its_keyword(self, x, **settings):
    return self.linear(x) * settings["scale"]


def with_unused_arguments(self, x, *more, **settings):
    return self.linear(x)


@pytest.mark.parametrize("forward", [first_of_many, by_its_keyword])
def test_arguments_without_names_are_refused_where_they_are_read(forward):
    model = type("Model", (Starred,), {"forward": forward})()
    with pytest.raises(ConversionError, match=r"its forward reads \*+\w+, whose values have no"):
        read_model(model)


def test_arguments_without_names_that_nothing_reads_are_left_out():
    model = type("Model", (Starred,), {"forward": with_unused_arguments})()
    x = np.ones((3, 4))
    expected = model(torch.tensor(x, dtype=torch.float32)).detach().numpy()
    np.testing.assert_allclose(read_model(model).logits(x), expected, rtol=1e-5, atol=1e-6)
