"""What people do other than classify from a fresh start: values, several labels, streams.

    python benchmarks/tasks.py --json FILE                     # all parts
    python benchmarks/tasks.py --part streams --json FILE

- ``regression``: scikit-learn's diabetes data and ``make_friedman1`` (4,000 samples), standardised
  values, an MLP 64-32 for each seed; R2 of the source and of the chip's integers on a quarter of
  the data, 100 steps, tuned with the training inputs.
- ``labels``: ``make_multilabel_classification`` (4,000 samples, 20 features, 5 labels), the same
  with macro F1. The output weights are read as those of logits.
- ``streams``: digits at 50 and 100 steps; what gaps of 0, 10, 20 and 50 ms lose against a reset.
- ``decisions``: digits; the mean time until an answer by the margin that calibration data choose.
- ``memory``: most memory of a process that predicts for 10^6 samples by 16-64-32-32-5, 25 steps.
"""

import argparse
import resource
import time
import warnings

import numpy as np
import record

from nengo_dense.conversion import convert
from nengo_dense.evaluation import decision_curve, evaluate, predict, stream_report
from nengo_dense.layers import DenseStack

HIDDEN = (64, 32)
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


def regression(seeds):
    """Compare R2 of source and chip."""
    from sklearn.datasets import load_diabetes, make_friedman1
    from sklearn.neural_network import MLPRegressor

    sets = {
        "diabetes": load_diabetes(return_X_y=True),
        "friedman1": make_friedman1(4000, noise=1.0, random_state=0),
    }
    rows = []
    for name, (x, y) in sets.items():
        values = (y - y.mean()) / y.std()
        for seed in range(seeds):
            x_train, x_test, y_train, y_test = split(x, values, seed)
            model = fit(MLPRegressor, x_train, y_train, seed, early_stopping=True)
            stack = convert(model, calibration=x_train, progress_bar=False)
            source = model.predict(x_test)[:, np.newaxis]
            result = evaluate(stack, x_test, y_test, source=source, progress_bar=False)
            source_r2 = float(model.score(x_test, y_test))
            rows.append(
                {"data": name, "seed": seed, "source": source_r2, "chip": result.r2}
                | {"interval": result.confidence_interval, "agreement": result.agreement}
            )
            print(f"{name:10} seed {seed}  R2 source {source_r2:.4f}  chip {result.r2:.4f}")
    return rows


def labels(seeds):
    """Compare macro F1 of source and chip."""
    from sklearn.datasets import make_multilabel_classification
    from sklearn.metrics import f1_score
    from sklearn.neural_network import MLPClassifier

    rows = []
    for seed in range(seeds):
        x, y = make_multilabel_classification(4000, n_classes=5, random_state=seed)
        x_train, x_test, y_train, y_test = split(x, y, seed)
        model = fit(MLPClassifier, x_train, y_train, seed, early_stopping=True)
        source = f1_score(y_test, model.predict(x_test), average="macro")
        pairs = [(w.T, b) for w, b in zip(model.coefs_, model.intercepts_, strict=True)]
        stack = convert(pairs, calibration=x_train, progress_bar=False)
        result = evaluate(stack, x_test, y_test, task="multilabel", progress_bar=False)
        rows.append({"seed": seed, "source": source, "chip": result.macro_f1})
        print(f"labels     seed {seed}  F1 source {source:.4f}  chip {result.macro_f1:.4f}")
    return rows


def digits(seed=0):
    """Return a trained model, and the digits' training, calibration and test sets."""
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = split(x, y, seed)
    model = fit(MLPClassifier, x_train, y_train, seed)
    return model, x_train, y_train, x_test, y_test


def streams():
    """Measure what samples that follow one another lose."""
    model, x_train, _, x_test, y_test = digits()
    rows = []
    for steps in (50, 100):
        stack = convert(
            model, calibration=x_train, presentation_time=steps / 1000, progress_bar=False
        )
        report = stream_report(
            stack,
            x_test,
            y_test,
            gaps=GAPS,
            order="random",
            presentation_time=steps / 1000,
            progress_bar=False,
        )
        print(f"{steps} steps\n{report}")
        rows.append(
            {"steps": steps, "reset": report.reset.accuracy, "gaps": report.gaps}
            | {"losses": report.losses, "recommended": report.recommended_gap}
        )
    return rows


def decisions():
    """Measure how early digits are answered; half of the training samples choose the margin."""
    model, x_train, y_train, x_test, y_test = digits()
    stack = convert(model, calibration=x_train, progress_bar=False)
    half = len(x_train) // 2
    curve = decision_curve(
        stack, x_test, y_test, calibration=(x_train[:half], y_train[:half]), progress_bar=False
    )
    print(curve)
    early = curve.decision
    return {"margin": curve.chosen, "accuracy": early.accuracy, "latency": early.latency} | {
        "whole": curve.evaluation.accuracy,
        "presentation_time": curve.evaluation.presentation_time,
    }


def memory(n=10**6):
    """Predict for many samples, and see what that took."""
    stack = DenseStack([64, 32, 32, 5], 16, seed=0)
    x = np.random.RandomState(0).rand(n, 16).astype(np.float32)
    start = time.perf_counter()
    predict(stack, x, presentation_time=0.025, progress_bar=False)
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
        "regression": lambda: regression(args.seeds),
        "labels": lambda: labels(args.seeds),
    }
    parser.add_argument("--part", choices=parts, action="append")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    figures = {name: run() for name, run in parts.items() if name in (args.part or parts)}
    if args.json:
        record.keep(args.json, figures)


if __name__ == "__main__":
    main()
