"""Hold random networks against nengo-loihi until enough compartment-steps were compared.

    python benchmarks/exactness.py --compartment-steps 1e8

Every probed value (spikes, voltages, currents, decoded values) of every network must be the same
number, in every lane of a minibatch; the exit code is 1 if any is not. Compartments and values are
counted once, not for every lane. Networks that nengo-loihi cannot build are counted apart.
"""

import argparse
import sys
import time
import warnings
from collections import Counter

import numpy as np
import record
from random_network import random_network

from nengo_dense import compat
from nengo_dense.emulator import Simulator
from nengo_dense.loihi.kernel import choice
from nengo_dense.loihi.kernel.patience import Patience


class RefusedError(Exception):
    """nengo-loihi does not build a network."""


class Change(Patience):
    """Lets NumPy begin though functions are compiled, as in a process that loads them later."""

    def is_over(self, nanoseconds):
        """Count, and compare with the limit."""
        self._spent += nanoseconds
        return self._spent > self.compiling


def run(make_simulator, drawn, seed, n_steps):
    """Run one simulator, seeded as the other; return its probed values and its size."""
    np.random.seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with make_simulator(drawn) as sim:
            sim.run_steps(n_steps)
    size = sum(block.n_neurons for block in sim.model.blocks)
    return [sim.data[probe] for probe in drawn.probes], size


def run_reference(drawn, seed, n_steps, target):
    """Run nengo-loihi's own simulator."""
    loihi = compat.nengo_loihi()
    try:
        return run(
            lambda d: loihi.Simulator(d.network, target=target, model=d.model()),
            drawn,
            seed,
            n_steps,
        )
    except (AssertionError, ValueError) as err:
        raise RefusedError(str(err) or type(err).__name__) from err


def compare(seed, scale, n_steps, target, kernel, lanes):
    """Compare one network; return compartment-steps, values, and differing values."""
    drawn, again = random_network(seed, scale), random_network(seed, scale)
    if kernel == "both":
        kernel, limit = "auto", 10 ** np.random.RandomState(seed).uniform(4, 8)
        choice.PATIENCE = Change(compiling=limit)
    expected, size = run_reference(drawn, seed, n_steps, target)
    ours, _ = run(
        lambda d: Simulator(
            d.network,
            target=target,
            model=d.model(),
            minibatch_size=lanes,
            progress_bar=False,
            kernel=kernel,
        ),
        again,
        seed,
        n_steps,
    )
    differing = 0
    for mine, theirs in zip(ours, expected, strict=True):
        same_kind = mine.shape == (lanes, *theirs.shape) and mine.dtype == theirs.dtype
        differing += int((mine != theirs).any(axis=0).sum()) if same_kind else theirs.size
    return size * n_steps, sum(values.size for values in expected), differing, again.features


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compartment-steps", type=float, default=1e6)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--scale", type=int, default=200, help="about a population's size")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--lanes", type=int, default=1, help="minibatch size")
    parser.add_argument(
        "--kernel",
        choices=["auto", "numpy", "numba", "both"],
        default="numba",
        help="both: NumPy begins, and numba takes over somewhere in the run",
    )
    parser.add_argument("--json", help="where to write the counts")
    args = parser.parse_args()
    done = values = differing = networks = 0
    seed, refused, seen, start = args.first_seed, 0, Counter(), time.perf_counter()
    while done < args.compartment_steps:
        target = "simreal" if seed % 4 == 3 else "sim"
        try:
            result = compare(seed, args.scale, args.steps, target, args.kernel, args.lanes)
        except RefusedError as err:
            refused += 1
            print(f"seed {seed}: nengo-loihi refuses: {err}"[:110])
        else:
            done, values = done + result[0], values + result[1]
            networks += 1
            seen.update(result[3])
            if result[2]:
                print(f"seed {seed} ({target}): {result[2]} values differ, features {result[3]}")
            differing += result[2]
            print(f"{done:.3g} compartment-steps, {differing} values differ", flush=True)
        seed += 1
    print(
        f"{done:.3g} compartment-steps in {networks} networks ({refused} refused), "
        f"{values} values compared, {differing} differing, {time.perf_counter() - start:.0f} s"
    )
    print("features:", ", ".join(f"{name} {n}" for name, n in sorted(seen.items())))
    if args.json:
        figures = {"steps": done, "networks": networks, "values": values, "differing": differing}
        record.keep(args.json, {**figures, "lanes": args.lanes, "features": dict(seen)})
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
