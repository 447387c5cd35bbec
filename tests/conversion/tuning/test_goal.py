import numpy as np
import pytest

from nengo_dense.conversion.tuning.answer import deadlines, frame_windows
from nengo_dense.conversion.tuning.distillation import Distillation
from nengo_dense.conversion.tuning.goal import UNKNOWN, Goals


@pytest.fixture
def targets(rng):
    """Logits of a softmax of 3 and of 40 labels, and 2 values in a large unit."""
    return np.concatenate([rng.normal(size=(60, 43)), 1e4 * rng.normal(size=(60, 2))], axis=1)


HEADS, WIDTHS = ["softmax", "sigmoid", "linear"], [3, 40, 2]


def test_one_outputs_loss_is_its_own(rng, targets):
    logits = rng.normal(size=(60, 3))
    goals = Goals.for_targets(targets[:, :3], ["softmax"])
    own = Distillation.for_targets(targets[:, :3], "softmax")
    for early in (False, True):
        loss, gradient = goals(logits, targets[:, :3], early)
        expected, slope = own(logits, targets[:, :3], early)
        assert loss == pytest.approx(expected, rel=1e-12)
        np.testing.assert_array_equal(gradient, slope)


def test_outputs_of_different_sizes_and_units_count_alike(targets):
    goals = Goals.for_targets(targets, HEADS, WIDTHS)
    for goal in goals.of_outputs:
        logits = targets.copy()
        logits[:, goal.columns] = targets[:, goal.columns].mean(axis=0)
        assert goals(logits, targets)[0] == pytest.approx(1)
    assert goals(targets.copy(), targets)[0] == pytest.approx(0, abs=1e-12)


def test_gradient_is_the_slope_of_the_loss(rng, targets):
    goals = Goals.for_targets(targets, HEADS, WIDTHS)
    logits = targets + 0.5 * targets.std(axis=0) * rng.normal(size=targets.shape)
    _, gradient = goals(logits, targets)
    for columns in (goal.columns for goal in goals.of_outputs):
        move = np.zeros_like(logits)
        move[:, columns] = targets.std(axis=0)[columns] * rng.normal(size=move[:, columns].shape)
        steps = [goals(logits + sign * 1e-5 * move, targets)[0] for sign in (1, -1)]
        slope = (steps[0] - steps[1]) / 2e-5
        assert (gradient * move).sum() == pytest.approx(slope, rel=1e-5)


def test_early_in_a_presentation_values_do_not_count(targets):
    goals = Goals.for_targets(targets, HEADS, WIDTHS)
    _, gradient = goals(np.zeros_like(targets), targets, early=True)
    assert gradient[:, :43].any()
    np.testing.assert_array_equal(gradient[:, 43:], 0)
    assert (goals.late, goals.has_values) == (False, True)


def test_every_output_is_apart_in_its_own_way(targets):
    goals = Goals.for_targets(targets, HEADS, WIDTHS)
    assert goals.apart(targets, targets) == (0, 0, 0)
    logits = targets.copy()
    logits[:15, :3] = -logits[:15, :3]  # the largest becomes the smallest
    logits[:30, 3] = -logits[:30, 3]  # a half of one of 40 labels
    logits[:, 43:] += targets[:, 43:].std(axis=0)
    np.testing.assert_allclose(goals.apart(logits, targets), (0.25, 0.5 / 40, 1.0))


def test_a_single_label_can_be_given_otherwise():
    source = np.array([[1.0], [-1.0], [2.0], [-3.0]])
    goals = Goals.for_targets(source, ["sigmoid"])
    assert goals.apart(np.array([[1.0], [1.0], [2.0], [-3.0]]), source) == (0.25,)


def test_wrong_answers_are_counted_where_labels_are_known(rng, targets):
    goals = Goals.for_targets(targets, HEADS, WIDTHS)
    assert not goals.mistakes(targets, None).any()
    labels = np.full((60, 3), UNKNOWN)
    labels[:, 0] = targets[:, :3].argmax(axis=1)
    labels[:6, 0] = (labels[:6, 0] + 1) % 3
    assert goals.mistakes(targets, labels).mean(axis=1).tolist() == [0.1, 0, 0]


def test_labels_change_what_is_wanted_of_their_output_alone(targets):
    goals = Goals.for_targets(targets, HEADS, WIDTHS)
    labels = np.full((60, 3), UNKNOWN)
    labels[:, 0] = 2
    wanted = goals.with_labels(targets, labels)
    np.testing.assert_array_equal(wanted[:, 3:], targets[:, 3:])
    softmax = [np.exp(z[:, :3]) / np.exp(z[:, :3]).sum(axis=1)[:, None] for z in (targets, wanted)]
    assert (softmax[1][:, 2] > softmax[0][:, 2]).all()


@pytest.mark.parametrize("head, missed", [("softmax", 0.2), ("sigmoid", 0.3)])
def test_one_answer_for_all_misses_what_is_rarer(head, missed):
    logits = np.array([[1.0, -2.0], [1.0, -2.0], [1.0, -2.0], [-1.0, 1.0], [3.0, 2.0]])
    (goal,) = Goals.for_targets(logits, [head]).of_outputs
    assert goal.missed_by_one(logits) == pytest.approx(missed)


def test_classes_are_wanted_at_every_deadline_and_values_at_the_last(targets):
    windows = deadlines(100, 3)
    classes = Goals.for_targets(targets[:, :3], ["softmax"]).at(windows)
    assert classes.windows == tuple(windows)
    assert classes.last_windows == windows[-1:]
    values = Goals.for_targets(targets[:, :2], ["linear"], task="regression").at(windows)
    assert values.windows == (windows[-1]._replace(weight=1.0),)
    assert {goals.n_steps for goals in (classes, values)} == {100}


def test_frames_take_more_steps_than_each_is_answered_for(targets):
    goals = Goals.for_targets(targets[:, :3], ["softmax"]).at(frame_windows(5, 4, 3))
    assert (goals.n_steps, goals.n_shown) == (23, 4)


@pytest.mark.parametrize(
    ("task", "may_be"), [(None, True), ("classification", False), ("regression", False)]
)
def test_several_linear_outputs_may_be_values_where_nothing_says_it(task, may_be):
    source = np.random.RandomState(0).normal(size=(200, 3))
    (goal,) = Goals.for_targets(source, ["linear"], task=task).of_outputs
    assert goal.may_be_values == may_be
    assert goal.off(np.broadcast_to(source.mean(axis=0), source.shape), source) == pytest.approx(1)
    assert goal.off(source, source) == 0
