"""Small stacks of random parameters whose integers Loihi 1, Lava and brian2-loihi all hold."""

import nengo
import numpy as np

import nengo_dense
from nengo_dense.conversion.settling import settle


def random_stack(seed):
    """Make a stack of one to three layers on the chip, 6 inputs, without refractory periods.

    Synapses are absent or of 2 to 10 ms, neurons hardly leak or with 10 to 100 ms, biases and
    rates vary. Layers may fire seldom or often, which is what is wanted.
    """
    rng = np.random.RandomState(seed)
    units = [int(n) for n in rng.randint(3, 24, size=rng.randint(2, 5))]
    sizes = [6, *units]
    tau_rc = 4 if rng.rand() < 0.4 else rng.uniform(0.01, 0.1)
    synapses = [None if rng.rand() < 0.3 else rng.uniform(0.002, 0.01) for _ in units]
    stack = nengo_dense.DenseStack(
        [*units, 3],
        6,
        encoding="spikes",
        weights=[
            rng.normal(0.05, 1.5 / np.sqrt(n_in), size=(n_out, n_in))
            for n_in, n_out in zip(sizes, [*units, 3], strict=True)
        ],
        biases=[rng.normal(0.2, 0.4, size=n) for n in [*units, 3]],
        synapse=[*synapses, None],
        neuron_type=nengo.LIF(tau_rc=tau_rc, tau_ref=0, min_voltage=-100),
        max_rate=float(rng.uniform(100, 400)),
        seed=seed,
    )
    settle(stack, 0.001)
    return stack
