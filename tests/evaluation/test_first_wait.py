"""A bar says that functions are compiled or a network is built, and else what is done."""

import importlib

import numpy as np
import pytest
from nengo.utils.progress import Progress

from nengo_dense.evaluation import evaluate, execution, predict
from nengo_dense.evaluation.recorder import Recorder
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.kernel.choice import COMPILING, saying_what_is_compiled


@pytest.mark.parametrize("kernel", ["auto", "numpy"])
def test_bar_says_that_it_compiles_while_it_does_and_then_what_it_does(kernel):
    numba = pytest.importorskip("numba", reason="what compiles")
    extending = pytest.importorskip("numba.extending")
    importlib.import_module("nengo_dense.loihi.kernel.compilation")  # whatever compiles loads it
    progress = Progress("Evaluating", "Evaluating", 3)
    names = []

    def mark():
        """Do nothing."""

    def mark_again():
        """Do nothing, after the first was compiled within the same function."""

    @extending.overload(mark)
    @extending.overload(mark_again)
    def _while_compiled():
        names.append(progress.name_during)
        return lambda: None

    @numba.njit
    def function():
        mark()
        mark_again()

    with saying_what_is_compiled(progress, kernel):
        function()
        names.append(progress.name_during)
    assert set(names[:-1]) == {COMPILING if kernel == "auto" else "Evaluating"}
    assert names[-1] == "Evaluating"


@pytest.mark.parametrize("act", ["Evaluating", "Predicting"])
def test_bar_says_that_a_network_is_built_until_it_is(act, monkeypatch):
    said = []

    class Spy(Progress):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            if name == "name_during":
                said.append(value)

    class SpiedRecorder(Recorder):
        def __init__(self, trial):
            super().__init__(trial)
            said.append("built")

    monkeypatch.setattr(execution, "Progress", Spy)
    monkeypatch.setattr("nengo_dense.evaluation.batch.Recorder", SpiedRecorder)
    stack = DenseStack([20, 3], 2, encoding="spikes", seed=0)
    arguments = ([0, 1, 2],) if act == "Evaluating" else ()
    run = evaluate if arguments else predict
    run(stack, np.ones((3, 2)), *arguments, presentation_time=0.05, progress_bar=False)
    assert said[:4] == [act, "Building", "built", act]
    assert set(said[4:]) <= {act}
