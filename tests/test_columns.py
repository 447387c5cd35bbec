import numpy as np
import pytest
from data_frame import Frame
from nengo.exceptions import ValidationError

import nengo_dense
from nengo_dense.columns import as_names, check_columns, column_names
from nengo_dense.importers import read_model
from nengo_dense.training import fit

QUIET = {"effort": 0.1, "progress_bar": False, "seed": 0}
X = np.zeros((1, 1))
ORDER = "another order than"


@pytest.fixture(scope="module")
def frame():
    return Frame(["a", "b", "c"], np.random.RandomState(0).rand(60, 3))


@pytest.fixture(scope="module")
def turned(frame):
    return Frame(frame.columns[::-1], frame.rows[:, ::-1])


@pytest.fixture
def model(rng):
    return [(rng.randn(8, 3), np.zeros(8)), (rng.randn(2, 8), np.zeros(2), "softmax")]


@pytest.fixture
def stack(model, frame):
    return nengo_dense.convert(model, calibration=frame, **QUIET)


def test_texts_and_whole_numbers_name_columns(frame):
    assert column_names(frame, "x") == ("a", "b", "c")
    assert column_names(Frame(np.arange(3), frame.rows), "x") == ("0", "1", "2")
    others = [Frame(names, X) for names in ([], ["a", None], [0.5], [("a", "b")], [True, False])]
    for x in (frame.rows, *others, None, 3, "abc", []):
        assert column_names(x, "x") is None


def test_numbers_for_names_say_an_order_alone():
    for names, known in (([0, 1], ("a", "b")), (["a", "b"], ("0", "1")), ([0, 1], ("1", "2"))):
        check_columns(Frame(names, X), known, "x", "there")
    with pytest.raises(ValidationError, match=r"another order .* '1' there\. Put .* that order$"):
        check_columns(Frame([0, 1], X), ("1", "0"), "x", "there")


def test_what_has_strange_columns_has_no_names():
    class Strange:
        @property
        def columns(self):
            raise RuntimeError("not now")

    assert column_names(Strange(), "x") is column_names([Strange()], "x") is None


def test_names_of_several_inputs_lie_side_by_side(frame):
    sizes = {"first": 2, "second": 3}
    x = {"second": frame, "first": frame.rows[:, :2]}
    assert column_names(x, "x", sizes) == (None, None, "a", "b", "c")
    assert column_names({"first": 1, "second": 2}, "x", sizes) is None
    assert column_names({"first": frame}, "x", sizes) is column_names(x, "x") is None


def test_sequences_have_the_columns_of_the_first(frame, turned):
    assert column_names([frame, frame], "x") == ("a", "b", "c")
    with pytest.raises(ValidationError, match=r"x\[1\]: has its columns in another order than in"):
        column_names([frame, turned], "x")


def test_names_that_are_not_known_are_not_looked_at():
    check_columns(X, ("a",), "x", "there")
    check_columns(Frame(["a"], X), None, "x", "there")
    check_columns(Frame(["a", "b"], X), ("a", None), "x", "there")
    check_columns(Frame(["a", "c"], X), ("a",), "x", "there")  # their number is refused elsewhere


def test_the_order_is_written_out_unless_it_is_long():
    with pytest.raises(ValidationError, match=r"as x\[\['b', 'a'\]\] does"):
        check_columns(Frame(["a", "b"], X), ("b", "a"), "x", "there")
    many = tuple(map(str, range(1000)))
    with pytest.raises(ValidationError, match=r"'999', and was '0' there\. .* in that order$"):
        check_columns(Frame(many[::-1], X), many, "x", "there")


def test_names_fit_the_number_of_features():
    assert as_names(np.array(["a", "b"], dtype=object), 2) == ("a", "b")
    for names in (None, 3, "ab", ["a"], [1, 2]):
        assert as_names(names, 2) is None


def test_a_stack_refuses_columns_in_another_order(stack, frame, turned, tmp_path):
    stack.save(tmp_path / "stack.npz")
    for one in (stack, nengo_dense.DenseStack.load(tmp_path / "stack.npz")):
        assert one.tuned.columns == ("a", "b", "c")
        right = nengo_dense.predict(one, frame, progress_bar=False)
        plain = nengo_dense.predict(one, frame.rows, progress_bar=False)
        np.testing.assert_array_equal(right, plain)
        with pytest.raises(ValidationError, match=f"{ORDER} in calibration"):
            nengo_dense.predict(one, turned, progress_bar=False)
        with pytest.raises(ValidationError, match=ORDER):
            nengo_dense.evaluate(one, turned, np.zeros(60, int), progress_bar=False)


