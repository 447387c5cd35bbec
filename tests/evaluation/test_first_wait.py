"""A bar says that functions are compiled, for as long as they are, and else what is done."""

import importlib

import pytest
from nengo.utils.progress import Progress

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
