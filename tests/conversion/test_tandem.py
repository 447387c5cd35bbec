import nengo
import numpy as np
import pytest

from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Distillation
from nengo_dense.conversion.tandem import loss_and_gradient
from nengo_dense.layers.stack import DenseStack

WINDOWS = [Window(200, 2000, 1.0)]


def make_chain(rng, encoding):
    n = 2 if encoding == "host" else 3
    stack = DenseStack(
        [6, 5, 3],
        4,
        weights=[rng.uniform(0.1, 0.5, s) for s in ((6, 4), (5, 6), (3, 5))],
        biases=[rng.uniform(0.05, 0.1, k) for k in (6, 5, 3)],
        max_rate=60.0,
        synapse=[0.02] * (n - 1) + [None],
        encoding=encoding,
        encoder={"max_rate": 300.0} if encoding == "spikes" else None,
    )
    return Chain(stack, 0.001)


def rate_loss(chain, x, targets, distillation):
    rates = x * chain._in_scales[0] if chain.signs is not None else x
    for w, b in zip(chain.weights[:-1], chain.biases[:-1], strict=True):
        rates = np.maximum(rates @ w.T + b, 0)
    return distillation(rates @ chain.weights[-1].T + chain.biases[-1], targets)[0]


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_gradient_is_that_of_the_rates_where_spikes_are_smooth(rng, encoding):
    """Slow neurons that fire for long do what they stand for, so both gradients agree."""
    chain = make_chain(rng, encoding)
    x = rng.uniform(0.2, 0.9, (8, 4))
    targets = rng.randn(8, 3)
    distillation = Distillation.for_targets(targets, "softmax")
    loss, gradient = loss_and_gradient(chain, x, targets, distillation, WINDOWS)
    assert loss == pytest.approx(rate_loss(chain, x, targets, distillation), rel=0.1)
    pairs = [*zip(chain.weights, gradient.weights, strict=True)]
    pairs += [*zip(chain.biases, gradient.biases, strict=True)]
    for parameter, found in pairs:
        numeric = np.zeros_like(parameter)
        for index in np.ndindex(parameter.shape):
            kept, losses = parameter[index], []
            for step in (-1e-5, 1e-5):
                parameter[index] = kept + step
                losses.append(rate_loss(chain, x, targets, distillation))
            parameter[index] = kept
            numeric[index] = (losses[1] - losses[0]) / 2e-5
        cosine = (numeric * found).sum() / np.linalg.norm(numeric) / np.linalg.norm(found)
        assert cosine > 0.99


def test_silent_neurons_far_below_threshold_do_not_learn(rng):
    chain = make_chain(rng, "host")
    chain.biases[1][2] = -0.6
    targets = rng.randn(8, 3)
    _, gradient = loss_and_gradient(
        chain,
        rng.uniform(0.2, 0.9, (8, 4)),
        targets,
        Distillation.for_targets(targets, "softmax"),
        WINDOWS,
    )
    np.testing.assert_array_equal(gradient.weights[1][2], 0)
    assert gradient.weights[1][[0, 1, 3, 4]].any(axis=1).all()


def test_windows_count_by_their_weight(rng):
    chain = make_chain(rng, "host")
    x, targets = rng.uniform(0.2, 0.9, (8, 4)), rng.randn(8, 3)
    distillation = Distillation.for_targets(targets, "softmax")
    early, late = (0, 30), (5, 60)

    def run(*windows):
        loss, gradient = loss_and_gradient(chain, x, targets, distillation, windows)
        return np.array([loss, *gradient.weights[0].ravel()])

    both = run(Window(*early, 0.25), Window(*late, 0.75))
    apart = 0.25 * run(Window(*early, 1.0)) + 0.75 * run(Window(*late, 1.0))
    np.testing.assert_allclose(both, apart, rtol=1e-4, atol=1e-7)


def test_neuron_types_other_than_rectified_linear_have_gradients_too(rng):
    stack = DenseStack(
        [4, 4, 2],
        3,
        neuron_type=[nengo.SpikingRectifiedLinear(), nengo.LIF()],
        max_rate=200.0,
        synapse=[0.005, None],
        seed=3,
    )
    targets = rng.randn(5, 2)
    _, gradient = loss_and_gradient(
        Chain(stack, 0.001),
        rng.uniform(0.5, 1.0, (5, 3)),
        targets,
        Distillation.for_targets(targets, "softmax"),
        [Window(10, 200, 1.0)],
    )
    assert all(np.isfinite(w).all() for w in gradient.weights)
