import pytest

from nengo_dense.importers.reading.chain_order import chain


def test_a_chain_is_ordered_from_input_to_output():
    assert chain({"c": ["b"], "a": [], "b": ["a"]}, ["c"]) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        pytest.param({"a": [], "b": ["a"], "c": ["a", "b"]}, ["c"], id="branches"),
        pytest.param({"a": [], "b": ["a"], "c": ["a"]}, ["b", "c"], id="two outputs"),
        pytest.param({"a": [], "b": ["a"]}, [], id="no output"),
        pytest.param({"a": [], "b": [], "c": ["a", "b"]}, ["c"], id="two inputs"),
        pytest.param({"a": ["b"], "b": ["a"]}, ["b"], id="recurrence"),
        pytest.param({"a": [], "b": ["a"], "c": ["a"]}, ["b"], id="one on no way"),
        pytest.param({"b": ["a"]}, ["b"], id="one that is not declared"),
    ],
)
def test_what_else_there_may_be_is_no_chain(inputs, outputs):
    assert chain(inputs, outputs) is None


def test_a_long_chain_is_ordered():
    n = 100_000
    assert chain({i: [i - 1] if i else [] for i in range(n)}, [n - 1]) == list(range(n))
