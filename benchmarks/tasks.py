"""What people do other than classify from a fresh start: values, several labels, streams.

    python benchmarks/tasks.py --data diabetes --data friedman1 --data digits --data letter.npz
    python benchmarks/tasks.py --part streams --data digits --seeds 2 --json FILE

``letter.npz`` stands for any file with arrays X and y.

- ``regression``: scikit-learn's diabetes data and ``make_friedman1`` (4,000 samples), standardised
  values, an MLP 64-32 for each seed; R2 of the source and of the chip's integers on a quarter of
  the data, 100 steps, tuned with the training inputs.
- ``labels``: ``make_multilabel_classification`` (4,000 samples, 20 features, 5 labels), the same
  with macro F1. The output weights are read as those of logits.
- ``streams``: digits and letter at 50 and 100 steps, a model for each seed; what gaps of 0, 10, 20
  and 50 ms lose against a reset.
- ``decisions``: digits and letter, a model for each seed; the mean time until an answer by the
  margin that loses at most 0.1 points on held-back training samples, and the least mean time at
  which any margin is within 0.2 points of the whole time.
- ``memory``: most memory of a process that predicts for 10^6 samples by 16-64-32-32-5, 25 steps.
"""

import argparse
import resource
import time
import warnings
from itertools import product

import numpy as np
import parity
import record

from nengo_dense.conversion import convert
from nengo_dense.evaluation import decision_curve, evaluate, predict, stream_report
from nengo_dense.layers import DenseStack

HIDDEN = (64, 32)
REGRESSIONS = ("diabetes", "friedman1")
#: Points of accuracy within which an early answer counts as as good as a late one.
AS_GOOD = 0.2
QUIET = {"progress_bar": False}
GAPS = (0.0, 0.01, 0.02, 0.05)


def split(x, y, seed):
    """Return training inputs, test inputs, training targets, test targets; inputs standardised."""
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    parts = train_test_split(x, y, test_size=0.25, random_state=seed)
    scaler = StandardScaler().fit(parts[0])
    return [scaler.transform(parts[0]), scaler.transform(parts[1]), *parts[2:]]


