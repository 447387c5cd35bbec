import datetime
import json
import re
from collections import namedtuple
from contextlib import nullcontext

import numpy as np
import pytest
from data_frame import DataArray, Frame, Row
from nengo.exceptions import ValidationError

import nengo_dense
from nengo_dense.columns import (
    as_names,
    check_columns,
    column_names,
    named_twice,
    other_rows,
    read_in_two_ways,
)
from nengo_dense.conversion.request import Data
from nengo_dense.importers import read_model
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput
from nengo_dense.training import fit

QUIET = {"effort": "fast", "progress_bar": False, "seed": 0}
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


def test_texts_numbers_dates_and_tuples_of_them_name_columns(frame):
    assert column_names(frame, "x", 3) == ("a", "b", "c")
    assert column_names(Frame(np.arange(3), frame.rows), "x", 3) == ("0", "1", "2")
    names = [0.5, datetime.date(2020, 1, 2), ("a", 1)]
    assert column_names(Frame(names, X), "x", 3) == ("0.5", "2020-01-02", "(a, 1)")
    others = [Frame(names, X) for names in ([], ["a", None], [("a", None)], [True, False])]
    for x in (frame.rows, *others, None, 3, "abc", [], Frame(["a"], X)):
        assert column_names(x, "x", 2) is None


def test_numbers_for_names_say_an_order_alone():
    pairs = (([0, 1], ("a", "b")), (["a", "b"], ("0", "1")), ([0, 1], ("1", "2")))
    for names, known in (*pairs, ([400.5, 401.0], ("400.5000001", "401.0"))):
        check_columns(Frame(names, X), known, "x", "there", 2)
    for low, high in ((0, 1), (400.5, 401.0)):
        known = (str(high), str(low))
        with pytest.raises(ValidationError, match=r"another order .* there\. Put .* that order$"):
            check_columns(Frame([low, high], X), known, "x", "there", 2)


def test_tuples_are_no_texts_that_choose_columns():
    x = Frame([("a", "b"), ("a", "c")], X)
    with pytest.raises(ValidationError, match=r"'\(a, b\)', and was '\(a, c\)' .* that order$"):
        check_columns(x, ("(a, c)", "(a, b)"), "x", "there", 2)


def test_rows_have_the_names_of_their_index():
    rows = [Row(["a", "b"], [0, 1]), Row(["a", "b"], [2, 3])]
    assert column_names(rows, "x", 2) == ("a", "b")
    with pytest.raises(ValidationError, match=r"x\[1\]: has its columns in another order"):
        column_names([rows[0], Row(["b", "a"], [0, 1])], "x", 2)


def test_an_array_with_named_axes_has_the_names_of_the_last():
    x = np.zeros((2, 2))
    assert column_names(DataArray(x, ("n", "of"), of=["a", "b"]), "x", 2) == ("a", "b")
    frames = DataArray(np.zeros((4, 5, 2)), ("n", "time", "of"), of=["a", "b"])
    assert column_names(frames, "x", 2) == ("a", "b")
    assert column_names(DataArray(x, ("dim_0", "dim_1")), "x", 2) is None
    assert column_names(DataArray(x, ("n", "of"), of=["a", "b"]), "x", 3) is None


def test_axes_in_another_order_are_noticed():
    known = column_names(DataArray(np.zeros((9, 2, 2)), ("n", "row", "column")), "x", 4)
    assert known == ("row 0, column 0", "row 0, column 1", "row 1, column 0", "row 1, column 1")
    for x in (
        DataArray(np.zeros((9, 2, 2)), ("n", "column", "row")),
        DataArray(np.zeros((4, 4)), ("of", "n"), of=list("abcd")),
    ):
        with pytest.raises(ValidationError, match="other columns than there"):
            check_columns(x, known, "x", "there", 4)


