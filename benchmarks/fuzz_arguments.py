"""Give every public function thousands of wrong arguments: each is taken, or refused by name.

    python benchmarks/fuzz_arguments.py --json arguments.json

Functions and methods are found by `right_arguments`. One argument after the other gets values of
wrong types, sizes and shapes; all others stay right. A bare error is one that is neither Nengo's
nor ours, or an OSError that speaks of a file. Counted are results, named errors and bare ones, by
function; the exit code is 1 if there is a bare one. Nothing is compiled, as calls are short.
"""

import argparse
import contextlib
import datetime
import os
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

os.environ.setdefault("NUMBA_DISABLE_JIT", "1")  # before numba is imported

import nengo
import numpy as np
import record
import right_arguments
from nengo.exceptions import NengoException

import nengo_dense

#: A call that takes longer is a hang.
SECONDS = 60


class Odd:
    """An object that can neither be shown nor be compared."""

    def __repr__(self):
        raise RuntimeError("no repr")

    def __eq__(self, other):
        raise RuntimeError("no comparison")

    __hash__ = None


def values():
    """List what is given in the place of arguments: (name, value)."""
    rng = np.random.RandomState(0)
    found = {
        "None": None,
        "True": True,
        "0": 0,
        "-1": -1,
        "1e-320": 1e-320,
        "1e300": 1e300,
        "10**30": 10**30,
        "10**5000": 10**5000,
        "-10**30": -(10**30),
        "0.5": 0.5,
        "NaN": float("nan"),
        "inf": float("inf"),
        "-inf": -float("inf"),
        "1j": 1j,
        "Decimal": Decimal("NaN"),
        "Fraction": Fraction(1, 3),
        "''": "",
        "'x'": "x",
        "'3'": "3",
        "NUL": "a\0b",
        "long text": "x" * 5000,
        "surrogate": "\udc80",
        "bytes": b"x",
        "date": datetime.date(2020, 1, 1),
        "datetime64": np.datetime64("2020"),
        "timedelta64": np.timedelta64(3, "s"),
        "[]": [],
        "()": (),
        "{}": {},
        "{1: 2}": {1: 2},
        "{'a': None}": {"a": None},
        "set": {1, 2},
        "ragged": [[1, 2], [3]],
        "['x']": ["x"],
        "[None]": [None],
        "nested": [[[[1.0]]]],
        "0-d": np.array(3.0),
        "empty": np.zeros((0, 4)),
        "bools": np.ones(3, bool),
        "texts": np.array(["a", "b"]),
        "objects": np.array([None, "a", 3], dtype=object),
        "dates": np.array(["2020", "2021"], dtype="datetime64"),
        "complex": np.ones((3, 4)) * 1j,
        "record": np.zeros(2, dtype=[("a", "f4")]),
        "NaNs": np.full((30, 4), np.nan),
        "infs": np.full((30, 4), np.inf),
        "wide": rng.rand(30, 5),
        "flat": rng.rand(4),
        "cube": rng.rand(3, 3, 3),
        "masked": np.ma.masked_greater(rng.rand(30, 4), 0.5),
        "huge": np.broadcast_to(0.0, (2**40, 4)),
        "object()": object(),
        "odd": Odd(),
        "class": int,
        "function": len,
        "lambda": lambda *args: "x",
        "generator": (n for n in (1, 2)),
        "range": range(3),
        "Ellipsis": ...,
        "slice": slice(2),
        "exception": ValueError("x"),
        "module": np,
        "path": Path("/nonexistent/x"),
        "folder": Path(tempfile.gettempdir()),
        "neuron": nengo.LIF(),
        "neuron class": nengo.LIF,
        "network": nengo.Network(add_to_container=False),
        "distribution": nengo.dists.Uniform(-1, 1),
        "synapse": nengo.Lowpass(0.01),
        "stack": nengo_dense.DenseStack([2, 2], 3, seed=0, add_to_container=False),
    }
    try:
        import scipy.sparse
        import torch
    except ImportError:
        return found
    found["tensor"] = torch.rand(30, 4, requires_grad=True)
    found["bfloat16"] = torch.rand(3, dtype=torch.bfloat16)
    found["module of torch"] = torch.nn.Linear(4, 3)
    found["sparse"] = scipy.sparse.random(30, 4)
    return found


def outcome(case, argument, value):
    """Call once; return what came of it, and the text of what must not be."""
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(SECONDS)
    try:
        case.call(argument, value)
    except NengoException:
        return "named", ""
    except TimeoutError as err:
        return "hang", str(err)
    except OSError as err:  # of a file; what we say of it ends in our frame
        ours = "nengo_dense" in traceback.extract_tb(err.__traceback__)[-1].filename
        return ("named", "") if ours else ("bare", _where(err))
    except TypeError as err:
        if "unexpected keyword argument" in str(err) or "missing" in str(err):
            return "signature", ""
        return "bare", _where(err)
    except BaseException as err:  # whatever else is bare
        return "bare", _where(err)
    finally:
        signal.alarm(0)
    return "taken", ""


def _where(err):
    frames = traceback.extract_tb(err.__traceback__)[1:]
    ours = [frame for frame in frames if "nengo_dense" in frame.filename][-1:]
    place = "".join(f" at {Path(f.filename).name}:{f.lineno} {f.line}" for f in ours)
    return f"{type(err).__name__}: {str(err)[:100]}{place}"


def _stop(signum, frame):
    raise TimeoutError(f"more than {SECONDS} s")


@contextlib.contextmanager
def inside(folder):
    """Work in a folder: a value such as "x" is a good name of a file where one is written."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def main(argv=None):
    """Count what comes of wrong arguments."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--only", help="the function of this name alone")
    arguments.add_argument("--seconds", type=float, help="after which no function is begun")
    arguments.add_argument("--json", type=os.path.abspath, help="file for the counts")
    given = arguments.parse_args(argv)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    counts, faults, left = {}, [], []
    with tempfile.TemporaryDirectory() as folder, inside(folder):
        wrong, right = values(), right_arguments.cases(Path(folder))
        start = time.monotonic()
        for case in right:
            if given.only and case.name != given.only:
                continue
            if given.seconds and time.monotonic() - start > given.seconds:
                left.append(case.name)
                continue
            counts[case.name] = Counter()
            for argument in case.arguments:
                for name, value in wrong.items():
                    if name == "huge" and argument == "x":
                        continue  # so many samples are so much work
                    found, text = outcome(case, argument, value)
                    counts[case.name][found] += 1
                    if found in ("bare", "hang"):
                        faults.append(f"{case.name}({argument}={name}): {text}")
                        print(faults[-1], file=sys.stderr, flush=True)
    total = sum(counts.values(), Counter())
    figures = {
        "calls": sum(total.values()),
        "total": dict(total),
        "by_function": {name: dict(found) for name, found in counts.items()},
        "not_begun": left,
        "faults": faults,
    }
    return record.finish(given.json, figures)


if __name__ == "__main__":
    sys.exit(main())
