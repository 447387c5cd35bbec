"""How much is lost of models with other activations than ReLU, with branches, or of values.

    python benchmarks/activations.py                                  # digits
    python benchmarks/activations.py --data digits letter.npz --jobs 8
    python benchmarks/activations.py --models tanh residual --seeds 0 1
    python benchmarks/activations.py --held-back                      # to choose defaults by

For each seed a model is trained with PyTorch, converted with its own training inputs, and tested
on the whole test set (a quarter of the data, see `parity.py`). The gap is the source's accuracy
less that of the chip's integers in percentage points, after the first 50 and 100 steps of a
presentation of 100. Of an autoencoder it is the increase of the mean square error, in per cent of
the source's. With ``--held-back`` a quarter of the training samples takes the test's place.
"""

import argparse
import time
import warnings
from itertools import pairwise
from pathlib import Path

import jobs
import numpy as np
import parity
import record

import nengo_dense
from nengo_dense.layers.source import with_source

STEPS = (50, 100)
#: Name -> what stands between the layers; see `build`.
CHAINS = {"relu": "ReLU", "tanh": "Tanh", "gelu": "GELU", "leaky_relu": "LeakyReLU"}
MODELS = (*CHAINS, "residual", "residual_sums", "autoencoder")
UNITS, BLOCK, CODE = (64, 32, 32), 32, (32, 16, 32)
EPOCHS, BATCH, LEARNING_RATE = 60, 64, 3e-3
#: Sigmoids without labels learn slowly.
CODE_EPOCHS, CODE_RATE = 300, 1e-2


def build(kind, n_in, n_out):
    """Make a model that is not trained yet; all but the autoencoder give logits of classes."""
    import torch
    from torch import nn

    class Block(nn.Module):
        """``relu(h + V relu(W h))``; with sums ``h + relu(W h)``."""

        def __init__(self, sums):
            super().__init__()
            self.sums, self.first = sums, nn.Linear(BLOCK, BLOCK)
            if not sums:
                self.second = nn.Linear(BLOCK, BLOCK)

        def forward(self, h):
            inner = torch.relu(self.first(h))
            return h + inner if self.sums else torch.relu(h + self.second(inner))

    if kind.startswith("residual"):
        blocks = [Block(kind.endswith("sums")) for _ in range(3)]
        return nn.Sequential(nn.Linear(n_in, BLOCK), nn.ReLU(), *blocks, nn.Linear(BLOCK, n_out))
    widths = [n_in, *(CODE if kind == "autoencoder" else UNITS)]
    between = getattr(nn, CHAINS.get(kind, "Sigmoid"))
    layers = [layer for a, b in pairwise(widths) for layer in (nn.Linear(a, b), between())]
    if kind == "autoencoder":
        return nn.Sequential(*layers, nn.Linear(widths[-1], n_in), nn.Sigmoid())
    return nn.Sequential(*layers, nn.Linear(widths[-1], n_out))


def train(kind, x, y, seed):
    """Train a model with Adam, at a rate that falls to zero."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model = build(kind, x.shape[1], int(y.max()) + 1)
    inputs = torch.tensor(x, dtype=torch.float32)
    is_autoencoder = kind == "autoencoder"
    wanted = inputs if is_autoencoder else torch.tensor(y)
    loss_of = torch.nn.MSELoss() if is_autoencoder else torch.nn.CrossEntropyLoss()
    epochs, rate = (CODE_EPOCHS, CODE_RATE) if is_autoencoder else (EPOCHS, LEARNING_RATE)
    optimizer = torch.optim.Adam(model.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss_of(model(inputs[batch]), wanted[batch]).backward()
            optimizer.step()
        schedule.step()
    return model.eval()


def outputs(model, x):
    """Return what a model gives."""
    import torch

    with torch.no_grad():
        return model(torch.tensor(x, dtype=torch.float32)).numpy().astype(float)


def divided(name, seed, held_back):
    """Return training inputs, test inputs, training labels, test labels."""
    from sklearn.model_selection import train_test_split

    parts = parity.split(name, seed)
    if not held_back:
        return parts
    x, _, y, _ = parts
    return train_test_split(x, y, test_size=0.25, random_state=seed, stratify=y)


def measure(name, kind, seed, held_back, settings):
    """Return one seed's figures."""
    x, x_test, y, y_test = divided(name, seed, held_back)
    model = train(kind, x, y, seed)
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Lost .* extra bits in weight rounding")
        stack = nengo_dense.convert(
            model, calibration=x, seed=seed, progress_bar=False, **settings
        )
        seconds = time.perf_counter() - started
        shown = max(STEPS) / 1000
        task = "regression" if kind == "autoencoder" else None
        truth = x_test if kind == "autoencoder" else y_test
        result = nengo_dense.evaluate(
            stack, x_test, truth, task=task, presentation_time=shown, progress_bar=False
        )
        cores = nengo_dense.check(with_source(stack)[0], run=0).cores
    answers = outputs(model, x_test)
    if kind == "autoencoder":
        source = float(np.mean((answers - x_test) ** 2))
        chip = [error(stack, x_test, n) for n in STEPS]
        gap = [100 * (value / source - 1) for value in chip]
        apart = 0.0
    else:
        source = 100 * float((answers.argmax(axis=1) == y_test).mean())
        chip = [100 * float(result.accuracy_over_time[n - 1]) for n in STEPS]
        gap = [source - value for value in chip]
        apart = 100 * float((answers.argmax(axis=1) != result.predictions).mean())
    return {
        "source": source,
        "chip": chip,
        "gap": gap,
        "apart": apart,
        "n": len(x_test),
        "seconds": seconds,
        "neurons": sum(layer.n_neurons for layer in stack.layers if layer.on_chip),
        "cores": cores,
        "synaptic_operations": result.energy.synaptic_operations,
        "fitted": max(stack.fitted.values(), default=0.0),
    }


