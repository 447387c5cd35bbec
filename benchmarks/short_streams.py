"""What short presentations lose where samples follow one another without a reset.

    python benchmarks/short_streams.py --json FILE

Digits 64-32-32, a model for each seed. A quarter of the training samples is held back, and shown
in random order; test sets play no part. Stacks are tuned for one length of presentation, for
single samples. Of each, a stream with gaps of 0, 10 and 20 ms is held against a fresh start of
every sample. For the shortest length another stack is tuned for sequences of ten samples, with an
answer for each: it and the one for single samples are shown the same sequences, and held against
the source model.
"""

import argparse
from itertools import product

import numpy as np
import parity
import record
from sklearn.model_selection import train_test_split

from nengo_dense.conversion import convert
from nengo_dense.evaluation import evaluate, stream_report

UNITS = (64, 32, 32)
LENGTHS = (10, 25)
GAPS = (0.0, 0.01, 0.02)
#: Samples of a sequence.
TOGETHER = 10
QUIET = {"progress_bar": False}


def sequences(x, y):
    """Put samples one after another, as many sequences of them as there are whole ones."""
    n = len(x) // TOGETHER
    whole = n * TOGETHER
    return x[:whole].reshape(n, TOGETHER, -1), y[:whole].reshape(n, TOGETHER)


def losses(stack, x, y, n_steps):
    """Return the points that each gap loses against a fresh start."""
    how = {"presentation_time": n_steps / 1000, "order": "random", **QUIET}
    return stream_report(stack, x, y, gaps=GAPS, **how).losses


def of_sequences(model, single, encoding, x, held, y_held):
    """Return the points lost against the source: tuned for single samples, and for sequences."""
    n_steps = LENGTHS[0]
    how = {"per_frame": True, "presentation_time": TOGETHER * n_steps / 1000, **QUIET}
    calibration, _ = sequences(x, np.zeros(len(x)))
    several = convert(model, calibration=calibration, encoding=encoding, **how)
    shown, wanted = sequences(held, y_held)
    source = model.score(shown.reshape(-1, held.shape[1]), wanted.ravel())
    return [
        100 * (source - evaluate(stack, shown, wanted, **how).accuracy)
        for stack in (single, several)
    ]


def measure(seed, encoding):
    """Return the rows of a seed and an encoding, and what sequences lose."""
    x, _, y, _ = parity.split("digits", seed)
    x, held, y, y_held = train_test_split(x, y, test_size=0.25, random_state=seed, stratify=y)
    model = parity.train("digits", x, y, UNITS, seed, "auto")
    rows, stacks = [], {}
    for n_steps in LENGTHS:
        stacks[n_steps] = stack = convert(
            model, calibration=x, encoding=encoding, presentation_time=n_steps / 1000, **QUIET
        )
        known = {"seed": seed, "encoding": encoding, "steps": n_steps, "n": len(held)}
        rows.append(known | {"losses": losses(stack, held, y_held, n_steps)})
        print(rows[-1], flush=True)
    lost = of_sequences(model, stacks[LENGTHS[0]], encoding, x, held, y_held)
    print(f"sequences, for single samples and for sequences: {np.round(lost, 2)}", flush=True)
    return rows, {"seed": seed, "encoding": encoding, "single": lost[0], "sequences": lost[1]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--encoding", nargs="+", default=["host", "spikes"])
    parser.add_argument("--json", help="where to write all figures")
    args = parser.parse_args()
    found = [measure(*key) for key in product(args.seeds, args.encoding)]
    if args.json:
        figures = {"gaps": GAPS, "streams": [row for rows, _ in found for row in rows]}
        record.keep(args.json, figures | {"sequences": [last for _, last in found]})


if __name__ == "__main__":
    main()
