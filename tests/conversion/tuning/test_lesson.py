import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nengo_dense.conversion.tuning.answer import Samples
from nengo_dense.conversion.tuning.lesson import Lessons, mix, more_of_the_rare


def source(x):
    """Answer as a model that bends: its answers between samples are not between its answers."""
    return np.stack([np.maximum(x[:, 0], 0), x[:, 1] ** 2], axis=1)


@pytest.fixture
def samples(rng):
    x = rng.randn(50, 3)
    return Samples(x, source(x))


def as_rows(batch):
    return {tuple(row) for row in batch.frames}


def learn_by_heart(lessons):
    for learned, held_back in [(0.5, 0.27), (0.1, 0.31)]:
        lessons.note(learned)
        lessons.note(0.3)
        lessons.compare(held_back)


def test_each_pass_has_every_sample_once_in_a_new_order(samples):
    lessons = Lessons(samples, 10, source, 0)
    passes = [[lessons.next_batch() for _ in range(5)] for _ in range(2)]
    for batches in passes:
        assert set.union(*map(as_rows, batches)) == as_rows(samples)
    first, second = (np.concatenate([batch.frames for batch in batches]) for batches in passes)
    assert (first != second).any()


def test_a_batch_is_no_larger_than_all_samples(samples):
    assert len(Lessons(samples, 640, None, 0).next_batch()) == len(samples)


@pytest.mark.parametrize(
    "counts, times",
    [
        ([50, 50], [1, 1]),
        ([87, 13], [1, 1]),
        ([88, 12], [1, 2]),
        ([195, 5], [1, 5]),
        ([999, 1], [1, 10]),
        ([40, 30, 29, 1], [1, 1, 1, 7]),
        ([100], [1]),
    ],
)
def test_samples_of_rare_classes_come_several_times(counts, times):
    classes = np.repeat(np.arange(len(counts)), counts)
    found = more_of_the_rare(np.eye(len(counts) + 1)[classes])  # one class is never answered
    assert_array_equal(found, np.repeat(times, counts))


def test_a_pass_has_samples_as_often_as_asked(samples):
    times = np.where(np.arange(50) < 5, 3, 1)
    lessons = Lessons(samples, 12, source, 0, times)
    frames = np.concatenate([lessons.next_batch().frames for _ in range(5)])
    seen = (frames[:, np.newaxis] == samples.frames).all(axis=2).sum(axis=0)
    assert_array_equal(seen, times)


def test_samples_are_mixed_only_when_they_are_learned_by_heart(samples):
    lessons = Lessons(samples, 10, source, 0)
    for learned, held_back in [
        (0.2, 0.9),  # there was nothing lower yet
        (0.4, 0.3),
        (0.2, 0.32),  # hardly risen
        (0.3, 0.4),  # those learned from are no better
    ]:
        lessons.note(learned)
        lessons.compare(held_back)
        assert as_rows(lessons.next_batch()) <= as_rows(samples)
    lessons = Lessons(samples, 10, source, 0)
    learn_by_heart(lessons)
    assert len(as_rows(lessons.next_batch()) & as_rows(samples)) == 5  # half of them
    lessons.note(1.0)
    lessons.compare(0.1)  # what is mixed is harder; it says nothing of the samples
    assert len(as_rows(lessons.next_batch()) & as_rows(samples)) == 5


def test_without_a_source_that_answers_nothing_is_mixed(samples):
    lessons = Lessons(samples, 10, None, 0)
    learn_by_heart(lessons)
    assert as_rows(lessons.next_batch()) <= as_rows(samples)


def test_a_seed_decides_all(samples):
    found = []
    for _ in range(2):
        lessons = Lessons(samples, 10, source, 3)
        learn_by_heart(lessons)
        found.append(lessons.next_batch().x)
    assert_array_equal(*found)


def test_the_source_answers_what_lies_between_a_sample_and_one_it_answers_alike(samples, rng):
    mixed = mix(samples, samples, source, rng)
    assert_allclose(mixed.targets[:, 0], source(mixed.frames), rtol=1e-12)
    whole = np.ptp(samples.frames, axis=0)
    moved = np.abs(mixed.frames - samples.frames)
    assert (moved <= whole / 2).all()
    assert moved.any(axis=1).mean() > 0.5
    assert (mixed.frames >= samples.frames.min(axis=0)).all()
    assert (mixed.frames <= samples.frames.max(axis=0)).all()


def test_partners_are_answered_alike(rng):
    x = np.concatenate([rng.uniform(1, 2, (40, 2)), rng.uniform(-2, -1, (40, 2))])
    found = mix(Samples(x, 10 * x), Samples(x, 10 * x), lambda rows: 10 * rows, rng)
    assert_array_equal(np.sign(found.frames), np.sign(x))


def test_sequences_are_mixed_with_others_as_long_and_labels_stay(rng):
    x, lengths = rng.randn(40, 4, 2), rng.choice([2, 4], 40)
    x[lengths == 2, 2:] = 0
    labels = rng.randint(3, size=(40, 1))
    samples = Samples(x, x, labels, lengths, frame_steps=5)
    mixed = mix(samples, samples, lambda rows: 2 * rows, rng)
    assert_array_equal(mixed.labels, samples.labels)
    assert_array_equal(mixed.lengths, lengths)
    assert (mixed.x[lengths == 2, 2:] == 0).all()
    assert_array_equal(mixed.targets, 2 * mixed.x)
    assert (mixed.x[lengths == 2, :2] != x[lengths == 2, :2]).any()
