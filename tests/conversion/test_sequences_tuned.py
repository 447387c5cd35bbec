"""Conversion of a model of frames for sequences that change while they are shown."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError
from sklearn.neural_network import MLPClassifier, MLPRegressor

import nengo_dense
from nengo_dense.conversion import convert
from nengo_dense.conversion.calibration import HELD_BACK
from nengo_dense.samples import hold_back

N, N_IN, STEPS = 60, 8, 4
QUICK = {"effort": "fast", "seed": 0, "progress_bar": False}


def make_sequences(rng, n):
    """A bump that moves up or down in noise, of eight to twelve frames."""
    parts, labels = [], rng.randint(2, size=n)
    for label in labels:
        way = np.linspace(0, N_IN - 1, rng.randint(8, 13))[:: 1 - 2 * label]
        bump = np.exp(-((np.arange(N_IN) - way[:, np.newaxis]) ** 2))
        parts.append(bump * rng.uniform(0.8, 1.2, N_IN) + 0.1 * rng.randn(len(way), N_IN))
    return parts, labels


@pytest.fixture(scope="module")
def frames():
    """Frames of sequences, each with its place: the source's classes are places."""
    rng = np.random.RandomState(0)
    parts, _ = make_sequences(rng, N)
    return parts, [part.argmax(axis=1) // 2 for part in parts]


@pytest.fixture(scope="module")
def model(frames):
    x, y = (np.concatenate(part) for part in frames)
    return MLPClassifier((24, 16), max_iter=300, random_state=0).fit(x, y)


def times(parts, steps=STEPS):
    return {"presentation_time": max(map(len, parts)) * steps / 1000}


def agreement(stack, model, parts):
    source = [model.predict(part) for part in parts]
    how = {"per_frame": True, "progress_bar": False, **times(parts, 1)}
    found = nengo_dense.predict(stack, parts, **how)
    ours = np.concatenate([part.argmax(axis=1) for part in found])
    return float((stack.classes[ours] == np.concatenate(source)).mean())


@pytest.mark.filterwarnings("ignore:This stack was tuned for presentations of:UserWarning")
@pytest.mark.filterwarnings("ignore:Answers of the converted network:UserWarning")
def test_tuned_by_frames_in_a_row_it_answers_unseen_ones_better(model, frames, rng):
    """Better than tuned on frames that stay, which never follow another: frames of one step."""
    parts, _ = frames
    still = convert(model, calibration=np.concatenate(parts), presentation_time=0.02, **QUICK)
    moving = convert(model, calibration=parts, per_frame=True, **times(parts, 1), **QUICK)
    unseen, _ = make_sequences(rng, 60)
    assert agreement(moving, model, unseen) > agreement(still, model, unseen) + 0.1
    assert moving.tuned.frame_time == pytest.approx(0.001)
    assert moving.tuned.presentation_time == pytest.approx(0.001)


@pytest.mark.filterwarnings("ignore:Answers of the converted network:UserWarning")
@pytest.mark.filterwarnings("ignore:.*features leave .* in the calibration data:UserWarning")
@pytest.mark.parametrize(
    ("encoding", "steps"),
    [
        ("host", 1),
        ("host", 2),
        ("host", 4),
        ("spikes", 1),
        ("spikes", 2),
        ("chip", 1),
        ("chip", 4),
    ],
)
def test_frames_are_judged_in_tuning_as_they_are_evaluated(model, frames, encoding, steps):
    parts, _ = frames
    how = {"per_frame": True, **times(parts, steps)}
    settings = {**QUICK, "encoding": encoding}
    stack = convert(model, calibration=parts, **how, **settings)
    assert stack.tuned.first_answer == stack.tuned.presentation_time == steps / 1000
    _, held_back = hold_back(N, round(HELD_BACK * N), 0)
    judged = [parts[i] for i in held_back]
    y = [model.predict(part) for part in judged]
    # the longest of these may be shorter than the longest of all
    how["presentation_time"] = steps / 1000 * max(map(len, judged))
    found = nengo_dense.evaluate(stack, judged, y, progress_bar=False, **how)
    assert 100 * (1 - found.accuracy) == pytest.approx(stack.tuned.gap)


@pytest.mark.filterwarnings("ignore:Labels are those of")  # of their first frames alone
@pytest.mark.filterwarnings("ignore:Answers of the converted network:UserWarning")
@pytest.mark.parametrize("per_frame", [False, True])
def test_a_mask_says_what_a_list_says_and_labels_have_the_shape_of_answers(
    model, frames, per_frame
):
    parts, places = frames
    longest = max(map(len, parts))
    mask = np.arange(longest) < np.array([len(part) for part in parts])[:, np.newaxis]
    padded, by_frame = np.zeros((N, longest, N_IN)), np.full((N, longest), -1)
    for row, part, label, place in zip(padded, parts, by_frame, places, strict=True):
        row[: len(part)], label[: len(part)] = part, place
    y = [place[0] for place in places]
    how = {"per_frame": per_frame, **times(parts), **QUICK}
    one = convert(model, calibration=parts, labels=places if per_frame else y, **how)
    other = convert(
        model, calibration=padded, mask=mask, labels=by_frame if per_frame else y, **how
    )
    assert one.tuned.data == other.tuned.data
    assert one.tuned.presentation_time == pytest.approx(
        STEPS / 1000 if per_frame else longest * STEPS / 1000
    )
    assert one.tuned.frame_time == pytest.approx(STEPS / 1000)


def test_values_of_sequences_are_means_of_the_sources(frames):
    parts, _ = frames
    rows = np.concatenate(parts)
    model = MLPRegressor(hidden_layer_sizes=(24, 16), max_iter=2000, random_state=0).fit(
        rows, rows @ np.arange(N_IN)
    )
    how = {"per_frame": True, **times(parts, 10)}
    stack = convert(model, calibration=parts, **how, **QUICK)
    source = np.concatenate([model.predict(part) for part in parts])
    plain = convert(model, calibration=rows, presentation_time=0.1, tune=False)
    errors = []
    for each in (stack, plain):
        found = np.concatenate(nengo_dense.predict(each, parts, progress_bar=False, **how))
        errors.append(np.sqrt(np.mean((found[:, 0] - source) ** 2)))
    assert errors[0] < 0.6 * errors[1]


def test_a_run_with_shorter_frames_is_said(model, frames):
    parts, _ = frames
    stack = convert(model, calibration=parts, **times(parts), **QUICK)
    with pytest.warns(UserWarning, match="frames of 4 ms, and here they last 2 ms"):
        nengo_dense.predict(stack, parts, progress_bar=False, **times(parts, 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"calibration": None, "per_frame": True}, "per_frame: goes with calibration= of sequenc"),
        ({"calibration": None, "mask": np.ones((N, 3))}, "mask: goes with calibration= of sequen"),
        ({"calibration": lambda p: np.concatenate(p), "per_frame": True}, "per_frame: goes with"),
        ({"calibration": lambda p: p[:7]}, "at least 20 sequences.* got 7; cut long ones"),
        (
            {"presentation_time": 0.05},
            r"cannot be divided among 12 frames.*0.048 or 0.06",
        ),
        ({"labels": lambda y: y}, "labels: has a value for each frame; give per_frame=True"),
        ({"labels": lambda y: y[:9], "per_frame": True}, "labels: must have a value for each fr"),
        (
            {"calibration": lambda p: [np.where(q > 1, np.nan, q) for q in p]},
            "calibration: has",
        ),
    ],
)
def test_what_cannot_be_tuned_is_refused_first(model, frames, change, message):
    given = {"calibration": frames[0], **times(frames[0]), **QUICK, **change}
    for name, value in zip(("calibration", "labels"), frames, strict=True):
        if callable(given.get(name)):
            given[name] = given[name](value)
    with pytest.raises(ValidationError, match=message):
        convert(model, **given)
