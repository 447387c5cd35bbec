import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.form.activation import FUNCTIONS
from nengo_dense.importers.form.expression import Expression
from nengo_dense.importers.form.graph_form import GraphForm, Output, Population
from nengo_dense.importers.form.graph_rectifiers import MANY, Sum, rectified
from nengo_dense.importers.form.piecewise_fit import BEYOND, fit

N = 12


def branches(name, bias):
    """Return units of one input each, whose values and inputs are both read."""
    units = Population("units", Expression({"x": np.ones(N)}, bias), FUNCTIONS[name]())
    output = Output(Expression({"x": np.eye(N), "units": np.ones(N)}, np.zeros(N)))
    return GraphForm({"x": N}, [units], {"y": output})


@pytest.mark.parametrize("name", ["gelu", "silu", "tanh", "sigmoid", "softplus", "elu"])
def test_rectifiers_that_no_input_of_their_unit_comes_near_are_left_out(name, rng):
    form = branches(name, np.linspace(-3, 3, N))
    x = rng.uniform(-1, 1, size=(400, N))
    plain, fits = rectified("model", form, x, 0.02)
    everything = Sum.fitted(fits["units"], N, None)
    drive = everything.units(form.population("units").drive)
    spare = BEYOND * np.ptp(x, axis=0)
    ends = np.stack([x.min(axis=0) - 0.999 * spare, x.max(axis=0) + 0.999 * spare])
    fires = (ends @ drive.terms["x"].T + drive.bias > 0).any(axis=0)
    assert 0 < fires.sum() < len(fires)
    units = plain.population("units").drive
    np.testing.assert_array_equal(units.bias, drive.bias[fires])
    np.testing.assert_array_equal(units.terms["x"], drive.terms["x"][fires])
    same = everything.read_by("units", form.outputs["y"].drive)
    values = np.maximum(ends @ drive.terms["x"].T + drive.bias, 0)
    wanted = ends @ same.terms["x"].T + values @ same.terms["units"].T + same.bias
    np.testing.assert_allclose(plain.forward(ends)["y"], wanted, atol=1e-12)


def test_all_are_left_where_nothing_comes_near_any():
    found = fit(FUNCTIONS["softplus"](), None, 0.02)  # silent far below
    z = np.full((MANY, N), -100.0)
    assert Sum.fitted(found, N, z).kept.all()
    z[:, 0] = 100.0
    np.testing.assert_array_equal(
        Sum.fitted(found, N, z).kept.reshape(-1, N).any(axis=0), z[0] > 0
    )


@pytest.mark.parametrize(("n", "kept"), [(MANY - 1, True), (MANY, False)])
def test_few_inputs_do_not_tell_what_others_come_near(n, kept, rng):
    form = branches("tanh", np.linspace(-3, 3, N))
    plain, fits = rectified("model", form, rng.uniform(-1, 1, size=(n, N)), 0.02)
    everything = Sum.fitted(fits["units"], N, None)
    assert (plain.population("units").n == len(everything.kept)) == kept


@pytest.mark.parametrize("x", [None, np.zeros((MANY, N))])
def test_exact_rectifiers_all_stay(x):
    form = branches("leakyrelu", np.linspace(-3, 3, N))
    assert rectified("model", form, x, 0.02)[0].population("units").n == 2 * N


def test_rectifiers_of_a_graph_that_compute_something_else_are_refused(monkeypatch):
    right = Sum.of.__func__
    monkeypatch.setattr(
        Sum, "of", classmethod(lambda cls, *given: right(cls, *given)._replace(constant=1))
    )
    with pytest.raises(ConversionError, match=r"would differ from its layers by up to \d"):
        rectified("model", branches("abs", np.zeros(N)), None, 0.02)


@pytest.mark.parametrize("name", ["relu6", "hardtanh", "hardsigmoid"])
def test_what_rounding_does_to_limits_is_no_fault(name, rng):
    units = Population("units", Expression({"x": np.full(N, 1e9)}, np.zeros(N)), FUNCTIONS[name]())
    output = Output(Expression({"units": np.ones(N)}, np.zeros(N)))
    form = GraphForm({"x": N}, [units], {"y": output})
    plain, _ = rectified("model", form, None, 0.02)
    x = 1e-9 * rng.normal(size=(20, N))
    np.testing.assert_allclose(plain.forward(x)["y"], form.forward(x)["y"], atol=1e-12)
