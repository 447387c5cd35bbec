"""How long a fresh process takes to its first result, where nothing is compiled yet and after it.

    python benchmarks/startup.py

Each row is a process of its own. The first has an empty folder for compiled functions, as on a
machine on which nengo_dense was just installed; the next ones find what the first has left there.
Seconds count from the process's first line.
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
start = time.perf_counter()
marks = {{}}
def mark(name):
    marks[name] = time.perf_counter() - start
import json
import numpy as np
import nengo, nengo_dense
mark("import")
import emulator
from nengo_dense.loihi.kernel import compilation
from numba.core import event
mark("import of numba")
times = []
class Compiled(event.Listener):
    def on_start(self, e):
        times.append(time.perf_counter())
    def on_end(self, e):
        seconds.append(time.perf_counter() - times.pop())
        if times:
            seconds.pop()
seconds = []
x = np.random.RandomState(1).uniform(size=(100, 16))
with event.install_listener("numba:compile", Compiled()):
    for again in ("first", "second"):
        if {simulate}:
            network, source, probe = emulator.dense_network((16, 64, 32, 32, 5))
            with nengo_dense.Simulator(network, minibatch_size=100, progress_bar=False) as sim:
                mark(f"{{again}} built")
                data = {{source: np.broadcast_to(x[:, None], (100, 100, 16))}}
                sim.run_steps(100, data=data)
        else:
            network, _, _ = emulator.dense_network((16, 64, 32, 32, 5))
            kind = nengo_dense.DenseStack
            stack = next(part for part in network.networks if isinstance(part, kind))
            nengo_dense.evaluate(stack, x, np.zeros(100, dtype=int), progress_bar=False)
        mark(f"{{again}} result")
print(json.dumps({{"marks": marks, "compiled": len(seconds), "compiling": sum(seconds)}}))
"""


def measure(simulate: bool, folder: str) -> dict:
    """Run a process whose compiled functions are kept in a folder."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.pathsep.join([here, os.path.dirname(here), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(simulate=simulate)],
        env={**os.environ, "NUMBA_CACHE_DIR": folder, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def print_table(repeats: int) -> list[dict]:
    """Print a line for each process; return the figures."""
    rows = []
    for simulate in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            for number in range(1 + repeats):
                found = measure(simulate, folder)
                what = "Simulator" if simulate else "evaluate"
                parts = ", ".join(f"{name} {at:.2f} s" for name, at in found["marks"].items())
                print(
                    f"{what:>10}, process {number + 1}: {parts}; {found['compiled']} functions "
                    f"compiled in {found['compiling']:.2f} s",
                    flush=True,
                )
                rows.append({"what": what, "process": number + 1, **found})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=2, help="processes after the first")
    parser.add_argument("--json", help="where to write all figures")
    args = parser.parse_args()
    figures = print_table(args.repeats)
    if args.json:
        record.keep(args.json, figures)


if __name__ == "__main__":
    main()
