"""How fast the emulator is, side by side with nengo-loihi's in the same run.

    python benchmarks/emulator.py                       # the table
    python benchmarks/emulator.py --picture cost.png    # also how cost grows
    python benchmarks/emulator.py --images 10000        # also a whole test set's worth
    python benchmarks/emulator.py --torch               # also the same loop in PyTorch
    python benchmarks/emulator.py --most-lanes 1000000  # also 100, 1,000, ... lanes at once
    python benchmarks/emulator.py --presentations 1000000   # also predict, 1,000 lanes at once

Every figure is from the public interface, end to end: host layer, chip, readout. Building is not
counted on either side. nengo-loihi runs one presentation after another; its time for one is the
best of a few. Ours is the best of a few runs of the whole minibatch, after one that compiles.
"""

import argparse
import itertools
import multiprocessing
import os
import resource
import time
from collections.abc import Sequence

import nengo
import numba
import numpy as np
import record

from nengo_dense import compat
from nengo_dense.emulator import Simulator
from nengo_dense.evaluation import predict
from nengo_dense.layers import DenseStack
from nengo_dense.loihi.kernel.choice import make_kernel
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.program import Program

MAX_RATE = 250.0
NETWORKS = ((16, 64, 32, 32, 5), (784, 256, 256, 10))
#: Seconds before runs that are timed: for a tenth of a second after a matrix product, NumPy's
#: threads wait for the next one, busily, and would take a core from the run.
REST = 0.3
#: Ratios to nengo-loihi that are aimed at, in 100 steps: for minibatches of 1,000, and one sample.
GOALS, GOAL_OF_ONE = {NETWORKS[0]: 1500, NETWORKS[1]: 800}, 30


def dense_network(units: Sequence[int], rate: float = MAX_RATE, seed: int = 0):
    """Build a `DenseStack` of random weights: the first layer and the readout on the host."""
    rng = np.random.RandomState(seed)
    stack = DenseStack(
        units[1:],
        units[0],
        weights=[
            rng.normal(scale=np.sqrt(2 / n_in), size=(n_out, n_in))
            for n_in, n_out in itertools.pairwise(units)
        ],
        biases=[rng.normal(scale=0.1, size=n_out) for n_out in units[1:]],
        max_rate=rate,
        seed=seed,
    )
    with nengo.Network(seed=seed) as network:
        nengo.Network.add(stack)
        source = nengo.Node(np.zeros(units[0]))
        nengo.Connection(source, stack.input, synapse=None)
        probe = nengo.Probe(stack.logits)
    return network, source, probe


def compiled(network, lanes, **kwargs):
    """Make a simulator that does not begin in NumPy."""
    return Simulator(network, minibatch_size=lanes, progress_bar=False, kernel="numba", **kwargs)


def time_ours(units, x, n_steps, rate=MAX_RATE, repeats=3, **kwargs):
    """Seconds a presentation, and what was read out."""
    network, source, probe = dense_network(units, rate)
    data = {source: np.broadcast_to(x[:, None], (len(x), n_steps, units[0]))}
    best = np.inf
    with compiled(network, len(x), **kwargs) as sim:
        time.sleep(REST)
        for _ in range(repeats + 1):
            sim.reset()
            start = time.perf_counter()
            sim.run_steps(n_steps, data=data)
            best = min(best, time.perf_counter() - start)
        return best / len(x), sim.data[probe]


def time_reference(units, x, n_steps, rate=MAX_RATE):
    """Seconds a presentation of nengo-loihi, and what was read out."""
    loihi = compat.nengo_loihi()
    best, outputs = np.inf, []
    for values in x:
        network, source, probe = dense_network(units, rate)
        source.output = values
        with loihi.Simulator(network, target="sim") as sim:
            start = time.perf_counter()
            sim.run_steps(n_steps)
            best = min(best, time.perf_counter() - start)
        outputs.append(sim.data[probe])
    return best, np.array(outputs)


