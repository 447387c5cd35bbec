import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nengo.exceptions import ValidationError

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import read_model
from nengo_dense.importers.form.activation import FUNCTIONS, relu
from nengo_dense.importers.form.graph_rectifiers import Sum
from nengo_dense.importers.form.normal_form import normal_form
from nengo_dense.importers.form.spec import DenseSpec, forward

EXACT = [name for name in FUNCTIONS if name != "clip" and FUNCTIONS[name]().exact is not None]
HEADS = ["linear", "softmax", "log_softmax", "sigmoid", "tanh", "relu", *EXACT]


def layers(rng, sizes, activations):
    return [
        DenseSpec(rng.normal(size=(n_out, n_in)), rng.normal(size=n_out), name, f"l{i}")
        for i, (n_in, n_out, name) in enumerate(
            zip(sizes[:-1], sizes[1:], activations, strict=True)
        )
    ]


@settings(max_examples=200, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=6),
    names=st.lists(st.sampled_from(EXACT), min_size=5, max_size=5),
    head=st.sampled_from(HEADS),
    seed=st.integers(0, 2**16),
)
def test_straight_activations_are_exact(sizes, names, head, seed):
    rng = np.random.default_rng(seed)
    specs = layers(rng, sizes, [*names[: len(sizes) - 2], head])
    x = rng.normal(size=(20, sizes[0])) * 3
    form = normal_form("model", specs, x)
    expected = forward(specs, x)[-1]
    scale = max(np.abs(expected).max(), 1.0)
    np.testing.assert_allclose(forward(form.layers, x)[-1], expected, atol=1e-9 * scale)
    assert all(spec.activation == "relu" for spec in form.layers[:-1])
    assert form.fits == {}


def test_a_unit_may_have_its_own_slope(rng):
    slopes = np.array([0.1, -0.3, 0.0])
    spec = DenseSpec(rng.normal(size=(3, 4)), None, "prelu", "p", relu(negative_slope=slopes))
    specs = [spec, DenseSpec(rng.normal(size=(2, 3)))]
    x = rng.normal(size=(20, 4))
    form = normal_form("model", specs)
    np.testing.assert_allclose(forward(form.layers, x)[-1], forward(specs, x)[-1], atol=1e-12)
    assert form.layers[0].n_out == 6


def test_a_name_cannot_stand_for_another_function():
    with pytest.raises(
        ValidationError, match=r"'relu' is another function than 'leaky_relu\(0.1\)"
    ):
        DenseSpec(np.eye(2), activation="relu", label="a", function=relu(negative_slope=0.1))


@pytest.mark.parametrize("name", ["tanh", "gelu", "elu", "softplus"])
def test_smooth_activations_are_fitted_where_inputs_lie(name, rng):
    specs = layers(rng, [5, 8, 8, 3], [name, name, "linear"])
    x = rng.normal(size=(500, 5))
    errors = []
    for error in (0.1, 0.02):
        form = normal_form("model", specs, x, error)
        assert list(form.errors) == ["l0", "l1"]
        assert max(form.errors.values()) <= error
        off = forward(form.layers, x)[-1] - forward(specs, x)[-1]
        errors.append(np.sqrt(np.mean(off**2)) / forward(specs, x)[-1].std())
    assert errors[1] < errors[0] < 0.2


def test_a_smooth_activation_of_the_last_layer_gets_a_readout(rng):
    specs = layers(rng, [5, 8, 3], ["relu", "softplus"])
    form = normal_form("model", specs, rng.normal(size=(100, 5)))
    assert [spec.activation for spec in form.layers] == ["relu", "relu", "linear"]
    assert form.layers[-1].n_out == 3


def test_relu_models_stay_as_they_are(rng):
    specs = layers(rng, [5, 8, 3], ["relu", "softmax"])
    assert normal_form("model", specs).layers == specs


def test_layers_that_no_core_takes_inputs_from_are_named(rng, monkeypatch):
    monkeypatch.setattr("nengo_dense.importers.form.graph_rectifiers.MOST_RECTIFIERS", 40)
    specs = layers(rng, [2, 11, 21, 1], ["tanh", "leaky_relu", "linear"])
    with pytest.raises(ConversionError, match=r"'l0': tanh would take .* activation_er") as caught:
        normal_form("model", specs, rng.normal(size=(50, 2)), 0.02)
    assert any("'l1': leaky_relu(0.01) would take 42" in text for text in caught.value.problems)


def test_a_source_gives_its_own_normal_form(rng):
    source = read_model([(rng.normal(size=(4, 3)), None, "abs"), rng.normal(size=(2, 4))])
    assert [spec.n_out for spec in source.normal_form().layers] == [8, 2]


def test_rectifiers_that_compute_something_else_are_refused(monkeypatch):
    right = Sum.read_by
    monkeypatch.setattr(
        Sum, "read_by", lambda sums, *read: right(sums._replace(constant=1), *read)
    )
    specs = layers(np.random.default_rng(0), [3, 4, 2], ["abs", "linear"])
    with pytest.raises(ConversionError, match=r"would differ from its layers by up to \d"):
        normal_form("model", specs)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "relu6",
            r"clip\(0, 6\) would take 4098 rectifiers, .*; train with 2048 units or fewer, or",
        ),
        ("tanh", r"tanh would take \d+ rectifiers, .*; allow a larger activation_error than"),
    ],
)
def test_a_layer_has_no_more_rectifiers_than_a_core_takes_inputs(name, message, rng):
    specs = layers(rng, [2, 2049, 1], [name, "linear"])
    with pytest.raises(ConversionError, match=f"'l0': {message}"):
        normal_form("model", specs, rng.normal(size=(5, 2)))
