"""How long a fresh process takes to its first result, where nothing is compiled yet and after it.

    python benchmarks/startup.py
    python benchmarks/startup.py --large 50000 --kernel numba

Each row is a process of its own: few samples, which NumPy computes before numba would be loaded,
or many. Of each, the first process has an empty folder for compiled functions, as on a machine on
which nengo_dense was just installed; the next ones find what the first has left there. Seconds
count from the process's first line, by the clock and by the processor: on a machine that does
other work, the latter say more.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import record

#: A process that simulates, or evaluates; it prints seconds, and what was compiled.
CHILD = """
import time
start = time.perf_counter(), time.process_time()
marks = {{}}
def mark(name):
    marks[name] = time.perf_counter() - start[0], time.process_time() - start[1]
import json, sys
import numpy as np
import nengo, nengo_dense
import emulator
from nengo_dense.loihi.kernel import notice
began, seconds = [], []
def tell(compiling):
    if compiling and not began:
        began.append(time.perf_counter())
    elif not compiling:
        seconds.append(time.perf_counter() - began.pop())
if {kernel!r} == "numba":
    from nengo_dense.loihi.kernel import choice
    choice.PATIENCE.loading = choice.PATIENCE.compiling = -1
mark("import")
n, most = {n}, 2000
x = np.random.RandomState(1).uniform(size=(n, 16))
with notice.told(tell):
    for again in ("first", "second"):
        network, source, probe = emulator.dense_network((16, 64, 32, 32, 5))
        if {simulate}:
            for first in range(0, n, most):
                part = x[first:first + most, None]
                size = len(part)
                options = dict(minibatch_size=size, progress_bar=False)
                with nengo_dense.Simulator(network, **options) as sim:
                    sim.run_steps(100, data={{source: np.broadcast_to(part, (size, 100, 16))}})
        else:
            kind = nengo_dense.DenseStack
            stack = next(part for part in network.networks if isinstance(part, kind))
            nengo_dense.evaluate(stack, x, np.zeros(n, dtype=int), progress_bar=False)
        mark(f"{{again}} result")
print(json.dumps({{
    "marks": marks, "compiled": len(seconds), "compiling": sum(seconds),
    "numba": "numba" in sys.modules,
}}))
"""


def measure(folder: str, **what: object) -> dict:
    """Run a process whose compiled functions are kept in a folder."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.pathsep.join([here, os.path.dirname(here), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(**what)],
        env={**os.environ, "NUMBA_CACHE_DIR": folder, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def print_table(sizes: list[int], repeats: int, kernel: str) -> list[dict]:
    """Print a line for each process; return the figures."""
    rows = []
    for n in sizes:
        for what in ("Simulator", "evaluate"):
            with tempfile.TemporaryDirectory() as folder:
                for number in range(1 + repeats):
                    simulate = what == "Simulator"
                    found = measure(folder, simulate=simulate, n=n, kernel=kernel)
                    parts = ", ".join(
                        f"{name} {clock:.2f} s ({processor:.2f} s)"
                        for name, (clock, processor) in found["marks"].items()
                    )
                    print(
                        f"{what:>10}, {n:>6} samples, process {number + 1}: {parts}; "
                        f"{'with' if found['numba'] else 'without'} numba, {found['compiled']} "
                        f"functions compiled in {found['compiling']:.2f} s",
                        flush=True,
                    )
                    rows.append({"what": what, "samples": n, "process": number + 1, **found})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--few", type=int, default=100, help="samples of small processes")
    parser.add_argument("--large", type=int, default=20000, help="samples of large ones")
    parser.add_argument("--repeats", type=int, default=2, help="processes after the first")
    parser.add_argument(
        "--kernel", choices=["auto", "numba"], default="auto", help="numba: NumPy does not begin"
    )
    parser.add_argument("--json", help="where to write all figures")
    args = parser.parse_args()
    figures = print_table([args.few, args.large], args.repeats, args.kernel)
    if args.json:
        record.keep(args.json, figures)


if __name__ == "__main__":
    main()
