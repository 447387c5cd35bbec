import nengo
import numpy as np
import pytest

from nengo_dense.conversion.unsuited import unsuited_rates
from nengo_dense.evaluation import evaluate
from nengo_dense.layers.stack import DenseStack


def make_stack(**arguments):
    rng = np.random.RandomState(0)
    weights = [rng.uniform(0, 0.5, shape) for shape in ((8, 4), (6, 8), (2, 6))]
    return DenseStack([8, 6, 2], 4, weights=weights, **arguments)


def test_inputs_of_about_one_suit_the_default_rate(rng):
    assert unsuited_rates(make_stack(), rng.uniform(0, 1, (50, 4)), 100, 0.001) == []


def test_pixels_up_to_255_saturate_and_are_told_layer_by_layer(rng):
    found = unsuited_rates(make_stack(), rng.uniform(0, 255, (50, 4)), 100, 0.001)
    assert len(found) == 2
    assert "layer1 saturates" in found[0]
    assert "max_rate=250" in found[0]
    assert "calibration" in found[0]
    assert "layer2 saturates" in found[1]


def test_tiny_inputs_fall_silent(rng):
    found = unsuited_rates(make_stack(), rng.uniform(0, 1e-3, (50, 4)), 100, 0.001)
    assert "layer1 falls silent" in found[0]
    assert "in 100 steps" in found[0]


def test_an_encoder_saturates_too_unless_it_has_the_inputs_scale(rng):
    x = rng.uniform(0, 255, (50, 4))
    stack = make_stack(encoding="spikes", max_rate=[1.0, 0.3])
    (found,) = unsuited_rates(stack, x, 100, 0.001)
    assert found.startswith("encoder saturates")
    scaled = make_stack(encoding="spikes", max_rate=[1.0, 0.3], encoder={"scale": 64.0})
    assert unsuited_rates(scaled, x, 100, 0.001) == []


def test_a_stack_of_rates_of_its_own_is_left_alone(rng):
    stack = make_stack(neuron_type=nengo.LIF(), max_rate=100)
    assert unsuited_rates(stack, rng.uniform(0, 255, (50, 4)), 100, 0.001) == []


def test_evaluate_warns(rng):
    x, y = rng.uniform(0, 255, (20, 4)), rng.randint(2, size=20)
    with pytest.warns(UserWarning, match="layer[12] saturates for these inputs"):
        result = evaluate(make_stack(), x, y, presentation_time=0.02, progress_bar=False)
    assert len(result.notes) == 2
