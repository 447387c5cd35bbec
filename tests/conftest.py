"""What tests share: a nengo-loihi that builds under the NumPy that is installed, and a graph."""

import os
import signal
import subprocess
import sys

import entrypoints
import nengo
import numpy as np
import pytest
from hypothesis import settings

from nengo_dense import compat
from nengo_dense.checks import registry
from nengo_dense.conversion.tuning.effort import EFFORTS, Effort
from nengo_dense.importers.hdf5 import Hdf5File
from nengo_dense.layers.graph import DenseGraph
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput
from nengo_dense.loihi.kernel import choice
from nengo_dense.plugins import Found

#: Begins a module of rules that a test writes.
HEAD_OF_RULES = """import os, signal, sys, threading, time
import numpy as np
from nengo_dense.checks import Fact, Finding, Rule, fact, rule
class Mute(Exception):
    def __str__(self):
        raise ValueError('str')
"""


def pytest_addoption(parser):
    parser.addoption(
        "--tf-keras", action="store_true", help="run NengoDL on a current TensorFlow, by tf_keras"
    )


def pytest_configure(config):
    # an example takes as long as it takes beside other work on the machine
    settings.register_profile("no deadline", deadline=None)
    settings.load_profile("no deadline")
    # kept in the home folder, where test runs side by side would wait for one another's locks
    nengo.rc.set("decoder_cache", "enabled", "False")
    if config.getoption("tf_keras", default=False):  # unknown if tests/ is not the first folder
        compat.use_tf_keras()  # before nengo-loihi, which imports TensorFlow
    choice.PATIENCE.loading = choice.PATIENCE.compiling = -1.0  # test what is compiled
    choice.ESTIMATING.loading = choice.ESTIMATING.compiling = -1.0
    compat.nengo_loihi()  # tests also call nengo_loihi.Simulator directly, without a layer


@pytest.fixture
def few_updates(monkeypatch):
    """Tune with a few updates, where nothing is shown of what tuning reaches."""
    monkeypatch.setitem(EFFORTS, "normal", Effort(5, 40, 200))


@pytest.fixture(scope="session")
def forks():
    from hdf5_forks import Forks

    with Forks() as forks:
        yield forks


@pytest.fixture
def readers_are_forks(forks, monkeypatch):
    """Fork what reads HDF5, where it need not be started anew, as `test_hdf5.py` has it."""
    monkeypatch.setattr(Hdf5File, "_start", lambda file: forks.start(file))


@pytest.fixture
def terminal():
    """Let Ctrl-C do as it does at a terminal; whatever runs in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def printed_by():
    """Return what runs a program in a process of its own, and gives the words that it prints."""

    def run(program, **variables):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            env={**os.environ, **variables},
        )
        return done.stdout.split()

    return run


@pytest.fixture
def save(tmp_path, monkeypatch):
    """Return what saves arrays as data.npz in a folder of their own, the current one."""
    monkeypatch.chdir(tmp_path)

    def save(**arrays):
        np.savez("data.npz", **arrays)
        return "data.npz"

    return save


@pytest.fixture
def make_graph(rng):
    """Return a maker of graphs: skip connections, two inputs, two outputs."""

    def matrix(n_out, n_in):
        return rng.normal(0.3, 0.5, (n_out, n_in)) / np.sqrt(n_in / 4)

    def make(encoding="host", n=6, **arguments):
        """Make one; with ``"host"`` layers a and b run there, and c reads an input itself too."""
        on_chip = encoding == "spikes"
        layers = [
            GraphLayer("a", {"x": matrix(n, 3)}, rng.normal(0.1, 0.1, n), 400.0, on_chip=on_chip),
            GraphLayer(
                "b",
                {"x": matrix(5, 3), "y": matrix(5, 2)},
                rng.normal(0.1, 0.1, 5),
                300.0,
                on_chip=on_chip,
            ),
            GraphLayer(
                "c", {"a": matrix(4, n), "y": matrix(4, 2)}, rng.normal(0.1, 0.1, 4), 350.0
            ),
            GraphLayer(
                "d", {"c": matrix(7, 4), "b": matrix(7, 5), "a": matrix(7, n)}, None, 450.0
            ),
        ]
        outputs = {
            "kind": GraphOutput(
                {"d": matrix(3, 7), "a": matrix(3, n)}, rng.normal(size=3), "softmax"
            ),
            "value": GraphOutput({"c": matrix(2, 4), "x": matrix(2, 3)}, [1.0, -2.0]),
        }
        encoders = {"y": {"max_rate": 600.0, "offset": [0.0, -0.5]}}
        if on_chip:
            encoders["x"] = {"max_rate": 900.0, "signed": [True, False, True]}
        settings = {"synapse": 0.002, "add_to_container": False, **arguments}
        return DenseGraph({"x": 3, "y": 2}, layers, outputs, encoders=encoders, **settings)

    return make


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package with a module of rules as the only one beside nengo_dense."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(code, name="evil_rules"):
        (tmp_path / f"{name}.py").write_text(HEAD_OF_RULES + code)
        monkeypatch.delitem(sys.modules, name, raising=False)
        package = entrypoints.Distribution("evil", "1.2")
        entry = entrypoints.EntryPoint("EV", name, "rules", distro=package)
        monkeypatch.setattr(registry, "_installed", lambda path: Found([entry]))

    return install
