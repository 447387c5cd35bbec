import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nengo.exceptions import ValidationError

from nengo_dense import batches
from nengo_dense.batches import check_batches


@given(sizes=st.lists(st.integers(1, 7), min_size=1, max_size=8), size=st.integers(1, 10))
def test_parts_of_any_size_become_batches_of_one_size(sizes, size):
    x = np.arange(2.0 * sum(sizes)).reshape(-1, 2)
    parts = np.split(x, np.cumsum(sizes)[:-1])
    read = list(check_batches((part for part in parts), 2, "x").of(size))
    assert [len(batch) for batch in read[:-1]] == [size] * (len(read) - 1)
    assert 0 < len(read[-1]) <= size
    np.testing.assert_array_equal(np.concatenate(read), x)


@pytest.mark.parametrize("dtype", ["float32", "uint8", "float64"])
def test_arrays_and_maps_are_read_batch_by_batch(tmp_path, rng, dtype):
    x = (100 * rng.rand(11, 2, 3)).astype(dtype)
    np.save(tmp_path / "x.npy", x)
    for given_x in (x, np.load(tmp_path / "x.npy", mmap_mode="r"), x.tolist()):
        samples = check_batches(given_x, 6, "x")
        assert samples.n == 11
        read = list(samples.of(4))
        assert [batch.shape for batch in read] == [(4, 6), (4, 6), (3, 6)]
        assert read[0].dtype == np.float64
        np.testing.assert_array_equal(np.concatenate(read), x.reshape(11, 6))
        np.testing.assert_array_equal(samples.take([7, 2]), x.reshape(11, 6)[[7, 2]])


def test_a_map_is_not_copied_into_memory(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((1000, 3)))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert np.shares_memory(check_batches(mapped, 3, "x")._x, mapped)


def test_a_glance_is_from_the_whole_set(monkeypatch):
    monkeypatch.setattr(batches, "GLANCE", 4)
    seen = check_batches(np.arange(10.0)[:, None], 1, "x").glance()
    assert seen[:, 0].tolist() == [0, 3, 6, 9]


class Loader:
    """Has a length and is no sequence, as PyTorch's loader."""

    def __init__(self, parts):
        self.parts = parts

    def __len__(self):
        return len(self.parts)

    def __iter__(self):
        return iter(self.parts)


def test_a_loader_yields_parts():
    samples = check_batches(Loader([[[1.0]], [[2.0]]]), 1, "x")
    assert samples.n is None
    assert samples.glance().tolist() == [[1.0]]
    assert [batch.tolist() for batch in samples.of(2)] == [[[1.0], [2.0]]]
    assert samples.doubt() == ""


def test_parts_in_lists_of_their_own_are_read():
    """As PyTorch's loader of a TensorDataset of samples alone yields them."""
    parts = [[np.eye(2)], (np.ones((3, 2)),), [[5.0, 6.0]]]
    (read,) = check_batches(iter(parts), 2, "x").of(9)
    np.testing.assert_array_equal(read, [[1, 0], [0, 1], [1, 1], [1, 1], [1, 1], [5, 6]])


class Shuffled:
    def __init__(self, x, rng):
        self.x, self.rng = x, rng

    def __iter__(self):
        return iter(np.array_split(self.rng.permutation(self.x), 3))


class Once:
    """Whose iterators share one place."""

    def __init__(self, parts):
        self.parts = iter(parts)

    def __iter__(self):
        yield from self.parts


class Closed(Once):
    """Which cannot be read again."""

    def __iter__(self):
        if self.parts is None:
            raise RuntimeError("closed")
        parts, self.parts = self.parts, None
        return iter([*parts])


def test_what_comes_in_another_order_each_time_is_told_after_it_was_read(rng):
    x = rng.normal(size=(60, 2))
    samples = check_batches(Shuffled(x, rng), 2, "x")
    assert len(np.concatenate(list(samples.of(7)))) == 60
    assert "x yields other samples each time that it is read" in samples.doubt()
    for kind in (iter, Once, Closed):
        parts = kind([x[:9], x[9:]])
        samples = check_batches(parts, 2, "x")
        np.testing.assert_array_equal(np.concatenate(list(samples.of(7))), x)
        assert samples.doubt() == ""


def test_a_value_that_is_not_finite_is_found_before_anything_is_read(monkeypatch):
    monkeypatch.setattr(batches, "LOOK_BYTES", 8 * 2 * 3)
    x = np.zeros((10, 2))
    x[7, 1] = np.nan
    message = r"x: has NaN or infinite values in sample 7;.* Fill in what is missing"
    with pytest.raises(ValidationError, match=message):
        check_batches(x, 2, "x")


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (iter([]), "x: yields no batch of samples"),
        (iter([np.zeros((3, 2))]), r"a batch of x: must have shape \(batch, 5\)"),
        (
            iter(np.zeros((3, 5))),
            r"one by one, of 5 values each; give .*numpy\.stack\(list\(x\)\)",
        ),
        (iter([(np.zeros((3, 5)), np.zeros(3))]), "x: yields pairs, of inputs and labels"),
        (np.zeros((0, 5)), "with at least one sample"),
        (np.zeros(5), r"if this is a single sample, give x\[None\]"),
        ("x.npy", "must be an array, got text"),
        ({"x": 1}, "x: must"),
    ],
)
def test_what_is_no_set_of_samples_is_refused(x, message):
    with pytest.raises(ValidationError, match=message):
        check_batches(x, 5, "x")


def test_an_iterator_is_read_once_and_keeps_nothing():
    samples = check_batches(iter([np.zeros((3, 5))]), 5, "x")
    list(samples.of(2))
    with pytest.raises(ValidationError, match="was read to its end"):
        list(samples.of(2))
    with pytest.raises(ValidationError, match="batches that are not kept"):
        samples.take([0])
