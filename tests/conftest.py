"""What every test needs: a nengo-loihi that builds under the NumPy that is installed."""

import signal

import nengo
import pytest
from hypothesis import settings

from nengo_dense import compat


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
    compat.nengo_loihi()  # tests also call nengo_loihi.Simulator directly, without a layer


@pytest.fixture
def terminal():
    """Let Ctrl-C do as it does at a terminal; whatever runs in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
