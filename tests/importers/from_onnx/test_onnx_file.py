"""Weights of an ONNX file come from its own folder, whatever the installed onnx would read."""

import os

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError, FileFormatError
from nengo_dense.importers import read_model

pytest.importorskip("onnx", reason="reading ONNX files needs onnx")

import onnx
from onnx import TensorProto, helper, numpy_helper

WEIGHTS = np.arange(18, dtype=np.float32).reshape(6, 3)


def model_with(location, offset=None, length=None, as_node=False):
    """Make a model whose one tensor of weights is said to lie in another file."""
    tensor = numpy_helper.from_array(WEIGHTS, "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    places = {"location": location, "offset": offset, "length": length}
    for key, value in places.items():
        if value is not None:
            tensor.external_data.add(key=key, value=str(value))
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    if as_node:
        nodes.insert(0, helper.make_node("Constant", [], ["w"], value=tensor))
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", 6))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("n", 3))],
        [] if as_node else [tensor],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def write(path, *args, **settings):
    path.write_bytes(model_with(*args, **settings).SerializeToString())
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a model's weights, and a working directory with others of the same name."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "w.bin").write_bytes(b"head" + WEIGHTS.tobytes() + b"tail")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "w.bin").write_bytes(b"head" + (-WEIGHTS).tobytes())
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "model"


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("as_node", [False, True])
def test_weights_are_read_from_beside_the_model(as_text, as_node, folder):
    path = write(folder / "m.onnx", "w.bin", 4, WEIGHTS.nbytes, as_node=as_node)
    source = read_model(str(path) if as_text else path)
    np.testing.assert_array_equal(source[0].weights, WEIGHTS.T)
    source.compare()
    assert source.compared.startswith("compared on")


def test_a_relative_path_is_relative_to_the_model_and_not_to_where_one_is(folder):
    write(folder / "m.onnx", "w.bin", 4, WEIGHTS.nbytes)
    path = os.path.relpath(folder / "m.onnx")
    np.testing.assert_array_equal(read_model(path)[0].weights, WEIGHTS.T)


def test_weights_may_lie_in_a_folder_below(folder):
    (folder / "data").mkdir()
    (folder / "w.bin").rename(folder / "data" / "w.bin")
    source = read_model(write(folder / "m.onnx", "data/w.bin", 4, WEIGHTS.nbytes))
    np.testing.assert_array_equal(source[0].weights, WEIGHTS.T)


def test_without_a_length_all_of_the_file_is_meant(folder):
    (folder / "w.bin").write_bytes(WEIGHTS.tobytes())
    np.testing.assert_array_equal(read_model(write(folder / "m.onnx", "w.bin"))[0].n_out, 3)


@pytest.mark.parametrize(
    "location",
    ["../elsewhere/w.bin", "data/../../elsewhere/w.bin", "", "..\\elsewhere\\w.bin", "/"],
)
def test_what_is_outside_the_folder_is_not_read(location, folder):
    with pytest.raises(FileFormatError, match="outside its folder, which is not read"):
        read_model(write(folder / "m.onnx", location, 4, WEIGHTS.nbytes))


def test_an_absolute_path_is_not_read(folder):
    with pytest.raises(FileFormatError, match="outside its folder, which is not read"):
        read_model(write(folder / "m.onnx", str(folder / "w.bin"), 4, WEIGHTS.nbytes))


@pytest.mark.parametrize("of", ["file", "folder"])
def test_links_are_not_followed(of, folder):
    elsewhere = folder.parent / "elsewhere"
    if of == "file":
        (folder / "link").symlink_to(elsewhere / "w.bin")
    else:
        (folder / "data").symlink_to(elsewhere)
    location = "link" if of == "file" else "data/w.bin"
    with pytest.raises(FileFormatError, match=r"is a link, which is not followed; copy the file"):
        read_model(write(folder / "m.onnx", location, 4, WEIGHTS.nbytes))


def test_a_model_that_was_moved_alone_says_what_is_missing(folder):
    path = write(folder.parent / "elsewhere" / "m.onnx", "weights.data", 4, WEIGHTS.nbytes)
    with pytest.raises(
        FileFormatError, match=r"'weights\.data', which is not beside it"
    ) as caught:
        read_model(path)
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize(("offset", "length"), [(4, 10**6), (10**6, 72), (-1, 72), (4, -72)])
def test_data_beyond_the_file_are_refused(offset, length, folder):
    with pytest.raises(FileFormatError, match="which has 80; they are not of the same model"):
        read_model(write(folder / "m.onnx", "w.bin", offset, length))


def test_a_place_that_is_no_number_is_refused(folder):
    with pytest.raises(FileFormatError, match="says wrongly where tensor 'w' lies"):
        read_model(write(folder / "m.onnx", "w.bin", "here", 72))


def test_data_of_another_size_than_the_tensor_are_refused(folder):
    with pytest.raises(ConversionError, match="is malformed"):
        read_model(write(folder / "m.onnx", "w.bin", 4, 68))


def test_a_model_in_memory_without_its_weights_is_refused(folder):
    with pytest.raises(
        FileFormatError, match=r"1 of its tensors in a file 'w\.bin' and was loade"
    ):
        read_model(model_with("w.bin", 4, WEIGHTS.nbytes))


def test_what_onnx_saves_is_read(folder):
    model = model_with("w.bin", 4, WEIGHTS.nbytes)
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(WEIGHTS, "w"))
    settings = {"save_as_external_data": True, "location": "all.data", "size_threshold": 0}
    onnx.save(model, str(folder / "saved.onnx"), **settings)
    np.testing.assert_array_equal(read_model(folder / "saved.onnx")[0].weights, WEIGHTS.T)
