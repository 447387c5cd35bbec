"""Read damaged files of every format: each ends in a result or a named error.

    python benchmarks/fuzz_files.py --json benchmarks/results/fuzz_files.json

A run can be divided: ``--only h5 --first 5000 --number 5000 --add`` counts these to what the file
holds, which keeps every command, and refuses files that it has counted before.

Saved stacks, data sets, Keras and NIR files and reports are damaged where readers decide how
much to take and where to go on (``damage.py``). Counted are results, named errors by their kind,
how often libhdf5 did not survive in its process, and what must not be: bare errors, and files that
take more than 30 s or more than 2 GiB. The exit code is 1 if there is any of these.

The process that reads HDF5 takes a quarter of a second to start. Here it is forked from one that
has h5py already, but for each fiftieth file, which is read as a user's is.
"""

import argparse
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
from file_formats import FORMATS
from hdf5_forks import Forks
from nengo.exceptions import NengoException

from nengo_dense.importers import hdf5

#: Of so many files one is read in a new process.
AS_USERS = 50


def read_damaged(format_, number, seed, path):
    """Damage a file and read it; return what came of it, a fault's text, and the seconds."""
    path.write_bytes(format_.mutated(seed, random.Random(number)))
    start = time.perf_counter()
    found, text = fuzz_models.outcome(path, format_.read, named=(NengoException, FileExistsError))
    return found, text, time.perf_counter() - start


def fuzz(name, numbers, seconds):
    """Count what comes of damaged files of a format; return the counts and the faults."""
    format_, counts, faults = FORMATS[name], Counter(), []
    seeds = format_.seeds()
    slowest, begun = 0.0, time.monotonic()
    new_process = hdf5.Hdf5File._start

    def forked(file):
        forks.start(file)

    with tempfile.TemporaryDirectory() as folder, Forks() as forks:
        path = Path(folder) / f"damaged{format_.suffix}"
        for number in numbers:
            if seconds and time.monotonic() - begun > seconds:
                break
            hdf5.Hdf5File._start = forked if number % AS_USERS else new_process
            found, text, took = read_damaged(format_, number, seeds[number % len(seeds)], path)
            counts[found] += 1
            if text:
                faults.append({"kind": name, "number": number, "text": text})
                print(name, number, text, file=sys.stderr, flush=True)
            if took > slowest:
                slowest = took
                print(f"{name} {number}: {took:.2f} s, {found}", file=sys.stderr, flush=True)
    hdf5.Hdf5File._start = new_process
    counts["slowest_s"] = round(slowest, 2)
    return counts, faults


def started(path, names, numbers):
    """Return the figures that a run adds to: none, or those of a file.

    Parameters
    ----------
    path : str or None
        File of the runs before.
    names : list of str
        Formats of this run.
    numbers : range
        Of its mutations.
    """
    import h5py

    figures = {"hdf5": h5py.version.hdf5_version, "peak_bytes": {}, "faults": []}
    figures |= {"commands": [], "numbers": {}}
    if path and Path(path).exists():
        figures = json.loads(Path(path).read_text(encoding="utf-8"))["figures"]
    if figures["hdf5"] != h5py.version.hdf5_version:
        sys.exit(f"{path} counts files that HDF5 {figures['hdf5']} has read; leave --add out")
    for name in names:
        for first, end in figures["numbers"].get(name, []):
            if first < numbers.stop and numbers.start < end:
                sys.exit(f"{path} has the {name} files {first} to {end - 1} already; see --first")
    figures["commands"].append(record.command().replace(" --add", ""))
    return figures


def add(figures, name, counts, first):
    """Add the counts of a format's files, the first of which has this number."""
    slowest, n = counts.pop("slowest_s"), counts.total()
    before = Counter(figures.get(name, {}))
    slowest = max(slowest, before.pop("slowest_s", 0.0))
    figures[name] = {"slowest_s": slowest, **(before + counts)}
    figures["numbers"].setdefault(name, []).append([first, first + n])
    peaks = (
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    known = figures["peak_bytes"].get(name, 0)
    figures["peak_bytes"][name] = max(known, *(1024 * peak for peak in peaks))


def main(argv=None):
    """Damage files of one format after the other."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--number", type=int, default=10_000, help="files of each format")
    arguments.add_argument("--only", nargs="+", choices=FORMATS, default=list(FORMATS))
    arguments.add_argument("--first", type=int, default=0, help="number of the first mutation")
    arguments.add_argument("--seconds", type=float, help="after which no file of a kind is begun")
    arguments.add_argument("--json", help="file for the counts, written after each format")
    arguments.add_argument("--add", action="store_true", help="to the counts of that file")
    given = arguments.parse_args(argv)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    numbers = range(given.first, given.first + given.number)
    figures = started(given.json if given.add else None, given.only, numbers)
    for name in given.only:
        counts, faults = fuzz(name, numbers, given.seconds)
        add(figures, name, counts, given.first)
        figures["faults"] += faults
        if given.json:
            record.keep(given.json, figures)
    too_much = max(figures["peak_bytes"].values()) > fuzz_models.BYTES
    return record.finish(given.json, figures) or int(too_much)


if __name__ == "__main__":
    sys.exit(main())
