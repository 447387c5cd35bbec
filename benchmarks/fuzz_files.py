"""Read damaged stacks and NIR files: each ends in a result or a named error.

    python benchmarks/fuzz_files.py --stack 10000 --nir 10000 --json files.json

Saved stacks are mutated in their header and arrays, and byte by byte; NIR files, which are HDF5,
in their bytes. Counted are results, named errors by their kind, and what must not be: bare errors,
and files that take more than 30 s. The exit code is 1 if there is any of these.
"""

import argparse
import io
import json
import random
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import fuzz_models
import numpy as np
import record

from nengo_dense import DenseStack, convert

NUMBERS = (*fuzz_models.NUMBERS, 0.5, float("nan"), float("inf"), 1e308, "", "relu", None, [], {})


def stacks():
    """Return the contents of saved stacks: arrays by name; one of each encoding, one tuned."""
    rng = np.random.RandomState(0)
    layers = [(rng.randn(6, 4), rng.randn(6)), (rng.randn(3, 6), rng.randn(3))]
    settings = {"calibration": rng.rand(20, 4), "progress_bar": False, "effort": 0.01}
    made = [DenseStack([6, 5, 3], 4, seed=0, encoding=e) for e in ("host", "spikes", "chip")]
    made.append(convert(layers, presentation_time=0.005, **settings))
    found = []
    for stack in made:
        path = Path(tempfile.mkstemp(suffix=".npz")[1])
        stack.save(path)
        with np.load(path) as archive:
            found.append((path.read_bytes(), dict(archive)))
        path.unlink()
    return found


def mutated_stack(contents, number):
    """Return the bytes of a mutated stack."""
    draw = random.Random(number)
    content, arrays = draw.choice(contents)
    if number % 3 == 0:
        return damaged(content, draw)
    arrays = dict(arrays)
    for _ in range(draw.randint(1, 3)):
        if draw.random() < 0.6:
            header = json.loads(str(arrays["header"]))
            container, key = draw.choice(fuzz_models.places_in(header, []))
            if draw.random() < 0.2:
                del container[key]
            else:
                container[key] = draw.choice(NUMBERS)
            arrays["header"] = np.array(json.dumps(header))
            continue
        name = draw.choice([name for name in arrays if name != "header"] or ["none"])
        arrays.setdefault(name, np.ones(3))
        changes = (
            lambda a: a.ravel(),
            lambda a: a[:-1] if a.ndim else a,
            lambda a: a.astype("U9"),
            lambda a: np.full(a.shape, draw.choice((np.nan, np.inf, 1e300, -1.0, 0.0))),
            lambda a: np.zeros((0, 3)),
            lambda a: a.T[np.newaxis],
            lambda a: np.ones(a.shape, np.complex64),
        )
        if draw.random() < 0.2:
            del arrays[name]
        else:
            arrays[name] = draw.choice(changes)(arrays[name])
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def damaged(content, draw):
    """Return bytes of which some are others, or the end is missing."""
    data = bytearray(content)
    for _ in range(draw.randint(1, 12)):
        data[draw.randrange(len(data))] = draw.randrange(256)
    return bytes(data[: draw.randrange(len(data))] if draw.random() < 0.1 else data)


def nir_files():
    """Return the bytes of NIR files that this package exports."""
    found = []
    for encoding in ("host", "spikes"):
        path = Path(tempfile.mkdtemp()) / "s.nir"
        DenseStack([6, 5, 3], 4, seed=0, encoding=encoding, synapse=None).export(
            path, presentation_time=0.1, samples=np.random.RandomState(0).rand(10, 4)
        )
        found.append(path.read_bytes())
    return found


def main(argv=None):
    """Count what comes of mutated files."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--stack", type=int, default=10_000, help="number of saved stacks")
    arguments.add_argument("--nir", type=int, default=10_000, help="number of NIR files")
    arguments.add_argument("--first", type=int, default=0, help="number of the first mutation")
    arguments.add_argument("--seconds", type=float, help="after which no file of a kind is begun")
    arguments.add_argument("--json", help="file for the counts")
    given = arguments.parse_args(argv)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    counts, faults, slowest = {}, [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        for kind, suffix, n in (("stack", "npz", given.stack), ("nir", "nir", given.nir)):
            path = Path(folder) / f"mutated.{suffix}"
            seeds = (stacks() if kind == "stack" else nir_files()) if n else []
            counts[kind], begun = Counter(), time.monotonic()
            for number in range(given.first, given.first + n):
                if given.seconds and time.monotonic() - begun > given.seconds:
                    break
                draw = random.Random(number)
                content = (
                    mutated_stack(seeds, number)
                    if kind == "stack"
                    else damaged(draw.choice(seeds), draw)
                )
                path.write_bytes(content)
                start = time.perf_counter()
                read = DenseStack.load if kind == "stack" else fuzz_models.read_model
                found, text = fuzz_models.outcome(path, read)
                slowest = max(slowest, time.perf_counter() - start)
                counts[kind][found] += 1
                if text:
                    faults.append({"kind": kind, "number": number, "text": text})
                    print(kind, number, text, file=sys.stderr, flush=True)
    figures = {
        **{kind: dict(found) for kind, found in counts.items()},
        "slowest_s": round(slowest, 2),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "faults": faults,
    }
    return record.finish(given.json, figures)


if __name__ == "__main__":
    sys.exit(main())
