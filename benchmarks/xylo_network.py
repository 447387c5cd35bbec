"""A NIR graph written for Rockpool on the integers of Xylo, run by xylosim; needs these alone.

xylosim 0.1.3 (SynSense) computes what a Xylo computes. Rockpool's own way there
(``rockpool.devices.xylo``) cannot be imported without samna, which is not on PyPI, so the few
steps to integers are done here, in the manner of its ``channel_quantize``: 8 bits for weights,
scaled neuron by neuron with thresholds of 16 bits, and decays of a half, a quarter, an eighth ...
"""

from itertools import pairwise

import nir
import numpy as np
from xylosim.v2 import XyloLayer, XyloSynapse

MOST_WEIGHT, MOST_THRESHOLD, MOST_SHIFT = 127, 2**15 - 1, 7
#: Of the voltage, the slowest: it loses 1 a step.
NO_LEAK = 15


def run(graph, sent):
    """Return the logits of all steps, (n, n_steps, n_out), for spikes that are sent."""
    layers = [quantize(*pair) for pair in pairs(graph)]
    simulator, _alive = build(layers)
    logits, n_last = graph.nodes["logits"], len(layers[-1]["threshold"])
    found = []
    for sample in sent.astype(int):
        simulator.reset_all()
        simulator.evolve(sample.tolist())
        spikes = np.array(simulator.rec_recurrent_spikes)[:, -n_last:]
        found.append(spikes @ logits.weight.T + logits.bias)
    return np.array(found)


def pairs(graph):
    """List the nodes of weights and of neurons of each layer."""
    names = sorted(name for name in graph.nodes if name.startswith("layer"))
    nodes = [graph.nodes[name] for name in names]
    assert all(isinstance(node, nir.CubaLIF) for node in nodes[1::2])
    return list(zip(nodes[::2], nodes[1::2], strict=True))


def quantize(linear, neurons):
    """Put a layer on integers."""
    dt = neurons.tau_mem / (1 + neurons.r)
    keep = np.exp(-dt / neurons.tau_syn)
    dash = np.maximum(1, np.round(-np.log2(1 - keep))).astype(int)
    kept = 1 - 2.0**-dash
    # a spike brings as much in all, although its current lasts longer or shorter
    weights = linear.weight * (keep / (1 - keep) / (kept / (1 - kept)))[:, np.newaxis]
    largest = np.abs(weights).max(axis=1)
    # the weakest neurons have fewer bits, so that one shift does for all thresholds
    scale = MOST_WEIGHT / np.maximum(largest, largest.max() / 64)
    shift = int(min(MOST_SHIFT, np.floor(np.log2(MOST_THRESHOLD / scale.max()))))
    threshold = scale * 2**shift
    return {
        "weights": np.round(weights * scale[:, np.newaxis]).astype(int),
        "shift": shift,
        "dash": dash.tolist(),
        "threshold": np.round(threshold).astype(int).tolist(),
        "bias": np.round(neurons.v_leak * threshold).astype(int).tolist(),
    }


def build(layers):
    """Make a simulator: the first layer reads the input, the others are recurrent.

    Xylo has one shift for all recurrent weights, the smallest that a layer wants. xylosim keeps no
    reference to the lists it is given, so they are returned to be kept.
    """
    shift = min((layer["shift"] for layer in layers[1:]), default=0)
    n = sum(len(layer["threshold"]) for layer in layers)
    recurrent, first = [[] for _ in range(n)], 0
    for below, layer in pairwise(layers):
        less = 2.0 ** (shift - layer["shift"])
        layer["threshold"] = [round(value * less) for value in layer["threshold"]]
        layer["bias"] = [round(value * less) for value in layer["bias"]]
        start = first + len(below["threshold"])
        for source, column in enumerate(layer["weights"].T):
            recurrent[first + source] += synapses(column, start)
        first = start
    lists = {
        "synapses_in": [synapses(column, 0) for column in layers[0]["weights"].T],
        "synapses_rec": recurrent,
        "synapses_out": [[XyloSynapse(0, 0, 1)] for _ in range(n)],
        "aliases": [[] for _ in range(n)],
        "threshold": [value for layer in layers for value in layer["threshold"]],
        "bias": [value for layer in layers for value in layer["bias"]],
        "dash_syns": [[dash, dash] for layer in layers for dash in layer["dash"]],
        "dash_mem": [NO_LEAK] * n,
        "threshold_out": [MOST_THRESHOLD],
        "bias_out": [0],
        "dash_mem_out": [NO_LEAK],
        "dash_syns_out": [[1]],
    }
    shifts = {"weight_shift_inp": layers[0]["shift"], "weight_shift_rec": shift}
    return XyloLayer(**lists, **shifts, weight_shift_out=0, has_bias=True, name="xylo"), lists


def synapses(column, start):
    """Connect one source to a layer that begins at a neuron."""
    return [XyloSynapse(start + int(i), 0, int(column[i])) for i in np.flatnonzero(column)]
