import pytest
from hypothesis import given
from hypothesis import strategies as st
from nengo.exceptions import ValidationError

from nengo_dense.evaluation.batch import batch_size, lanes_in_memory


@given(n=st.integers(1, 5000), most=st.integers(1, 2000))
def test_batches_are_even_and_no_larger_than_asked(n, most):
    size = batch_size(n, most, 1)
    assert size <= most
    n_batches = -(-n // size)
    assert n_batches == -(-n // most)
    assert size * n_batches - n < n_batches


def test_no_process_is_idle():
    assert batch_size(100, 1000, 4) == 25
    assert batch_size(100, 10, 4) == 10
    assert batch_size(3, 1000, 4) == 1


@pytest.mark.parametrize("n_jobs", [0, 1.5, True, None])
def test_other_numbers_of_processes_are_refused(n_jobs):
    with pytest.raises(ValidationError, match="n_jobs: must be a whole number of processes"):
        batch_size(10, 10, n_jobs)


@pytest.mark.parametrize(
    ("n_steps", "n_classes", "n_neurons", "lanes"),
    [
        (100, 10, 100, 107_374),  # 12 sums of 80 bytes each, in 256 MiB, or 10 kB of state
        (1000, 200, 100, 1644),
        (10**6, 1000, 100, 1),
        (100, 10, 131_072, 81),  # a whole chip's neurons, in 1 GiB
    ],
)
def test_lanes_fit_the_memory(n_steps, n_classes, n_neurons, lanes):
    assert lanes_in_memory(n_steps, n_classes, n_neurons) == lanes
