from numpy.testing import assert_allclose, assert_array_equal

from nengo_dense.conversion.shifting import shift_resting_activity
from nengo_dense.importers.form.graph_chain import chain_of, form_of
from nengo_dense.importers.form.spec import DenseSpec, forward


def make_specs(rng, bias):
    return [
        DenseSpec(rng.randn(6, 3), rng.randn(6) + bias, "relu"),
        DenseSpec(rng.randn(4, 6), rng.randn(4) + bias, "relu"),
        DenseSpec(rng.randn(2, 4), rng.randn(2)),
    ]


def test_neurons_that_are_always_active_say_what_changes_and_the_output_is_the_same(rng):
    specs, x = make_specs(rng, 1000.0), rng.randn(200, 3)
    shifted = chain_of(shift_resting_activity(form_of(specs), x))
    before, after = forward(specs, x), forward(shifted, x)
    assert before[0].min() > 900
    assert after[0].min() > 0
    assert after[0].max() < 20
    assert_allclose(after[-1], before[-1], rtol=1e-9)
    # a little below the least seen there is room for what was not seen
    assert_allclose(forward(shifted, 1.1 * x)[-1], forward(specs, 1.1 * x)[-1], rtol=1e-9)


def test_neurons_that_are_silent_at_times_stay_as_they_are(rng):
    specs = make_specs(rng, 0.0)
    shifted = chain_of(shift_resting_activity(form_of(specs), rng.randn(500, 3)))
    for before, after in zip(specs, shifted, strict=True):
        assert_array_equal(before.weights, after.weights)
        assert_array_equal(before.bias, after.bias)
