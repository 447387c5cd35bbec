"""What does training in NengoDL bring, and what does it cost?

Trains the same network with Keras and with NengoDL in several ways, on the same samples, for the
same epochs and with the same optimizer, then runs every stack on the emulator for whole test
sets. Needs the ``dl`` extra::

    python benchmarks/training.py digits
    python benchmarks/training.py letter --data letter.npz --seeds 0 1 2 --plot training.png

Without ``--data`` scikit-learn fetches the letters from OpenML.
"""

import argparse
import functools
import time
from pathlib import Path

import nengo
import numpy as np
import record

from nengo_dense import compat, convert, evaluate
from nengo_dense.layers import DenseStack
from nengo_dense.training import fit

RELU = nengo.SpikingRectifiedLinear()
LIF = nengo.LIF(tau_rc=0.02, tau_ref=0.001)
#: Name -> kind of neurons, whether trained on Loihi's rates, whether rates are kept in a band.
WAYS = {
    "NengoDL, plain": ("relu", False, False),
    "NengoDL, rates in a band": ("relu", False, True),
    "NengoDL, Loihi-aware": ("relu", True, False),
    "NengoDL, Loihi-aware, in a band": ("relu", True, True),
    "the same with LIF neurons": ("lif", True, True),
}
#: Name -> whether `convert` tunes on the chip's integers after choosing rates, for each length of
#: presentation anew.
CONVERSIONS = {"Keras, convert, rates chosen": False, "Keras, convert, tuned": True}
#: The way without NengoDL, also for each length of presentation anew.
THROUGH_TIME = "trained through time"
#: Neurons, their max_rate and their band, in hertz; hidden layers are 64-32-32 throughout.
TASKS = {
    "letter": {
        "steps": (10, 20, 50, 100),
        "synapse": 0.003,
        "dropout": 0.0,
        "relu": (RELU, 150, (200, 450)),
        "lif": (LIF, 150, (200, 450)),
    },
    "digits": {
        "steps": (10, 20, 25, 50),
        "synapse": 0.002,
        "dropout": 0.1,
        "relu": (RELU, 400, (400, 1000)),
        "lif": (LIF, 400, (400, 1000)),
    },
}


