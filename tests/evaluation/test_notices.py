import warnings
from pathlib import Path

import numpy as np
import pytest

from nengo_dense.evaluation import decision_curve, stream_report
from nengo_dense.evaluation.notices import Notices
from nengo_dense.layers import DenseStack

SHORT = {"presentation_time": 0.001, "dt": None, "progress_bar": False}


def curve(stack, x, y):
    return decision_curve(stack, x, y, calibration=(x, y), **SHORT)


def report(stack, x, y):
    return stream_report(stack, x, y, gaps=[0.0, 0.002], **{**SHORT, "presentation_time": 0.002})


@pytest.mark.parametrize("run", [curve, report])
def test_what_several_evaluations_warn_of_is_said_once_at_the_line_of_the_caller(run, rng):
    stack = DenseStack([8, 3], 4, encoding="spikes", seed=0)
    with pytest.warns(UserWarning, match="for . step|No neuron|loses") as caught:
        run(stack, rng.uniform(size=(60, 4)), np.arange(60) % 3)
    said = [str(warning.message) for warning in caught]
    assert len(said) == len(set(said)) >= 1
    assert {Path(warning.filename) for warning in caught} == {Path(__file__)}


def test_what_others_warn_of_keeps_its_line_and_errors_stay():
    with pytest.warns(DeprecationWarning, match="old") as caught, Notices(__file__):
        warnings.warn_explicit("old", DeprecationWarning, "elsewhere.py", 7)
    assert (caught[0].filename, caught[0].lineno) == ("elsewhere.py", 7)
    with pytest.raises(KeyError), Notices(__file__):
        raise KeyError