def test_a_square_array_whose_axes_change_places_is_refused():
    known = column_names(DataArray(np.zeros((9, 3)), ("n", "of")), "x", 3)
    square = np.zeros((3, 3))
    with pytest.raises(ValidationError, match=r"x\.transpose\('n', 'of'\)"):
        check_columns(DataArray(square, ("of", "n")), known, "x", "there", 3)
    for other in (
        DataArray(square, ("n", "of")),
        DataArray(square, ("time", "channel")),
        DataArray(square, ("n", "of"), of=["a", "b", "c"]),
        Frame(["a", "b", "c"], square),
    ):
        check_columns(other, known, "x", "there", 3)
    check_columns(DataArray(square, ("n", "of")), ("a", "b", "c"), "x", "there", 3)
    sequences = [DataArray(square, ("n", "of")), DataArray(np.zeros((5, 3)), ("n", "of"))]
    check_columns(sequences, known, "x", "there", 3)
    with pytest.raises(ValidationError, match="axes in another order"):
        check_columns([DataArray(square, ("of", "n"))], known, "x", "there", 3)


@pytest.mark.parametrize("names", [["axis x", "axis y"], ["axis 0", "axis 1"], ["axis a: 0", "b"]])
def test_columns_may_be_called_axes(names):
    known = column_names(Frame(names, np.zeros((4, 2))), "x", 2)
    check_columns(Frame(names, np.zeros((3, 2))), known, "x", "there", 2)
    for others in (names[::-1], ["other", names[0]]):
        with pytest.raises(ValidationError, match="columns"):
            check_columns(Frame(others, np.zeros((3, 2))), known, "x", "there", 2)


def test_named_tuples_have_the_names_of_their_fields():
    turned = namedtuple("Row", ["b", "a"])(1.0, 2.0)
    with pytest.raises(ValidationError, match=r"x has its columns in another order|another order"):
        check_columns([turned, turned], ("a", "b"), "x", "there", 2)


def test_rows_that_another_index_puts_elsewhere_are_told_of():
    x, y = Row([3, 1, 2], np.zeros((3, 2))), Row([1, 2, 3], [0, 1, 1])
    x.iloc = y.iloc = None
    (said,) = other_rows(x, y=y, sample_weight=None)
    assert "row 0 is 3 there, and 1 in y. If they belong together by index, give y.loc" in said
    for index in ([3, 1, 2], [0, 1, 2], [1, 2]):
        y.index = index
        assert not list(other_rows(x, y=y))


def test_rows_in_another_order_are_told_of_in_mappings_too():
    a, b, y = (Row(index, np.zeros((3, 2))) for index in ([1, 2, 3], [3, 1, 2], [2, 1, 3]))
    a.iloc = b.iloc = y.iloc = None
    x = {"plain": np.zeros((3, 1)), "a": a, "b": b}
    said = list(other_rows(x, y={"class": y}, source=np.zeros(3)))
    assert [each.split(" has ")[0] for each in said] == ["x['b']", "y['class']"]
    assert "row 0 is 1 in x['a'], and 2 in y['class']" in said[1]
    assert "give y['class'].loc[x['a'].index]" in said[1]
    assert len(list(other_rows(b, y={"class": y}))) == 1


def test_what_has_strange_columns_has_no_names():
    class Strange:
        @property
        def columns(self):
            raise RuntimeError("not now")

    assert column_names(Strange(), "x", 1) is column_names([Strange()], "x", 1) is None


def test_names_of_several_inputs_lie_side_by_side(frame):
    sizes = {"first": 2, "second": 3}
    x = {"second": frame, "first": frame.rows[:, :2]}
    assert column_names(x, "x", sizes) == (None, None, "a", "b", "c")
    assert column_names({"first": 1, "second": 2}, "x", sizes) is None
    assert column_names({"first": frame}, "x", sizes) is column_names(x, "x", 5) is None


def test_sequences_have_the_columns_of_the_first(frame, turned):
    assert column_names([frame, frame], "x", 3) == ("a", "b", "c")
    with pytest.raises(ValidationError, match=r"x\[1\]: has its columns in another order than in"):
        column_names([frame, turned], "x", 3)


def test_names_that_are_not_known_are_not_looked_at():
    check_columns(X, ("a",), "x", "there", 1)
    check_columns(Frame(["a"], X), None, "x", "there", 1)
    check_columns(Frame(["a", "b"], X), ("a", None), "x", "there", 2)
    check_columns(Frame(["a", "c"], X), ("a",), "x", "there", 1)  # refused elsewhere


