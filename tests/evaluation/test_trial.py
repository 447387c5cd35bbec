"""A trial goes to other processes."""

import pickle
import warnings

import numpy as np

from nengo_dense.evaluation.trial import Trial
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
