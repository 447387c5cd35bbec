"""What a check's run counts: every spike that reaches the chip, whoever sent it."""

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo_loihi.builder import Builder
from nengo_loihi.inputs import ChipProcess, SpikeInput

from nengo_dense.checks import registry
from nengo_dense.checks.runner import Facts
from nengo_dense.checks.untouched import untouched

RELU = nengo.SpikingRectifiedLinear(initial_state={"voltage": nengo.dists.Choice([0])})
#: Step -> neurons of a camera that spike in it.
EVENTS = {1: [0, 2], 3: [2, 2], 10: [1], 11: [1, 0], 30: [0, 1, 2]}


class Camera(ChipProcess):
    """Spikes of three neurons that are known when the network is built."""

    def __init__(self):
        super().__init__(default_size_out=3)

    def make_step(self, shape_in, shape_out, dt, rng, state):
        raise NotImplementedError("runs on the chip")


def facts_of(net, *names, run_time=0.01):
    with untouched(net):
        known = Facts(
            registry.load(), {"network": net, "dt": 0.001, "run_time": run_time, "build": True}
        )
        return [known[name] for name in names]


@pytest.fixture
def camera():
    def build(model, process, node=None):
        spikes = SpikeInput(3, label="camera")
        for step, neurons in EVENTS.items():
            spikes.add_spikes(step, np.array(neurons), permanent=True)
        model.add_input(spikes)
        return spikes

    Builder.register(Camera)(build)
    yield Camera()
    del Builder.builders[Camera]


@pytest.mark.parametrize("fact", ["run", "float_run"])
def test_spikes_of_an_input_that_is_known_beforehand_count_up_to_the_end(camera, fact):
    with nengo.Network(seed=0) as net:
        node = nengo.Node(camera, size_out=3)
        layer = nengo.Ensemble(4, 1, neuron_type=RELU, gain=np.ones(4), bias=np.zeros(4))
        nengo.Connection(node, layer.neurons, transform=np.full((4, 3), 0.1))
    nengo_loihi.add_params(net)
    result, build = facts_of(net, fact, "integer_build" if fact == "run" else "float_build")
    assert result.n_steps == 10
    (source,) = build.model.inputs
    np.testing.assert_array_equal(result.spikes[source], [1, 1, 3])


@pytest.mark.parametrize("fact", ["run", "float_run"])
def test_late_rates_are_of_the_second_half_of_which_an_odd_step_is_a_part(fact):
    with nengo.Network(seed=0) as net:
        always = nengo.Ensemble(
            3, 1, neuron_type=RELU, gain=np.ones(3), bias=[3000, 400, 0], label="always"
        )
        nengo.Probe(always.neurons)
    (result,) = facts_of(net, fact, run_time=0.011)
    # the first fires in every step; the second in steps 3, 6 and 9
    np.testing.assert_allclose(result.rates["always"], [1000, 3 / 0.011, 0])
    np.testing.assert_allclose(result.late_rates["always"], [1000, 2 / 0.006, 0])


def test_what_the_host_sends_is_seen_by_connection_and_step():
    with nengo.Network(seed=0) as net:
        node = nengo.Node([0.75, -0.25], label="node")
        host = nengo.Ensemble(
            4, 1, neuron_type=RELU, gain=np.ones(4), bias=[3500, 2500, 500, 0], label="host"
        )
        chip = nengo.Ensemble(2, 1, neuron_type=RELU, gain=np.ones(2), bias=np.zeros(2))
        nengo.Connection(node, chip.neurons, label="values")
        nengo.Connection(host.neurons, chip.neurons, transform=np.ones((2, 4)), label="spikes")
    nengo_loihi.add_params(net)
    net.config[host].on_chip = False
    (result,) = facts_of(net, "run", run_time=0.05)
    values, spikes = result.senders
    assert (values.lowest, values.highest) == pytest.approx((-0.25, 0.75), rel=1e-3)
    assert (spikes.lowest, spikes.highest) == (np.inf, -np.inf)
    assert spikes.most == 4  # after 3, 3.5 is rounded up once in two steps
    assert spikes.n_spikes.tolist() == [2, 3] * 25