def load(task, data, seed):
    """Return standardised training and test samples, 25 % of all for the test."""
    if task == "digits":
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
    elif data:
        arrays = np.load(data, allow_pickle=False)
        x, y = arrays["X"], arrays["y"]
    else:
        from sklearn.datasets import fetch_openml

        x, y = fetch_openml("letter", version=1, return_X_y=True, as_frame=False)
        y = np.unique(y, return_inverse=True)[1]
    order = np.random.RandomState(seed).permutation(len(x))
    test, train = np.split(order, [len(x) // 4])
    scale = np.maximum(x[train].std(axis=0), 0.05 * x[train].std())  # some pixels never change
    x = (x - x[train].mean(axis=0)) / scale
    return (x[train], y[train]), (x[test], y[test])


def train_with_keras(units, training, held_out, arguments, seed):
    """Train Keras's Dense layers as `fit` trains a stack; return weights and speed."""
    import tensorflow as tf

    from nengo_dense.training.callback import EarlyStopping

    tf.random.set_seed(seed)
    layers = []
    for n in units[:-1]:
        layers.append(tf.keras.layers.Dense(n, activation="relu"))
        layers.append(tf.keras.layers.Dropout(arguments["dropout"]))
    model = tf.keras.Sequential([*layers, tf.keras.layers.Dense(units[-1])])
    size, epochs = arguments["minibatch_size"], arguments["epochs"]
    n_updates = epochs * -(-len(training[0]) // size)
    rate = tf.keras.optimizers.schedules.CosineDecay(arguments["learning_rate"], n_updates)
    model.compile(
        tf.keras.optimizers.Adam(rate),
        tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    start = time.perf_counter()
    history = model.fit(
        *training,
        validation_data=held_out,
        batch_size=size,
        epochs=epochs,
        callbacks=[EarlyStopping(arguments["patience"])],
        verbose=0,
    )
    speed = len(training[0]) * len(history.epoch) / (time.perf_counter() - start)
    weights = model.get_weights()
    return [w.T for w in weights[::2]], weights[1::2], speed


def accuracy(weights, biases, x, y):
    """Compute the accuracy of a rectified linear network, in double precision."""
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        x = np.maximum(x @ w.T + b, 0)
    return np.mean((x @ weights[-1].T + biases[-1]).argmax(axis=1) == y)


def on_the_chip(stack, test, steps):
    """Measure accuracy on the integer emulator for each length of presentation."""
    return {n: shown(stack, test, n / 1000) for n in steps}


def shown(stack, test, presentation_time):
    """Measure accuracy on the integer emulator for one length of presentation."""
    how = {"presentation_time": presentation_time, "progress_bar": False}
    return evaluate(stack, *test, **how).accuracy


def converted(weights, biases, samples, tune, presentation_time):
    """Convert layers for one length of presentation."""
    pairs = list(zip(weights, biases, strict=True))
    how = {"tune": tune, "presentation_time": presentation_time, "progress_bar": False}
    return convert(pairs, calibration=samples, **how)


def trained_through_time(units, training, seed, presentation_time):
    """Train a stack for one length of presentation, as the documentation's example does."""
    synapse = [0.002] * (len(units) - 2) + [None]
    stack = DenseStack(units, training[0].shape[1], max_rate=400, synapse=synapse, seed=seed)
    how = {"presentation_time": presentation_time, "seed": seed, "progress_bar": False}
    fit(stack, *training, through_time=True, **how)
    return stack


def compare(task, data, seed, ways, arguments):
    """Train in some ways with one seed, and with Keras; return a row for each."""
    settings = TASKS[task]
    training, test = load(task, data, seed)
    n_held_out = len(training[0]) // 10
    held_out = tuple(values[:n_held_out] for values in training)
    training = tuple(values[n_held_out:] for values in training)
    units, size_in = [64, 32, 32, int(training[1].max()) + 1], training[0].shape[1]

    weights, biases, speed = train_with_keras(units, training, held_out, arguments, seed)
    keras = {"way": "Keras", "source": accuracy(weights, biases, *test), "speed": speed}
    yield keras | {"chip": {}}
    each = {
        way: functools.partial(converted, weights, biases, training[0], tune)
        for way, tune in CONVERSIONS.items()
    }
    each[THROUGH_TIME] = functools.partial(trained_through_time, units, training, seed)
    for way, make in each.items():
        if way in ways:
            chip = {n: shown(make(n / 1000), test, n / 1000) for n in settings["steps"]}
            yield {"way": way, "source": keras["source"], "chip": chip}

    for way, (kind, loihi_aware, banded) in WAYS.items():
        if way not in ways:
            continue
        neuron_type, max_rate, band = settings[kind]
        stack = DenseStack(
            units,
            size_in,
            neuron_type=neuron_type,
            max_rate=max_rate,
            synapse=settings["synapse"],
            seed=seed,
        )
        result = fit(
            stack,
            *training,
            validation=held_out,
            loihi_aware=loihi_aware,
            rate_target=band if banded else None,
            rate_weight=0.2,
            seed=seed,
            progress_bar=False,
            **arguments,
        )
        chip = on_the_chip(stack, test, settings["steps"])
        yield {
            "way": way,
            "source": keras["source"],
            "rates": accuracy(stack.weights, stack.biases, *test) if kind == "relu" else None,
            "validation": result.history["val_accuracy"][result.best_epoch],
            "chip": chip,
            "speed": result.samples_per_second,
        }


def show(rows, steps):
    """Print the mean and the range over seeds."""
    print(f"{'':<36}" + "".join(f"{f'{n} steps':>18}" for n in steps) + f"{'samples/s':>12}")
    for way in dict.fromkeys(row["way"] for row in rows):
        mine = [row for row in rows if row["way"] == way]
        cells = []
        for n in steps:
            values = [100 * row["chip"].get(n, row["source"]) for row in mine]
            cells.append(f"{np.mean(values):.2f} ({min(values):.1f}-{max(values):.1f})")
        speeds = [row["speed"] for row in mine if "speed" in row]
        speed = f"{np.mean(speeds):,.0f}" if speeds else "-"
        print(f"{way:<36}" + "".join(f"{cell:>18}" for cell in cells) + f"{speed:>12}", flush=True)


def draw(rows, steps, path):
    """Draw accuracy over the length of a presentation, a line for each way of training."""
    figure = compat.new_figure(7, 4.5)
    axes = figure.subplots()
    for way in dict.fromkeys(row["way"] for row in rows):
        values = np.array(
            [
                [row["chip"].get(n, row["source"]) for n in steps]
                for row in rows
                if row["way"] == way
            ]
        )
        axes.plot(steps, 100 * values.mean(axis=0), marker="o", label=way)
    axes.set(xlabel="steps of 1 ms", ylabel="accuracy (%) on the emulator", xscale="log")
    axes.set_xticks(steps, map(str, steps))
    axes.legend(frameon=False, fontsize="small")
    figure.savefig(path)


def main():
    """Run the comparison that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--data", type=Path, help="an .npz file with arrays X and y")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    everything = [*CONVERSIONS, THROUGH_TIME, *WAYS]
    parser.add_argument("--ways", nargs="+", choices=everything, default=everything)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--minibatch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=0.003)
    parser.add_argument("--json", type=Path, help="where to write all numbers")
    parser.add_argument("--plot", type=Path, help="where to save a picture")
    options = parser.parse_args()
    arguments = {
        "epochs": options.epochs,
        "minibatch_size": options.minibatch_size,
        "learning_rate": options.learning_rate,
        "dropout": TASKS[options.task]["dropout"],
        "patience": options.epochs,
    }
    steps = TASKS[options.task]["steps"]
    rows = []
    for seed in options.seeds:
        for row in compare(options.task, options.data, seed, options.ways, arguments):
            rows.append({"seed": seed, **row})
            print(f"seed {seed}:", row, flush=True)
    show(rows, steps)
    if options.json:
        record.keep(options.json, rows)
    if options.plot:
        draw(rows, steps, options.plot)


if __name__ == "__main__":
    main()
