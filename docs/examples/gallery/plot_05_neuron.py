"""
One neuron on the chip
======================

A compartment adds its current to its voltage in every step. When the voltage is above the
threshold, it fires, and the voltage starts again from zero. The part above the threshold is lost.
"""

import matplotlib.pyplot as plt
import nengo
import numpy as np

import nengo_dense

with nengo.Network(seed=0) as net:
    zero = {"voltage": nengo.dists.Choice([0])}
    kind = nengo.SpikingRectifiedLinear(initial_state=zero)
    neuron = nengo.Ensemble(1, 1, gain=[1], bias=[260], neuron_type=kind)
    voltage = nengo.Probe(neuron.neurons, "voltage")
    spikes = nengo.Probe(neuron.neurons)

with nengo_dense.Simulator(net, progress_bar=False) as sim:
    sim.run(0.04)

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
ax.step(sim.trange(), sim.data[voltage], where="post", label="voltage")
for time in sim.trange()[sim.data[spikes][:, 0] > 0]:
    ax.axvline(time, color="tab:orange", alpha=0.6)
ax.set(xlabel="time (s)", ylabel="voltage (chip's integers)", title="driven at 260 Hz")

# %%
# It needs 1000 / 260 = 3.8 steps for a spike, and there are whole steps only: it fires in every
# fourth one, at 250 Hz. The same happens at every other rate, and more at high ones.

wanted = np.arange(15, 1000, 20)
with nengo.Network(seed=0) as net:
    layer = nengo.Ensemble(
        len(wanted), 1, gain=np.ones(len(wanted)), bias=wanted, neuron_type=kind
    )
    spikes = nengo.Probe(layer.neurons)
with nengo_dense.Simulator(net, progress_bar=False) as sim:
    sim.run(1.0)
fired = np.count_nonzero(sim.data[spikes], axis=0)

fig, ax = plt.subplots(figsize=(5, 4), layout="constrained")
ax.plot(wanted, wanted, "--", color="gray", label="in Nengo")
ax.step(wanted, fired, where="mid", label="on the chip")
ax.set(xlabel="rate that the input asks for (Hz)", ylabel="rate (Hz)")
ax.legend()

for rate in (115, 255, 395, 695, 975):
    print(f"{rate:4} Hz asked for, {fired[list(wanted).index(rate)]:4} spikes in a second")

# %%
# This is one of two reasons why a plain conversion loses accuracy; the other one is the rounding
# of weights. :func:`~nengo_dense.convert` tunes the weights so that the *fired* rates are right.
