"""Pieces that the tests of the emulator are made of."""

import nengo
import numpy as np

from nengo_dense.emulator import Simulator


def relu(**kwargs):
    zero = {"voltage": nengo.dists.Choice([0])}
    return nengo.SpikingRectifiedLinear(initial_state=zero, **kwargs)


def layer(size, rate=100.0):
    return nengo.Ensemble(
        size, 1, neuron_type=relu(), gain=np.ones(size), bias=np.full(size, rate)
    )


def simulator(network, **kwargs):
    return Simulator(network, progress_bar=False, **kwargs)
