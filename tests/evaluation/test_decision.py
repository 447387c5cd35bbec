import numpy as np
import pytest

from nengo_dense.evaluation import decision, window
from nengo_dense.evaluation.decision import decide_over_time
from nengo_dense.heads import HEADS


@pytest.mark.parametrize("window", [0.1, 0.5, 1.0])
def test_decides_by_the_mean_of_the_window(rng, window):
    logits = rng.randn(7, 23, 4)
    decisions = decide_over_time(logits, window)
    for t in range(1, 24):
        start = int(np.floor(t * (1 - window)))
        expected = logits[:, start:t].mean(axis=1).argmax(axis=1)
        np.testing.assert_array_equal(decisions[:, t - 1], expected)


def test_the_first_step_decides_alone(rng):
    logits = rng.randn(5, 3, 4)
    np.testing.assert_array_equal(decide_over_time(logits)[:, 0], logits[:, 0].argmax(axis=1))


@pytest.mark.parametrize("head", sorted(HEADS))
def test_the_head_is_applied_to_the_mean(rng, head):
    logits = rng.randn(5, 12, 3) - 0.3
    decisions = decide_over_time(logits, head=head)
    mean = logits[:, 1:].mean(axis=1)  # 12 steps without the first tenth
    np.testing.assert_array_equal(decisions[:, -1], HEADS[head](mean).argmax(axis=1))


def test_of_equal_outputs_the_first_is_taken():
    logits = np.array([[[-1.0, -0.5]], [[-1.0, 0.5]]])
    np.testing.assert_array_equal(decide_over_time(logits, head="relu")[:, 0], [0, 1])
    np.testing.assert_array_equal(decide_over_time(logits)[:, 0], [1, 1])


def test_blocks_of_samples_decide_alike(rng, monkeypatch):
    logits = rng.randn(11, 7, 4)
    whole = decide_over_time(logits)
    monkeypatch.setattr(window, "BLOCK", 4 * 3)
    np.testing.assert_array_equal(decide_over_time(logits), whole)


@pytest.mark.parametrize(("n_classes", "size"), [(2, 1), (256, 1), (257, 2), (70_000, 4)])
def test_answers_take_no_more_memory_than_needed(n_classes, size):
    assert decision.answer_type(n_classes).itemsize == size


@pytest.mark.parametrize("head", decision.KEEP_ORDER)
def test_heads_that_are_not_computed_keep_the_order(rng, head):
    logits = 10 * rng.randn(50, 6)
    order = np.argsort(logits, axis=1)
    np.testing.assert_array_equal(np.argsort(HEADS[head](logits), axis=1), order)
