import numpy as np
import pytest
from data_frame import Frame
from nengo.exceptions import ValidationError

from nengo_dense.conversion import convert
from nengo_dense.evaluation import evaluate, ladder, predict
from nengo_dense.evaluation.task import tell_task
from nengo_dense.layers import DenseStack

ONE_HOT = np.eye(3)[[0, 2, 1, 0]]
SETS = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1]])
VALUES = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize(
    ("y", "n_out", "head", "task"),
    [
        ([0, 2, 1, 0], 3, "softmax", "classification"),
        (["a", "b"], 3, "linear", "classification"),
        ([0, 2, 1, 0], 3, "linear", "classification"),
        (ONE_HOT, 3, "linear", "classification"),
        (SETS, 3, "softmax", "classification"),  # which `check_labels` refuses
        (VALUES, 3, "linear", "regression"),
        (VALUES, 3, "relu", "regression"),
        (VALUES[:, :1], 1, "linear", "regression"),
        ([0, 0, 0], 1, "linear", "regression"),
        ([0, 1, 1, 0], 1, "relu", "regression"),
        ([0, 1, 1, 0], 1, "sigmoid", "classification"),
        ([0, 0.2, 1, 0], 1, "sigmoid", "regression"),
        (["no", "yes"], 1, "sigmoid", "classification"),
        (VALUES, 3, "log_softmax", "classification"),
        (SETS, 3, "sigmoid", "multilabel"),
        (ONE_HOT, 3, "sigmoid", "multilabel"),
        (VALUES / 20, 3, "sigmoid", "regression"),
        ([0, 2, 1, 0], 3, "sigmoid", "classification"),
        (VALUES.astype(object), 3, "linear", "regression"),
        (VALUES[:, 0].astype(object), 1, "linear", "regression"),
        (np.array(["a", "b", 3], dtype=object), 3, "linear", "classification"),
    ],
)
def test_the_task_is_told_from_head_and_labels(y, n_out, head, task):
    assert tell_task(y, n_out, head, None) == task


def test_what_two_tasks_may_have_is_asked_for():
    with pytest.raises(ValidationError, match=r"Give task='regression' to .*task='multilabel'"):
        tell_task(SETS, 3, "linear", None)
    assert tell_task(SETS, 3, "linear", "regression") == "regression"


@pytest.mark.parametrize("y", [[0, 1, 1, 0], [False, True], [[0.0], [1.0]]])
def test_of_a_single_output_too(y):
    with pytest.raises(ValidationError, match=r"Give task='regression' to .*'classification' to"):
        tell_task(y, 1, "linear", None)
    assert tell_task(y, 1, "linear", "classification") == "classification"
    assert tell_task(y, 1, "linear", None, known="regression") == "regression"


def test_a_regressor_is_not_asked_which_class_a_text_is():
    for y in (["1.5", "2"], [1j, 2]):
        assert tell_task(y, 1, "linear", None, known="regression") == "regression"
        assert tell_task(y, 1, "linear", None) == "classification"


def test_one_label_of_several_is_told_by_the_answers(rng):
    """Else the largest of all labels was held against the one that was given."""
    stack = DenseStack([8, 3], 4, encoding="spikes", readout="sigmoid", seed=0)
    x, quiet = rng.uniform(-1, 1, size=(60, 4)), {"presentation_time": 0.02, "progress_bar": False}
    answers = predict(stack, x, **quiet).argmax(axis=1)
    with pytest.warns(UserWarning, match="one of 3 outputs, and are 0 and 1 alone, while 0% of"):
        evaluate(stack, x, (answers == 0).astype(int), **quiet)
    some = answers < 2
    evaluate(stack, x[some], answers[some], **quiet)  # classes, of which one does not occur


@pytest.mark.parametrize("n_out", [1, 3])
@pytest.mark.parametrize("y", [2 * SETS - 1, SETS + 1], ids=["-1 and 1", "1 and 2"])
def test_labels_in_numbers_that_no_sigmoid_gives_are_no_values(y, n_out):
    with pytest.raises(ValidationError, match=r"y: has numbers from .* Write labels as 0 and 1"):
        tell_task(y[:, :n_out], n_out, "sigmoid", None)
    assert tell_task(y[:, :n_out], n_out, "sigmoid", "regression") == "regression"


@pytest.mark.usefixtures("few_updates")
@pytest.mark.filterwarnings("ignore:This stack was tuned")
def test_what_a_stack_was_tuned_for_is_known(rng):
    x, model = rng.rand(40, 2), [(rng.randn(4, 2), np.zeros(4)), (rng.randn(1, 4), np.zeros(1))]
    y = np.arange(40) % 2
    how = {"calibration": x, "effort": "fast", "progress_bar": False}
    stack = convert(model, task="regression", **how)
    assert evaluate(stack, x, y, progress_bar=False).task == "regression"
    report = ladder(model, x, y, task="regression", progress_bar=False)
    assert report.rungs[-1].name == "chip, integers"
    with pytest.raises(ValidationError, match="a value or as the logit of class 1"):
        evaluate(convert(model, **how), x, y, progress_bar=False)
    with pytest.raises(ValidationError, match="a value or as the logit of class 1"):
        ladder(model, x, y, progress_bar=False)


