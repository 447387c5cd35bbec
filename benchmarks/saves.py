"""Interrupt everything that saves a file: the old file stays, or the new one is whole.

    python benchmarks/saves.py --json benchmarks/results/saves.json

Every kind of file is saved over an older one while the disk is full after some bytes, while Ctrl-C
is pressed, and while the process is killed, each at random moments. Counted is how often the old
file was lost. The exit code is 1 if it was.
"""

import argparse
import contextlib
import io
import itertools
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import record

from nengo_dense import DenseGraph, DenseStack, check, convert, evaluate, ladder
from nengo_dense.archive import read_arrays
from nengo_dense.cli import main as call
from nengo_dense.evaluation import stream_report
from nengo_dense.layers import GraphLayer, GraphOutput

WAYS = ("full disk", "Ctrl-C", "killed")
#: Ending -> tells whether the bytes of a file are all of it.
WHOLE = {
    ".npz": lambda data: read_arrays(io.BytesIO(data)),
    ".json": json.loads,
    ".html": lambda data: data.endswith(b"</html>\n"),
    ".png": lambda data: b"IEND" in data[-12:],
    ".svg": lambda data: data.endswith(b"</svg>\n"),
    ".pdf": lambda data: data.rstrip().endswith(b"%%EOF"),
    ".c": lambda data: data.rstrip().endswith((b"}", b"#endif")),
}


def dense_layers(size, rng):
    """Return weights and biases of a model of two layers."""
    sizes = (4, size, size, 3)
    return [(rng.randn(n, m) / np.sqrt(m), np.zeros(n)) for m, n in itertools.pairwise(sizes)]


def a_graph(size, rng):
    """Return a graph of one layer."""
    layers = [GraphLayer("h", {"x": rng.randn(size, 4)}, np.full(size, 0.1))]
    return DenseGraph({"x": 4}, layers, {"y": GraphOutput({"h": rng.randn(3, size)})}, seed=0)


def command(words):
    """Call the command line; what interrupts it ends the caller, too."""
    if call(words) > 1:
        raise InterruptedError(words[0])


def saves(size, folder):
    """Return what saves a file of each kind, by name; a larger size makes larger files."""
    rng = np.random.RandomState(size)
    x, y = rng.rand(5 * size, 4), rng.randint(0, 3, 5 * size)
    quick = {"presentation_time": 0.01, "progress_bar": False}
    model = dense_layers(size, rng)
    for_lava = convert(model, calibration=x, target="lava", effort=0.01, **quick)
    stack, graph = DenseStack([size, size, 3], 4, seed=0, synapse=None), a_graph(size, rng)
    found, report = evaluate(stack, x, y, **quick), check(stack, run=0, build=False)
    steps = ladder(model, x, y, tune=False, **quick)
    streams = stream_report(stack, x, y, gaps=[0.0], **quick)
    saved, samples = str(folder / f"model{size}.npz"), str(folder / f"samples{size}.npz")
    stack.save(saved)
    np.savez(samples, x=x)
    checked = ["check", saved, "--run", "0", "--no-build", "--json"]
    predicted = ["predict", saved, "--data", samples, "--presentation-time", "0.01", "-o"]
    export = {"presentation_time": 0.01, "samples": x}
    return {
        "stack.npz": stack.save,
        "graph.npz": graph.save,
        "check.html": report.save_html,
        "check.json": lambda path: command([*checked, path]),
        "evaluation.html": found.save_html,
        "evaluation.json": found.save_json,
        "ladder.html": steps.save_html,
        "streams.json": streams.save_json,
        "picture.png": found.plot,
        "picture.svg": found.plot,
        "picture.pdf": found.plot,
        "answers.npz": lambda path: command([*predicted, path]),
        "program.c": lambda path: stack.export(path, **export),
        "network.net": lambda path: for_lava.export(path, **export),
        "network.nir": lambda path: stack.export(path, **export),
    }


def in_child(save, path, limit):
    """Save again and again in a process of its own, which may write so many bytes to a file."""
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an error in its place
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            save(path)
        while limit is None:
            save(path)
    finally:
        os._exit(0)


def is_whole(path):
    """Tell whether a file is all that its writer writes."""
    data = path.read_bytes()
    if path.suffix in (".net", ".nir"):
        import h5py

        with h5py.File(io.BytesIO(data)) as file:
            return "node" in file or "layer" in file
    return bool(WHOLE[path.suffix](data))


def attempt(way, save, path, old, less, seconds, draw):
    """Save over an old file in one way; return whether that or a whole new one is there.

    The disk is full after fewer bytes than `less`, the size of the smaller of both.
    """
    path.write_bytes(old)
    limit = draw.randrange(less - 1) if way == "full disk" else None
    pid = in_child(save, str(path), limit)
    if limit is None:
        time.sleep(draw.uniform(0, 2 * seconds))
        while not os.waitpid(pid, os.WNOHANG)[0]:  # Ctrl-C is pressed until it ends
            os.kill(pid, signal.SIGINT if way == "Ctrl-C" else signal.SIGKILL)
            time.sleep(0.1)
    else:
        os.waitpid(pid, 0)
    now = path.read_bytes()
    left = list(path.parent.glob(".*.part"))
    for file in left:
        file.unlink()
    kept = now == old or (limit is None and is_whole(path))
    return {"kept": kept, "replaced": now != old, "left": bool(left) and way != "killed"}


def main(argv=None):
    """Interrupt saves of each kind of file."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--number", type=int, default=10, help="attempts of each kind and way")
    arguments.add_argument("--json", help="file for the counts")
    given = arguments.parse_args(argv)
    warnings.simplefilter("ignore")
    draw, figures, faults = random.Random(0), {}, []
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(sys.stderr):
        folder = Path(name)
        (folder / "files").mkdir()
        older, newer = saves(12, folder), saves(14, folder)
        for kind, save in newer.items():
            path = folder / "files" / kind
            older[kind](str(path))
            old, start = path.read_bytes(), time.perf_counter()
            save(str(path))
            seconds = time.perf_counter() - start
            less = min(len(old), path.stat().st_size)
            for way in WAYS:
                how = way, save, path, old, less, seconds, draw
                tries = [attempt(*how) for _ in range(given.number)]
                counted = {key: sum(one[key] for one in tries) for key in tries[0]}
                figures.setdefault(way, {})[kind] = {"tries": len(tries), **counted}
                if counted["kept"] < len(tries) or counted["left"]:
                    faults.append({"way": way, "kind": kind, **counted})
            print(kind, {way: figures[way][kind] for way in WAYS}, file=sys.stderr, flush=True)
            if given.json:
                record.keep(given.json, {**figures, "faults": faults})
            for file in path.parent.iterdir():
                file.unlink()
    return record.finish(given.json, {**figures, "faults": faults})


if __name__ == "__main__":
    sys.exit(main())
