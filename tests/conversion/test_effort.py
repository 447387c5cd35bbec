import pytest
from nengo.exceptions import ValidationError

from nengo_dense.conversion import effort
from nengo_dense.conversion.effort import EFFORTS, Budget, check_effort


def test_a_word_is_a_number_of_updates_that_follows_from_the_data():
    for word, (passes, least, most) in EFFORTS.items():
        assert Budget(word, 1).used(least) == 1
        assert Budget(word, 10**9).used(most) == 1
        n = 256 * (least + most) // (2 * passes)
        assert Budget(word, n).used(passes * n // 256) == 1


def test_more_effort_is_more_updates():
    assert Budget("fast", 5000).used(10) > Budget("normal", 5000).used(10)
    assert Budget("normal", 5000).used(10) > Budget("best", 5000).used(10)


def test_seconds_are_those_of_the_clock(monkeypatch):
    times = iter([100.0, 103.0, 110.0])
    monkeypatch.setattr(effort.time, "perf_counter", lambda: next(times))
    budget = Budget(10.0, 5000)
    assert budget.used(7) == pytest.approx(0.3)
    assert budget.used(7) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "value, match",
    [
        ("hard", r"effort.*'fast', 'normal', 'best'.*'hard'"),
        (0, r"effort.*above 0 seconds.*got 0"),
        (None, r"effort"),
        (True, r"effort"),
    ],
)
def test_refuses_other_efforts(value, match):
    with pytest.raises(ValidationError, match=match):
        check_effort(value)
