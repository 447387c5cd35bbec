import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.host_limit import LIMIT, HostLimit, share_beyond
from nengo_dense.layers.stack import DenseStack


def make_circuit(rng, encoding="host", rate=900.0):
    weights = [rng.randn(6, 4), rng.randn(5, 6), rng.randn(3, 5)]
    n = 2 + (encoding == "spikes")
    stack = DenseStack(
        [6, 5, 3], 4, weights=weights, encoding=encoding, max_rate=rate, synapse=[None] * n
    )
    return Circuit(stack, 0.001)


def drive(circuit, x):
    return x @ circuit.weights[0].T + circuit.biases[0]


def test_no_neuron_on_the_host_fires_more_than_once_a_step_and_all_say_the_same(rng):
    circuit, x = make_circuit(rng), rng.randn(50, 4)
    before, second = drive(circuit, x), circuit.weights[1].copy()
    HostLimit(x).hold(circuit, x)
    after = drive(circuit, x)
    assert before.max() > 1.5
    assert_allclose(after.max(axis=0), np.minimum(before.max(axis=0), LIMIT), rtol=1e-12)
    assert_allclose(after @ circuit.weights[1].T, before @ second.T, rtol=1e-12)


def test_neurons_below_the_limit_stay_as_they_are(rng):
    circuit, x = make_circuit(rng, rate=50.0), rng.randn(50, 4)
    before = [w.copy() for w in circuit.weights]
    HostLimit(x).hold(circuit, x)
    for a, b in zip(before, circuit.weights, strict=True):
        assert_array_equal(a, b)


def test_a_share_of_the_samples_that_a_neuron_speaks_of_may_be_beyond(rng):
    circuit, x = make_circuit(rng), rng.randn(200, 4)
    circuit.weights[0][0], circuit.biases[0][0] = 0, -1  # a neuron that never speaks
    HostLimit(x, 0.1).hold(circuit, x)
    after = drive(circuit, x)
    speaks, beyond = (after > 0).sum(axis=0), (after > LIMIT * (1 + 1e-9)).sum(axis=0)
    assert (beyond <= 0.1 * speaks).all()
    assert (beyond[1:] > 0.1 * speaks[1:] - 1).all()


def test_longer_presentations_need_no_samples_beyond():
    assert [share_beyond(n) for n in (5, 10, 11, 50, 51)] == [0.1, 0.1, 0.03, 0.03, 0]


def test_one_odd_sample_does_not_slow_the_others_down(rng):
    x = rng.randn(5000, 4)
    x[7, 2] = 1e6
    circuit = make_circuit(rng)
    HostLimit(x).hold(circuit, x)
    assert drive(circuit, np.delete(x, 7, axis=0)).max() > 0.5


def test_an_encoder_is_left_alone(rng):
    circuit, x = make_circuit(rng, "spikes"), rng.randn(50, 4)
    before = [w.copy() for w in circuit.weights]
    HostLimit(x).hold(circuit, x)
    for a, b in zip(before, circuit.weights, strict=True):
        assert_array_equal(a, b)
