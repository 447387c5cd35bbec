"""From rectified linear units to LIF neurons on the chip, one change at a time.

If a spiking network does not learn, the Nengo forum advises to change one thing at a time: first
train rectified linear units; then the firing rates of spiking neurons; then run the same weights
with spikes; then on the chip. The first rung at which accuracy drops shows the cause.

    python training_ladder.py

trains on scikit-learn's digits and prints the accuracy of every rung on the whole test set. It
needs the ``dl`` and ``sklearn`` extras.
"""

import argparse

import nengo
import nengo_dl
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from nengo_dense import DenseStack, evaluate
from nengo_dense.training import fit, without_synapses

LIF = {"tau_rc": 0.02, "tau_ref": 0.001}
N_STEPS = 50


def make_stack(neuron_type, like=None):
    """Make a stack, new or with the weights of another."""
    parameters = {} if like is None else {"weights": like.weights, "biases": like.biases}
    return DenseStack(
        [64, 32, 32, 10],
        64,
        neuron_type=neuron_type,
        max_rate=200,
        synapse=0.002,
        seed=0,
        **parameters,
    )


def accuracy_in_nengo_dl(stack, x, y, n_steps):
    """Run a whole test set in NengoDL; one step means rates without filters."""
    with nengo.Network(seed=0) as net:
        nengo.Network.add(stack)
        source = nengo.Node(np.zeros(x.shape[1]))
        nengo.Connection(source, stack.input, synapse=None)
        logits = nengo.Probe(stack.logits)
        nengo_dl.configure_settings(stateful=False)

    def run():
        with nengo_dl.Simulator(
            net, minibatch_size=len(x), progress_bar=False, device="/cpu:0"
        ) as sim:
            shown = np.repeat(x[:, None], n_steps, axis=1)
            return sim.predict({source: shown}, verbose=0)[logits]

    if n_steps == 1:
        with without_synapses(net):
            outputs = run()
    else:
        outputs = run()
    answers = outputs[:, n_steps // 2 :].mean(axis=1).argmax(axis=1)
    return np.mean(answers == y)


def climb(rungs, training, test, epochs):
    """Train on the first rung and wherever neurons are new, and print every accuracy."""
    accuracies = []
    trained = None
    for name, neuron_type, train, n_steps in rungs:
        stack = make_stack(neuron_type, trained)
        if train:
            fit(
                stack,
                *training,
                epochs=epochs,
                dropout=0.1,
                rate_target=(100, 500),
                seed=0,
                progress_bar=False,
            )
            trained = stack
        if n_steps is None:
            seconds = N_STEPS / 1000
            accuracy = evaluate(
                stack, *test, presentation_time=seconds, progress_bar=False
            ).accuracy
        else:
            accuracy = accuracy_in_nengo_dl(stack, *test, n_steps)
        print(f"{name:<42} {100 * accuracy:6.2f} %", flush=True)
        accuracies.append(accuracy)
    return accuracies


def main(arguments=None):
    """Climb both ladders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40)
    options = parser.parse_args(arguments)
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0)
    lif = nengo.LIF(**LIF)
    relu = nengo.SpikingRectifiedLinear()
    ladders = [
        [
            ("RectifiedLinear, rates", nengo.RectifiedLinear(), True, 1),
            ("SpikingRectifiedLinear in NengoDL", relu, False, N_STEPS),
            ("SpikingRectifiedLinear, trained for Loihi", relu, True, N_STEPS),
            ("the same on the chip's integers", relu, False, None),
        ],
        [
            ("RectifiedLinear, rates", nengo.RectifiedLinear(), True, 1),
            ("LIFRate, rates", nengo.LIFRate(**LIF), True, 1),
            ("LIF in NengoDL", lif, False, N_STEPS),
            ("LIF on the chip's integers", lif, False, None),
        ],
    ]
    results = []
    for rungs in ladders:
        results.append(climb(rungs, (x_train, y_train), (x_test, y_test), options.epochs))
        print()
    return results


if __name__ == "__main__":
    main()