def compare(units, lanes, n_steps, samples):
    """Time both on one network, and count differing values."""
    x = np.random.RandomState(1).uniform(size=(lanes, units[0]))
    ours, values = time_ours(units, x, n_steps)
    reference, expected = time_reference(units, x[:samples], n_steps)
    differing = int((values[: len(expected)] != expected).sum())
    return ours, reference, differing


def print_table(lanes, n_steps, samples):
    """Print a line for each network and minibatch size; return the figures."""
    rows = []
    print(f"{'network':>18} {'lanes':>6} {'ours':>11} {'nengo-loihi':>12} {'ratio':>8}  goal")
    for units in NETWORKS:
        for size in (1, lanes):
            ours, reference, differing = compare(units, size, n_steps, min(samples, size))
            goal = GOAL_OF_ONE if size == 1 else GOALS[units]
            print(
                f"{'-'.join(map(str, units)):>18} {size:>6} {ours * 1e6:>8.1f} us "
                f"{reference * 1e3:>9.2f} ms {reference / ours:>7.0f}x  {goal}x"
                f"{'' if not differing else f'  {differing} VALUES DIFFER'}"
            )
            rows.append(
                {
                    "network": "-".join(map(str, units)),
                    "lanes": size,
                    "ours": ours,
                    "nengo_loihi": reference,
                    "differing": differing,
                }
            )
    return rows


def print_limit(lanes, n_steps):
    """Compare the kernel with what the machine's matrix product could do with these weights."""
    rates = {}
    for units in NETWORKS:
        weights = sum(a * b for a, b in itertools.pairwise(units[1:-1]))
        x = np.random.RandomState(1).uniform(size=(lanes, units[0]))
        rates[units] = weights * n_steps / time_ours(units, x, n_steps, repeats=10)[0]
    spikes = np.random.RandomState(0).uniform(size=(lanes, 512)).astype(np.float32)
    matrix, best = np.ones((512, 512), dtype=np.float32), np.inf
    for _ in range(30):
        start = time.perf_counter()
        spikes @ matrix
        best = min(best, time.perf_counter() - start)
    rows, peak = [], lanes * 512 * 512 / best
    for units, rate in rates.items():
        name = "-".join(map(str, units))
        print(
            f"{name:>18}: {rate / 1e9:.1f} G weights/s on the chip, {100 * rate / peak:.0f} % of "
            f"this machine's float32 product ({peak / 1e9:.0f} G/s)"
        )
        rows.append({"network": name, "weights": rate, "share": rate / peak})
    return rows


def time_kernel(units, x, n_steps, repeats=10):
    """Seconds a presentation of the chip alone, with the spikes that the host sends it."""
    network, source, _ = dense_network(units)
    stack = next(part for part in network.networks if isinstance(part, DenseStack))
    with network:
        sent = nengo.Probe(stack.layers[0].neurons)
    with compiled(network, len(x)) as sim:
        shown = np.broadcast_to(x[:, None], (len(x), n_steps, units[0]))
        sim.run_steps(n_steps, data={source: shown})
        drive = Drive((sim.data[sent] != 0).astype(np.uint8, order="C"))
        program = Program.from_model(sim.model)
    read = next(read for read in program.probes if read.key == "spiked")
    columns = np.concatenate(read.columns)
    values = np.zeros((n_steps, len(x), len(columns)), dtype=np.uint8).swapaxes(0, 1)
    kernel, state, best = make_kernel("numba", program), ChipState.zeros(program, len(x)), np.inf
    for _ in range(repeats + 1):
        for register in state:
            register[...] = 0
        start = time.perf_counter()
        kernel.advance(state, drive, [Recording(read.key, columns, values)])
        best = min(best, time.perf_counter() - start)
    return best / len(x)


def print_kernel(lanes, n_steps):
    """Compare a whole run with its steps on the chip alone, in one thread."""
    rows, n_threads = [], numba.get_num_threads()
    numba.set_num_threads(1)
    for units in NETWORKS:
        x = np.random.RandomState(1).uniform(size=(lanes, units[0]))
        ours, chip = time_ours(units, x, n_steps, repeats=10)[0], time_kernel(units, x, n_steps)
        name = "-".join(map(str, units))
        print(
            f"{name:>18} {lanes:>6} {ours * 1e6:>8.1f} us, of which the chip {chip * 1e6:.1f} us: "
            f"{ours / chip:.1f}x (one thread; goal 2x)"
        )
        rows.append({"network": name, "lanes": lanes, "ours": ours, "chip": chip})
    numba.set_num_threads(n_threads)
    return rows


