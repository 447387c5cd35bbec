"""Functions that others contain have no machine code of their own, and compute the same."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

import numba
from numba.core import event
from numba.core.codegen import JITCodeLibrary

from nengo_dense.loihi.kernel.compilation import OPTIONS, inlined
from nengo_dense.loihi.kernel.inlining import FITS, Part


@inlined
def _double(values, j):
    """Double a number, and refuse it below zero."""
    if values[j] < 0:
        raise ValueError("below zero")
    return 2 * values[j]


@inlined
def _twice(values, j):
    return _double(values, j) + _double(values, j)


@pytest.fixture
def libraries():
    """Compile a function with others in it; return it, and the code of each by name."""
    found = {}

    class Listener(event.Listener):
        def on_start(self, _):
            pass

        def on_end(self, compiling):
            dispatcher = compiling.data["dispatcher"]
            (found[dispatcher.py_func.__name__],) = dispatcher.overloads.values()

    def quadruple(values):
        for j in range(len(values)):
            values[j] = _twice(values, j)

    dispatcher = numba.njit(**OPTIONS)(quadruple)  # not kept for the next run
    with event.install_listener("numba:compile", Listener()):
        dispatcher.compile("void(float64[::1])")
    return dispatcher, {name: result.library for name, result in found.items()}


def test_only_what_is_called_is_machine_code(libraries):
    function, code = libraries
    assert {name: type(library) is Part for name, library in code.items()} == {
        "_double": True,
        "_twice": True,
        "quadruple": False,
    }
    values = np.arange(5.0)
    function(values)
    np.testing.assert_array_equal(values, 4 * np.arange(5.0))


def test_errors_are_those_of_a_function_that_is_not_inlined(libraries):
    function, _ = libraries
    with pytest.raises(ValueError, match="below zero"):
        function(np.array([1.0, -1.0]))


def test_numba_still_calls_what_a_part_leaves_out():
    assert FITS
    own = [name for name in vars(Part) if not name.startswith("__")]
    assert [name for name in own if not hasattr(JITCodeLibrary, name)] == ["set_env"]
