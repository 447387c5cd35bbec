"""Run netx files in brian2-loihi and hold its spikes against ours; needs it, and nothing of ours.

    .venv-brian/bin/python benchmarks/brian_spikes.py FOLDER      # or: make test-brian

`net_spikes.py` says what is in FOLDER. brian2-loihi 0.5.2 (C. Michaelis et al.) was written from
what Loihi 1 did on a board. It has no biases, and its voltages have no end: a line that Brian runs
in every step adds the bias behind the decay of the voltage, and holds the voltage within 23 bits,
as Loihi does both. It counts a refractory period from 1, which is none.
"""

import sys

import brian2
import h5py
import numpy as np
from brian2_loihi import (
    LoihiNetwork,
    LoihiNeuronGroup,
    LoihiSpikeGeneratorGroup,
    LoihiSpikeMonitor,
    LoihiSynapses,
)
from net_spikes import compare_all

brian2.prefs.codegen.target = "numpy"
#: Largest magnitude of a voltage.
END = 2**23 - 1


def run(path, sent):
    """Return the spikes of all layers of a file, (n_steps, n) each, for those that are sent."""
    n_steps, n_in = sent.shape
    steps, neurons = np.nonzero(sent)
    # which delivers in the same step, where the chip takes one, as it does from layer to layer
    below = LoihiSpikeGeneratorGroup(n_in, neurons, steps + 1)
    parts, monitors = [below], []
    with h5py.File(path) as file:
        for number in range(len(file["layer"])):
            layer = file[f"layer/{number}"]
            group = neurons_of(layer)
            synapses = synapses_of(layer, below, group)
            monitors.append(LoihiSpikeMonitor(group))
            parts += [group, synapses, monitors[-1]]
            below = group
    network = LoihiNetwork(*parts)
    network.run(n_steps)
    return [spikes_of(monitor, n_steps) for monitor in monitors]


def neurons_of(layer):
    """Make a layer's neurons, with their biases."""
    neuron = layer["neuron"]
    group = LoihiNeuronGroup(
        int(layer["shape"][0]),
        refractory=1,
        threshold_v_mant=int(neuron["vThMant"][()]),
        decay_v=int(neuron["vDecay"][()]),
        decay_I=int(neuron["iDecay"][()]),
    )
    bias = brian2.TimedArray(64.0 * layer["bias"][()][np.newaxis], dt=1e6 * brian2.second)
    group.namespace["bias"] = bias
    group.run_regularly(f"v = clip(v + bias(t, i), -{END}, {END})", when="after_groups")
    return group


def synapses_of(layer, below, group):
    """Connect a layer to the one below."""
    weights = layer["weight"][()]
    synapses = LoihiSynapses(below, group, sign_mode=1, delay=0)
    targets, sources = np.indices(weights.shape)
    synapses.connect(i=sources.ravel(), j=targets.ravel())
    synapses.w = weights.ravel()
    return synapses


def spikes_of(monitor, n_steps):
    """Return a monitor's spikes, (n_steps, n)."""
    found = np.zeros((n_steps, len(monitor.source)), dtype=np.uint8)
    found[np.asarray(monitor.t, dtype=int), np.asarray(monitor.i)] = 1
    return found


if __name__ == "__main__":
    sys.exit(compare_all(*sys.argv[1:], run, "brian"))
