import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from nengo_dense.budget import DATA, PARTS
from nengo_dense.exceptions import FileFormatError
from nengo_dense.importers import hdf5
from nengo_dense.importers.hdf5 import Hdf5File


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data.h5"


def read(path, name="a"):
    with Hdf5File(path, str(path)) as file:
        return file.array(name)


@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}, {"chunks": (2, 3)}])
def test_arrays_are_read_as_they_are(path, options, rng):
    values = rng.normal(size=(4, 6))
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=values, **options)
    np.testing.assert_array_equal(read(path), values)
    np.testing.assert_array_equal(read(path.read_bytes()), values)


@pytest.mark.parametrize("shape", [(2**20, 2**20), (1000, 1000), (2**40,)])
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_declared_shapes_are_not_believed(path, shape, compression):
    with h5py.File(path, "w") as file:
        file.create_dataset("a", shape=shape, dtype="f4", chunks=True, compression=compression)
    with pytest.raises(FileFormatError, match=r"more than the limit|declares the shape"):
        read(path)


def test_all_arrays_together_have_a_limit(path):
    with h5py.File(path, "w") as file:
        file["a"] = np.zeros(1000)
    with Hdf5File(path, "data") as file:
        file.array("a")
        file.budget.take(DATA, DATA.most - 8000, "the rest")
        with pytest.raises(FileFormatError, match=r"'a' of data declares 8000 bytes .* limit"):
            file.array("a")


