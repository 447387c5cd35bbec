import numpy as np
import pytest
from nengo import LIF, SpikingRectifiedLinear
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import nengo_dense
from nengo_dense.conversion.request import Request
from nengo_dense.conversion.scaling import (
    ENCODED_PERCENTILE,
    LEAST_KEPT,
    SHARE_OF_FASTEST,
    USUAL_PERCENTILE,
    busy,
    busy_percentile,
    input_encoding,
    layer_rates,
    usual_rate,
    with_percentiles,
)
from nengo_dense.conversion.tuning.usual_magnitude import usual_magnitude
from nengo_dense.importers.form.graph_chain import form_of
from nengo_dense.importers.form.spec import DenseSpec


@pytest.fixture
def form(rng):
    return form_of(
        [
            DenseSpec(rng.randn(6, 3), rng.randn(6), "relu", "hidden"),
            DenseSpec(rng.randn(2, 6), None, "linear"),
        ]
    )


def test_the_busiest_part_of_all_values_above_zero_fires_faster_than_the_rate(form, rng):
    values = form.values(rng.randn(500, 3))["hidden"]
    kinds = {"hidden": SpikingRectifiedLinear()}
    same, rates = layer_rates(form, {"hidden": busy(values, 90.0)}, kinds, 800.0)
    assert same is form
    above = values[values > 0] * rates["hidden"] > 800.0
    assert abs(above.mean() - 0.1) < 0.01


def test_a_silent_layer_has_a_rate():
    assert busy(np.zeros((10, 1)), 99.0) == 1.0


@pytest.mark.parametrize("scale", [0.01, 30.0])
def test_neurons_whose_curve_bends_get_values_up_to_1_and_the_model_stays_the_same(
    form, rng, scale
):
    x = rng.randn(50, 3)
    changed, rates = layer_rates(form, {"hidden": scale}, {"hidden": LIF()}, 1000.0)
    assert rates["hidden"] == SHARE_OF_FASTEST / LIF().tau_ref
    np.testing.assert_allclose(
        changed.values(x)["hidden"] * scale, form.values(x)["hidden"], rtol=1e-12
    )
    np.testing.assert_allclose(changed.logits(x)["layer 2"], form.logits(x)["layer 2"])


@pytest.mark.parametrize("scale", [3e-10, 1e-7, 1e-5, 1.0, 1e5, 1e7, 3e10])
def test_values_far_from_1_are_brought_back_by_a_power_of_two(form, rng, scale):
    x = rng.randn(50, 3)
    kinds = {"hidden": SpikingRectifiedLinear()}
    changed, rates = layer_rates(form, {"hidden": scale}, kinds, 1000.0)
    ratio = form.values(x)["hidden"].max() / changed.values(x)["hidden"].max()
    assert np.log2(ratio) == round(np.log2(ratio))
    assert (ratio == 1) == (1e-6 <= scale <= 1e6)
    assert rates["hidden"] * scale / ratio == pytest.approx(1000.0)
    for name, logits in form.logits(x).items():
        np.testing.assert_array_equal(changed.logits(x)[name], logits)


def test_a_rate_that_is_asked_for_stays_and_without_a_refractory_period_the_usual_one(form):
    assert layer_rates(form, {"hidden": 1.0}, {"hidden": LIF()}, 1000.0, 400.0)[1] == {
        "hidden": 400.0
    }
    assert usual_rate(LIF(tau_ref=0), 1000.0) == 1000.0
    assert usual_rate(LIF(tau_ref=0.004), 100.0) == 100.0


def test_features_are_scaled_one_by_one(rng):
    x = np.column_stack([rng.uniform(-4, 4, 1000), rng.uniform(0, 100, 1000), np.zeros(1000)])
    x[0, 0] = 50.0  # one odd sample does not count
    arguments = input_encoding(x)
    np.testing.assert_allclose(arguments["scale"], [4, 100, 1], rtol=0.05)
    np.testing.assert_array_equal(arguments["signed"], [True, False, False])
    np.testing.assert_array_equal(arguments["offset"], [0, 0, 0])
    assert arguments["start"] == 0.5


