"""Hold random networks against nengo-loihi until enough compartment-steps were compared.

    python benchmarks/exactness.py --compartment-steps 1e8
    python benchmarks/exactness.py --wide --compartment-steps 1e6

Every probed value (spikes, voltages, currents, decoded values) of every network must be the same
number, in every lane of a minibatch; the exit code is 1 if any is not. Compartments and values are
counted once, not for every lane. Networks that nengo-loihi cannot build are counted apart. Lanes
are divided into blocks that are smaller than elsewhere, of other sizes for each seed.

With ``--wide``, networks are stacks that are shown constant values, other ones in each lane. The
emulator estimates the products of their first layer, also where it would not for their size. Every
lane is held against a run without estimates, and one lane of each stack against nengo-loihi.
"""

import argparse
import sys
import time
import warnings
from collections import Counter

import numpy as np
import record
from random_network import random_network
from wide_stack import wide_stack

from nengo_dense import compat
from nengo_dense.emulator import Simulator, machine
from nengo_dense.emulator.host import estimate
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


def run(make_simulator, drawn, seed, go):
    """Run one simulator, seeded as the other; return its probed values and its size."""
    np.random.seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with make_simulator(drawn) as sim:
            go(sim)
    size = sum(block.n_neurons for block in sim.model.blocks)
    return [sim.data[probe] for probe in drawn.probes], size


def run_reference(drawn, seed, target, go):
    """Run nengo-loihi's own simulator."""
    loihi = compat.nengo_loihi()
    try:
        return run(
            lambda d: loihi.Simulator(d.network, target=target, model=d.model()),
            drawn,
            seed,
            go,
        )
    except (AssertionError, ValueError) as err:
        raise RefusedError(str(err) or type(err).__name__) from err


def run_ours(drawn, seed, target, go, kernel, lanes):
    """Run the emulator."""
    if kernel == "both":
        kernel, limit = "auto", 10 ** np.random.RandomState(seed).uniform(4, 8)
        choice.PATIENCE = Change(compiling=limit)
    ours, _ = run(
        lambda d: Simulator(
            d.network,
            target=target,
            model=d.model(),
            minibatch_size=lanes,
            progress_bar=False,
            kernel=kernel,
        ),
        drawn,
        seed,
        go,
    )
    return ours


def count_differing(ours, expected, axes=()):
    """Count values that are not the same number, those of some axes once."""
    differing = 0
    for mine, theirs in zip(ours, expected, strict=True):
        same_kind = mine.shape[len(axes) :] == theirs.shape and mine.dtype == theirs.dtype
        differing += int((mine != theirs).any(axis=axes).sum()) if same_kind else theirs.size
    return differing


def compare(seed, target, args):
    """Compare a network with nengo-loihi; return what was counted, and features."""
    drawn, again = random_network(seed, args.scale), random_network(seed, args.scale)

    def go(sim):
        sim.run_steps(args.steps)

    expected, size = run_reference(drawn, seed, target, go)
    machine.MOST = 10 ** np.random.RandomState(seed).uniform(1, 5)
    ours = run_ours(again, seed, target, go, args.kernel, args.lanes or 1)
    return {
        "steps": size * args.steps,
        "values": sum(values.size for values in expected),
        "differing": count_differing(ours, expected, axes=(0,)),
    }, again.features


def compare_wide(seed, target, args):
    """Compare a stack that is estimated; return what was counted, and features."""
    counts = Counter(estimated_lanes=0, lanes_again=0)

    def ours(prepare):
        drawn = wide_stack(seed, args.scale, args.steps, args.lanes)

        def go(sim):
            for block in sim._machine.blocks:
                prepare(block.hosts["host_pre"])
            drawn.run(sim)

        machine.PIECE_STEPS, machine.FEWEST = drawn.most_steps, drawn.fewest_neurons
        return run_ours(drawn, seed, target, go, args.kernel, drawn.lanes)

    estimated = ours(lambda host: count_lanes(host._estimate, counts))
    plain = ours(lambda host: setattr(host, "_estimate", None))
    alone = wide_stack(seed, args.scale, args.steps, args.lanes)
    if counts["estimated_lanes"] != alone.lanes:
        raise RuntimeError(f"seed {seed}: not all of {alone.lanes} lanes were estimated")
    lane = alone.show_one()
    expected, size = run_reference(alone, seed, target, alone.run_one)
    one = [values[lane] for values in estimated]
    counts["steps"] = size * sum(n_steps for n_steps, _ in alone.shown)
    counts["values"] = sum(values.size for values in estimated)
    counts["nengo_loihi_values"] = sum(values.size for values in expected)
    counts["differing"] = count_differing(estimated, plain) + count_differing(one, expected)
    return counts, alone.features


def count_lanes(found, counts):
    """Let an estimate count the lanes for which it is made, and those that fire again."""
    if found is None:
        return
    fire, fire_again = found.fire, found._fire_again

    def fire_and_count(signals, *args):
        counts["estimated_lanes"] += signals.lanes
        return fire(signals, *args)

    def fire_again_and_count(kernel, stretch, lanes, charge):
        counts["lanes_again"] += int(lanes.sum())
        fire_again(kernel, stretch, lanes, charge)

    found.fire, found._fire_again = fire_and_count, fire_again_and_count


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wide", action="store_true", help="stacks shown constant values")
    parser.add_argument("--compartment-steps", type=float, default=1e6)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--scale", type=int, default=200, help="about a population's size")
    parser.add_argument("--steps", type=int, default=200, help="in a run; at most, with --wide")
    parser.add_argument("--lanes", type=int, help="minibatch size (1; drawn, with --wide)")
    parser.add_argument(
        "--kernel",
        choices=["auto", "numpy", "numba", "both"],
        default="numba",
        help="both: NumPy begins, and numba takes over somewhere in the run",
    )
    parser.add_argument("--json", help="where to write the counts")
    return parser.parse_args()


def main():
    args = arguments()
    done, seen = Counter(steps=0, networks=0, values=0, differing=0), Counter()
    seed, refused, start = args.first_seed, 0, time.perf_counter()
    machine.FEWEST = 0  # small networks are divided into blocks of lanes too
    machine.n_threads = lambda: 2  # into two at least
    if args.wide:
        estimate.MANY_WEIGHTS, machine.MOST = 1, 2**60
    while done["steps"] < args.compartment_steps:
        target = "simreal" if seed % 4 == 3 else "sim"
        try:
            counts, features = (compare_wide if args.wide else compare)(seed, target, args)
        except RefusedError as err:
            refused += 1
            print(f"seed {seed}: nengo-loihi refuses: {err}"[:110])
        else:
            done.update(counts, networks=1)
            seen.update(features)
            if counts["differing"]:
                print(f"seed {seed} ({target}): {counts['differing']} values differ, {features}")
            print(
                f"{done['steps']:.3g} compartment-steps, {done['differing']} values differ",
                flush=True,
            )
        seed += 1
    if not args.wide:
        done["lanes"] = args.lanes or 1
    print(f"{dict(done)}, {refused} refused, {time.perf_counter() - start:.0f} s")
    print("features:", ", ".join(f"{name} {n}" for name, n in sorted(seen.items())))
    if args.json:
        record.keep(args.json, {**done, "features": dict(seen)})
    sys.exit(bool(done["differing"]))


if __name__ == "__main__":
    main()