def error(stack, x, n_steps):
    """Return an autoencoder's mean square error after some steps."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="This .* was tuned for")
        given = nengo_dense.predict(stack, x, presentation_time=n_steps / 1000, progress_bar=False)
    return float(np.mean((given - x) ** 2))


def report(name, kind, results):
    """Print the mean of some seeds, and return all figures."""
    mean = {key: np.mean([r[key] for r in results], axis=0) for key in results[0]}
    gaps = "  ".join(f"{gap:7.2f}" for gap in mean["gap"])
    print(
        f"{Path(name).stem:<8}{kind:<15}{mean['source']:9.4g}{gaps}   "
        f"{mean['apart']:6.2f} % otherwise{mean['neurons']:6.0f} neurons{mean['cores']:5.1f} cores"
        f"{mean['synaptic_operations']:10.0f} operations"
        f"{mean['seconds']:7.0f} s  fitted to {mean['fitted']:.3f}",
        flush=True,
    )
    return {
        "data": Path(name).stem,
        "model": kind,
        "steps": list(STEPS),
        "n_seeds": len(results),
        **{key: np.asarray(value).tolist() for key, value in mean.items()},
        "gap_by_seed": [r["gap"] for r in results],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", nargs="+", default=["digits"], help="digits, mnist or FILE.npz")
    parser.add_argument("--models", nargs="+", default=MODELS, choices=MODELS)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--encoding", default="auto", choices=["auto", "host", "spikes"])
    parser.add_argument("--effort", default="normal", choices=["fast", "normal", "best"])
    parser.add_argument("--activation-error", type=float, help="of convert")
    parser.add_argument("--percentile", type=float, help="of convert")
    parser.add_argument("--task", choices=["classification", "regression"], help="of convert")
    parser.add_argument("--untuned", action="store_true", help="leave the weights as they are")
    parser.add_argument("--held-back", action="store_true", help="judge by training samples")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--json", help="where to write all figures")
    args = parser.parse_args()
    settings = {"encoding": args.encoding, "effort": args.effort, "tune": not args.untuned}
    for argument in ("activation_error", "percentile", "task"):
        if getattr(args, argument) is not None:
            settings[argument] = getattr(args, argument)
    # of data in any range sigmoids are no values
    kinds = [(n, k) for n in args.data for k in args.models if k != "autoencoder" or n == "digits"]
    starts = [
        ((name, kind, seed), measure, (name, kind, seed, args.held_back, settings))
        for name, kind in kinds
        for seed in args.seeds
    ]
    found, figures = {}, {}
    for key, result in jobs.run(args.jobs, starts, lambda *done: []):
        found[key] = result
        name, kind, _ = key
        results = [found.get((name, kind, seed)) for seed in args.seeds]
        if all(results):
            figures[name, kind] = report(name, kind, results)
            if args.json:  # again after each, so that none is lost
                record.keep(args.json, [figures[k] for k in kinds if k in figures])


if __name__ == "__main__":
    main()