def print_images(n_images, n_steps=50, lanes=1000):
    """Time a whole test set of MNIST's size, in minibatches."""
    units = NETWORKS[1]
    network, source, probe = dense_network(units)
    x = np.random.RandomState(2).uniform(size=(n_images, units[0])).astype(np.float32)
    start = time.perf_counter()
    with compiled(network, lanes) as sim:
        for first in range(0, n_images - lanes + 1, lanes):
            part = x[first : first + lanes, None]
            sim.reset()
            sim.run_steps(n_steps, data={source: np.broadcast_to(part, (lanes, n_steps, 784))})
            assert sim.data[probe].shape == (lanes, n_steps, units[-1])
    seconds = time.perf_counter() - start
    print(
        f"{n_images} images, {n_steps} steps, with building: {seconds:.1f} s, {memory():.2f} GiB"
    )
    return {"images": n_images, "steps": n_steps, "seconds": seconds, "gibibytes": memory()}


def print_torch(lanes, n_steps):
    """Compare with a loop in PyTorch, one after the other in turns."""
    import torch_loop

    rows = []
    for units in NETWORKS:
        x = np.random.RandomState(1).uniform(size=(lanes, units[0]))
        pairs = [
            (torch_loop.measure(units, x, n_steps, MAX_RATE), time_ours(units, x, n_steps)[0])
            for _ in range(3)
        ]
        theirs, ours = map(min, zip(*pairs, strict=True))
        name = "-".join(map(str, units))
        print(
            f"{name:>18} {lanes:>6} {ours * 1e6:>8.1f} us {theirs * 1e6:>8.1f} us in PyTorch "
            f"{theirs / ours:.1f}x"
        )
        rows.append({"network": name, "lanes": lanes, "ours": ours, "torch": theirs})
    return rows


