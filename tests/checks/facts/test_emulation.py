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
    with untouched(net):
        known = Facts(
            registry.load(), {"network": net, "dt": 0.001, "run_time": 0.01, "build": True}
        )
        result = known[fact]
        model = known["integer_build" if fact == "run" else "float_build"].model
    assert result.n_steps == 10
    (source,) = model.inputs
    np.testing.assert_array_equal(result.spikes[source], [1, 1, 3])
