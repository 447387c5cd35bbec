"""PyTorch modules are read as they work after training, and left as they were."""

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model

pytest.importorskip("torch", reason="reading PyTorch modules needs PyTorch")

import torch
from torch import nn
from torch.nn.utils import parametrizations, prune
from torch.nn.utils import spectral_norm as old_spectral_norm

from nengo_dense.importers.from_torch.torch_state import evaluation, precision_of
from nengo_dense.importers.precision import PRECISIONS


def old_weight_norm(linear):
    with pytest.warns(FutureWarning, match="weight_norm"):
        return nn.utils.weight_norm(linear)


def own_hook(linear):
    """Derive the weights in a hook of one's own, as weight standardization does."""
    linear.raw = nn.Parameter(linear.weight.detach().clone())
    del linear.weight

    def standardize(module, args):
        module.weight = module.raw - module.raw.mean(dim=1, keepdim=True)

    linear.register_forward_pre_hook(standardize)
    linear.weight = torch.zeros_like(linear.raw)
    return linear


DERIVED = {
    "weight_norm": parametrizations.weight_norm,
    "spectral_norm": parametrizations.spectral_norm,
    "orthogonal": parametrizations.orthogonal,
    "old weight_norm": old_weight_norm,
    "old spectral_norm": old_spectral_norm,
    "prune": lambda linear: prune.l1_unstructured(linear, "weight", 0.5),
    "own hook": own_hook,
}


