"""
Reading a check report and mending a network
============================================

This network builds and runs in nengo-loihi without a word, and answers nothing.
:func:`~nengo_dense.check` says why.
"""

import nengo
import numpy as np

import nengo_dense

rng = np.random.RandomState(0)
weights = rng.normal(0, 0.1, (32, 64))
weights[0, 0] = 30.0  # one weight that ran away in training

with nengo.Network(seed=0) as net:
    samples = nengo.Node(np.zeros(16), label="samples")
    first = nengo_dense.DenseLayer(64, 16, on_chip=False, seed=1, label="first")
    second = nengo_dense.DenseLayer(32, 64, weights=weights, label="second")
    nengo.Connection(samples, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)
    nengo.Probe(second.output)

report = nengo_dense.check(net)
print(report)

# %%
# The first lines are the ones that matter most. Every finding names the place, the value and how
# to fix it; its code leads to a page, such as :doc:`ND401 </rules/ND401>`. A rule that needs
# spikes is skipped, with its reason, as long as nothing comes in.
#
# First the input: nobody had replaced the zeros.

samples.output = nengo.processes.PresentInput(rng.rand(1000, 16), 0.1)
report = nengo_dense.check(net)
print(report)

# %%
# Now the weights. All weights of a core share one scale, which the largest one sets: next to 30,
# a weight of 0.1 becomes 0. See :doc:`ND302 </rules/ND302>`. The report says by how much
# the outlier is too large.

second.connection.transform = np.clip(weights, -0.3, 0.3)
report = nengo_dense.check(net)
print(report)

# %%
# What is left are remarks. A finding that does not matter can be accepted, with a reason; it stays
# in the report.

report = nengo_dense.check(net, ignore={"ND502": "only the mean over all samples is used"})
print("no errors" if report.ok else "errors")

# sphinx_gallery_thumbnail_path = 'pictures/drawn/exponent.svg'
