"""The network of the forum thread, start to end: five kinds of particle jets from 16 features.

    python jet_tagging.py                 # fetches the jets with scikit-learn, trains, deploys
    python jet_tagging.py --data my.npz   # arrays X (n, 16) and y (n,), any data of that shape

If NengoDL is installed (the ``dl`` extra, or ``tf-keras`` with ``--tf-keras``), the spiking
network itself is trained, with dropout and cross-entropy, and runs on the chip unchanged.
Otherwise Keras 3 trains an ordinary network, and `nengo_dense.convert` turns it into a
spiking one (``KERAS_BACKEND=torch python jet_tagging.py``).
"""

import argparse
import importlib.util
from pathlib import Path

import nengo
import numpy as np

import nengo_dense
from nengo_dense import compat

UNITS = [64, 32, 32]
DROPOUT = 0.05  # a quarter, as in the thread, costs accuracy in such narrow layers


def fetch():
    """Return the jets of OpenML, which scikit-learn keeps after the first time."""
    from sklearn.datasets import fetch_openml

    try:
        return fetch_openml("hls4ml_lhc_jets_hlf", return_X_y=True, as_frame=False)
    except OSError as err:
        raise SystemExit(
            f"The jets cannot be fetched from openml.org ({err}). Without a network, give an .npz "
            "file with arrays X (n, 16) and y (n,): jet_tagging.py --data my.npz"
        ) from err


def read(path):
    """Return the arrays of a file."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return arrays["X"], arrays["y"]
    except (OSError, KeyError, TypeError, ValueError) as err:
        raise SystemExit(f"--data must be an .npz file with arrays X and y: {err}") from err


def load(path, n_samples):
    """Return standardised training and test samples, a quarter of all for the test."""
    x, y = fetch() if path is None else read(path)
    names, labels = np.unique(y, return_inverse=True)
    order = np.random.RandomState(0).permutation(len(x))[:n_samples]
    test, train = np.split(order, [len(order) // 4])
    x = (x - x[train].mean(axis=0)) / np.maximum(x[train].std(axis=0), 1e-9)
    return (x[train], labels[train]), (x[test], labels[test]), names


def train_in_nengo_dl(training, n_classes, epochs, _):
    """Train the spiking network itself, for any length of a presentation."""
    from nengo_dense.training import fit

    stack = nengo_dense.DenseStack(
        [*UNITS, n_classes],
        training[0].shape[1],
        neuron_type=nengo.SpikingRectifiedLinear(),
        max_rate=150,
        synapse=0.003,
        seed=0,
    )
    result = fit(
        stack,
        *training,
        epochs=epochs,
        minibatch_size=128,
        dropout=DROPOUT,
        rate_target=(200, 450),  # hertz
        rate_weight=0.2,
        seed=0,
    )
    print(f"trained in NengoDL: {result}")
    return stack


def train_in_keras(training, n_classes, epochs, seconds):
    """Train an ordinary network, then convert it for presentations of so many seconds."""
    try:
        import keras
    except ModuleNotFoundError as err:
        raise SystemExit(
            f"Training needs NengoDL, or Keras 3 with a back end ({err}): for example, "
            "pip install keras torch and set KERAS_BACKEND=torch"
        ) from err

    keras.utils.set_random_seed(0)
    layers = [keras.Input(training[0].shape[1:])]
    for n in UNITS:
        layers += [keras.layers.Dense(n, activation="relu"), keras.layers.Dropout(DROPOUT)]
    model = keras.Sequential([*layers, keras.layers.Dense(n_classes, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*training, epochs=epochs, batch_size=128, verbose=2)
    return nengo_dense.convert(
        model, calibration=training[0][:5000], presentation_time=seconds, seed=0
    )


def main(arguments=None):
    """Train, run the whole test set on the emulator, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="an .npz file with arrays X and y")
    parser.add_argument("--samples", type=int, default=50_000, help="how many to use")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--steps", type=int, default=50, help="of 1 ms, for each sample")
    parser.add_argument("--output", type=Path, default=Path("jets_stack.npz"))
    parser.add_argument("--tf-keras", action="store_true", help="NengoDL on current TensorFlow")
    options = parser.parse_args(arguments)
    if options.tf_keras:
        compat.use_tf_keras()

    training, test, names = load(options.data, options.samples)
    nengo_dl = importlib.util.find_spec("nengo_dl") is not None
    train = train_in_nengo_dl if nengo_dl else train_in_keras
    seconds = options.steps / 1000
    stack = train(training, len(names), options.epochs, seconds)

    evaluation = nengo_dense.evaluate(stack, *test, presentation_time=seconds, progress_bar=False)
    print(evaluation.summary())
    stack.save(options.output)
    print(f"saved as {options.output}")
    return evaluation


if __name__ == "__main__":
    main()