def test_links_out_of_the_file_are_not_followed(path, tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["a"] = np.arange(3.0)
    with h5py.File(path, "w") as file:
        file["a"] = h5py.ExternalLink(str(secret), "a")
        file["soft"] = h5py.SoftLink("/a")
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(str(secret), "a", (3,))
        file.create_virtual_dataset("virtual", layout)
        (tmp_path / "raw").write_bytes(bytes(24))
        file.create_dataset("raw", (3,), "f8", external=[(str(tmp_path / "raw"), 0, 24)])
    for name in ("a", "soft"):
        with pytest.raises(FileFormatError, match="is a link, which is not followed"):
            read(path, name)
    for name in ("virtual", "raw"):
        with pytest.raises(FileFormatError, match="keeps its data in another file"):
            read(path, name)
    with Hdf5File(path, "data") as file, pytest.raises(FileFormatError, match="is a link"):
        file.copy()


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("missing", "has no 'missing'"),
        ("a/deeper", "has no 'a/deeper'"),
        ("group", "'group' of .* is a group, must be an array"),
        ("text", "holds object, must hold real numbers"),
        ("complex", "holds complex128, must hold real numbers"),
        ("empty", "'empty' of .* is empty"),
        ("pairs", r"values of type .*'x'.* are not read"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(path, name, match):
    with h5py.File(path, "w") as file:
        file["a"] = np.arange(3)
        file.create_group("group")
        file["text"] = "hello"
        file["complex"] = np.array([1j])
        file["empty"] = h5py.Empty("f8")
        file["pairs"] = np.zeros(3, dtype=[("x", "f8"), ("y", "f8")])
    with pytest.raises(FileFormatError, match=match):
        read(path, name)


def test_what_is_in_an_array_is_not_listed(path):
    with h5py.File(path, "w") as file:
        file["a"] = np.arange(3)
    with Hdf5File(path, "data") as file, pytest.raises(FileFormatError, match="must be a group"):
        file.names("a")


def test_files_of_other_formats_are_refused(path):
    path.write_bytes(b"no HDF5")
    with pytest.raises(FileFormatError, match="is damaged or no HDF5 file"):
        read(path)


@pytest.mark.parametrize("shape", ["loop", "forty levels"])
def test_groups_that_are_reached_in_several_ways_are_refused(shape, path):
    with h5py.File(path, "w") as file:
        if shape == "loop":
            file["a"] = file["/"]
        else:
            below = file.create_group("g")
            for number in range(40):
                above = file.create_group(f"n{number}")
                above["a"] = above["b"] = below
                below = above
    with Hdf5File(path, str(path)) as file, pytest.raises(FileFormatError, match="in several way"):
        file.copy()


def keras_like(path):
    """Write a file as Keras does, in little."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": {}}'
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"d"]
        layer = weights.create_group("d")
        layer.attrs["weight_names"] = [b"k"]
        layer["k"] = np.arange(12.0).reshape(4, 3)
        layer.create_dataset("z", data=np.zeros((20, 20)), compression="gzip")
        layer["t"] = "text"


# With libhdf5 1.14 the first one ends the process that reads it; the second one never returns from
# some calls.
@pytest.mark.parametrize(("place", "byte"), [(857, 190), (928, 132)])
def test_no_damage_ends_the_interpreter(place, byte, path, monkeypatch):
    monkeypatch.setattr(hdf5, "SECONDS", 2)
    keras_like(path)
    content = bytearray(path.read_bytes())
    content[place] = byte
    path.write_bytes(content)

    def read_everything():
        with Hdf5File(path, "data") as file:
            file.attribute("", "model_config")
            file.attribute("model_weights", "layer_names")
            file.attribute("model_weights/d", "weight_names")
            for name in "kz":
                file.array(f"model_weights/d/{name}")
            file.copy()

    with pytest.raises(FileFormatError, match=r"data is damaged.* (did not survive|no HDF5)"):
        read_everything()


def test_a_process_that_ends_is_named(path):
    keras_like(path)
    with Hdf5File(path, "data") as file:
        os.kill(file.child.pid, signal.SIGSEGV)
        with pytest.raises(FileFormatError, match="did not survive, it was ended by SIGSEGV"):
            file.names("")


def test_a_request_that_no_process_takes_is_named(path):
    keras_like(path)
    with Hdf5File(path, "data") as file:
        file.child.kill()
        file.child.wait()
        with pytest.raises(FileFormatError, match="did not survive, it was ended by SIGKILL"):
            file.names("")


@pytest.mark.parametrize(
    "answer",
    [
        b'{"dtype": "<f8", "shape": [2], "n_bytes": 8}\n12345678',
        b'{"dtype": "|O", "shape": [1], "n_bytes": 8}\n12345678',
        b'{"dtype": "<f8", "shape": [2], "n_bytes": 16}\n12345678',
        b'{"n_bytes": 20}\n"a text"',
    ],
)
def test_an_answer_that_is_none_is_not_believed(path, answer):
    keras_like(path)
    with Hdf5File(path, "data") as file:
        file.child.kill()
        file.child.wait()
        file.requests.close()
        file.answers.close()
        file.requests, file.answers = io.BytesIO(), io.BytesIO(answer)
        with pytest.raises(FileFormatError, match="did not survive, it was ended by SIGKILL"):
            file.array("a")


def test_a_process_that_does_not_answer_is_ended(path, monkeypatch):
    monkeypatch.setattr(hdf5, "SECONDS", 1)
    os.mkfifo(path)
    with pytest.raises(FileFormatError, match="did not survive, it ended with exit code 1"):
        Hdf5File(path, "data")


def test_a_copy_holds_what_the_file_holds(path):
    keras_like(path)
    with h5py.File(path, "a") as file:
        file["edges"] = np.array([[b"a", b"long name"], [b"c", b"d"]], dtype=object)
        file["fixed"] = np.array([b"ab", b"c"])
        file["yes"] = True
        file["empty"] = np.zeros((0, 3))
    with Hdf5File(path, "data") as file:
        copy = file.copy()
    with h5py.File(copy, "r") as after, h5py.File(path, "r") as before:
        names = []
        before.visit(names.append)
        for name in names:
            if not isinstance(before[name], h5py.Group):
                np.testing.assert_array_equal(after[name][()], before[name][()])
                assert type(after[name][()]) is type(before[name][()])
                assert after[name].dtype == before[name].dtype
        found = []
        after.visit(found.append)
        assert sorted(found) == sorted(names)


def test_numbers_count_as_what_they_become(path):
    with h5py.File(path, "w") as file:
        file["a"] = np.zeros(1000, dtype=np.int8)
    with Hdf5File(path, "data") as file:
        file.array("a")
        assert file.budget.taken[DATA] == 8000


def test_one_text_under_many_names_has_a_limit(path):
    with h5py.File(path, "w") as file:
        file["0"] = "x" * 2**16
        for number in range(1, 40):
            file[str(number)] = file["0"]
        texts = file.create_dataset("texts", (3000,), h5py.string_dtype())
        texts[:] = "x" * 2**10
    with Hdf5File(path, "data") as file:
        file.budget.take(DATA, DATA.most - 2**20 + 9, "the rest")
        with pytest.raises(FileFormatError, match=r"declares 65536 bytes of data after .* limit"):
            file.copy()
    with Hdf5File(path, "data") as file:
        file.budget.take(DATA, DATA.most - 2**20 + 9, "the rest")
        with pytest.raises(FileFormatError, match=r"'texts' of data declares .* limit"):
            file._take("'texts' of data", "value", path="texts")


def test_chunks_count_even_where_little_is_in_them(path):
    with h5py.File(path, "w") as file:
        data = file.create_dataset(
            "a", (12,), "f8", maxshape=(None,), chunks=(2**28,), compression="gzip"
        )
        del data
    with pytest.raises(FileFormatError, match=r"'a' of .* declares 2147483648 bytes"):
        read(path)


def test_groups_in_one_another_and_parts_have_limits(path, monkeypatch):
    with h5py.File(path, "w") as file:
        file.create_group("/".join("abc" * 30))
    with (
        Hdf5File(path, "data") as file,
        pytest.raises(FileFormatError, match="declares 65 groups in one another, more than"),
    ):
        file.copy()
    with h5py.File(path, "w") as file:
        for number in range(20):
            file.create_group(str(number))
    monkeypatch.setattr(hdf5, "PARTS", PARTS._replace(most=19))
    with Hdf5File(path, "data") as file, pytest.raises(FileFormatError, match="20 groups and arr"):
        file.names("")


def test_reading_works_without_a_guarded_script_and_from_any_folder(path, tmp_path):
    keras_like(path)
    script = (
        "import sys\nfrom nengo_dense.importers.hdf5 import Hdf5File\n"
        f"with Hdf5File({str(path.name)!r}, 'data') as file:\n"
        "    print(file.array('model_weights/d/k').sum())\n"
    )
    source = str(Path(hdf5.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": source, "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "66.0\n", done.stderr


def test_without_a_python_to_start_it_is_said(path, monkeypatch, tmp_path):
    keras_like(path)
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(FileFormatError, match=r"set sys\.executable"):
        Hdf5File(path, "data")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(FileFormatError, match="no process could be started to read it"):
        Hdf5File(path, "data")