def network(wrap, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(wrap(nn.Linear(6, 8)), nn.ReLU(), wrap(nn.Linear(8, 2)))


def outputs(module, x):
    with torch.no_grad():
        return module(torch.from_numpy(x)).numpy()


@pytest.fixture
def x(rng):
    return rng.normal(size=(50, 6)).astype(np.float32)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", DERIVED)
def test_weights_are_those_that_the_module_would_use(name, training, x):
    trained = network(DERIVED[name])
    trained(torch.randn(20, 6))
    trained.eval()
    outputs(trained, x)
    loaded = network(DERIVED[name], seed=1).train(training)
    loaded.load_state_dict(trained.state_dict())
    source = read_model(loaded)  # before any forward pass
    source.compare()
    source.compare(x)
    np.testing.assert_allclose(forward(source, x)[-1], outputs(trained, x), atol=1e-5)
    np.testing.assert_allclose(outputs(loaded.eval(), x), outputs(trained, x), atol=1e-5)


class DerivedInForward(nn.Module):
    """Weights that forward itself makes of the parameters."""

    def __init__(self):
        super().__init__()
        self.raw, self.bias = nn.Parameter(torch.randn(8, 6)), nn.Parameter(torch.randn(8))
        self.register_buffer("mask", (torch.arange(48).reshape(8, 6) % 2).float())
        self.last = nn.Linear(8, 2)

    def forward(self, x):
        weights = (self.raw - self.raw.mean()) * self.mask
        return self.last(torch.relu(nn.functional.linear(x, weights, self.bias)))


def test_weights_may_be_derived_in_the_forward_method(x, assert_computes):
    module = DerivedInForward()
    assert_computes(module, lambda x: outputs(module, x), (6,))
    assert not [name for name in vars(module) if name.startswith("_tensor_constant")]


def scale_output(module, args, output):
    return output * 1.5


def shift_input(module, args):
    return (args[0] + 1,)


def look(module, args, output):
    """Change nothing."""


@pytest.mark.parametrize("place", ["0", "2"])
def test_a_hook_that_changes_values_is_named(place):
    module = network(lambda linear: linear)
    module.get_submodule(place).register_forward_hook(scale_output)
    with pytest.raises(ConversionError, match=f"first layer that differs is '{place}'") as caught:
        read_model(module).compare()
    assert f"layer '{place}' has the forward hook 'scale_output'" in caught.value.problems[1]
    assert "remove it" in caught.value.problems[1]


def test_a_hook_on_the_inputs_is_named():
    module = network(lambda linear: linear)
    module[2].register_forward_pre_hook(shift_input)
    with pytest.raises(ConversionError, match="'2' has the forward hook 'shift_input'"):
        read_model(module).compare()


def test_a_hook_of_the_whole_model_is_named():
    module = network(lambda linear: linear)
    module.register_forward_hook(scale_output)
    with pytest.raises(ConversionError, match="each layer alone agrees") as caught:
        read_model(module).compare()
    assert (
        "the model, or every module, has the forward hook 'scale_output'"
        in caught.value.problems[1]
    )


def test_a_hook_for_all_modules_is_named():
    module = network(lambda linear: linear)
    expected = pytest.raises(ConversionError, match="every module, has the forward hook 'scale_")
    with nn.modules.module.register_module_forward_hook(scale_output), expected:
        read_model(module).compare()


def test_a_hook_that_only_looks_does_no_harm(x):
    module = network(lambda linear: linear)
    module[0].register_forward_hook(look)
    source = read_model(module)
    source.compare()
    assert source.compared.startswith("compared on")


def test_a_method_that_was_replaced_is_found():
    module = network(lambda linear: linear)
    module[0].forward = lambda x: nn.functional.linear(x, -module[0].weight)
    with pytest.raises(ConversionError, match="first layer that differs is '0'"):
        read_model(module).compare()


class NoisyInTraining(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 2)

    def forward(self, x):
        if self.training:
            x = x + torch.randn(())
        self.seen = self.norm(self.first(x))
        return self.last(nn.functional.dropout(torch.relu(self.seen), training=self.training))


def test_modules_are_read_in_evaluation_mode_and_left_in_theirs(x):
    torch.manual_seed(0)
    module = NoisyInTraining()
    module(torch.randn(30, 6) * 3 + 1)
    module.norm.eval()
    source = read_model(module)
    source.compare()
    assert module.training
    assert module.last.training
    assert not module.norm.training
    np.testing.assert_allclose(forward(source, x)[-1], outputs(module.eval(), x), atol=1e-5)


@pytest.mark.parametrize("name", [*DERIVED, "plain"])
def test_nothing_is_left_in_the_module(name):
    torch.manual_seed(0)
    module = NoisyInTraining() if name == "plain" else network(DERIVED[name])
    module(torch.randn(30, 6)).sum().backward()
    state = {key: value.clone() for key, value in module.state_dict().items()}
    grads = [parameter.grad.clone() for parameter in module.parameters()]
    attributes = {key: list(vars(part)) for key, part in module.named_modules()}
    objects = [value for part in module.modules() for value in vars(part).values()]
    random_state = torch.get_rng_state()
    read_model(module).compare()
    for key, value in module.state_dict().items():
        assert torch.equal(value, state[key]), key
    for parameter, grad in zip(module.parameters(), grads, strict=True):
        assert torch.equal(parameter.grad, grad)
    assert {key: list(vars(part)) for key, part in module.named_modules()} == attributes
    after = [value for part in module.modules() for value in vars(part).values()]
    tensors = [(a, b) for a, b in zip(after, objects, strict=True) if torch.is_tensor(b)]
    assert all(a is b for a, b in tensors)
    assert torch.equal(torch.get_rng_state(), random_state)
    module(torch.randn(30, 6)).sum().backward()  # it still trains


def test_an_error_in_between_leaves_the_mode_as_it_was():
    module = network(lambda linear: linear).train()

    def look_and_fail():
        with evaluation(module):
            raise KeyError(f"training {module[0].training}")

    with pytest.raises(KeyError, match="training False"):
        look_and_fail()
    assert module[0].training


def test_a_forward_that_draws_random_numbers_is_found(x):
    class Random(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(6, 2)

        def forward(self, x):
            return self.first(x) + torch.rand(2)

    module = Random()
    state = torch.get_rng_state()
    with pytest.raises(ConversionError, match=r"other outputs than|not supported"):
        read_model(module).compare()
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_types_are_compared_without_a_false_alarm(dtype, rng):
    module = network(lambda linear: linear).to(dtype)
    source = read_model(module)
    source.compare()
    assert source.compared.startswith("compared on")
    source.compare(rng.normal(size=(300, 6)) * 100)
    module[2].register_forward_hook(scale_output)
    with pytest.raises(ConversionError, match="first layer that differs is '2'"):
        read_model(module).compare()


@pytest.mark.parametrize(
    "cast",
    [
        lambda x: x.half().float(),
        lambda x: x.bfloat16().to(x.dtype),
        lambda x: x.to(torch.float16).float(),
        lambda x: x.to(dtype=torch.bfloat16).float(),
    ],
)
def test_values_that_are_cast_are_as_coarse_as_their_type(cast, x):
    class Cast(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = network(lambda linear: linear)

        def forward(self, x):
            return self.layers(cast(x))

    module = Cast()
    source = read_model(module)
    source.compare(x)
    assert float(source.compared.rpartition(" ")[2]) > 1e-5  # of single precision there is none
    module.layers[2].register_forward_hook(scale_output)
    with pytest.raises(ConversionError, match=r"first layer that differs is 'layers\.2'"):
        read_model(module).compare()


def test_autocast_around_it_changes_nothing(x):
    module = network(lambda linear: linear)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        source = read_model(module)
        source.compare(x)
    assert float(source.compared.rpartition(" ")[2]) < 1e-6


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_in_a_forward_is_as_coarse_as_its_type(dtype, x):
    class Cast(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = network(lambda linear: linear)

        def forward(self, x):
            with torch.autocast("cpu", dtype=dtype):
                return self.layers(x).float()

    module = Cast()
    source = read_model(module)
    source.compare(x)
    assert float(source.compared.rpartition(" ")[2]) > 1e-5  # of single precision there is none
    source.compare()
    module.layers[2].register_forward_hook(scale_output)
    with pytest.raises(ConversionError, match=r"other outputs than the model itself"):
        read_model(module).compare()


@pytest.mark.parametrize(
    ("types", "setting", "expected"),
    [
        ((torch.float32,), "highest", "float32"),
        ((torch.float32, torch.float16), "highest", "float16"),
        ((torch.float32,), "high", "tensorfloat32"),
        ((torch.float32,), "medium", "bfloat16"),
        ((torch.float64,), "medium", "float64"),
    ],
)
def test_precision_is_that_of_the_types_and_of_the_products(types, setting, expected):
    module = nn.Sequential(*(nn.Linear(2, 2).to(dtype) for dtype in types))
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision(setting)
        assert precision_of(module, torch.fx.symbolic_trace(module)) == PRECISIONS[expected]
    finally:
        torch.set_float32_matmul_precision(before)


class Counting(nn.Module):
    """Counts its calls and remembers what it was shown, in several ways."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 5), nn.Linear(5, 2)
        self.calls, self.seen = 0, None
        self.register_buffer("counted", torch.zeros(()))
        self.register_buffer("undefined", torch.tensor([float("nan")]))

    def forward(self, x):
        self.calls += 1
        self.counted += 1
        self.seen = torch.relu(self.first(x))
        return self.last(self.seen)


def test_a_module_that_counts_its_calls_counts_none_of_ours(x):
    model = Counting()
    read_model(model).compare(x)
    assert (model.calls, model.seen, float(model.counted)) == (0, None, 0.0)
    model(torch.from_numpy(x).float())
    read_model(model).compare(x)
    assert (model.calls, float(model.counted)) == (1, 1.0)


class Growing(nn.Module):
    """Gives other outputs at each call: by a number that it counts, or by its own weights."""

    def __init__(self, by_weights):
        super().__init__()
        self.first, self.last, self.by_weights = nn.Linear(6, 5), nn.Linear(5, 2), by_weights
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        if self.by_weights:
            self.first.weight.data.mul_(1.5)
            return self.last(torch.relu(self.first(x)))
        return self.last(torch.relu(self.first(x))) * self.calls


@pytest.mark.parametrize("by_weights", [False, True])
def test_a_module_whose_outputs_change_from_call_to_call_is_refused_and_restored(by_weights):
    model = Growing(by_weights)
    before = model.first.weight.detach().clone()
    with pytest.raises(ConversionError, match="gives other outputs than the model itself"):
        read_model(model).compare()
    assert torch.equal(model.first.weight, before)
    assert model.calls == 0


class Centering(nn.Module):
    """Keeps a mean of what it was shown, in evaluation as well."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 5), nn.Linear(5, 2)
        self.register_buffer("mean", torch.zeros(6))

    def forward(self, x):
        self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
        return self.last(torch.relu(self.first(x - self.mean)))


def test_a_module_that_remembers_samples_is_refused():
    with pytest.raises(ConversionError, match="it makes one value of several samples"):
        read_model(Centering())