def test_a_stack_refuses_other_columns(stack, frame):
    other = Frame(["a", "b", "d"], frame.rows)
    with pytest.raises(ValidationError, match=r"other columns than in .* 'd', and was 'c' there"):
        nengo_dense.predict(stack, other, progress_bar=False)


def test_batches_are_held_against_calibration_too(stack, frame, turned):
    both = nengo_dense.predict(stack, iter([frame, frame]), progress_bar=False)
    assert len(both) == 120
    with pytest.raises(ValidationError, match="a batch of x: has its columns in another order"):
        nengo_dense.predict(stack, iter([frame, turned]), progress_bar=False)


def test_a_ladder_refuses_columns_in_another_order(model, frame, turned):
    y = np.zeros(60, int)
    with pytest.raises(ValidationError, match=f"x: .*{ORDER} in calibration"):
        nengo_dense.ladder(model, turned, y, calibration=frame, progress_bar=False)


def test_a_graph_refuses_columns_in_another_order(rng, tmp_path, frame, turned):
    torch = pytest.importorskip("torch", reason="a model with two inputs")

    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = torch.nn.Linear(3, 8), torch.nn.Linear(3, 8)
            self.out = torch.nn.Linear(8, 2)

        def forward(self, u, v):
            return self.out(torch.relu(self.one(u)) + torch.relu(self.two(v)))

    graph = nengo_dense.convert(Two(), calibration={"u": frame, "v": frame.rows}, **QUIET)
    assert graph.tuned.columns == ("a", "b", "c", None, None, None)
    graph.save(tmp_path / "graph.npz")
    for one in (graph, nengo_dense.DenseGraph.load(tmp_path / "graph.npz")):
        nengo_dense.predict(one, {"u": frame, "v": turned}, progress_bar=False)
        with pytest.raises(ValidationError, match=rf"^u: .*{ORDER}.*, as u\["):
            nengo_dense.predict(one, {"u": turned, "v": frame}, progress_bar=False)


def test_a_model_that_learnt_names_refuses_others(frame, turned):
    pandas = pytest.importorskip("pandas", reason="names of features come from data frames")
    neural_network = pytest.importorskip("sklearn.neural_network", reason="learns names")
    y = frame.rows.sum(axis=1)
    model = neural_network.MLPRegressor(hidden_layer_sizes=(8,), max_iter=5000)
    model.fit(pandas.DataFrame(frame.rows, columns=frame.columns), y)
    assert read_model(model).features == ("a", "b", "c")
    with pytest.raises(ValidationError, match=f"{ORDER} in the training of the model"):
        nengo_dense.convert(model, calibration=turned, **QUIET)
    with pytest.raises(ValidationError, match=f"{ORDER} in calibration or training"):
        nengo_dense.ladder(model, turned, y, progress_bar=False)
    for plain in (frame.rows, Frame(range(3), frame.rows)):
        with pytest.raises(ValidationError, match=f"{ORDER} in calibration or training"):
            nengo_dense.ladder(model, turned, y, calibration=plain, progress_bar=False)
        stack = nengo_dense.convert(model, calibration=plain, **QUIET)
        with pytest.raises(ValidationError, match=ORDER):
            nengo_dense.predict(stack, turned, progress_bar=False)


def test_training_refuses_columns_in_another_order(model, frame, turned):
    how = {"calibration": frame, "synapse": [0.002, None]}
    stack = nengo_dense.convert(model, **QUIET | how)
    labels = np.arange(60) % 2
    for through_time in (False, True):
        settings = {"progress_bar": False, "through_time": through_time}
        with pytest.raises(ValidationError, match=f"x: .*{ORDER} in calibration"):
            fit(stack, turned, labels, **settings)
    fit(stack, frame.rows, labels, **settings, effort=0.1)
    assert stack.tuned.columns == ("a", "b", "c")


def test_a_record_takes_a_name_for_each_input():
    with pytest.raises(ValidationError, match="must be 2 names of inputs, got"):
        nengo_dense.layers.tuning_record.TuningRecord(
            0.1, 0.001, "host", [0, 0], [1, 1], columns=("a",)
        )
