import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense import convert
from nengo_dense.conversion.settling import LAVA_NEURON, neurons_for_lava, settle
from nengo_dense.layers import DenseStack
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.lava import FLOOR, UNIT

RECTIFIED = nengo.SpikingRectifiedLinear()


def compartments(stack):
    with nengo.Network(add_to_container=False) as network:
        nengo.Network.add(stack)
    return [block.compartment for block in build_model(network, 0.001).blocks]


@pytest.fixture
def stack(rng):
    return DenseStack(
        [6, 8, 4, 2],
        5,
        biases=[rng.normal(size=n) for n in (6, 8, 4, 2)],
        neuron_type=[RECTIFIED, LAVA_NEURON, LAVA_NEURON],
        synapse=[0.002, 0.002, None],
        seed=0,
    )


def test_settled_biases_are_the_nearest_multiples_of_64(stack):
    before = compartments(stack)
    settle(stack, 0.001)
    for was, now in zip(before, compartments(stack), strict=True):
        np.testing.assert_array_equal(now.bias % UNIT, 0)
        assert np.abs(now.bias - was.bias).max() <= UNIT / 2 + 64, "a mantissa may be coarser"
        np.testing.assert_array_equal(now.vth, was.vth)


def test_floor_of_the_voltage_is_lavas(stack):
    settle(stack, 0.001)
    assert {int(part.vmin) for part in compartments(stack)} == {FLOOR}


def test_settling_leaves_the_host_and_the_weights_alone(stack):
    weights, biases = stack.weights, stack.biases
    settle(stack, 0.001)
    for ours, same in zip(stack.weights, weights, strict=True):
        np.testing.assert_array_equal(ours, same)
    for index in (0, 3):
        np.testing.assert_array_equal(stack.biases[index], biases[index])


def test_what_is_settled_stays_as_it_is_and_through_a_file(stack, tmp_path):
    settle(stack, 0.001)
    first = stack.arguments()
    settle(stack, 0.001)
    stack.save(tmp_path / "stack.npz")
    for again in (stack, DenseStack.load(tmp_path / "stack.npz")):
        np.testing.assert_array_equal(again.biases[1], first["biases"][1])
        assert {int(part.vmin) for part in compartments(again)} == {FLOOR}


def test_conversion_for_lava_keeps_its_record_of_tuning_and_can_be_written(rng, tmp_path):
    layers = [
        (rng.normal(size=(8, 4)), rng.normal(size=8)),
        (rng.normal(size=(6, 8)), rng.normal(size=6)),
        (rng.normal(size=(3, 6)), rng.normal(size=3)),
    ]
    x = rng.normal(size=(60, 4))
    stack = convert(
        layers, calibration=x, target="lava", presentation_time=0.02, progress_bar=False
    )
    assert stack.tuned.presentation_time == 0.02
    assert stack.export(tmp_path / "net.net").differences == []


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        (nengo.LIF(), r"must be LIF with tau_ref=0 for target='lava'.*got LIF\(\)"),
        (nengo.RectifiedLinear(), "got RectifiedLinear"),
    ],
)
def test_neurons_that_lava_lacks_are_refused(kind, match, rng):
    with pytest.raises(ValidationError, match=match):
        convert([(np.eye(3), np.zeros(3))] * 3, target="lava", neuron_type=kind)


def test_rectifiers_are_replaced_and_others_kept():
    leaky = nengo.LIF(tau_ref=0)
    assert neurons_for_lava(RECTIFIED) is LAVA_NEURON
    assert neurons_for_lava(leaky) is leaky
    assert neurons_for_lava([RECTIFIED, leaky, RECTIFIED]) == [RECTIFIED, leaky, LAVA_NEURON]


def test_unknown_targets_are_refused():
    with pytest.raises(ValidationError, match=r"target: must be .*got 'brainscales'"):
        convert([(np.eye(3), np.zeros(3))] * 3, target="brainscales")
