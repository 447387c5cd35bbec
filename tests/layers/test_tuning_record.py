import re

import numpy as np
import pytest
from nengo.exceptions import ValidationError

import nengo_dense
from nengo_dense.layers.tuning_record import (
    USUAL_STEP,
    USUAL_TIME,
    TuningRecord,
    chosen_times,
    fingerprint,
)

RECORD = TuningRecord(0.1, 0.001, "host", [0.0, -1.0], [1.0, 1.0])


def test_the_run_that_it_was_tuned_for_differs_in_nothing(rng):
    x = rng.uniform([0, -1], [1, 1], (50, 2))
    for presentation_time in (0.025, 0.05, 0.1, 0.3):
        assert RECORD.differences(dt=1e-3, presentation_time=presentation_time, x=x) == []
    assert RECORD.differences() == []


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"dt": 0.005}, ["1 ms", "5 ms", "dt=0.001", "dt=0.005"]),
        ({"presentation_time": 0.02}, ["100 ms", "25 ms", "20 ms", "presentation_time=0.02"]),
        (
            {"x": np.full((4, 2), 200.0)},
            ["100%", "Input 0 is outside", "200", "0 to 1", "calibration"],
        ),
    ],
)
def test_another_run_is_told_with_both_values_and_the_way_out(arguments, words):
    (sentence,) = RECORD.differences(**arguments)
    for word in words:
        assert word in sentence


def test_each_difference_has_a_sentence():
    assert len(RECORD.differences(dt=0.01, presentation_time=0.001)) == 2


def test_inputs_of_a_smaller_scale_are_told(rng):
    raw = TuningRecord(0.1, 0.001, "host", [0.0, 0.0, 3.0], [255.0, 255.0, 3.0])
    x = rng.uniform([0, 0, 3], [255, 255, 3], (40, 3))
    assert raw.differences(x=x) == raw.differences(x=x / [2, 20, 1]) == []
    (sentence,) = raw.differences(x=x / [255, 255, 1])
    for word in ("a larger scale", "0.00", "instead of 0 to 255", "Preprocess them"):
        assert word in sentence
    assert raw.differences(x=x / [255, 255, 1], n=20) == [sentence]
    # too few to tell, also of 40 frames of one sequence, one sample again and again, and a
    # calibration that never changed
    assert raw.differences(x=x[:19] / [255, 255, 1]) == []
    assert raw.differences(x=x / [255, 255, 1], n=1) == []
    assert raw.differences(x=np.repeat(x[:1], 40, axis=0)) == []
    assert raw.differences(x=[100.0, 50.0, 3.0] + x / [255, 255, np.inf]) == []
    assert (
        TuningRecord(0.1, 0.001, "host", [3.0], [3.0]).differences(x=np.full((40, 1), 3.0)) == []
    )


def test_inputs_a_little_outside_or_a_few_far_out_are_no_difference(rng):
    x = rng.uniform([-0.5, -2], [1.5, 2], (100, 2))
    x[:5] = 1000.0
    assert RECORD.differences(x=x) == []
    x[:6] = 1000.0
    assert len(RECORD.differences(x=x)) == 1


def test_inputs_that_stood_still_in_calibration_have_the_range_of_the_others(rng):
    """A pixel at the edge is 0 in all of few images, and not quite in others."""
    record = TuningRecord(0.1, 0.001, "host", input_low=np.zeros(4), input_high=[1, 1, 1, 0])
    x = rng.uniform(0, 1, size=(40, 4))
    assert record.differences(x=x * [1, 1, 1, 0.4]) == []
    (said,) = record.differences(x=x * [1, 1, 1, 9])
    assert "Input 3 is outside most often" in said


def test_inputs_of_twice_the_range_and_more_are_told(rng):
    """Of 2.5 times the range, R2 was 0.6 instead of 0.98, and nothing said so."""
    record = TuningRecord(0.1, 0.001, "spikes", [-1.0] * 5, [1.0] * 5)
    found = [record.differences(x=rng.uniform(-s, s, (300, 5))) for s in (1, 1.5, 2, 2.1, 2.5)]
    assert [len(one) for one in found] == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((0, 0.001, "host", [0], [1]), "presentation_time.*above 0 seconds"),
        ((0.1, -1, "host", [0], [1]), "dt.*above 0 seconds"),
        ((0.1, 0.001, "host", [0], [1, 2]), r"input_high.*shape \(1,\), got \(2,\)"),
        ((0.1, 0.001, "host", [np.nan], [1]), "input_low.*finite"),
        ((0.1, 0.001, "host", [0], [1], None, "fast", -1), "gap.*0 or more, got -1"),
        ((0.1, 0.001, "host", [0], [1], None, ["fast"]), r"effort.*text or None, got \['fast'\]"),
        ((0.1, 0.001, "host", [0], [1], None, 3.0, 0.1, 7), "data.*text or None, got 7"),
        (
            (0.1, 0.001, "host", [0], [1], None, 3.0, 0.1, "0", None, None, 0),
            "judged: must be a whole number of at least 1, got 0",
        ),
        *(
            ((0.1, 0.001, "host", [0], [1], *[None] * 7, parts), "parts: must be of a stack, got")
            for parts in (3, ["gain"], {"gain": 1}, {"gain": [[1.0]]}, {"gain": [[1.0, None]]})
        ),
    ],
)
def test_a_record_that_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(ValidationError, match=message):
        TuningRecord(*arguments)


def test_a_fingerprint_tells_other_inputs_from_the_same(rng):
    x = rng.normal(size=(30, 4))
    same = np.asfortranarray(x.astype(">f8"))
    assert fingerprint(x) == fingerprint(same)
    others = [x[::-1], x[:, ::-1], x.reshape(15, 8), x[:29], np.nextafter(x, 9)]
    assert len({fingerprint(other) for other in [x, *others]}) == 6


