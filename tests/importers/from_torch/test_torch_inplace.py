"""Modules that change values in place, against the modules themselves."""

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model

torch = pytest.importorskip("torch", reason="reading PyTorch modules needs torch")


class Net(torch.nn.Module):
    """Two dense layers, and between them what changes a value."""

    def __init__(self, function):
        super().__init__()
        self.a, self.b = torch.nn.Linear(6, 8), torch.nn.Linear(8, 3)
        self.relu = torch.nn.ReLU(inplace=True)
        self.function = function

    def forward(self, x):
        return self.b(self.function(self, self.a(x)))


def in_place_then(rest):
    """Return what changes a value in place, and then goes on with what it was called."""

    def function(net, h):
        changed = net.relu(h)
        return rest(h, changed)

    return function


def several(net, h):
    h.relu_().add_(1).mul_(2)
    h.clamp_(max=3)
    return h + h


def copied(net, h):
    before = h.clone()
    h.mul_(2)
    return h - before.relu()


def changed_through_a_copy_of_the_name(net, h):
    other = h.detach()
    torch.nn.functional.leaky_relu(other, 0.3, inplace=True)
    return h + 1


SAME = {
    "skip connection": in_place_then(lambda h, changed: h + changed),
    "the first name": in_place_then(lambda h, changed: h),
    "written to": lambda net, h: torch.add(h, 1.0, out=h) - h.relu(),
    "several": several,
    "copied": copied,
    "another name": changed_through_a_copy_of_the_name,
}


@pytest.mark.parametrize("name", SAME)
def test_what_is_taken_after_a_change_is_changed(name, rng):
    torch.manual_seed(0)
    net, x = Net(SAME[name]).double().eval(), rng.normal(size=(20, 6))
    with torch.no_grad():
        wanted = net(torch.from_numpy(x)).numpy()
    source = read_model(net)
    np.testing.assert_allclose(forward(source, x)[-1], wanted, atol=1e-12)
    source.compare()
    assert source.compared.startswith("compared on")


def part(net, h):
    h[:, :4].relu_()
    return h


def whole(net, h):
    view = h.view(-1, 2, 4)
    h.relu_()
    return view.flatten(1)


@pytest.mark.parametrize("function", [part, whole])
def test_a_change_of_a_part_is_refused(function):
    with pytest.raises(ConversionError, match=r"'relu_' changes in place what .* another part of"):
        read_model(Net(function))


def test_an_input_that_is_changed_is_read(rng):
    class Changes(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = torch.nn.Linear(6, 3, dtype=torch.float64)

        def forward(self, x):
            x.mul_(2.0)
            return self.dense(x)

    net, x = Changes().eval(), rng.normal(size=(20, 6))
    with torch.no_grad():
        wanted = net(torch.from_numpy(x.copy())).numpy()
    np.testing.assert_allclose(forward(read_model(net), x)[-1], wanted, atol=1e-12)
