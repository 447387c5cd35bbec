"""Heads in NengoDL: the same numbers as elsewhere, and TensorFlow's own gradients."""

import pickle
import subprocess
import sys

import nengo
import numpy as np
import pytest
from nengo.builder.processes import SimProcess

from nengo_dense.heads import HEADS, softmax
from nengo_dense.layers.head import WITH_NODE, HeadNode, SoftmaxNode
from nengo_dense.layers.nengo_dl_builder import SimHead

pytestmark = pytest.mark.dl
REASON = "NengoDL is in the dl environment"


@pytest.fixture
def nengo_dl():
    pytest.importorskip("tensorflow", reason=REASON)
    return pytest.importorskip("nengo_dl", reason=REASON)


def softmax_network(n_classes=4, temperature=1.0, head="softmax"):
    with nengo.Network(seed=0) as net:
        source = nengo.Node(np.zeros(n_classes))
        node = HeadNode(head, n_classes, temperature=temperature)
        nengo.Connection(source, node, synapse=None)
        probe = nengo.Probe(node)
    return net, source, probe


@pytest.mark.parametrize("head", WITH_NODE)
def test_every_head_is_its_function_in_nengo_dl(nengo_dl, rng, head):
    net, source, probe = softmax_network(head=head, temperature=0.5)
    logits = rng.uniform(-3, 3, size=(3, 2, 4)).astype(np.float32)
    with nengo_dl.Simulator(net, minibatch_size=3, progress_bar=False) as sim:
        sim.run_steps(2, data={source: logits}, progress_bar=False)
        np.testing.assert_allclose(
            sim.data[probe], HEADS[head](logits / 0.5), rtol=1e-5, atol=1e-7
        )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_nengo_dl_gives_the_same_probabilities(nengo_dl, rng, temperature):
    net, source, probe = softmax_network(temperature=temperature)
    logits = rng.uniform(-30, 30, size=(3, 2, 4)).astype(np.float32)
    with nengo_dl.Simulator(net, minibatch_size=3, progress_bar=False) as sim:
        sim.run_steps(2, data={source: logits}, progress_bar=False)
        np.testing.assert_allclose(
            sim.data[probe], softmax(logits, temperature), rtol=1e-5, atol=1e-7
        )


def test_huge_logits_do_not_overflow(nengo_dl):
    net, source, probe = softmax_network()
    logits = np.array([[[1e6, 1e6, -1e6, 0]]])
    with nengo_dl.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(1, data={source: logits}, progress_bar=False)
        np.testing.assert_array_equal(sim.data[probe][0], [0.5, 0.5, 0, 0])


def test_the_operator_is_tensorflow_and_not_a_python_function(nengo_dl):
    net, _, _ = softmax_network()
    with nengo_dl.Simulator(net, progress_bar=False) as sim:
        operators = [type(op) for group in sim.tensor_graph.plan for op in group]
    assert SimHead in operators
    assert SimProcess not in operators


def test_elsewhere_it_is_an_ordinary_process():
    net, _, _ = softmax_network()
    with nengo.Simulator(net, progress_bar=False) as sim:
        operators = [type(op) for op in sim.model.operators]
    assert SimProcess in operators
    assert SimHead not in operators


def test_several_softmaxes_in_one_network(nengo_dl):
    with nengo.Network() as net:
        probes = []
        for n_classes in (3, 3, 2):
            node = SoftmaxNode(n_classes)
            nengo.Connection(nengo.Node(np.arange(n_classes)), node, synapse=None)
            probes.append(nengo.Probe(node))
    with nengo_dl.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(1, progress_bar=False)
        for probe, n_classes in zip(probes, (3, 3, 2), strict=True):
            np.testing.assert_allclose(
                sim.data[probe][0], softmax(np.arange(n_classes)), rtol=1e-6
            )


def gradient_in_nengo_dl(nengo_dl, logits, loss, temperature=1.0, head="softmax"):
    """Differentiate ``loss(probabilities)`` with respect to logits, through the simulator."""
    import tensorflow as tf

    net, source, _ = softmax_network(logits.shape[1], temperature, head)
    n_samples = len(logits)
    with nengo_dl.Simulator(net, minibatch_size=n_samples, progress_bar=False) as sim:
        values = tf.Variable(logits[:, None, :])
        n_steps = tf.ones((n_samples, 1), dtype=tf.int32)
        with tf.GradientTape() as tape:
            probabilities = sim.keras_model([values, n_steps], training=True)[0]
            value = loss(probabilities[:, 0])
        assert sim.node_inputs[source].shape[-1] == logits.shape[1]
        return tape.gradient(value, values).numpy()[:, 0]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_gradient_of_cross_entropy_equals_that_of_tensorflow(nengo_dl, rng, temperature):
    import tensorflow as tf

    logits = rng.uniform(-3, 3, size=(6, 4)).astype(np.float32)
    labels = rng.randint(4, size=6)

    def loss(probabilities):
        return tf.keras.losses.SparseCategoricalCrossentropy()(labels, probabilities)

    ours = gradient_in_nengo_dl(nengo_dl, logits, loss, temperature)
    values = tf.Variable(logits)
    with tf.GradientTape() as tape:
        theirs = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)(
            labels, values / temperature
        )
    np.testing.assert_allclose(ours, tape.gradient(theirs, values), rtol=1e-4, atol=1e-6)
    # and both are what the formula says: (p - onehot) / (temperature * n)
    formula = (softmax(logits, temperature) - np.eye(4)[labels]) / temperature / 6
    np.testing.assert_allclose(ours, formula, rtol=1e-4, atol=1e-6)


def test_gradient_of_every_probability_is_the_jacobian(nengo_dl, rng):
    logits = rng.uniform(-2, 2, size=(1, 3)).astype(np.float32)
    p = softmax(logits[0])
    for k in range(3):
        row = gradient_in_nengo_dl(nengo_dl, logits, lambda y, k=k: y[0, k])
        np.testing.assert_allclose(row[0], p[k] * (np.eye(3)[k] - p), rtol=1e-4, atol=1e-7)


def test_gradient_of_a_rectifier_is_one_where_it_is_above_zero(nengo_dl):
    logits = np.array([[1.5, -0.5, 0.25]], dtype=np.float32)
    weights = np.array([3.0, 5.0, 7.0], dtype=np.float32)
    row = gradient_in_nengo_dl(nengo_dl, logits, lambda y: y[0] * weights, head="relu")
    np.testing.assert_array_equal(row[0], [3.0, 0.0, 7.0])


def test_nengo_dl_may_be_imported_after_the_node_is_unpickled(nengo_dl, tmp_path):
    """In a process that never made a SoftmaxNode, as with multiprocessing."""
    path = tmp_path / "network.pickle"
    path.write_bytes(pickle.dumps(softmax_network()[0]))
    code = f"""
import pickle, warnings
warnings.simplefilter("ignore")
net = pickle.load(open({str(path)!r}, "rb"))
from nengo_dense import compat
compat.use_tf_keras()  # where NengoDL needs it
import nengo_dl
with nengo_dl.Simulator(net, progress_bar=False) as sim:
    names = [type(op).__name__ for group in sim.tensor_graph.plan for op in group]
assert "SimHead" in names, names
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