def fit(kind, x, y, seed, **options):
    """Train a model of scikit-learn's; that it stops before it converges is no news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind(hidden_layer_sizes=HIDDEN, random_state=seed, max_iter=200, **options).fit(
            x, y
        )


def values_of(name):
    """Return inputs and standardised values of a data set."""
    from sklearn.datasets import load_diabetes, make_friedman1

    if name == "diabetes":
        x, y = load_diabetes(return_X_y=True)
    else:
        x, y = make_friedman1(4000, noise=1.0, random_state=0)
    return x, (y - y.mean()) / y.std()


def regression(args):
    """Compare R2 of source and chip."""
    from sklearn.neural_network import MLPRegressor

    rows = []
    for name, seed in product(values_asked_for(args), range(args.seeds)):
        x_train, x_test, y_train, y_test = split(*values_of(name), seed)
        model = fit(MLPRegressor, x_train, y_train, seed, early_stopping=True)
        stack = convert(model, calibration=x_train, progress_bar=False)
        source = model.predict(x_test)[:, np.newaxis]
        result = evaluate(stack, x_test, y_test, source=source, n_jobs=args.jobs, **QUIET)
        source_r2 = float(model.score(x_test, y_test))
        rows.append(
            {"data": name, "seed": seed, "source": source_r2, "chip": result.r2}
            | {"interval": result.confidence_interval, "agreement": result.agreement}
        )
        print(f"{name:10} seed {seed}  R2 source {source_r2:.4f}  chip {result.r2:.4f}")
    return rows


def labels(args):
    """Compare macro F1 of source and chip."""
    from sklearn.datasets import make_multilabel_classification
    from sklearn.metrics import f1_score
    from sklearn.neural_network import MLPClassifier

    rows = []
    for seed in range(args.seeds):
        x, y = make_multilabel_classification(4000, n_classes=5, random_state=seed)
        x_train, x_test, y_train, y_test = split(x, y, seed)
        model = fit(MLPClassifier, x_train, y_train, seed, early_stopping=True)
        source = f1_score(y_test, model.predict(x_test), average="macro")
        pairs = [(w.T, b) for w, b in zip(model.coefs_, model.intercepts_, strict=True)]
        stack = convert(pairs, calibration=x_train, progress_bar=False)
        result = evaluate(stack, x_test, y_test, task="multilabel", n_jobs=args.jobs, **QUIET)
        rows.append(
            {"data": "multilabel", "seed": seed, "source": source, "chip": result.macro_f1}
        )
        print(f"labels     seed {seed}  F1 source {source:.4f}  chip {result.macro_f1:.4f}")
    return rows


def classifier(name, seed):
    """Return a trained model, and its training and test sets."""
    from sklearn.neural_network import MLPClassifier

    x_train, x_test, y_train, y_test = parity.split(name, seed)
    model = fit(MLPClassifier, x_train, y_train, seed)
    return model, x_train, y_train, x_test, y_test


def streams(args):
    """Measure what samples that follow one another lose."""
    rows = []
    for name, seed in product(classes_asked_for(args), range(args.seeds)):
        model, x_train, _, x_test, y_test = classifier(name, seed)
        for steps in (50, 100):
            time_of = {"presentation_time": steps / 1000, **QUIET}
            stack = convert(model, calibration=x_train, **time_of)
            how = {"gaps": GAPS, "order": "random", "n_jobs": args.jobs}
            report = stream_report(stack, x_test, y_test, **how, **time_of)
            print(f"{name} seed {seed}, {steps} steps\n{report}")
            rows.append(
                {"data": name, "seed": seed, "steps": steps, "reset": report.reset.accuracy}
                | {"gaps": report.gaps, "losses": report.losses}
                | {"recommended": report.recommended_gap}
            )
    return rows


def decisions(args):
    """Measure how early answers come; half of the training samples choose the margin."""
    rows = []
    for name, seed in product(classes_asked_for(args), range(args.seeds)):
        model, x_train, y_train, x_test, y_test = classifier(name, seed)
        stack = convert(model, calibration=x_train, **QUIET)
        half = len(x_train) // 2
        held = (x_train[:half], y_train[:half])
        curve = decision_curve(stack, x_test, y_test, calibration=held, n_jobs=args.jobs, **QUIET)
        print(f"{name} seed {seed}\n{curve}")
        early, whole = curve.decision, curve.evaluation
        good = [d.latency for d in curve.by_margin if d.accuracy >= whole.accuracy - AS_GOOD / 100]
        rows.append(
            {"data": name, "seed": seed, "margin": curve.chosen, "accuracy": early.accuracy}
            | {"latency": early.latency, "whole": whole.accuracy}
            | {"presentation_time": whole.presentation_time}
            | {"as_good": min([*good, whole.presentation_time])}
        )
    return rows


def values_asked_for(args):
    """Return the data sets with values that were asked for, or both."""
    return [name for name in REGRESSIONS if not args.data or name in args.data]


def classes_asked_for(args):
    """Return the data sets with classes that were asked for, or digits."""
    return [name for name in args.data or ["digits"] if name not in REGRESSIONS]


def memory(args, n=10**6):
    """Predict for many samples, and see what that took."""
    stack = DenseStack([64, 32, 32, 5], 16, seed=0)
    x = np.random.RandomState(0).rand(n, 16).astype(np.float32)
    start = time.perf_counter()
    predict(stack, x, presentation_time=0.025, n_jobs=args.jobs, **QUIET)
    seconds = time.perf_counter() - start
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{n} predictions in {seconds:.0f} s, {most:.2f} GiB")
    return {"n": n, "seconds": seconds, "gibibytes": most}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parts = {
        "memory": memory,  # first, as it tells the most that the process ever took
        "decisions": decisions,
        "streams": streams,
        "regression": regression,
        "labels": labels,
    }
    parser.add_argument("--part", choices=parts, action="append")
    parser.add_argument(
        "--data", action="append", help="diabetes, friedman1, digits or a file with X and y"
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1, help="processes that run the samples")
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    figures = {name: run(args) for name, run in parts.items() if name in (args.part or parts)}
    if args.json:
        record.keep(args.json, figures)


if __name__ == "__main__":
    main()
