"""Sums of products by indices with constants, in every framework."""

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model
from nengo_dense.importers.form.operation import UnfitError
from nengo_dense.importers.reading.contraction import contracted, indices_of
from nengo_dense.importers.reading.feature_layout import Layout

#: Equation -> shape of a sample, and those of the constants; the samples are the index b.
EQUATIONS = {
    "bi,io->bo": ((6,), [(6, 4)]),
    "oi,bi->bo": ((6,), [(4, 6)]),
    "bi,ij": ((6,), [(6, 4)]),
    "...i,io->...o": ((3, 6), [(6, 4)]),
    "bij,jk->bik": ((2, 6), [(6, 4)]),
    "bij,kji->bk": ((2, 6), [(4, 6, 2)]),
    "b i j , j k , k l -> b l i": ((2, 6), [(6, 4), (4, 3)]),
    "bii->bi": ((4, 4), []),
    "bij->b": ((4, 3), []),
    "bij->bji": ((4, 3), []),
}


def operands_of(equation, x, constants):
    """Return the operands in the order of the equation."""
    return [*constants, x] if equation.startswith("o") else [x, *constants]


@pytest.mark.parametrize("equation", EQUATIONS)
def test_the_map_is_what_numpy_computes(equation, rng):
    shape, sizes = EQUATIONS[equation]
    constants = [rng.normal(size=size) for size in sizes]
    layout = Layout.of_input((7, *shape))
    after, (dense,) = contracted(equation, operands_of(equation, layout, constants), "e")
    x = rng.normal(size=(7, *shape))
    wanted = np.einsum(equation, *operands_of(equation, x, constants))
    assert after.shape == wanted.shape
    np.testing.assert_allclose(
        x.reshape(7, -1) @ np.transpose(dense.weights), after.table(wanted), atol=1e-12
    )


def test_samples_may_go_to_another_axis(rng):
    constant = rng.normal(size=(6, 4))
    layout, (dense,) = contracted("bi,io->ob", [Layout.of_input((7, 6)), constant], "e")
    assert layout.shape == (4, 7)
    assert not layout.is_by_sample()
    np.testing.assert_array_equal(dense.weights, constant.T)


@pytest.mark.parametrize(
    ("equation", "shape", "match"),
    [
        ("bi,bo->io", (7, 2), "makes one value of several samples"),
        ("bi,io->o", (6, 2), "makes one value of several samples"),
        ("bi,io->bio,", (6, 2), "does not fit its operands"),
        ("bij,io->bo", (6, 2), "does not fit its operands"),
        ("bi,io->bx", (6, 2), "does not fit its operands"),
        ("bi,io->boo", (6, 2), "does not fit its operands"),
        ("bi,jk->bijk", (4096, 4096), "is too large"),
    ],
)
def test_what_is_no_affine_map_of_each_sample_is_refused(equation, shape, match):
    with pytest.raises(UnfitError, match=match):
        contracted(equation, [Layout.of_input((7, 6)), np.zeros(shape)], "e")


def test_indices_that_have_no_letters_get_some():
    *terms, result = indices_of("...i,io->...o", [3, 2])
    assert [len(term) for term in (*terms, result)] == [3, 2, 3]
    assert terms[0][:2] == result[:2]


def test_einsum_is_read_from_onnx(rng):
    onnx = pytest.importorskip("onnx", reason="reading ONNX graphs needs onnx")
    evaluator = pytest.importorskip("onnx.reference").ReferenceEvaluator
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (double[n, 6] x) => (double[n, 4] y) '
        '{h = Einsum<equation = "bi,oi->bo">(x, W) r = Relu(h) y = MatMul(r, V)}'
    )
    for name, size in (("W", (5, 6)), ("V", (5, 4))):
        model.graph.initializer.append(onnx.numpy_helper.from_array(rng.normal(size=size), name))
    x = rng.normal(size=(9, 6))
    (wanted,) = evaluator(model).run(None, {"x": x})
    np.testing.assert_allclose(forward(read_model(model), x)[-1], wanted, atol=1e-12)
    model.graph.node[0].input[1] = "x"
    with pytest.raises(ConversionError, match="an Einsum of two values of the model"):
        read_model(model)


def test_einsum_is_read_from_torch(rng):
    torch = pytest.importorskip("torch", reason="reading PyTorch modules needs torch")

    class Net(torch.nn.Module):
        def __init__(self, with_itself=False):
            super().__init__()
            self.weights = torch.nn.Parameter(torch.randn(2, 3, 6, dtype=torch.float64))
            self.dense = torch.nn.Linear(6, 4, dtype=torch.float64)
            self.with_itself = with_itself

        def forward(self, x):
            if self.with_itself:
                return torch.einsum("bi,bi->bi", x, x)
            heads = torch.einsum("bi,hoi->bho", x, self.weights).relu()
            return self.dense(torch.einsum("bho->boh", [heads]).flatten(1))

    torch.manual_seed(0)
    net, x = Net().eval(), rng.normal(size=(9, 6))
    with torch.no_grad():
        wanted = net(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(forward(read_model(net), x)[-1], wanted, atol=1e-12)
    with pytest.raises(ConversionError, match="einsum of 2 values that all depend on the input"):
        read_model(Net(with_itself=True))


def test_einsum_is_read_from_keras(rng, tmp_path):
    keras = pytest.importorskip("keras", reason="reading Keras models needs Keras")
    if not hasattr(keras, "ops"):
        pytest.skip("this Keras has no functions of its own")
    x = keras.Input((2, 3))
    h = keras.ops.einsum("bij,jk->bki", x, rng.normal(size=(3, 4)).astype(np.float32))
    model = keras.Model(x, keras.layers.Dense(3)(keras.layers.Flatten()(h)))
    model.save(tmp_path / "m.keras")
    samples = rng.normal(size=(9, 2, 3))
    wanted = model.predict(samples, verbose=0)
    for source in (read_model(model), read_model(tmp_path / "m.keras")):
        got = forward(source, samples.reshape(9, -1))[-1]
        np.testing.assert_allclose(got, wanted, atol=1e-5)