@pytest.mark.usefixtures("few_updates")
def test_labels_that_are_counted_from_1_are_told_by_the_answers(rng):
    model = [(rng.randn(8, 4), np.zeros(8)), (rng.randn(4, 8), np.zeros(4))]
    x = rng.rand(400, 4)
    stack = convert(model, calibration=x, effort="fast", task="classification", progress_bar=False)
    y = predict(stack, x, progress_bar=False).argmax(axis=1)
    some = y < y.max()
    x, y = x[some], y[some] + 1
    quiet = {"progress_bar": False}
    with pytest.warns(UserWarning, match=r"from 0, and 100% of the answers .*=range\(1, 5\)"):
        assert evaluate(stack, x, y, **quiet).accuracy == 0
    with pytest.warns(UserWarning, match=r"give classes=range\(1, 5\)"):
        ladder(model, x, y, task="classification", **quiet)
    assert evaluate(stack, x, y, classes=range(1, 5), **quiet).accuracy == 1
    evaluate(stack, x[:19], y[:19], **quiet)  # too few to tell
    evaluate(stack, x, y - 1, **quiet)


def test_classes_are_the_models_own_or_others():
    stack = DenseStack([4, 4, 3], 2, seed=0, classes=["a", "b", "c"])
    how = {"progress_bar": False}
    x, y = np.ones((3, 2)), ["a", "b", "c"]
    evaluate(stack, x, y, classes=["a", "b", "c"], **how)
    evaluate(stack, x, ["b", "c", "d"], classes=["c", "b", "d"], **how)
    with pytest.raises(ValidationError, match=r"classes: .* another order: its outputs are \['a'"):
        evaluate(stack, x, y, classes=["b", "a", "c"], **how)
    with pytest.raises(ValidationError, match=r"classes: must have shape \(3,\)"):
        evaluate(stack, x, y, classes="abc", **how)


def test_columns_of_the_sources_answers_are_found_by_name(rng):
    stack = DenseStack([4, 4, 3], 2, seed=0, classes=["a", "b", "c"])
    x, source = rng.rand(9, 2), rng.rand(9, 3)
    turned = Frame(["c", "a", "b"], source[:, [2, 0, 1]])
    found = [
        evaluate(stack, x, list("abcabcabc"), source=given, progress_bar=False).source.tolist()
        for given in (source, turned, Frame(range(3), source))
    ]
    assert found == [source.argmax(axis=1).tolist()] * 3


def test_columns_of_a_model_that_knows_no_classes_may_have_any_names(rng):
    stack = DenseStack([4, 4, 3], 2, seed=0)
    x, source = rng.rand(9, 2), rng.rand(9, 3)
    for columns in ("cab", ["p_0", "p_1", "p_2"]):
        given = Frame(list(columns), source)
        found = evaluate(stack, x, [0, 1, 2] * 3, source=given, progress_bar=False)
        assert found.source.tolist() == source.argmax(axis=1).tolist()


def test_columns_of_values_are_found_by_name(rng):
    stack = DenseStack([4, 4, 3], 2, readout="linear", seed=0, classes=["a", "b", "c"])
    x, y = rng.rand(9, 2), rng.rand(9, 3)
    turned = Frame(["c", "a", "b"], y[:, [2, 0, 1]])
    how = {"task": "regression", "progress_bar": False}
    for given in (y, turned):
        found = evaluate(stack, x, given, source=given, **how)
        np.testing.assert_array_equal(found.truth, y)
        np.testing.assert_array_equal(found.source, y)


def test_columns_of_several_labels_are_found_by_name(rng):
    stack = DenseStack([4, 4, 3], 2, readout="sigmoid", seed=0, classes=["a", "b", "c"])
    x, y = rng.rand(9, 2), rng.randint(2, size=(9, 3))
    turned = Frame(["c", "a", "b"], y[:, [2, 0, 1]])
    for given in (y, turned):
        found = evaluate(stack, x, given, source=given, progress_bar=False)
        np.testing.assert_array_equal(found.truth, y)
        np.testing.assert_array_equal(found.source, y)


def test_the_probability_of_the_second_class_is_an_answer(rng):
    stack = DenseStack([4, 4, 2], 2, readout="softmax", seed=0)
    x, second = rng.rand(6, 2), np.array([0.1, 0.6, 0.9, 0.2, 0.4, 0.8])
    y = (second > 0.5).astype(int)
    both = np.stack([1 - second, second], axis=1)
    found = [
        evaluate(stack, x, y, source=source, progress_bar=False).agreement
        for source in (second[:, None], both, y, Frame([1], second[:, None]))
    ]
    with pytest.warns(UserWarning, match="column of source is named 0, as that of any table made"):
        found.append(
            evaluate(stack, x, y, source=Frame([0], second[:, None]), progress_bar=False).agreement
        )
    assert found == found[:1] * 5
    with pytest.raises(ValidationError, match=r"source: must have shape \(6, 2\)"):
        evaluate(stack, x, y, source=second[:, None] + 1, progress_bar=False)


