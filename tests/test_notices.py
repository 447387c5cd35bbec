import contextvars
import warnings
from pathlib import Path

import numpy as np
import pytest

from nengo_dense.evaluation import decision_curve, stream_report
from nengo_dense.layers import DenseStack
from nengo_dense.notices import Notices, notify

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


def fail_after_a_notice():
    with Notices():
        notify("too short", stacklevel=1)
        raise KeyError


def test_after_an_error_nothing_more_is_said():
    with pytest.raises(KeyError):
        fail_after_a_notice()


def test_threads_that_hold_notices_leave_the_warnings_of_all_as_they_are():
    before = warnings.filters, list(warnings.filters), warnings.showwarning
    here, there = Notices(), contextvars.copy_context()
    here.__enter__()
    other = Notices()
    there.run(other.__enter__)
    there.run(notify, "of the other", 1)
    here.__exit__(None, None, None)
    with pytest.warns(UserWarning, match="of the other"):
        there.run(other.__exit__, None, None, None)
    assert (warnings.filters, list(warnings.filters), warnings.showwarning) == before
