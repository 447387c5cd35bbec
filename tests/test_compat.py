"""Other packages, imported when needed and in working order."""

import importlib
import os
import subprocess
import sys
import types
from configparser import ConfigParser
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from nengo_dense import compat
from nengo_dense.exceptions import MissingDependencyError


def test_require_returns_the_module():
    assert compat.require("json.decoder", "Reading") is sys.modules["json.decoder"]


@pytest.mark.parametrize(("name", "extra"), compat.EXTRAS.items())
def test_missing_package_is_named_with_a_command_that_installs_it(monkeypatch, name, extra):
    monkeypatch.setitem(sys.modules, name, None)  # as Python marks what cannot be imported
    wanted = " ".join(f'"{item}"' for item in compat.REQUIREMENTS[extra])
    expected = rf"^Plotting needs {name}, which .* Install it with: pip install {wanted}$"
    with pytest.raises(MissingDependencyError, match=expected):
        compat.require(name, "Plotting")


def test_commands_install_what_the_extras_do():
    setup = ConfigParser()
    if not setup.read(Path(__file__).parents[1] / "setup.cfg"):
        pytest.skip("setup.cfg is not beside the tests")
    for extra, wanted in compat.REQUIREMENTS.items():
        lines = setup["options.extras_require"][extra].strip().splitlines()
        assert list(wanted) == [line for line in lines if not line.startswith("#")]


def test_missing_package_without_extra_is_installed_by_name():
    with pytest.raises(MissingDependencyError, match=r"pip install no_such_package$"):
        compat.require("no_such_package.part", "Nothing")


def test_missing_dependency_is_an_import_error():
    assert issubclass(MissingDependencyError, ImportError)


def test_what_a_package_itself_misses_is_not_blamed_on_it(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import not_there_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all") as caught:
        compat.require("half_installed", "Testing")
    assert not isinstance(caught.value, MissingDependencyError)


def test_nengo_loihi_is_the_real_module():
    assert compat.nengo_loihi() is sys.modules["nengo_loihi"]
    assert compat.nengo_loihi().Simulator.__module__ == "nengo_loihi.simulator"


def test_only_nengo_loihis_name_for_numpy_changes_and_only_when_needed():
    from nengo_loihi import block, neurons, splitter

    compat.nengo_loihi()
    needed = int(np.__version__.split(".")[0]) >= 2
    assert (block.np is not np) == needed
    assert (neurons.np is not np) == needed
    assert splitter.np is np if hasattr(splitter, "np") else True
    if needed:
        with pytest.raises(ValueError, match="Unable to avoid copy"):
            np.array([1, 2], copy=False)  # NumPy itself is as it was


@pytest.mark.skipif(np.__version__ < "2", reason="NumPy 1 needs no mending")
def test_mended_numpy_copies_only_if_needed():
    module = types.ModuleType("written_for_numpy_1")
    module.np = np
    compat.mend(module)
    x = np.arange(3.0)
    assert module.np.array(x, copy=False) is x
    assert module.np.array(x, copy=False, dtype=np.float32).dtype == np.float32
    assert module.np.array(x) is not x
    assert module.np.array(x, copy=True) is not x
    assert module.np.zeros is np.zeros
    assert module.np.pi == np.pi


def test_mending_twice_wraps_once():
    module = types.ModuleType("written_for_numpy_1")
    module.np = np
    compat.mend(module)
    mended = module.np
    compat.mend(module)
    assert module.np is mended


def test_import_of_nengo_loihi_says_nothing_about_nengos_version():
    program = "from nengo_dense import compat; print(compat.nengo_loihi().__name__)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "nengo_loihi"
    assert "has not been tested" not in done.stderr


def test_chip_network_runs_under_the_installed_numpy():
    import nengo

    nengo_loihi = compat.nengo_loihi()
    at_rest = {"voltage": nengo.dists.Choice([0])}
    with nengo.Network(seed=0) as net:
        a, b = (nengo.Ensemble(20, 1, neuron_type=nengo.LIF(initial_state=at_rest)) for _ in "ab")
        nengo.Connection(nengo.Node(0.5), a)
        nengo.Connection(a, b)
        probe = nengo.Probe(b.neurons)
    with nengo_loihi.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(100)
    assert np.count_nonzero(sim.data[probe]) > 50


@pytest.mark.parametrize("tensorflow", ["2.10.0", "2.11.1", "2.12.1"])
def test_versions_that_nengo_dl_works_with_are_no_obstacle(tensorflow):
    assert compat._dl_obstacle(tensorflow, "2.12.0") is None
    assert compat._dl_obstacle(tensorflow, None) is None


@pytest.mark.parametrize("tensorflow", ["2.9.3", "2.13.0", "2.21.0", "3.0.0-rc1"])
def test_other_versions_of_tensorflow_are_named_with_the_range(tensorflow):
    obstacle = compat._dl_obstacle(tensorflow, None)
    assert f"TensorFlow 2.10 to 2.12, and {tensorflow} is installed" in obstacle


def test_keras_3_beside_an_old_tensorflow_is_named():
    obstacle = compat._dl_obstacle("2.12.1", "3.4.1")
    assert "the Keras 2 that TensorFlow 2.12.1 brings, and Keras 3.4.1 is installed" in obstacle


def test_an_obstacle_to_nengo_dl_says_how_to_go_round_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "nengo_dl", raising=False)
    later = types.ModuleType("tensorflow")
    later.__version__ = "2.21.0"
    monkeypatch.setitem(sys.modules, "tensorflow", later)
    expected = r'2.21.0 is installed.*pip install "tensorflow>=2.10,<2.13".*compat.use_tf_keras'
    with pytest.raises(MissingDependencyError, match=expected):
        compat.nengo_dl()


