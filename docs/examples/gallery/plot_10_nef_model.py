"""
A stack inside a Nengo model
============================

A stack is a network like any other. Here a classifier of digits is one part of a model: it looks
at an image, and an ensemble of the Neural Engineering Framework remembers the answer.
"""

import matplotlib.pyplot as plt
import nengo
import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

import nengo_dense

x, y = load_digits(return_X_y=True)
x, few = x / 16, y < 2  # zeros and ones are enough for this
model = MLPClassifier((32, 16), max_iter=500, random_state=0).fit(x[few][:250], y[few][:250])
stack = nengo_dense.convert(
    model, calibration=x[few][:250], effort="fast", label="classifier", progress_bar=False
)

# %%
# The stack is added to the network, something is connected to ``stack.input``, and from
# ``stack.output`` a connection leads on, as from any node.

new, of_new = x[few][250:], y[few][250:]
order = np.argsort(of_new, kind="stable")[[0, -1, 1, -2]]  # zero, one, zero, one
images, labels = new[order], of_new[order]
with nengo.Network(seed=0) as net:
    net.add(stack)
    eye = nengo.Node(nengo.processes.PresentInput(images, 0.2), label="eye")
    nengo.Connection(eye, stack.input, synapse=None)

    chip = nengo.LIF(initial_state={"voltage": nengo.dists.Choice([0])})  # Nengo's start anywhere
    memory = nengo.Ensemble(100, 1, neuron_type=chip, label="memory", seed=1)
    nengo.Connection(  # one probability: above 0 for a one, below 0 for a zero
        stack.output[-1], memory, function=lambda p: 2 * p - 1, synapse=0.02
    )
    answers = nengo.Probe(stack.output, synapse=0.02)
    remembered = nengo.Probe(memory, synapse=0.02)

with nengo_dense.Simulator(net, progress_bar=False) as sim:
    sim.run(0.8)

# %%
# ``nengo.Simulator(net)``, ``nengo_loihi.Simulator(net)`` and ``nengo_dl.Simulator(net)`` would
# run the same object.

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
ax.plot(sim.trange(), sim.data[answers], label=["zero", "one"][: sim.data[answers].shape[1]])
ax.plot(sim.trange(), sim.data[remembered], "k", label="memory")
for i, label in enumerate(labels):
    ax.text(0.2 * i + 0.08, 1.25, f"shown: {label}")
ax.set(xlabel="time (s)", ylim=(-1.5, 1.5))
ax.legend(loc="lower right")

at_the_end = sim.data[remembered][199::200, 0]
print("shown:     ", labels)
print("remembered:", np.where(at_the_end > 0, 1, 0))
