import nengo

import nengo_dense

zero = {"voltage": nengo.dists.Choice([0])}
with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5])
    error = nengo.Node(lambda t, x: x, size_in=1)
    out = nengo.Node(size_in=1)
    kind = nengo.LIF(amplitude=0.5, initial_state=zero)
    pre = nengo.Ensemble(20, 1, neuron_type=kind, label="pre")
    nengo.Connection(source, pre)
    learned = nengo.Connection(
        pre, out, function=lambda x: 0, learning_rule_type=nengo.PES(1e-4), label="learned"
    )
    nengo.Connection(out, error)
    nengo.Connection(error, learned.learning_rule)

report = nengo_dense.check(net, run=0)

# %%
pre.neuron_type = nengo.LIF(initial_state=zero)  # spikes of 1

report = nengo_dense.check(net, run=0)
