"""Labels that number the classes otherwise than a model does."""

import numpy as np
import pytest

from nengo_dense.label_order import TELLING, are_below, other_order

ANSWERS = np.arange(60) % 3


def test_labels_from_1_are_one_above_the_answers():
    some = ANSWERS[ANSWERS < 2]
    assert are_below(some + 1, some)
    assert not are_below(some, some)
    assert not are_below(some[: TELLING - 1] + 1, some[: TELLING - 1])


@pytest.mark.parametrize("order", [[1, 2, 0], [1, 0, 2]])
def test_another_order_is_told_with_what_it_would_bring(order):
    labels = np.array(order)[ANSWERS]
    found = other_order(labels, ANSWERS, 3)
    right = np.mean(labels == ANSWERS)
    assert found.endswith(f"100% of the answers are the label, and {right:.0%} as they are")
    assert other_order(ANSWERS, ANSWERS, 3) == ""
    assert other_order(labels[:59], ANSWERS[:59], 3) == ""  # too few


def test_one_answer_for_all_says_nothing_of_an_order():
    assert other_order(np.where(np.arange(60) < 50, 2, 0), np.zeros(60, int), 3) == ""