@pytest.mark.parametrize(
    ("made", "shown", "is_said"),
    [(0.025, 0.1, True), (0.05, 0.1, True), (0.025, 0.03, False), (0.1, 0.4, False)],
)
def test_longer_presentations_are_told_where_answers_still_changed(made, shown, is_said):
    record = TuningRecord(made, 0.001, "spikes", [0.0], [1.0])
    found = record.differences(presentation_time=shown)
    assert len(found) == is_said
    assert not is_said or f"Use presentation_time={made:g}, or convert" in found[0]
    assert len(record.differences(presentation_time=shown, frame_time=0.005)) == is_said
    slow = TuningRecord(100 * made, 0.1, "spikes", [0.0], [1.0])  # as many steps
    assert len(slow.differences(presentation_time=100 * shown)) == is_said


@pytest.mark.parametrize(("frame", "is_said"), [(0.005, False), (0.006, False), (0.04, True)])
def test_longer_frames_are_told_likewise(frame, is_said):
    short = TuningRecord(0.025, 0.001, "spikes", [0.0], [1.0], frame_time=0.005)
    found = short.differences(presentation_time=5 * frame, frame_time=frame)
    assert len(found) == is_said
    assert not is_said or "frames of 5 ms, and here they last 40 ms. Answers can be" in found[0]
    long = TuningRecord(0.1, 0.001, "spikes", [0.0], [1.0], frame_time=0.005)
    assert long.differences(presentation_time=20 * frame, frame_time=frame) == []


@pytest.mark.parametrize(("made", "is_said"), [(0.025, True), (0.005, False), (0.1, False)])
def test_sequences_of_more_frames_are_told_unless_frames_had_answers(made, is_said):
    record = TuningRecord(made, 0.001, "spikes", [0.0], [1.0], frame_time=0.005)
    found = record.differences(presentation_time=4 * made, frame_time=0.005)
    assert len(found) == is_said
    assert (
        not is_said
        or "tuned for presentations of 25 ms, and here the longest sequence is" in found[0]
    )
    assert not is_said or "with sequences as long as these" in found[0]
    assert record.differences(presentation_time=made, frame_time=0.005) == []


@pytest.mark.parametrize("frames", [None, 3])
def test_longer_sequences_than_a_short_tuning_are_told(frames, rng):
    """Their values were further off: R2 0.97 with as many frames, and 0.88 with four times."""
    layers = [(rng.normal(size=(8, 3)), rng.normal(size=8)), (rng.normal(size=(2, 8)), [0, 0])]
    x = rng.normal(size=(40, 12, 3))
    calibration = x[:, 0] if frames is None else x[:, :frames]
    how = {"presentation_time": 0.021, "effort": "fast", "progress_bar": False}
    stack = nengo_dense.convert(layers, calibration=calibration, seed=0, **how)
    longer = None if frames else 0.096
    with pytest.warns(UserWarning, match="tuned for presentations of 21 ms, and here the longest"):
        nengo_dense.predict(stack, x, progress_bar=False, presentation_time=longer)
    nengo_dense.predict(stack, x[:, :3], progress_bar=False, presentation_time=0.021)


@pytest.mark.parametrize("run", [nengo_dense.evaluate, nengo_dense.predict])
def test_a_run_for_longer_than_a_short_tuning_is_told(run, rng):
    layers = [(rng.normal(size=(8, 3)), rng.normal(size=8)), (rng.normal(size=(2, 8)), [0, 0])]
    x = rng.normal(size=(40, 3))
    how = {"presentation_time": 0.02, "effort": "fast", "progress_bar": False}
    stack = nengo_dense.convert(layers, calibration=x, task="regression", seed=0, **how)
    given = {"y": np.zeros((40, 2)), "task": "regression"} if run is nengo_dense.evaluate else {}
    with pytest.warns(UserWarning, match="tuned for presentations of 20 ms, and here each sample"):
        run(stack, x, progress_bar=False, presentation_time=0.1, **given)
    run(stack, x, progress_bar=False, **given)


def test_times_are_those_of_tuning_unless_others_are_given():
    record = TuningRecord(0.05, 0.002, "host", [0.0], [1.0], frame_time=0.01)
    assert chosen_times(record, None, None) == (0.05, 0.002)
    assert chosen_times(record, None, None, 7) == (pytest.approx(0.07), 0.002)
    assert chosen_times(record, 0.2, 0.001, 7) == (0.2, 0.001)
    assert chosen_times(None, None, None, 7) == (USUAL_TIME, USUAL_STEP)
    assert chosen_times(RECORD, None, None, 7) == (USUAL_TIME, USUAL_STEP)  # of no frames


@pytest.mark.parametrize(
    "more, said",
    [
        ({}, "tuned for presentations of 100 ms at 1 ms a step, encoding 'host'"),
        ({"frame_time": 0.1, "effort": "fast"}, "frames of 100 ms at .*, effort 'fast'"),
        ({"frame_time": 0.01, "effort": "best"}, "sequences, 10 ms a frame, of 100 ms .* 'best'"),
        ({"gap": 1.25, "judged": 80}, "; 1.2% from the source on 80 held-back samples"),
        ({"gap": 1.25}, "; 1.2% from the source on held-back samples"),
    ],
)
def test_a_record_reads_as_a_sentence(more, said):
    record = TuningRecord(0.1, 0.001, "host", np.zeros(2), np.ones(2), **more)
    assert re.search(f"{said}$", str(record))
    assert repr(record) == f"<TuningRecord: {record}>"  # without arrays of all inputs
