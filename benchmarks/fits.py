"""How many rectifiers a smooth activation takes, and how far these are from it.

    python benchmarks/fits.py --json benchmarks/results/fits.json

Weighted inputs are normal, of mean 0 and the standard deviation of trained layers, roughly.
"""

import argparse

import numpy as np
import record

from nengo_dense.importers.form.activation import FUNCTIONS
from nengo_dense.importers.form.piecewise_fit import ACTIVATION_ERROR, fit

DEVIATION, N_INPUTS = 1.5, 4000
#: The default error, and a smaller one.
ERRORS = (ACTIVATION_ERROR, ACTIVATION_ERROR / 2)
#: Names that docs use -> those of the functions.
NAMES = {
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "softplus, log_sigmoid": "softplus",
    "squareplus": "squareplus",
    "sparse_plus": "sparseplus",
    "softsign": "softsign",
    "elu, celu": "elu",
    "selu": "selu",
    "gelu": "gelu",
    "silu": "silu",
    "mish": "mish",
    "hard_swish": "hardswish",
    "tanh_shrink": "tanhshrink",
    "erf": "erf",
    "square": "square",
}


def measure(name):
    """Return a function's fits: wanted error, rectifiers a unit, largest error in the range."""
    z = np.random.RandomState(0).normal(0, DEVIATION, N_INPUTS)
    rows = []
    for error in ERRORS:
        found = fit(FUNCTIONS[name](), z, error)
        _, rectifiers = found.form.rectifiers()
        rows.append({"error": error, "rectifiers": len(rectifiers), "largest": found.largest})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    figures = {label: measure(name) for label, name in NAMES.items()}
    for label, rows in figures.items():
        print(f"{label:24s}", *(f"{r['rectifiers']:2d} {r['largest']:6.3f}" for r in rows))
    if args.json:
        record.keep(args.json, figures)


if __name__ == "__main__":
    main()
