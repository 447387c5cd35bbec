"""A trial goes to other processes."""

import pickle
import warnings

import numpy as np
import pytest

from nengo_dense.evaluation.prediction import predict
from nengo_dense.evaluation.trial import Trial
from nengo_dense.layers.graph import DenseGraph
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput
from nengo_dense.layers.part import Parts
from nengo_dense.layers.stack import DenseStack


def test_a_trial_arrives_in_another_process_without_a_warning():
    trial = Trial(DenseStack([4, 3], 2, seed=0), "sim", 0.001, 2)
    content = pickle.dumps(trial)
    before = list(warnings.filters)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        there = pickle.loads(content)
    assert warnings.filters == before
    assert there.n_out == 3
    for layer, same in zip(trial.populations, there.populations, strict=True):
        np.testing.assert_array_equal(same.bias, layer.bias)


@pytest.mark.parametrize("encoding, depth", [("host", 3), ("spikes", 4), ("chip", 3)])
def test_what_is_over_before_its_first_spikes_are_seen_is_said(encoding, depth):
    weights = [5 * np.eye(2)] * 3 + [np.eye(2)]
    how = {"weights": weights, "readout": "linear", "max_rate": 900.0, "synapse": None}
    stack = DenseStack([2] * 4, 2, encoding=encoding, **how)
    assert Parts.of(stack).depth == depth
    options = {"progress_bar": False, "presentation_time": depth / 1000}
    x = np.array([[0.9, 0.1], [0.1, 0.9]])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        one, other = predict(stack, x, **options)
    np.testing.assert_array_equal(one, other)
    assert "A sample is shown for" in str(said[0].message)
    assert f"each of {depth} populations" in str(said[0].message)
    assert "is too late for the answer" in str(said[0].message)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        predict(
            stack, np.stack([x] * 3, 1), per_frame=True, **{**options, "presentation_time": 0.009}
        )
    assert not [one for one in said if "is shown for" in str(one.message)], "answers wait"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        predict(stack, x, target="nengo", **options)
    assert not [one for one in said if "is shown for" in str(one.message)], "all in one step"


def test_the_longest_way_counts():
    layers = [
        GraphLayer("a", {"x": np.eye(2)}, on_chip=False),
        GraphLayer("b", {"a": np.eye(2)}),
        GraphLayer("c", {"b": np.eye(2), "a": np.eye(2)}),
    ]
    graph = DenseGraph({"x": 2}, layers, {"y": GraphOutput({"c": np.eye(2), "a": np.eye(2)})})
    assert Parts.of(graph).depth == 3
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        one, other = predict(graph, 9 * np.eye(2), presentation_time=0.001, progress_bar=False)
    assert "for 1 step, and" in str(said[0].message)
    assert "what passes all of them is too late" in str(said[0].message)
    assert (one != other).any()  # by the shorter way
