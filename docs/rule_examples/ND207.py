import nengo
import numpy as np

import nengo_dense

weights = np.random.RandomState(0).rand(129, 6)


with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(6, 2, on_chip=False, seed=1, label="first")
    second = nengo_dense.DenseLayer(129, 6, weights=weights, label="second")
    nengo.Connection(source, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)
    parts = [  # sparse connections of many sizes: each needs an entry format of its own
        nengo.Connection(
            first.neurons,
            second.neurons,
            transform=nengo.Sparse((129, 6), indices=[(n - 1, 0)], init=0.3 / 2**i),
            synapse=0.005,
        )
        for i in range(6)
        for n in (60, 100, 129)
    ]

report = nengo_dense.check(net, run=0)

# %%
total = weights.copy()
for part in parts:  # one dense connection that holds them all
    total += part.transform.sample().toarray()
    net.connections.remove(part)
second.connection.transform = total

report = nengo_dense.check(net, run=0)