@pytest.mark.dl
def test_nengo_dl_is_the_real_module():
    pytest.importorskip("nengo_dl", reason="NengoDL is in the dl environment")
    assert compat.nengo_dl().Simulator.__module__ == "nengo_dl.simulator"


CURRENT = {"nengo-dl": "3.6.0", "nengo-extras": "0.5.0", "tf_keras": "2.21.0"}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Write what pip writes of versions, in front of what is really installed."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "nengo_dl", raising=False)
    monkeypatch.delenv("TF_USE_LEGACY_KERAS", raising=False)

    def install(**versions):
        for name, version in {**CURRENT, **versions}.items():
            info = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")

    return install


def test_tf_keras_stays_away_from_a_tensorflow_that_nengo_dl_knows(installed):
    installed(tensorflow="2.12.1")
    compat.use_tf_keras()
    assert "TF_USE_LEGACY_KERAS" not in os.environ
    assert "nengo_dl" not in sys.modules


def test_tf_keras_stays_away_from_a_nengo_dl_that_is_imported(installed, monkeypatch):
    installed(tensorflow="2.21.0")
    monkeypatch.setitem(sys.modules, "nengo_dl", types.ModuleType("nengo_dl"))
    compat.use_tf_keras()
    assert "TF_USE_LEGACY_KERAS" not in os.environ


@pytest.mark.parametrize("version", ["2.13.0", "2.15.1", "2.22.0rc1"])
def test_tf_keras_for_another_tensorflow_is_refused(installed, version):
    installed(tensorflow=version)
    expected = rf"TensorFlow 2.16 to 2.21, and {version} is .*The extra tf-keras .* installs"
    with pytest.raises(MissingDependencyError, match=expected):
        compat.use_tf_keras()
    assert "TF_USE_LEGACY_KERAS" not in os.environ


def test_tf_keras_after_tensorflow_is_refused(installed, monkeypatch):
    installed(tensorflow="2.21.0")
    monkeypatch.setitem(sys.modules, "tensorflow", types.ModuleType("tensorflow"))
    with pytest.raises(MissingDependencyError, match=r"imported before .*keras\(\) was called"):
        compat.use_tf_keras()
    assert "TF_USE_LEGACY_KERAS" not in os.environ


def test_everything_that_tf_keras_lacks_is_named():
    versions = {**CURRENT, "nengo-extras": None, "tf_keras": None, "tensorflow": "2.21.0"}
    assert "needs nengo-extras, tf_keras, not" in compat._tf_keras_obstacle(versions)


def test_tf_keras_of_another_tensorflow_is_refused():
    obstacle = compat._tf_keras_obstacle({**CURRENT, "tensorflow": "2.20.0"})
    assert obstacle == "tf_keras 2.21.0 does not belong to TensorFlow 2.20.0."


@pytest.mark.parametrize("version", ["2.16.2", "2.21.0"])
def test_tf_keras_goes_with_its_own_tensorflow(version):
    versions = {**CURRENT, "tf_keras": version, "tensorflow": version}
    assert compat._tf_keras_obstacle(versions) is None


def test_modules_stand_in_for_others_only_for_a_while():
    json, csv = (importlib.import_module(name) for name in ("json", "csv"))
    with compat._standing_in({"json": "csv", "no_such_package.part": "csv"}):
        assert sys.modules["json"] is csv
        assert sys.modules["no_such_package.part"] is csv
    assert sys.modules["json"] is json
    assert "no_such_package.part" not in sys.modules


def test_modules_stand_in_no_longer_after_an_error():
    json = importlib.import_module("json")
    with pytest.raises(RuntimeError, match="stopped"), compat._standing_in({"json": "csv"}):
        raise RuntimeError("stopped")
    assert sys.modules["json"] is json


@pytest.mark.dl
@pytest.mark.skipif(find_spec("tf_keras") is None, reason="tf_keras is in its own environment")
def test_tf_keras_carries_nengo_dl_and_leaves_keras_3_in_place():
    program = (
        "from nengo_dense import compat\n"
        "compat.use_tf_keras()\n"
        "import keras, nengo_dl, tensorflow as tf\n"
        "from tensorflow.keras import Model\n"
        "print(compat.nengo_dl() is nengo_dl, compat.nengo_loihi().compat.HAS_DL)\n"
        "print(tf.keras.Model.__module__, Model.__module__)\n"
        "print(keras.__version__, keras.layers.Dense.__module__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True
    )
    nengo_dl, keras_2, keras_3 = done.stdout.splitlines()
    assert nengo_dl == "True True"
    assert keras_2 == "tf_keras.src.engine.training tf_keras.src.engine.training"
    assert keras_3.startswith("3.")
    assert keras_3.endswith(" keras.src.layers.core.dense")
    assert "has not been tested" not in done.stderr
