import h5py
import numpy as np
import pytest

from nengo_dense.exceptions import FileFormatError
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
        file.n_read = 2**30
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
        file.check_arrays()


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("missing", "has no 'missing'"),
        ("a/deeper", "has no 'a/deeper'"),
        ("group", "'group' of .* is a group, must be an array"),
        ("text", "holds object, must hold real numbers"),
        ("complex", "holds complex128, must hold real numbers"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(path, name, match):
    with h5py.File(path, "w") as file:
        file["a"] = np.arange(3)
        file.create_group("group")
        file["text"] = "hello"
        file["complex"] = np.array([1j])
    with pytest.raises(FileFormatError, match=match):
        read(path, name)


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
        file.check_arrays()