def memory():
    """Return the most memory that this process has had, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def time_unkept(units, lanes, n_steps):
    """Seconds a presentation, of a minibatch whose values only an observer sees.

    Few lanes run more often, as the first runs of a process take longer.
    """
    network, source, probe = dense_network(units)
    x = np.random.RandomState(1).uniform(size=(lanes, units[0]))
    data = {source: np.broadcast_to(x[:, None], (lanes, n_steps, units[0]))}
    best, seen, repeats = np.inf, [], max(3, 5000 // lanes)
    keep = {probe: lambda first, values: seen.append(values.shape[1])}
    with compiled(network, lanes, keep_history=keep) as sim:
        for _ in range(repeats):
            sim.reset()
            start = time.perf_counter()
            sim.run_steps(n_steps, data=data)
            best = min(best, time.perf_counter() - start)
    assert sum(seen) == repeats * n_steps
    return best / lanes, memory()


def print_lanes(most, n_steps):
    """Print what a presentation costs, from 100 lanes at once to as many as fit in memory.

    Each number of lanes has a process of its own, whose memory is measured.
    """
    rows = []
    there_is = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for units in NETWORKS:
            name, lanes, needed = "-".join(map(str, units)), 100, 0.0
            while lanes <= most and needed < there_is:
                seconds, taken = pool.apply(time_unkept, (units, lanes, n_steps))
                print(
                    f"{name:>18} {lanes:>7} {seconds * 1e6:>8.1f} us, at most {taken:.2f} GiB",
                    flush=True,
                )
                rows.append({"network": name, "lanes": lanes, "seconds": seconds, "memory": taken})
                lanes, needed = 10 * lanes, 10 * taken if lanes >= 10000 else 0.0
            if lanes <= most:
                print(f"{name:>18} {lanes:>7} need more than this machine's {there_is:.0f} GiB")
    return rows


def print_presentations(n, n_steps, lanes):
    """Predict many samples that come batch by batch, with building, in bounded memory."""
    units = NETWORKS[0]
    network, _, _ = dense_network(units)
    stack = next(part for part in network.networks if isinstance(part, DenseStack))
    rng = np.random.RandomState(3)
    batches = (rng.uniform(size=(lanes, units[0])) for _ in range(n // lanes))
    start = time.perf_counter()
    outputs = predict(
        stack,
        batches,
        presentation_time=n_steps * 0.001,
        minibatch_size=lanes,
        progress_bar=False,
    )
    seconds = time.perf_counter() - start
    assert len(outputs) == n // lanes * lanes
    name = "-".join(map(str, units))
    print(
        f"{name:>18} {len(outputs)} presentations, {1e6 * seconds / len(outputs):.1f} us each, "
        f"at most {memory():.2f} GiB"
    )
    row = {"network": name, "presentations": len(outputs), "memory": memory()}
    return row | {"seconds": seconds / len(outputs)}


def draw(path, n_steps):
    """Draw how cost grows with lanes, width, depth, rate and steps."""
    plt = compat.require("matplotlib.pyplot", "Drawing the benchmark")
    base = {"lanes": 200, "width": 64, "depth": 3, "rate": MAX_RATE, "steps": n_steps}
    ranges = {
        "lanes": [1, 4, 16, 64, 256, 1024],
        "width": [16, 64, 256, 512],
        "depth": [1, 2, 4, 8],
        "rate": [50.0, 100.0, 250.0, 500.0, 1000.0],
        "steps": [10, 30, 100, 300],
    }
    figure, axes = plt.subplots(1, len(ranges), figsize=(13, 3), layout="constrained", sharey=True)
    for axis, (name, values) in zip(axes, ranges.items(), strict=True):
        ours, reference = [], []
        for value in values:
            case = {**base, name: value}
            units = (16, *[case["width"]] * (case["depth"] + 1), 5)
            x = np.random.RandomState(1).uniform(size=(case["lanes"], 16))
            ours.append(time_ours(units, x, case["steps"], case["rate"], repeats=2)[0] * 1e3)
            seconds = time_reference(units, x[:1], case["steps"], case["rate"])[0]
            reference.append(seconds * 1e3)
        axis.loglog(values, reference, "o-", label="nengo-loihi")
        axis.loglog(values, ours, "s-", label="nengo_dense")
        axis.set(xlabel={"rate": "rate [Hz]"}.get(name, name))
        axis.set_xticks(values, [f"{value:g}" for value in values])
        axis.minorticks_off()
    axes[0].set(ylabel="one presentation [ms]")
    axes[0].legend(loc="lower left")
    figure.savefig(path, dpi=90)
    print(f"Picture: {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lanes", type=int, default=1000, help="minibatch size")
    parser.add_argument("--steps", type=int, default=100, help="steps of a presentation")
    parser.add_argument("--samples", type=int, default=5, help="presentations of nengo-loihi")
    parser.add_argument("--images", type=int, default=0, help="size of a test set to time")
    parser.add_argument("--torch", action="store_true", help="compare with a loop in PyTorch")
    parser.add_argument("--most-lanes", type=int, default=0, help="most lanes at once to time")
    parser.add_argument("--presentations", type=int, default=0, help="samples to predict")
    parser.add_argument("--picture", help="file to draw how cost grows into")
    parser.add_argument("--json", help="where to write all figures")
    args = parser.parse_args()
    figures = {
        "table": print_table(args.lanes, args.steps, args.samples),
        "limit": print_limit(args.lanes, args.steps),
        "kernel": print_kernel(args.lanes, args.steps),
    }
    if args.images:
        figures["images"] = print_images(args.images)
    if args.torch:
        figures["torch"] = print_torch(args.lanes, args.steps)
    if args.most_lanes:
        figures["lanes"] = print_lanes(args.most_lanes, args.steps)
    if args.presentations:
        figures["presentations"] = print_presentations(args.presentations, args.steps, args.lanes)
    if args.json:
        record.keep(args.json, figures)
    if args.picture:
        draw(args.picture, args.steps)


if __name__ == "__main__":
    main()
