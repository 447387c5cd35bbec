import numpy as np
import pytest
from nengo.utils.progress import ProgressBar

from nengo_dense.conversion.calibration import Samples
from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Comparison, Distillation
from nengo_dense.conversion.host_limit import LIMIT, HostLimit
from nengo_dense.conversion.tandem import mean_loss
from nengo_dense.conversion.tuning import FINAL_SHARE, Adam, schedule, tune
from nengo_dense.layers.stack import DenseStack

WINDOWS = [Window(2, 25, 0.5), Window(5, 50, 0.5)]


@pytest.fixture(autouse=True)
def _few_updates(monkeypatch):
    for name in ("LEAST_UPDATES", "LEAST_UPDATES_OF_VALUES"):
        monkeypatch.setattr(f"nengo_dense.conversion.tuning.{name}", 60)


@pytest.fixture
def problem(rng):
    weights = [rng.randn(10, 4), rng.randn(8, 10) / 3, rng.randn(3, 8)]
    biases = [0.2 * rng.randn(n) for n in (10, 8, 3)]
    x = rng.randn(300, 4)
    y = x
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        y = np.maximum(y @ w.T + b, 0)
    samples = Samples(x, y @ weights[-1].T + biases[-1])

    def make():
        return Chain(
            DenseStack(
                [10, 8, 3],
                4,
                weights=weights,
                biases=biases,
                max_rate=[200.0, 250.0],
                synapse=[0.002, None],
            ),
            0.001,
        )

    return make, samples[:250], samples[250:], Distillation.for_targets(samples.targets, "softmax")


def run(problem, seed):
    make, fit, judge, distillation = problem
    chain = make()
    losses = tune(chain, fit, judge, distillation, WINDOWS, seed=seed, progress_bar=False)
    return chain, losses


def test_held_back_samples_come_closer_and_the_best_is_kept(problem):
    chain, losses = run(problem, 1)
    assert min(losses) < 0.7 * losses[0]
    _, _, judge, distillation = problem
    assert mean_loss(chain, judge, distillation, WINDOWS) == pytest.approx(min(losses))


def test_the_same_seed_gives_the_same_parameters(problem):
    first, second, other = (run(problem, seed)[0] for seed in (1, 1, 2))
    for a, b in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(first.weights, other.weights, strict=True))


def test_nothing_changes_where_everything_is_worse(problem, monkeypatch):
    monkeypatch.setattr("nengo_dense.conversion.tuning.LEARNING_RATE", 50.0)
    chain, losses = run(problem, 1)
    assert losses[0] == min(losses)
    unchanged, known = problem[0](), np.concatenate([problem[1].x, problem[2].x])
    HostLimit(known).hold(unchanged, known)
    for a, b in zip(chain.weights, unchanged.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_loss_of_many_samples_is_the_mean_of_all(problem, monkeypatch):
    make, fit, _, distillation = problem
    whole = mean_loss(make(), fit, distillation, WINDOWS)
    monkeypatch.setattr("nengo_dense.conversion.tandem.BATCH_SIZE", 7)
    assert mean_loss(make(), fit, distillation, WINDOWS) == pytest.approx(whole, rel=1e-6)


def test_adam_steps_are_relative_to_size_and_free_of_the_gradients_scale():
    parameters = [np.zeros(3), np.zeros(3)]
    adam = Adam(parameters, [1.0, 10.0])
    adam.update([np.array([1.0, -1e-3, 1e3])] * 2, 0.1)
    np.testing.assert_allclose(parameters[0], [-0.1, 0.1, -0.1], rtol=1e-6)
    np.testing.assert_allclose(parameters[1], [-1.0, 1.0, -1.0], rtol=1e-6)


def test_outputs_of_any_unit_take_steps_of_their_own_size():
    parameters = [np.zeros((2, 3)), np.zeros(2)]
    adam = Adam(parameters, [np.array([[1.0], [500.0]]), np.array([1.0, 500.0])])
    adam.update([np.ones((2, 3)), np.ones(2)], 0.01)
    np.testing.assert_allclose(parameters[0], [[-0.01] * 3, [-5.0] * 3])
    np.testing.assert_allclose(parameters[1], [-0.01, -5.0])


def test_step_size_rises_then_falls():
    shares = [schedule(n, 200) for n in range(1, 201)]
    top = int(np.argmax(shares))
    assert 10 <= top <= 20
    assert np.all(np.diff(shares[:top]) > 0)
    assert np.all(np.diff(shares[top:]) < 0)
    assert shares[-1] == pytest.approx(FINAL_SHARE)


def test_no_sample_drives_a_neuron_on_the_host_beyond_one_spike_a_step(problem):
    make, fit, judge, _ = problem
    chain, _ = run(problem, 1)
    for part in (fit, judge):
        drive = part.x @ chain.weights[0].T + chain.biases[0]
        assert drive.max() <= LIMIT * (1 + 1e-9)
    before = make()
    assert (fit.x @ before.weights[0].T + before.biases[0]).max() > 1.01


def test_values_get_more_updates_than_classes(problem, monkeypatch):
    """Values still stray by much when the right class is already found."""

    class Counting(ProgressBar):
        def update(self, progress):
            self.most = progress.max_steps

        def close(self):
            pass

    monkeypatch.setattr("nengo_dense.conversion.tuning.LEAST_UPDATES_OF_VALUES", 90)
    make, fit, judge, classes = problem
    deviation = fit.targets.std(axis=0)
    values = Distillation((Comparison("linear", deviation, 2 / 3, early=False),))
    counted = {}
    for name, distillation in (("classes", classes), ("values", values)):
        bar = Counting()
        tune(make(), fit[:40], judge, distillation, WINDOWS[1:], seed=1, progress_bar=bar)
        counted[name] = bar.most
    assert counted == {"classes": 60, "values": 90}


def test_values_with_an_offset_and_a_scale_come_as_close_as_others(problem):
    make, fit, judge, _ = problem
    losses = []
    for scale, offset in ((1.0, 0.0), (300.0, 2000.0)):
        chain = make()
        chain.weights[-1] *= scale
        chain.biases[-1][:] = scale * chain.biases[-1] + offset
        parts = [Samples(s.x, scale * s.targets + offset) for s in (fit, judge)]
        deviation = parts[0].targets.std(axis=0)
        distillation = Distillation((Comparison("linear", deviation, 2 / 3, early=False),))
        found = tune(chain, *parts, distillation, WINDOWS[1:], seed=1, progress_bar=False)
        losses.append(min(found))
    assert losses[1] == pytest.approx(losses[0], rel=0.1)
    assert losses[1] < 0.02
