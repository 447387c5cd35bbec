import numpy as np
import pytest
from scipy.optimize import check_grad

from nengo_dense.conversion.distillation import Distillation
from nengo_dense.heads import softmax


@pytest.mark.parametrize("n_out,readout", [(5, "softmax"), (5, "linear"), (1, "linear")])
def test_gradient_is_that_of_the_loss(rng, n_out, readout):
    targets = rng.randn(7, n_out)
    distillation = Distillation.for_targets(targets, readout)
    error = check_grad(
        lambda z: distillation(z.reshape(7, n_out), targets)[0],
        lambda z: distillation(z.reshape(7, n_out), targets)[1].ravel(),
        rng.randn(7 * n_out),
    )
    assert error < 1e-5


@pytest.mark.parametrize("n_out,readout", [(5, "softmax"), (5, "linear"), (1, "linear")])
def test_loss_is_zero_at_the_targets_and_positive_elsewhere(rng, n_out, readout):
    targets = rng.randn(7, n_out)
    distillation = Distillation.for_targets(targets, readout)
    loss, gradient = distillation(targets, targets)
    assert loss == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(gradient, 0, atol=1e-12)
    assert distillation(targets + rng.randn(7, n_out), targets)[0] > 1e-3


def test_a_softmax_does_not_mind_a_constant_but_values_do(rng):
    targets = rng.randn(7, 3)
    classes = Distillation.for_targets(targets, "softmax")
    either = Distillation.for_targets(targets, "linear")
    assert classes(targets + 5, targets)[0] == pytest.approx(0, abs=1e-9)
    assert either(targets + 5, targets)[0] > 0.1


def test_constant_outputs_have_a_scale(rng):
    targets = np.zeros((4, 1))
    loss, _ = Distillation.for_targets(targets, "linear")(targets + 0.5, targets)
    assert loss == pytest.approx(0.25)


def test_softmax_stands_large_logits():
    np.testing.assert_array_equal(softmax(np.array([[1e4, 0.0]])), [[1.0, 0.0]])
