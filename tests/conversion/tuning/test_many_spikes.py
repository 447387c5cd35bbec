import numpy as np
import pytest

from nengo_dense.conversion.tuning.answer import Samples
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.many_spikes import has_many_spikes
from nengo_dense.layers.stack import DenseStack


@pytest.mark.parametrize(
    "n_steps, max_rate, synapse, expected",
    [
        (100, 1000.0, 0.002, True),
        (20, 1000.0, 0.002, False),  # few steps
        (100, 40.0, 0.002, False),  # few spikes
        (1000, 40.0, 0.002, True),
        (100, 1000.0, 0.03, False),  # hardly come through when the presentation ends
    ],
)
def test_slopes_go_by_rate_where_many_spikes_have_come_through(
    rng, n_steps, max_rate, synapse, expected
):
    stack = DenseStack(
        [6, 5, 3],
        4,
        weights=[rng.uniform(0.1, 0.4, s) for s in ((6, 4), (5, 6), (3, 5))],
        max_rate=max_rate,
        synapse=[synapse, None],
    )
    samples = Samples(rng.uniform(0.5, 1, (30, 4)), np.zeros((30, 3)))
    circuit = Circuit(stack, 0.001)
    assert has_many_spikes(circuit, samples, n_steps) is expected
    circuit.biases[1] -= 100.0  # silent: only steps tell which neurons almost fire
    assert not has_many_spikes(circuit, samples, n_steps)
