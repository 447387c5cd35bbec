"""ND3xx: quantization."""

import nengo
import numpy as np
from specimen import broken, layers, place, sound

LINK = "first.neurons -> second.neurons"
RNG = np.random.RandomState(0)
UNIFORM = RNG.uniform(-0.3, 0.3, (64, 64))
#: Share of weights that are below half a step, if 30 in place of the first is 127.5 steps.
ZEROED = np.sum(np.abs(UNIFORM.flat[1:]) < 30 / 127.5 / 2) / UNIFORM.size


def outlier(k):
    weights = UNIFORM.copy()
    weights[0, 0] = 0.3 * k
    return layers(weights)


@sound("ND302")
def no_outlier():
    return outlier(1)


@broken("ND302", "second", severity="warning", value=ZEROED, limit=0.05, says="; 4 levels")
def outlier_of_100():
    return outlier(100)


@broken("ND302", "second", severity="error", value=1 - 1 / 64**2, limit=0.05, says="; 2 levels")
def outlier_of_1000():
    return outlier(1000)


@broken("ND302", "third", severity="warning", value=ZEROED, limit=0.05)
def outlier_behind_a_layer_without_one():
    net = outlier(1)
    with net:
        third = nengo.Ensemble(
            64, 1, label="third", gain=np.full(64, 100.0), bias=np.zeros(64),
            neuron_type=net.ensembles[1].neuron_type,
        )  # fmt: skip
        weights = UNIFORM.copy()
        weights[0, 0] = 30
        nengo.Connection(net.ensembles[1].neurons, third.neurons, transform=weights)
    return net


@broken("ND301", "second", value=1e-4, says="bias of 1e+03 and a threshold of 1e+03")
def bias_far_larger_than_weights():
    return layers(np.full((5, 6), 1e-7), bias=1000.0)


@broken("ND301", "second")
def bias_far_larger_than_weights_behind_a_layer_on_the_chip():
    net = layers(np.full((5, 6), 1e-7), bias=1000.0)
    place(net, first=True)
    return net


@sound("ND301")
def bias_not_much_larger_than_weights():
    return layers(np.full((5, 6), 0.01), bias=100.0)


def _two_scales(ratio):
    net = layers(np.full((5, 6), 0.3))
    with net:
        nengo.Connection(
            net.ensembles[0].neurons,
            net.ensembles[1].neurons,
            transform=np.full((5, 6), 0.3 * ratio),
            synapse=0.005,
        )
    return net


@sound("ND303")
def connections_of_like_scale():
    return _two_scales(0.5)


@broken("ND303", "second", severity="warning", limit=0)
def connections_of_unlike_scale():
    return _two_scales(2.0**-9)


@broken("ND305", "second", value=1e7, says="beside weights of up to 1e+10")
def weights_that_leave_no_threshold():
    return layers(np.full((5, 6), 1e7))


@sound("ND305")
def weights_that_leave_a_threshold():
    return layers(np.full((5, 6), 10.0))


@broken("ND304", "second", severity="warning", value=1, limit=0.01, says="up to 100.0% of")
def bias_lost_beside_weights():
    return layers(np.full((5, 6), 300.0), bias=1.0)


@sound("ND304")
def bias_well_stored():
    return layers(bias=50.0)


@broken("ND307", "second", severity="info", value=2.0475, limit=2, says="(+2.4%)")
def long_synapse_rounds():
    return layers(synapse=2.0)


@sound("ND307")
def short_synapse_rounds_well():
    return layers(synapse=0.005)


@broken("ND308", LINK, value=1, limit=0)
def nan_weight():
    weights = np.full((5, 6), 0.3)
    weights[2, 3] = np.nan
    return layers(weights)


@broken("ND308", LINK, value=1, limit=0)
def infinite_weight():
    weights = np.full((5, 6), 0.3)
    weights[2, 3] = np.inf
    return layers(weights)


@broken("ND308", LINK, says="all weights are 0, so")
def zero_weights():
    return layers(np.zeros((5, 6)))


@broken("ND308", LINK, says="below 1e-08, which")
def weights_that_count_as_zero():
    return layers(np.full((5, 6), 1e-9), bias=10.0)


@broken("ND308", "second", says="its bias has values")
def nan_bias():
    return layers(bias=np.nan)


@sound("ND308")
def one_weight_that_is_not_zero():
    weights = np.zeros((5, 6))
    weights[0, 0] = 0.3
    return layers(weights)
