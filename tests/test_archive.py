import io
import struct
import zipfile

import numpy as np
import pytest

import nengo_dense
from nengo_dense import archive
from nengo_dense.budget import MOST_HEADER, TEXT
from nengo_dense.exceptions import FileFormatError


def written(members, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as zip_file:
        for name, content in members.items():
            zip_file.writestr(name, content)
    return file


def array(values):
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def test_arrays_are_those_that_numpy_wrote():
    given = {"x": np.arange(6.0).reshape(2, 3), "é": np.array("text"), "none": np.zeros((0, 2))}
    given["transposed"] = given["x"].T
    file = io.BytesIO()
    np.savez_compressed(file, **given)
    found = archive.read_arrays(file)
    assert list(found) == list(given)
    for name, values in given.items():
        np.testing.assert_array_equal(found[name], values)
    assert list(archive.read_arrays(file, only="é")) == ["é"]


def test_as_many_arrays_as_there_may_be_are_read_in_a_time_that_grows_with_their_number(
    monkeypatch,
):
    one = array(np.zeros(1))
    file = written({f"a{i}.npy": one for i in range(2000)})
    asked = []
    monkeypatch.setattr(zipfile.ZipFile, "namelist", lambda self: asked.append(self) or [])
    assert len(archive.read_arrays(file)) == 2000
    assert len(asked) <= 1  # a list of all for each of them had no end at 60,000


def test_more_arrays_than_any_stack_has_are_refused(monkeypatch):
    monkeypatch.setattr(archive, "ARRAYS", archive.ARRAYS._replace(most=3))
    file = written({f"a{i}.npy": array(np.zeros(1)) for i in range(4)})
    with pytest.raises(
        FileFormatError, match="archive declares 4 arrays, more than the limit of 3"
    ):
        archive.read_arrays(file)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_header_without_end_is_not_read(version, tmp_path):
    length = struct.pack("<H", 2**16 - 1) if version == 1 else struct.pack("<I", 2**31)
    content = b"\x93NUMPY" + bytes([version, 0]) + length + b" " * 2**22
    file = written({"x.npy": content, "header.npy": content}, zipfile.ZIP_DEFLATED)

    class Counted(io.BytesIO):
        most = 0

        def read(self, n=-1):
            Counted.most = max(Counted.most, n if n >= 0 else len(content))
            return super().read(n)

    with pytest.raises(ValueError, match=r"reading array header, expected|Header info length"):
        archive.read_header(Counted(content))
    assert Counted.most == MOST_HEADER
    (tmp_path / "x.npz").write_bytes(file.getvalue())
    with pytest.raises(FileFormatError, match=r"reading array header|Header info length"):
        nengo_dense.DenseStack.load(tmp_path / "x.npz")


def test_a_header_of_json_is_no_longer_than_a_text_may_be(tmp_path):
    text = np.array("[" + "1," * (TEXT.most // 8) + "1]")
    np.savez_compressed(tmp_path / "x.npz", header=text)
    with pytest.raises(
        FileFormatError, match=r"the header of .* bytes of text, more than the limit"
    ):
        nengo_dense.DenseStack.load(tmp_path / "x.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_than_numpys_are_refused_as_they_have_no_limit(method):
    with pytest.raises(
        FileFormatError, match=r"'x' is packed by the method 1[24], must be stored"
    ):
        archive.read_arrays(written({"x.npy": array(np.zeros(100))}, method))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (array(np.zeros(3)), "it holds a single array"),
        (written({"x.npy": array(np.zeros(3))}).getvalue()[:-30], "its end is missing or damaged"),
        (b"no archive", "it is no .npz file"),
    ],
)
def test_what_is_no_archive_is_told_apart(content, message):
    with pytest.raises(ValueError, match=message):
        archive.read_arrays(io.BytesIO(content))
