import subprocess
import sys
import textwrap

import numpy as np
import pytest

from nengo_dense import plugins
from nengo_dense.exceptions import ConversionError, FileFormatError, PluginError
from nengo_dense.importers import DenseSpec, Importer, read_model
from nengo_dense.importers.importer import GROUP
from nengo_dense.layers import DenseStack

CODE = """
from nengo_dense.importers import DenseSpec

class Importer:
    reads = "whatever this test needs"
    def recognizes(self, model):
        return model == "mine"
    def read(self, model):
        return [DenseSpec([[1.0, 2.0]], label="theirs")]
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package with one importer, as pip would, for the time of a test."""

    def make(name, code, entry="Importer"):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(code))
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {name}:{entry}\n")
        monkeypatch.delitem(sys.modules, name, raising=False)

    monkeypatch.syspath_prepend(tmp_path)
    return make


def test_every_built_in_importer_keeps_the_protocol():
    entries = plugins.find(GROUP)
    names = {"arrays", "keras", "keras_file", "nir", "onnx", "sklearn", "torch"}
    assert names <= {entry.name for entry in entries}
    for entry in entries:
        assert isinstance(plugins.load(entry, GROUP)(), Importer)


def test_importers_of_other_packages_are_asked(install):
    install("theirs", CODE)
    (spec,) = read_model("mine")
    assert spec.label == "theirs"


def test_what_other_importers_return_is_checked_and_merged(install):
    code = CODE.replace("[[1.0, 2.0]]", "[[1.0, 2.0]]").replace(
        'label="theirs")]', 'label="a"), DenseSpec([[3.0]], label="b")]'
    )
    install("linear", code)
    (spec,) = read_model("mine")
    np.testing.assert_array_equal(spec.weights, [[3.0, 6.0]])


def test_nobody_recognizes_lists_what_is_supported():
    with pytest.raises(ConversionError, match="no importer recognizes it; supported are") as err:
        read_model(object())
    for word in ("weights, bias", "Keras", "PyTorch", "ONNX", "NIR", "scikit-learn"):
        assert word in str(err.value)


def test_where_it_is_known_what_to_do_nothing_else_is_said():
    with pytest.raises(ConversionError, match="it is a class; make one, DenseSpec") as err:
        read_model(DenseSpec)
    assert "supported are" not in str(err.value)


def test_a_stack_is_converted_already():
    with pytest.raises(ConversionError, match="a network of Nengo already; a stack or a graph is"):
        read_model(DenseStack([3, 2], 4, seed=0))


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("m.tflite", "made for another runtime, .* give the Keras model"),
        ("m.safetensors", "weights without a model"),
        ("m.npz", "arrays without a model; load them with numpy.load .* DenseStack.load, and is"),
        ("m.pb", "part of a TensorFlow SavedModel; load its folder"),
        ("nowhere", "there is no such file"),
    ],
)
def test_files_of_other_kinds_have_their_next_step(name, match, tmp_path):
    if name != "nowhere":
        (tmp_path / name).write_bytes(b"data")
    with pytest.raises(ConversionError, match=match):
        read_model(tmp_path / name)


@pytest.mark.parametrize("name", ["saved", "saved.keras"])
def test_a_saved_model_of_tensorflow_has_its_next_step(name, tmp_path):
    (tmp_path / name).mkdir()
    with pytest.raises((ConversionError, FileFormatError), match="is a directory; give the path"):
        read_model(tmp_path / name)
    (tmp_path / name / "saved_model.pb").write_bytes(b"data")
    with pytest.raises((ConversionError, FileFormatError), match=r"tf\.keras\.models\.load_model"):
        read_model(tmp_path / name)


def test_the_content_of_a_file_is_no_model():
    with pytest.raises(
        ConversionError, match=r"content of a file; .* onnx\.load_model_from_string"
    ):
        read_model(b"data")


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".joblib"])
def test_pickled_files_are_not_opened(suffix, tmp_path):
    (tmp_path / f"model{suffix}").write_bytes(b"cbuiltins\nexit\n(tR.")
    with pytest.raises(ConversionError, match=f"reading a {suffix} file runs code .* load it"):
        read_model(tmp_path / f"model{suffix}")


def test_a_name_that_is_no_file_is_not_taken_for_one():
    with pytest.raises(ConversionError, match=r"'model\.pt'.*\n.*there is no such file"):
        read_model("model.pt")


@pytest.mark.parametrize(
    ("code", "match"),
    [
        ("import no_such_package", "broken = broken:Importer.*of broken 1.0.*no_such_package"),
        ("def Importer(): raise SystemExit(3)", "cannot be made: SystemExit: 3"),
        ("Importer = 3", "importer 'broken' of broken 1.0 cannot be made: TypeError"),
        ("Importer = dict", "'broken' of broken 1.0 is no importer: it must have 'reads'"),
        (
            CODE.replace("model == ", "exit(4) or "),
            "importer 'broken' of broken 1.0 is broken: recognizes: SystemExit: 4",
        ),
        (
            CODE.replace("model == ", "1 / 0 or "),
            "importer 'broken' of broken 1.0 is broken: recognizes: ZeroDivisionError",
        ),
    ],
)
def test_a_broken_importer_takes_nobody_down(install, code, match):
    install("broken", code)
    with pytest.warns(UserWarning, match=match):
        specs = read_model([np.eye(2)])
    assert len(specs) == 1
    with pytest.raises(ConversionError, match=match):
        read_model(object())


def test_two_that_recognize_are_ordered_by_name(install):
    install("zzz", CODE.replace("theirs", "zzz"))
    install("aaa", CODE.replace("theirs", "aaa"))
    with pytest.warns(UserWarning, match=r"'aaa' of aaa 1.0 reads it, 'zzz' of zzz 1.0 does not"):
        (spec,) = read_model("mine")
    assert spec.label == "aaa"


@pytest.mark.parametrize(
    ("returned", "match"),
    [
        ("3", "'bad' of bad 1.0 must return a SourceModel or a list of DenseSpec, got int"),
        ("1 / 0", "'bad' of bad 1.0 failed to read .*ZeroDivisionError.*report it"),
        ("exit(3)", "'bad' of bad 1.0 failed to read .*SystemExit: 3.*report it"),
    ],
)
def test_an_importer_that_misbehaves_is_named(install, returned, match):
    install("bad", CODE.replace('[DenseSpec([[1.0, 2.0]], label="theirs")]', returned))
    with pytest.raises(PluginError, match=match):
        read_model("mine")


def test_no_framework_is_imported_to_recognize():
    code = (
        "import sys, numpy as np; from nengo_dense.importers import read_model;"
        "read_model([np.eye(2)]);"
        "print({'keras', 'tensorflow', 'torch', 'sklearn', 'onnx', 'nir', 'h5py', 'nengo_loihi'}"
        " & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


def test_specs_are_read_only():
    spec = DenseSpec(np.eye(2))
    with pytest.raises(ValueError, match="read-only"):
        spec.weights[0, 0] = 3