def test_the_probability_of_the_first_class_is_told_by_its_name(rng):
    stack = DenseStack([4, 4, 2], 2, seed=0, classes=["a", "b"])
    x, first = rng.rand(6, 2), np.array([0.1, 0.6, 0.9, 0.2, 0.4, 0.8])
    for source in (Frame(["a"], first[:, None]), Frame(["b"], 1 - first[:, None])):
        found = evaluate(stack, x, list("aabbab"), source=source, progress_bar=False)
        assert found.source.tolist() == (first < 0.5).astype(int).tolist()


@pytest.mark.parametrize(
    ("task", "head", "message"),
    [
        ("regression", "softmax", "whose softmax head gives probabilities"),
        ("multilabel", "softmax", "whose softmax head has no bound"),
        ("multilabel", "relu", "whose relu head has no bound"),
        ("clustering", "linear", "must be one of 'classification', 'regression', 'multilabel'"),
    ],
)
def test_a_task_that_does_not_fit_is_refused(task, head, message):
    with pytest.raises(ValidationError, match=f"task: .*{message}"):
        tell_task(VALUES, 3, head, task)


def boom(labels, predictions):
    raise RuntimeError("boom")


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        ([0.5, 1, 2, 0], {}, "y: must be class indices 0 to 2, got values such as 0.5"),
        (VALUES * [1, np.nan, 1], {}, "y: has no finite value for 4 of 4 samples"),
        (VALUES[:, :2], {"task": "regression"}, r"y: must have shape \(4, 3\), a value for"),
        (VALUES, {"task": "multilabel"}, "y: must be rows of 0 and 1"),
        (VALUES, {"task": "classification"}, "y: must be labels or one-hot rows"),
        (VALUES, {"sample_weight": [1, 2]}, r"sample_weight: must have shape \(4,\)"),
        (VALUES, {"source": VALUES[:, :1]}, r"source: must have shape \(4, 3\)"),
        (VALUES, {"metrics": boom}, "metrics: must be a dict of names and functions"),
        (VALUES, {"metrics": {"mine": 3}}, "metrics: 'mine' must be a function, got 3"),
        (VALUES, {"metrics": {"mine": boom}}, "metrics: 'mine' fails where every answer is right"),
    ],
)
def test_labels_that_fit_no_task_are_refused_before_anything_runs(y, options, message):
    stack = DenseStack([4, 4, 3], 2, readout="linear", seed=0)
    with pytest.raises(ValidationError, match=message):
        evaluate(stack, np.ones((4, 2)), y, **options)


def test_a_value_a_sample_is_no_regression_of_several_outputs():
    stack = DenseStack([4, 4, 3], 2, readout="linear", seed=0)
    with pytest.raises(ValidationError, match="a value for each of its 3 outputs"):
        evaluate(stack, np.ones((2, 2)), [0.25, 0.5])


@pytest.fixture
def judged():
    """A stack that answers each of its four classes for a number of samples."""
    rng = np.random.RandomState(3)
    model = [(np.eye(4), np.zeros(4)), (np.eye(4), np.zeros(4))]
    y = np.repeat(np.arange(4), 40)
    stack = DenseStack([4, 4], 4, weights=[w for w, _ in model], encoding="spikes", seed=0)
    return stack, np.eye(4)[y] + 0.05 * rng.rand(160, 4), y


@pytest.mark.parametrize("order", [[1, 2, 3, 0], [0, 1, 3, 2], [3, 0, 1, 2]])
def test_labels_in_another_order_are_told_by_the_answers(judged, order):
    stack, x, y = judged
    given = np.array(order)[y]  # the label of each output
    moved = [k for k in range(4) if order[k] != k]
    labels = sorted(order[k] for k in moved)
    answered = [order.index(label) for label in labels]
    names = f"{', '.join(map(str, labels))} are mostly answered as {', '.join(map(str, answered))}"
    with pytest.warns(UserWarning, match=f"Labels {names}: so taken, 100% of .* give classes="):
        result = evaluate(stack, x, given, progress_bar=False)
    assert result.accuracy == 1 - len(moved) / 4
    assert evaluate(stack, x, given, classes=order, progress_bar=False).accuracy == 1


def test_a_model_that_answers_one_class_alone_tells_nothing_of_an_order(judged):
    stack, x, y = judged
    one = np.broadcast_to(np.eye(4)[1], x.shape)
    assert evaluate(stack, one, np.where(y == 1, 0, 3), progress_bar=False).accuracy == 0
    assert evaluate(stack, x[::4], (y[::4] + 1) % 4, progress_bar=False).accuracy == 0  # too few
