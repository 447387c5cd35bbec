import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.conversion.tuning import effort
from nengo_dense.conversion.tuning.effort import EFFORTS, Budget, check_effort


def n_updates(word, n_samples, n_steps=10, values=False):
    return round(1 / Budget(word, n_samples, n_steps, values).used(1))


def test_a_word_is_a_number_of_updates_that_follows_from_the_data():
    for word, (passes, least, most) in EFFORTS.items():
        assert n_updates(word, 1) == least
        assert n_updates(word, 10**9) == most
        n = 256 * (least + most) // (2 * passes)
        assert n_updates(word, n) == passes * n // 256


def test_more_effort_is_more_updates():
    counts = [n_updates(word, 5000) for word in ("fast", "normal", "best")]
    assert counts == sorted(set(counts))


def test_long_presentations_have_fewer_updates_and_values_have_more():
    assert n_updates("normal", 10**5, 400) == n_updates("normal", 10**5, 100) / 2
    assert n_updates("normal", 100, 400, values=True) == 2 * n_updates("normal", 100)


def test_a_quarter_of_the_updates_takes_steps_of_twice_the_size():
    usual, few = 256 * 10**6, 1  # samples
    assert Budget("normal", usual, 10, False).haste == 1
    assert Budget("fast", few, 10, False).haste == pytest.approx(np.sqrt(750 / 100))
    assert Budget(60.0, few, 10, False).haste == 1


def test_seconds_are_those_of_the_clock(monkeypatch):
    times = iter([100.0, 103.0, 110.0])
    monkeypatch.setattr(effort.time, "perf_counter", lambda: next(times))
    budget = Budget(10.0, 5000, 10, False)
    assert budget.used(7) == pytest.approx(0.3)
    assert budget.used(7) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "value, match",
    [
        ("hard", r"effort.*'fast', 'normal', 'best'.*'hard'"),
        (0, r"effort.*above 0 seconds.*got 0"),
        (None, r"effort"),
        (True, r"effort: must be a word or seconds, got True"),
    ],
)
def test_refuses_other_efforts(value, match):
    with pytest.raises(ValidationError, match=match):
        check_effort(value)
