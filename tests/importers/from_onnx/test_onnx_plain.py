"""ONNX models with functions of their own and sparse constants."""

from itertools import pairwise

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError, FileFormatError
from nengo_dense.importers import forward, read_model

pytest.importorskip("onnx", reason="reading ONNX graphs needs onnx")

from onnx import AttributeProto, TensorProto, helper, numpy_helper

OWN = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]


@pytest.fixture
def arrays(rng):
    return {"W": rng.normal(size=(6, 5)), "b": rng.normal(size=5), "V": rng.normal(size=(5, 3))}


def model_of(nodes, arrays, functions=()):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["n", 6])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, ["n", 3])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=OWN, functions=functions, ir_version=8)


def block(name, *nodes):
    return helper.make_function("own", name, ["X", "K", "B"], ["Y"], list(nodes), OWN)


def called(kind, *names):
    return helper.make_node(kind, list(names[:-1]), [names[-1]], domain="own")


NODES = [called("Block", "x", "W", "b", "r"), helper.make_node("MatMul", ["r", "V"], ["y"])]


def expected(x, arrays):
    return np.maximum(x @ arrays["W"] + arrays["b"], 0) @ arrays["V"]


def test_functions_are_read_in_their_places(arrays, rng):
    pytest.importorskip("onnx.inliner", reason="onnx puts functions in their places since 1.15")
    inner = block(
        "Affine",
        helper.make_node("MatMul", ["X", "K"], ["t"]),
        helper.make_node("Add", ["t", "B"], ["Y"]),
    )
    outer = block(
        "Block", called("Affine", "X", "K", "B", "u"), helper.make_node("Relu", ["u"], ["Y"])
    )
    model = model_of(NODES, arrays, [outer, inner])
    before = model.SerializeToString()
    source = read_model(model)
    x = rng.normal(size=(9, 6))
    np.testing.assert_allclose(forward(source, x)[-1], expected(x, arrays), rtol=1e-12)
    source.compare()
    assert source.compared.startswith("compared on")
    assert model.SerializeToString() == before


@pytest.mark.parametrize("given, slope", [({}, 0.3), ({"slope": 0.7}, 0.7)])
@pytest.mark.parametrize("is_nested", [False, True])
def test_settings_of_functions_have_their_own_defaults(is_nested, given, slope, arrays, rng):
    pytest.importorskip("onnx.inliner", reason="onnx puts functions in their places since 1.15")
    leaky = helper.make_node("LeakyRelu", ["X"], ["Y"])
    leaky.attribute.add(name="alpha", ref_attr_name="slope", type=AttributeProto.FLOAT)
    default = [helper.make_attribute("slope", 0.3)]
    make = helper.make_function
    functions = [make("own", "Bent", ["X"], ["Y"], [leaky], OWN, attribute_protos=default)]
    call = helper.make_node("Bent", ["h"], ["r"], domain="own", **given)
    if is_nested:
        inner = helper.make_node("Bent", ["X"], ["Y"], domain="own", **given)
        functions.append(make("own", "Outer", ["X"], ["Y"], [inner], OWN))
        call = helper.make_node("Outer", ["h"], ["r"], domain="own")
    nodes = [
        helper.make_node("Gemm", ["x", "W", "b"], ["h"]),
        call,
        helper.make_node("MatMul", ["r", "V"], ["y"]),
    ]
    x = rng.normal(size=(9, 6))
    h = x @ arrays["W"] + arrays["b"]
    wanted = np.where(h > 0, h, np.float32(slope) * h) @ arrays["V"]
    source = read_model(model_of(nodes, arrays, functions))
    np.testing.assert_allclose(forward(source, x)[-1], wanted, rtol=1e-9)


def test_functions_for_another_version_of_the_operators_are_refused(arrays):
    pytest.importorskip("onnx.inliner", reason="onnx puts functions in their places since 1.15")
    old = [helper.make_opsetid("", 11)]
    relu = helper.make_node("Relu", ["X"], ["Y"])
    function = helper.make_function("own", "Old", ["X"], ["Y"], [relu], old)
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["h"]),
        helper.make_node("Old", ["h"], ["r"], domain="own"),
        helper.make_node("MatMul", ["r", "V"], ["y"]),
    ]
    match = r"'Old' is written for other versions of the operators \(ai.onnx 11\) than the model"
    with pytest.raises(ConversionError, match=match):
        read_model(model_of(nodes, arrays, [function]))


