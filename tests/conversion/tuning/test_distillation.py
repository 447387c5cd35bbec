import numpy as np
import pytest
from scipy.optimize import check_grad

from nengo_dense.conversion.tuning.distillation import (
    LABEL_WEIGHT,
    TEMPERATURE,
    USUAL_SPREAD,
    Distillation,
    best_scale,
)
from nengo_dense.heads import HEADS, OF_CLASSES, POTENTIALS, softmax, with_potential

CASES = [
    (head, n_out) for head in HEADS for n_out in (5, 1) if n_out > 1 or head not in OF_CLASSES
]


@pytest.mark.parametrize("head", POTENTIALS)
def test_every_head_is_the_gradient_of_its_potential(rng, head):
    error = check_grad(
        lambda z: float(POTENTIALS[head](z)), lambda z: HEADS[head](z), rng.randn(4)
    )
    assert error < 1e-6


@pytest.mark.parametrize("readout,n_out", CASES)
@pytest.mark.parametrize("early", [False, True])
def test_gradient_is_that_of_the_loss(rng, n_out, readout, early, monkeypatch):
    # the factor that fits best is taken as given
    monkeypatch.setattr(
        "nengo_dense.conversion.tuning.distillation.best_scale", lambda z, t, head: 0.8
    )
    targets = rng.randn(7, n_out)
    distillation = Distillation.for_targets(targets, readout)
    error = check_grad(
        lambda z: distillation(z.reshape(7, n_out), targets, early)[0],
        lambda z: distillation(z.reshape(7, n_out), targets, early)[1].ravel(),
        rng.randn(7 * n_out),
    )
    assert error < 1e-5


@pytest.mark.parametrize("readout,n_out", CASES)
def test_loss_is_zero_at_the_targets_and_positive_elsewhere(rng, n_out, readout):
    targets = rng.randn(7, n_out)
    distillation = Distillation.for_targets(targets, readout)
    loss, gradient = distillation(targets, targets)
    assert loss == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(gradient, 0, atol=1e-12)
    assert distillation(targets + rng.randn(7, n_out), targets)[0] > 1e-3


def test_softmaxes_are_compared_by_the_divergence_at_a_temperature(rng):
    z, t = rng.randn(7, 3), rng.randn(7, 3)
    p, q = softmax(z / TEMPERATURE), softmax(t / TEMPERATURE)
    divergence = (q * np.log(q / p)).sum(axis=1).mean()
    assert Distillation.for_targets(t, "softmax")(z, t)[0] == pytest.approx(
        TEMPERATURE**2 * divergence
    )


def test_values_are_compared_in_their_own_deviations(rng):
    t = rng.randn(50, 1)
    distillation = Distillation.for_targets(t, "linear")
    z = t + 0.5 * t.std()
    assert distillation(z, t)[0] == pytest.approx(0.25)
    scaled = Distillation.for_targets(300 * t + 900, "linear")
    assert scaled(300 * z + 900, 300 * t + 900)[0] == pytest.approx(0.25)


def test_where_a_rectified_output_is_zero_only_a_positive_logit_matters():
    t = np.array([[-3.0], [0.0], [2.0], [4.0]])
    distillation = Distillation.for_targets(t, "relu")
    assert distillation(np.array([[-0.5], [-9.0], [2.0], [4.0]]), t)[0] == pytest.approx(0)
    _, gradient = distillation(np.array([[0.5], [-1.0], [-1.0], [4.5]]), t)
    # too high pushes down, a silent output that should speak is pushed up, also from below zero
    np.testing.assert_array_equal(np.sign(gradient[:, 0]), [1, 0, -1, 1])


def test_a_softmax_does_not_mind_a_constant_but_values_do(rng):
    targets = rng.randn(7, 3)
    classes = Distillation.for_targets(targets, "softmax")
    either = Distillation.for_targets(targets, "linear")
    assert classes(targets + 5, targets)[0] == pytest.approx(0, abs=1e-9)
    assert either(targets + 5, targets)[0] > 0.1


def test_large_logits_are_told_apart_as_well_as_small_ones(rng):
    """At a fixed temperature all softmaxes of large logits would be zeros and ones."""
    t = USUAL_SPREAD * rng.randn(50, 4)
    t *= USUAL_SPREAD / t.std(axis=1).mean()
    z = t + 0.1 * USUAL_SPREAD * rng.randn(50, 4)
    losses = [
        Distillation.for_targets(k * t, "softmax")(k * z, k * t)[0] / k**2 for k in (1, 1000)
    ]
    assert losses[1] == pytest.approx(losses[0])


def test_constant_outputs_have_a_scale():
    targets = np.zeros((4, 1))
    loss, _ = Distillation.for_targets(targets, "linear")(targets + 0.5, targets)
    assert loss == pytest.approx(0.25)


def test_early_logits_are_compared_at_the_factor_that_fits_best(rng):
    t = rng.randn(20, 3)
    distillation = Distillation.for_targets(t, "softmax")
    assert best_scale(0.7 * t, t) == pytest.approx(1 / 0.7)
    assert best_scale(0.1 * t, t) == 2.0
    assert distillation(0.7 * t, t, early=True)[0] == pytest.approx(0, abs=1e-12)
    assert distillation(0.7 * t, t)[0] > 1e-3


@pytest.mark.parametrize("head", POTENTIALS)
def test_a_potential_and_its_head_are_those_by_themselves(rng, head):
    x = 50 * rng.randn(7, 4)
    potential, values = with_potential(head, x)
    np.testing.assert_array_equal(potential, POTENTIALS[head](x))
    np.testing.assert_array_equal(values, HEADS[head](x))


def test_softmax_stands_large_logits():
    np.testing.assert_array_equal(softmax(np.array([[1e4, 0.0]])), [[1.0, 0.0]])
    assert POTENTIALS["softmax"](np.array([1e4, 0.0])) == 1e4


def test_labels_have_their_share_of_what_is_wanted(rng):
    targets, labels = 3 * rng.randn(6, 4), rng.randint(4, size=6)
    distillation = Distillation.for_targets(targets, "softmax")
    (comparison,) = distillation.comparisons
    wanted = softmax(distillation.with_labels(targets, labels), comparison.scale)
    expected = (1 - LABEL_WEIGHT) * softmax(targets, comparison.scale)
    expected[np.arange(6), labels] += LABEL_WEIGHT
    np.testing.assert_allclose(wanted, expected)


def test_labels_of_a_source_that_is_sure_are_finite():
    targets = np.array([[0.0, 5000.0]])
    distillation = Distillation.for_targets(targets, "softmax")
    assert np.isfinite(distillation.with_labels(targets, np.array([0]))).all()
