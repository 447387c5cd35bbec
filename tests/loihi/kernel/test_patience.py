"""NumPy computes until it has taken as long as the compiled functions take to get."""

import importlib.util
import sys

import pytest

from nengo_dense.loihi.kernel import patience as patience_module
from nengo_dense.loihi.kernel.patience import Patience

numba = pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

#: A process with little to simulate, and one with more than NumPy is left to do.
PROGRAM = """
import sys
import nengo, nengo_dense
from nengo_dense.loihi.kernel import choice
choice.PATIENCE.loading = choice.PATIENCE.compiling = {limit}
with nengo.Network(seed=0) as network:
    nengo_dense.DenseStack([9, 9, 2], 2, label="stack")
with nengo_dense.Simulator(network, progress_bar=False) as sim:
    sim.run_steps(3)
print("numba" in sys.modules)
"""


@pytest.fixture
def ready(monkeypatch):
    """Let a test say whether functions are compiled."""
    known = {"ready": False}
    monkeypatch.setattr(patience_module, "_is_ready", lambda: known["ready"])
    return known


def test_what_must_be_compiled_waits_until_all_limits_are_spent(ready):
    patience = Patience(loading=10, compiling=30)
    assert not patience.is_over(20)
    assert not patience.is_over(10)
    assert patience.is_over(1)
    assert patience.is_over(0), "and from then on"


def test_work_that_is_refused_to_numpy_is_not_counted_as_its(ready):
    patience = Patience(loading=10, compiling=30)
    assert not patience.is_over(29)
    ready["ready"] = True
    assert patience.is_over(10**9)


def test_what_is_compiled_and_loaded_already_is_used_at_once(ready):
    ready["ready"] = True
    assert Patience().is_over(0), "numba is loaded in this process"


@pytest.mark.parametrize("compiled", [True, False])
def test_where_numba_is_not_loaded_it_is_so_after_the_first_limit(compiled, ready, monkeypatch):
    ready["ready"] = compiled
    patience = Patience(loading=10, compiling=30)
    without = {name: module for name, module in sys.modules.items() if name != "numba"}
    monkeypatch.setattr(patience_module.sys, "modules", without)
    assert not patience.is_over(10)
    assert patience.is_over(1) == compiled
    assert patience.is_over(20)


def test_functions_that_a_conversion_never_calls_need_not_be_compiled(monkeypatch):
    from nengo_dense.loihi.kernel import compilation, compiled_chip  # imports numba

    ready = {compiled_chip.advance}
    monkeypatch.setattr(compilation, "is_ready", ready.__contains__)
    assert Patience().is_over(0)


def test_where_numba_is_switched_off_numpy_computes_for_ever(ready, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    ready["ready"] = True
    assert not Patience().is_over(10**12)


#: It is a part of nengo-loihi where NengoDL is installed.
LOADED = importlib.util.find_spec("nengo_extras") is not None
LITTLE = pytest.param(
    1e9, "False", marks=pytest.mark.skipif(LOADED, reason="nengo-extras loads numba by itself")
)


@pytest.mark.parametrize(("limit", "loaded"), [LITTLE, (-1.0, "True")])
def test_a_process_with_little_to_do_does_not_load_numba(limit, loaded, printed_by):
    assert printed_by(PROGRAM.format(limit=limit)) == [loaded]


@pytest.mark.skipif(LOADED, reason="nengo-extras loads numba by itself")
@pytest.mark.parametrize("work", ["choice.is_compiled()", "patience.Patience(0).is_over(1)"])
def test_a_number_of_threads_that_numba_refuses_is_named(printed_by, work):
    program = (
        "from nengo.exceptions import ValidationError\n"
        "from nengo_dense.loihi.kernel import choice, patience\n"
        f"try:\n    {work}\nexcept ValidationError as err:\n    print(err)"
    )
    said = " ".join(printed_by(program, NUMBA_NUM_THREADS="0"))
    assert said.startswith("NUMBA_NUM_THREADS: numba cannot be loaded where it is '0' (Number")
    assert said.endswith("give a whole number above 0, or none")


def test_what_else_is_wrong_with_numba_is_not_blamed_on_threads(monkeypatch):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            raise ValueError("numpy.dtype size changed")

    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    monkeypatch.delitem(sys.modules, "numba")
    monkeypatch.setattr(sys, "meta_path", [Broken()])
    with pytest.raises(ValueError, match=r"^numpy\.dtype size changed$"):
        patience_module.is_switched_off()


def test_where_numba_is_switched_off_before_it_is_loaded_all_is_numpy(printed_by):
    program = (
        "from nengo_dense.loihi.kernel import choice\n"
        "print(choice.make_fire_from_start().__module__, choice.make_slopes()[0].__module__,"
        " choice.make_sum_spiking(), choice.is_compiled())"
    )
    kernel = "nengo_dense.loihi.kernel."
    assert printed_by(program, NUMBA_DISABLE_JIT="1") == [
        f"{kernel}numpy_host",
        f"{kernel}numpy_slope",
        "None",
        "True",
    ]