def test_the_order_is_written_out_unless_it_is_long():
    with pytest.raises(ValidationError, match=r"as x\[\['b', 'a'\]\] does"):
        check_columns(Frame(["a", "b"], X), ("b", "a"), "x", "there", 2)
    many = tuple(map(str, range(1000)))
    with pytest.raises(ValidationError, match=r"'999', and was '0' there\. .* in that order$"):
        check_columns(Frame(many[::-1], X), many, "x", "there", 1000)


def test_no_code_chooses_columns_of_which_two_have_one_name():
    with pytest.raises(ValidationError, match=r"another order .* Put them in that order$"):
        check_columns(Frame(["a", "b", "a"], X), ("a", "a", "b"), "x", "there", 3)


def test_names_that_several_columns_of_an_input_have_are_told_of():
    (said,) = named_twice(("a", "b", "a", None, None), "x", 5)
    assert "x has 2 columns that are called 'a'. They are taken by place" in said
    sizes = {"first": 2, "second": 3}
    assert not list(named_twice(("a", "b", "a", "b", None), "x", sizes))
    (said,) = named_twice(("a", "b", "a", "b", "b"), "x", sizes)
    assert "called 'b'" in said


def test_columns_of_several_inputs_side_by_side_need_names_of_their_own():
    names, sizes = ["a", "b", "a", "c"], {"first": 2, "second": 2}
    with pytest.warns(UserWarning, match="calibration has 2 columns that are called 'a'"):
        Data(Frame(names, X), None, None, False, 30, 0.001).with_columns(None, sizes)
    apart = {"first": Frame(names[:2], X), "second": Frame(names[2:], X)}
    assert Data(apart, None, None, False, 30, 0.001).with_columns(None, sizes).columns == tuple(
        names
    )


def test_whoever_converts_or_trains_is_told_of_columns_with_one_name(model, frame):
    twice = Frame(["a", "a", "c"], frame.rows)
    with pytest.warns(UserWarning, match="calibration has 2 columns that are called 'a'") as said:
        stack = nengo_dense.convert(model, calibration=twice, **QUIET)
    assert said[0].filename == __file__
    assert stack.columns == ("a", "a", "c")
    stack = nengo_dense.DenseStack([4, 4, 2], 3, synapse=[0.002, None], seed=0)
    y = np.arange(60) % 2
    with pytest.warns(UserWarning, match="x has 2 columns that are called 'a'") as said:
        fit(stack, twice, y, through_time=True, effort="fast", progress_bar=False)
    assert said[0].filename == __file__


def test_names_fit_the_number_of_features():
    assert as_names(np.array(["a", "b"], dtype=object), 2) == ("a", "b")
    for names in (None, 3, "ab", ["a"], [1, 2]):
        assert as_names(names, 2) is None


def test_a_stack_refuses_columns_in_another_order(stack, frame, turned, tmp_path):
    stack.save(tmp_path / "stack.npz")
    for one in (stack, nengo_dense.DenseStack.load(tmp_path / "stack.npz")):
        assert one.columns == ("a", "b", "c")
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


def two_inputs():
    torch = pytest.importorskip("torch", reason="a model with two inputs")

    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = torch.nn.Linear(3, 8), torch.nn.Linear(3, 8)
            self.out = torch.nn.Linear(8, 2)

        def forward(self, u, v):
            return self.out(torch.relu(self.one(u)) + torch.relu(self.two(v)))

    return Two()


def test_a_graph_refuses_columns_in_another_order(rng, tmp_path, frame, turned):
    graph = nengo_dense.convert(two_inputs(), calibration={"u": frame, "v": frame.rows}, **QUIET)
    assert graph.columns == ("a", "b", "c", None, None, None)
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


@pytest.mark.filterwarnings("ignore:Training has learned hardly")  # there is nothing to learn
def test_training_refuses_columns_in_another_order(model, frame, turned):
    how = {"calibration": frame, "synapse": [0.002, None]}
    stack = nengo_dense.convert(model, **QUIET | how)
    labels = np.arange(60) % 2
    for through_time in (False, True):
        settings = {"progress_bar": False, "through_time": through_time}
        with pytest.raises(ValidationError, match=f"x: .*{ORDER} in calibration"):
            fit(stack, turned, labels, **settings)
    fit(stack, frame.rows, labels, **settings, effort="fast")
    assert stack.columns == ("a", "b", "c")