def test_functions_that_call_themselves_are_refused(arrays):
    function = block("Block", called("Block", "X", "K", "B", "Y"))
    with pytest.raises(ConversionError, match="its functions call themselves, or more than 50"):
        read_model(model_of(NODES, arrays, [function]))


@pytest.mark.parametrize("domain", ["", "ai.onnx"])
def test_functions_in_the_place_of_operators_are_refused(arrays, domain):
    # onnxruntime computes a Relu all the same
    function = helper.make_function(
        domain, "Relu", ["X"], ["Y"], [helper.make_node("Neg", ["X"], ["Y"])], OWN
    )
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "V"], ["y"]),
    ]
    with pytest.raises(ConversionError, match="'Relu' is in the domain of ONNX's own operators"):
        read_model(model_of(nodes, arrays, [function]))


def test_functions_that_grow_without_end_are_refused(arrays):
    """Each one calls the next twice: a small file of 2**40 nodes."""
    names = ["Block", *(f"Part{i}" for i in range(40))]
    functions = [
        block(name, called(inner, "X", "K", "B", "t"), called(inner, "t", "K", "B", "Y"))
        for name, inner in pairwise(names)
    ]
    functions.append(block(names[-1], helper.make_node("MatMul", ["X", "K"], ["Y"])))
    with pytest.raises(ConversionError, match=r"functions in their places declares \d+ layers"):
        read_model(model_of(NODES, arrays, functions))


@pytest.mark.parametrize("in_node", [False, True])
@pytest.mark.parametrize("by_axis", [False, True])
def test_sparse_constants_are_filled_up(by_axis, in_node, arrays, rng):
    full = np.where(rng.uniform(size=(6, 5)) < 0.3, arrays["W"], 0)
    full[0, 0] = 1.5
    places = np.argwhere(full) if by_axis else np.flatnonzero(full)
    values = full[np.nonzero(full)]
    sparse = helper.make_sparse_tensor(
        numpy_helper.from_array(values, "W"), numpy_helper.from_array(places, "at"), [6, 5]
    )
    nodes = [
        *([helper.make_node("Constant", [], ["W"], sparse_value=sparse)] if in_node else []),
        helper.make_node("Gemm", ["x", "W", "b"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "V"], ["y"]),
    ]
    model = model_of(nodes, {name: arrays[name] for name in "bV"})
    if not in_node:
        model.graph.sparse_initializer.append(sparse)
    source = read_model(model)
    x = rng.normal(size=(9, 6))
    wanted = expected(x, {**arrays, "W": full})
    np.testing.assert_allclose(forward(source, x)[-1], wanted, rtol=1e-12)
    source.compare()
    assert source.compared.startswith("compared on")


def test_a_sparse_constant_that_lies_about_its_shape_is_refused(arrays):
    sparse = helper.make_sparse_tensor(
        numpy_helper.from_array(np.float64([1.0]), "W"),
        numpy_helper.from_array(np.int64([99]), "at"),
        [6, 5],
    )
    model = model_of([helper.make_node("Gemm", ["x", "W"], ["y"])], {})
    model.graph.sparse_initializer.append(sparse)
    with pytest.raises(ConversionError, match=r"its graph is malformed \(IndexError"):
        read_model(model)


def test_a_sparse_constant_that_is_too_large_is_refused(arrays):
    sparse = helper.make_sparse_tensor(
        numpy_helper.from_array(np.float64([1.0]), "W"),
        numpy_helper.from_array(np.int64([9]), "at"),
        [2**40, 5],
    )
    model = model_of([helper.make_node("Gemm", ["x", "W"], ["y"])], {})
    model.graph.sparse_initializer.append(sparse)
    with pytest.raises((ConversionError, FileFormatError), match="more than the limit of"):
        read_model(model)
