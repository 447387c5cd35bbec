import pytest

from nengo_dense.importers.chain_order import chain


def test_a_chain_is_ordered_from_input_to_output():
    assert chain({"c": ["b"], "a": [], "b": ["a"]}, ["c"]) == (["a", "b", "c"], [])


@pytest.mark.parametrize(
    ("inputs", "outputs", "word"),
    [
        ({"a": [], "b": ["a"], "c": ["a", "b"]}, ["c"], "'c': it joins 2 branches (a, b)"),
        ({"a": [], "b": ["a"], "c": ["a"]}, ["b", "c"], "2 outputs (b, c)"),
        ({"a": [], "b": ["a"]}, [], "0 outputs"),
        ({"a": [], "b": [], "c": ["a", "b"]}, ["c"], "2 inputs (a, b)"),
        ({"a": ["b"], "b": ["a"]}, ["b"], "comes back to its input"),
        ({"a": [], "b": ["a"], "c": ["a"]}, ["b"], "layers c are not on the way"),
    ],
)
def test_what_is_no_chain_is_said(inputs, outputs, word):
    nodes, problems = chain(inputs, outputs)
    assert set(nodes) == set(inputs), "all nodes are returned, to be looked at one by one"
    assert any(word in problem for problem in problems)


def test_all_reasons_are_listed():
    _, problems = chain({"a": [], "b": [], "c": ["a", "b"], "d": ["c", "a"]}, ["c", "d"])
    assert len(problems) == 4


def test_a_long_chain_is_ordered():
    n = 100_000
    nodes, problems = chain({i: [i - 1] if i else [] for i in range(n)}, [n - 1])
    assert nodes == list(range(n))
    assert problems == []


def test_of_many_names_the_first_ones_are_listed():
    _, (problem,) = chain({i: [] for i in range(30)}, [0])
    assert "it has 30 inputs (0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 20 more)" in problem