def test_no_feature_is_further_than_its_scale_unless_it_is_odd(rng):
    """A pixel that is seldom there is not odd for it."""
    x = rng.uniform(0, 1, (5000, 2)) * (rng.rand(5000, 2) < 0.002)
    assert (np.abs(x) <= input_encoding(x)["scale"]).all()


def test_a_feature_that_is_hardly_ever_there_has_a_scale():
    x = np.zeros((5000, 1))
    x[7] = 3.0
    np.testing.assert_array_equal(input_encoding(x)["scale"], [3.0])


def test_a_feature_far_from_zero_is_the_difference_from_its_least_value(rng):
    x = rng.uniform([990, -30, 2, -1010], [1010, -28, 3.9, 990], (500, 4))
    arguments = input_encoding(x)
    np.testing.assert_array_equal(arguments["offset"], [*x[:, :3].min(axis=0), 0])
    np.testing.assert_array_equal(arguments["signed"], [False, False, False, True])
    np.testing.assert_allclose(arguments["scale"], [20, 2, 1.9, 1010], rtol=0.05)


def test_a_feature_that_is_always_the_same_says_nothing():
    arguments = input_encoding(np.full((30, 1), 7.0))
    np.testing.assert_array_equal(arguments["offset"], [7.0])
    np.testing.assert_array_equal(arguments["scale"], [1.0])


def test_full_rate_stands_for_a_percentile_of_a_feature_but_for_a_fifth_of_it_at_least(rng):
    x = np.column_stack([rng.uniform(0, 2, 1000), rng.exponential(0.1, 1000) ** 2, np.zeros(1000)])
    scale = input_encoding(x, 90.0)["scale"]
    assert scale[0] == pytest.approx(np.percentile(x[:, 0], 90))
    assert scale[1] == pytest.approx(LEAST_KEPT * usual_magnitude(x)[1])
    assert scale[2] == 1
    np.testing.assert_array_equal(input_encoding(x, 99.9)["scale"], usual_magnitude(x))


def test_fewer_neurons_saturate_in_longer_presentations():
    kinds = SpikingRectifiedLinear()
    found = [busy_percentile(True, n, kinds) for n in (10, 11, 25, 26, 50, 51)]
    assert found == [90, 97, 97, 99, 99, USUAL_PERCENTILE]
    assert busy_percentile(True, 10, LIF()) == USUAL_PERCENTILE
    assert busy_percentile(False, 10, kinds) == USUAL_PERCENTILE


@pytest.mark.parametrize(
    ("tuned", "n_steps", "of_classes", "expected"),
    [
        (True, 10, True, 90),
        (True, 10, False, 90),
        (True, 100, True, ENCODED_PERCENTILE),
        (True, 100, False, USUAL_PERCENTILE),  # the largest magnitude
        (False, 100, True, 100),
    ],
)
def test_inputs_are_clipped_where_tuning_makes_up_for_it(tuned, n_steps, of_classes, expected):
    request = Request("spikes", None, None, 0.05, True)
    kinds = SpikingRectifiedLinear()
    assert with_percentiles(request, tuned, n_steps, kinds, of_classes).encoded == expected
    asked = request._replace(percentile=95.0)
    found = with_percentiles(asked, tuned, n_steps, kinds, of_classes)
    assert (found.percentile, found.encoded) == (95, 95 if tuned else 100)


def test_rare_values_far_from_the_others_do_not_take_the_spikes_of_these(rng):
    """Each spike told of the largest value there was; twice as many answers were others."""
    x = rng.randn(3000, 24) * np.where(rng.rand(3000, 24) < 0.005, 10, 1)
    known, others = np.split(x, [2000])
    y = (x @ rng.randn(24, 3) + rng.randn(3000, 3)).argmax(axis=1)
    model = MLPClassifier((32, 16), max_iter=30, random_state=0)
    with pytest.warns(ConvergenceWarning):
        model.fit(known, y[:2000])
    how = {"encoding": "spikes", "effort": "fast", "progress_bar": False}
    apart = []
    for percentile in (USUAL_PERCENTILE, None):
        stack = nengo_dense.convert(model, calibration=known, percentile=percentile, **how)
        found = nengo_dense.predict(stack, others, progress_bar=False).argmax(axis=1)
        apart.append(np.mean(found != model.predict(others)))
    assert apart[1] < 0.75 * apart[0]
