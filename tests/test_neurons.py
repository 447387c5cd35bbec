import importlib
import inspect

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengo.neurons import NeuronType
from nengo_loihi.builder.builder import Builder
from numpy.testing import assert_array_equal

from nengo_dense import neurons
from nengo_dense.loihi.kernel.numpy_host import fire
from nengo_dense.neurons import LOIHI, NENGO, TABLE, Known, as_on_loihi, as_rates, known

LIF = {"tau_rc": 0.03, "tau_ref": 0.001}


def make(module, name):
    kind = getattr(importlib.import_module(module), name)
    return kind(nengo.RectifiedLinear()) if name == "RegularSpiking" else kind()


ALL = {name: make(module, name) for module, name in TABLE}


def of(names):
    return pytest.mark.parametrize("neuron_type", [ALL[n] for n in names], ids=names)


def names_with(attribute):
    return [name for name, neuron_type in ALL.items() if getattr(known(neuron_type), attribute)]


def run(neuron_type, current, n_steps, dt=0.001):
    """Return the output in each step of a constant current, from rest: (n_steps, *shape)."""
    outputs = np.zeros((n_steps, *current.shape))
    state = {
        name: np.array(np.broadcast_to(value, current.shape))
        for name, value in neuron_type.make_state(
            current.shape[-1], rng=np.random.RandomState(0), dtype=np.float64
        ).items()
    }
    if "voltage" in state and not isinstance(neuron_type, nengo.Izhikevich):
        state["voltage"][...] = 0
    for output in outputs:
        neuron_type.step(dt, current, output, **state)
    return outputs


@of(ALL)
def test_every_row_is_found_by_its_type(neuron_type):
    kind = type(neuron_type)
    assert issubclass(kind, NeuronType)
    assert kind.__module__ in (NENGO, LOIHI)
    assert known(neuron_type) is TABLE[kind.__module__, kind.__name__]


@pytest.mark.parametrize("base", [nengo.LIF, nengo.SpikingRectifiedLinear, nengo.Izhikevich])
def test_nothing_is_known_of_a_type_that_inherits(base):
    class Own(base):
        pass

    assert known(Own()) == Known()
    assert as_on_loihi(own := Own()) is own
    assert as_rates(own) is own


def test_nothing_is_known_of_a_name_from_elsewhere():
    kind = type("LIF", (nengo.LIF,), {})
    assert known(kind()) == Known()


@of(names_with("elementwise"))
def test_elementwise_types_step_each_lane_as_if_it_were_alone(neuron_type):
    current = np.random.RandomState(1).uniform(-5, 30, size=(3, 8))
    together = run(neuron_type, current, 50)
    for lane in range(3):
        assert_array_equal(together[:, lane], run(neuron_type, current[lane], 50))


@of(name for name in names_with("rate") if ALL[name].spiking)
def test_spikes_have_the_mean_of_the_rate_type(neuron_type):
    current = np.linspace(-1, 40, 12)
    rates = as_rates(neuron_type)
    assert not rates.spiking
    mean = run(neuron_type, current, 5000)[1000:].mean(axis=0)
    expected = run(rates, current, 5000)[1000:].mean(axis=0)
    # a period of whole steps is longer by up to one: 1 / (1 / r + dt); four seconds miss one spike
    assert_array_equal(mean <= expected + 0.3, True)
    assert_array_equal(mean >= expected / (1 + 0.001 * expected) - 0.3, True)


@of(name for name in names_with("rate") if not ALL[name].spiking)
def test_a_rate_type_is_its_own(neuron_type):
    assert as_rates(neuron_type) == neuron_type


@pytest.mark.parametrize(
    ("spiking", "rate"),
    [
        (nengo.LIF(**LIF), nengo.LIFRate(**LIF)),
        (nengo_loihi.LoihiLIF(**LIF), nengo.LIFRate(**LIF)),
        (nengo.AdaptiveLIF(tau_n=2, inc_n=0.02, **LIF), nengo.AdaptiveLIFRate(2, 0.02, **LIF)),
        (nengo.RegularSpiking(nengo.Tanh()), nengo.Tanh()),
        (nengo.PoissonSpiking(nengo.LIFRate(**LIF)), nengo.LIFRate(**LIF)),
        (nengo.SpikingRectifiedLinear(), nengo.RectifiedLinear()),
        (nengo.Sigmoid(), nengo.Sigmoid()),
    ],
)
def test_rate_types_keep_the_time_constants(spiking, rate):
    found = as_rates(spiking)
    assert type(found) is type(rate)
    assert found == rate


@of(names_with("curve"))
def test_a_curve_is_that_of_its_rate_type(neuron_type):
    curves = {"RectifiedLinear": neurons.RECTIFIED_LINEAR, "LIFRate": neurons.LIF}
    assert known(neuron_type).curve == curves[known(neuron_type).rate]


@of(names_with("on_loihi"))
def test_what_the_chip_makes_of_a_type_nengo_loihi_has(neuron_type):
    twin = as_on_loihi(neuron_type)
    assert type(twin).__module__ == LOIHI
    assert as_on_loihi(twin) is twin
    # nengo-loihi's own types are built as the ones that they inherit from
    built_as = next(kind for kind in type(neuron_type).__mro__ if kind in Builder.builders)
    assert known(built_as()).on_loihi == type(twin).__name__
    changed = neurons.rebuild(neuron_type, amplitude=0.25)
    assert as_on_loihi(changed).amplitude == 0.25


def test_all_types_of_nengo_loihi_are_known():
    theirs = {
        name
        for name, kind in inspect.getmembers(nengo_loihi.neurons, inspect.isclass)
        if issubclass(kind, NeuronType) and kind.__module__ == LOIHI
    }
    assert theirs == {name for module, name in TABLE if module == LOIHI}


@of(names_with("in_files"))
def test_types_in_files_have_numbers_for_arguments(neuron_type):
    assert neurons.class_in_file(type(neuron_type).__name__) is type(neuron_type)
    arguments = neurons.arguments(neuron_type)
    assert arguments.pop("initial_state") is None
    assert all(value is None or isinstance(value, int | float) for value in arguments.values())


@of(names_with("firing"))
@pytest.mark.parametrize("dt", [0.001, 0.0007])
def test_the_kernel_fires_as_the_type_itself(neuron_type, dt):
    firing = known(neuron_type).firing
    current = np.random.RandomState(2).uniform(-300, 3000, size=(2, 9))
    charge = (current if firing.signed else np.maximum(current, 0)) * dt
    output, voltage = np.zeros_like(current), np.zeros_like(current)
    for expected in run(neuron_type, current, 60, dt):
        fire(output, charge, voltage, neuron_type.amplitude / dt, firing.counts)
        assert_array_equal(output, expected)


class Forgetful(nengo.SpikingRectifiedLinear):
    """Keeps its argument under no name that could be found."""

    def __init__(self, sharpness=1.0):
        super().__init__(amplitude=sharpness)


def test_type_that_does_not_keep_its_arguments_is_refused():
    with pytest.raises(ValidationError, match=r"Forgetful does not keep its argument 'sharpness'"):
        neurons.arguments(Forgetful())
