import numpy as np
import pytest

from nengo_dense.conversion.tuning import judgement
from nengo_dense.conversion.tuning.answer import Samples, Window
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.goal import Goals
from nengo_dense.conversion.tuning.judgement import answer_all, judge
from nengo_dense.layers.stack import DenseStack

WINDOWS = [Window(2, 15, 0.5, early=True), Window(3, 30, 0.5)]


@pytest.fixture
def circuit(rng):
    weights = [rng.normal(size=(8, 4)), rng.normal(size=(7, 8)) / 3, rng.normal(size=(3, 7))]
    return Circuit(
        DenseStack([8, 7, 3], 4, weights=weights, max_rate=250.0, synapse=[0.002, None]), 0.001
    )


def logits(circuit, x):
    return circuit.logits(list(answer_all(circuit, Samples(x, x), WINDOWS))[-1][1])


def test_a_chain_that_is_its_own_source_is_not_apart(circuit, rng):
    x = rng.normal(size=(40, 4))
    own = logits(circuit, x)
    found = judge(circuit, Samples(x, own), Goals.for_targets(own, ["softmax"]).at(WINDOWS[1:]))
    assert found.loss == pytest.approx(0, abs=1e-9)
    assert (found.apart, found.wrong) == ((0,), (0,))


def test_other_answers_and_wrong_ones_are_counted(circuit, rng):
    x = rng.normal(size=(40, 4))
    source, labels = logits(circuit, x), rng.randint(3, size=40)
    source[np.arange(10), (source[:10].argmax(axis=1) + 1) % 3] += 100
    samples = Samples(x, source, labels[:, np.newaxis])
    found = judge(circuit, samples, Goals.for_targets(source, ["softmax"]).at(WINDOWS))
    assert found.apart == pytest.approx((0.25,))
    assert found.wrong == ((logits(circuit, x).argmax(axis=1) != labels).mean(),)
    shares = np.array([0.25, *found.wrong])
    np.testing.assert_allclose(found.doubt, np.sqrt(shares * (1 - shares) / 40))


def test_values_are_apart_in_their_own_standard_deviations(circuit, rng):
    x = rng.normal(size=(40, 4))
    source = logits(circuit, x)[:, :1] * [[1.0, 0.0, 0.0]] + 1000 * rng.normal(size=(40, 3))
    circuit.weights[-1][:], circuit.biases[-1][:] = 0, source.mean(axis=0)
    found = judge(
        circuit, Samples(x, source), Goals.for_targets(source, ["linear"]).at(WINDOWS[1:])
    )
    assert found.apart == pytest.approx((1,))
    spread = ((logits(circuit, x) - source) / source.std(axis=0)) ** 2
    np.testing.assert_allclose(found.doubt[0], spread.mean(axis=1).std() / np.sqrt(40))


def test_many_samples_count_as_one_batch_would(circuit, rng, monkeypatch):
    x, targets = rng.normal(size=(40, 4)), rng.normal(size=(40, 3))
    how = Samples(x, targets), Goals.for_targets(targets, ["softmax"]).at(WINDOWS[1:])
    whole = judge(circuit, *how)
    monkeypatch.setattr(judgement, "BATCH_SIZE", 7)
    found = judge(circuit, *how)
    assert found.loss == pytest.approx(whole.loss, rel=1e-6)
    assert (found.apart, found.wrong) == (whole.apart, whole.wrong)
    np.testing.assert_array_equal(found.distances, whole.distances)