def test_names_stay_where_nothing_is_tuned(model, frame, turned, tmp_path):
    """They are of the inputs, whatever the weights are."""
    stack = nengo_dense.convert(model, calibration=frame, tune=False, progress_bar=False)
    stack.set_parameters(stack.weights, stack.biases)
    stack.save(tmp_path / "stack.npz")
    for one in (stack, nengo_dense.DenseStack.load(tmp_path / "stack.npz")):
        assert one.tuned is None
        assert one.columns == ("a", "b", "c")
        with pytest.raises(ValidationError, match=ORDER):
            nengo_dense.predict(one, turned, progress_bar=False)


def test_files_of_before_have_names_in_the_record(stack, tmp_path):
    stack.save(tmp_path / "stack.npz")
    arrays = dict(np.load(tmp_path / "stack.npz"))
    header = json.loads(str(arrays["header"]))
    header["tuned"]["columns"] = header.pop("columns")
    np.savez(tmp_path / "before.npz", **arrays | {"header": np.array(json.dumps(header))})
    before = nengo_dense.DenseStack.load(tmp_path / "before.npz")
    assert before.columns == ("a", "b", "c")
    assert before.tuned.effort == stack.tuned.effort


def test_a_stack_has_a_name_for_each_input():
    with pytest.raises(ValidationError, match="must be 2 names of inputs, got"):
        nengo_dense.DenseStack([3, 2], size_in=2, columns=("a",))


@pytest.mark.parametrize("n", [2, 60])
def test_a_list_of_inputs_says_not_which_is_which(rng, tmp_path, n):
    """Of two samples each, of inputs as wide, it has the shape of two samples of both."""
    model, parts = two_inputs(), list(rng.normal(size=(2, n, 3)))
    graph = nengo_dense.convert(model, calibration=rng.normal(size=(60, 6)), **QUIET)
    said = "with an array for each input, it seems; give them by name, {'u': ..., 'v': ...}"
    for x in (parts, tuple(parts[::-1])):
        for give in (
            lambda x=x: nengo_dense.predict(graph, x, presentation_time=0.01),
            lambda x=x: nengo_dense.convert(model, calibration=x, **QUIET),
            lambda x=x: nengo_dense.ladder(model, x, np.zeros(n)),
            lambda x=x: graph.export(tmp_path / "graph.c", samples=x),
        ):
            with pytest.raises(ValidationError, match=re.escape(said)):
                give()
    pairs = list(zip(*parts, strict=True))
    joined = np.concatenate(parts, axis=1)
    expected = nengo_dense.predict(graph, joined, progress_bar=False)
    both = "taken for 2 samples with all inputs, not for an array of 2 samples for each input"
    for x in (pairs, np.array(pairs), np.array(pairs).tolist()):
        with pytest.warns(UserWarning, match=both) if n == 2 else nullcontext():
            found = nengo_dense.predict(graph, x, progress_bar=False)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("shape", [(2, 3, 3), (3, 2, 3), (2, 6), (2, 2, 3, 2), (2, 2)])
def test_samples_that_can_be_read_in_one_way_are_not_told(shape):
    assert read_in_two_ways(np.ones(shape), {"u": 3, "v": 3}, "x") == ""
    assert read_in_two_ways(np.ones(shape).tolist(), {"u": 3, "v": 3}, "x") == ""
    assert read_in_two_ways([[[1.0, 2.0], [3.0]], [[1.0], [2.0]]], {"u": 1, "v": 1}, "x") == ""
    assert read_in_two_ways(np.ones((2, 2, 3)), {"u": 3, "v": 4}, "x") == ""


def test_a_list_of_what_has_a_shape_of_another_kind_is_refused_as_before():
    class Odd:
        def shape(self):
            return (2, 3)

    layer = GraphLayer("a", {"u": np.ones((4, 3)), "v": np.ones((4, 3))}, np.ones(4))
    outputs = {"y": GraphOutput({"a": np.ones((2, 4))}, np.ones(2))}
    graph = nengo_dense.DenseGraph({"u": 3, "v": 3}, [layer], outputs)
    with pytest.raises(ValidationError, match="x: must have shape"):
        nengo_dense.predict(graph, [Odd(), Odd()], progress_bar=False)
