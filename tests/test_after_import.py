"""A user's own nengo-loihi works under NumPy 2, in whatever order things are imported."""

import subprocess

import numpy as np
import pytest

BUILD = """
with nengo.Network(seed=0) as network:
    ensemble = nengo.Ensemble(20, 1)
    nengo.Connection(nengo.Node(0.5), ensemble)
    probe = nengo.Probe(ensemble)
with nengo_loihi.Simulator(network, progress_bar=False) as simulator:
    simulator.run(0.01)
print(len(simulator.data[probe]))
print([type(finder).__name__ for finder in sys.meta_path].count("_Watcher"))
"""


needed = pytest.mark.skipif(np.__version__ < "2", reason="NumPy 1 needs no mending")


@needed
@pytest.mark.parametrize(
    "imports",
    [
        "import sys, nengo_dense, nengo, nengo_loihi",
        "import sys, nengo, nengo_loihi, nengo_dense",
        "import sys, nengo, nengo_dense, nengo_loihi.block, nengo_loihi",
        "import sys, nengo, nengo_dense; from importlib.util import find_spec\n"
        "find_spec('nengo_loihi.block'); import nengo_loihi",
    ],
)
def test_a_plain_nengo_loihi_network_builds_in_any_order_and_nothing_is_left(imports, printed_by):
    assert printed_by(imports + BUILD) == ["10", "0"]


@needed
def test_it_is_the_mending_that_makes_it_build(printed_by):
    program = "import sys, nengo, nengo_dense\nnengo_dense.after_import.stop()\nimport nengo_loihi"
    with pytest.raises(subprocess.CalledProcessError, match="returned non-zero exit status 1"):
        printed_by(program + BUILD)


def test_nengo_loihi_is_not_imported_and_the_import_watched_once(printed_by):
    program = (
        "import sys, nengo_dense\n"
        "nengo_dense.after_import.mend_nengo_loihi()\n"
        "print([type(finder).__name__ for finder in sys.meta_path].count('_Watcher'))\n"
        "print('nengo_loihi' in sys.modules, 'numpy' in sys.modules)\n"
    )
    assert printed_by(program) == ["1", "False", "False"]


@needed
def test_loaders_are_as_they_were_after_the_import(printed_by):
    program = (
        "import nengo_dense, nengo_loihi\n"
        "print('exec_module' in vars(nengo_loihi.block.__loader__))\n"
    )
    assert printed_by(program) == ["False"]
