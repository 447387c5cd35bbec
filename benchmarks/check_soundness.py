"""Does ``check(net, run=0).ok`` hold exactly when nengo-loihi builds the network?

Runs the test suites of nengo-loihi and of Nengo with a plug-in that takes every network they
build, asks the checker and nengo-loihi's emulator, and counts where the two disagree::

    python benchmarks/check_soundness.py nengo_loihi
    python benchmarks/check_soundness.py nengo --max-neurons 2000 --seconds 600

Errors of meaning (ND103, ND110, ND401, ND404) are raised for networks that build, on purpose;
they are counted apart.

Measured in November 2026 (nengo 4.1.0, nengo-loihi 1.1.0, NumPy 2.4), each suite as far as it
came in the time:

- nengo_loihi, up to 1,500 neurons, 500 s: 123 networks asked; 13 do not build, all found; 110
  build, no false alarm, 2 errors of meaning (ND401: ``test_long_tau`` and
  ``test_input_node[array-0]`` do feed zeros); the check takes 0.95 times as long as the build.
- nengo, up to 500 neurons, 330 s: 511 networks asked; 383 do not build or run, all found; 128
  build, no false alarm, no error of meaning; 1.09 times as long.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import nengo

MEANING = {"ND103", "ND110", "ND401", "ND404"}
RECORDS = "CHECK_SOUNDNESS_RECORDS"
MAX_NEURONS = "CHECK_SOUNDNESS_MAX_NEURONS"


def pytest_configure(config):
    """Watch both simulators (called when pytest loads this file as a plug-in)."""
    from nengo_dense import compat

    nengo_loihi = compat.nengo_loihi()
    for cls in (nengo.Simulator, nengo_loihi.Simulator):
        cls.__init__ = _watched(cls.__init__)


def _watched(original):
    def init(self, network=None, dt=0.001, *args, **kwargs):
        if isinstance(network, nengo.Network) and not _watched.busy:
            _watched.busy = True
            try:
                _record(network, dt)
            finally:
                _watched.busy = False
        original(self, network, dt, *args, **kwargs)

    return init


_watched.busy = False


def _record(network, dt):
    import nengo_loihi

    from nengo_dense.checks import check
    from nengo_dense.checks.untouched import untouched

    limit = int(os.environ.get(MAX_NEURONS, 10**9))
    record = {"test": os.environ.get("PYTEST_CURRENT_TEST", ""), "raised": None}
    if network.n_neurons > limit:
        record["skipped"] = f"{network.n_neurons} neurons"
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            start = time.perf_counter()
            report = check(network, dt=dt, run=0)
            record["check_seconds"] = time.perf_counter() - start
            start = time.perf_counter()
            with untouched(network):
                try:
                    with nengo_loihi.Simulator(
                        network, dt=dt, target="sim", progress_bar=False
                    ) as sim:
                        record["build_seconds"] = time.perf_counter() - start
                        if report.has_error("ND109"):  # shows when data is read
                            sim.run_steps(1)
                except Exception as err:
                    record["raised"] = f"{type(err).__name__}: {err}"
        record["errors"] = sorted({f.code for f in report.findings if f.severity == "error"})
        record["messages"] = [str(f.message) for f in report.findings if f.severity == "error"]
        record["problems"] = report.problems
    with open(os.environ[RECORDS], "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def summarize(records):
    """Count the agreements and list the disagreements."""
    done = [r for r in records if "errors" in r]
    meaning = [r for r in done if not r["raised"] and r["errors"] and set(r["errors"]) <= MEANING]
    false_alarms = [r for r in done if not r["raised"] and set(r["errors"]) - MEANING]
    misses = [r for r in done if r["raised"] and not r["errors"]]
    print(f"{len(records)} networks, {len(records) - len(done)} left out for their size")
    print(f"{sum(bool(r['raised']) for r in done)} do not build; {len(misses)} of them not found")
    print(
        f"{sum(not r['raised'] for r in done)} build; {len(false_alarms)} false alarms, "
        f"{len(meaning)} errors of meaning"
    )
    print(
        "codes where it does not build:",
        dict(Counter(c for r in done if r["raised"] for c in r["errors"])),
    )
    print("codes of meaning:", dict(Counter(c for r in meaning for c in r["errors"])))
    built = [r for r in done if "build_seconds" in r]
    ratio = sum(r["check_seconds"] for r in built) / max(
        sum(r["build_seconds"] for r in built), 1e-9
    )
    print(f"time of the check: {ratio:.2f} times the build's")
    for kind, group in (
        ("FALSE ALARM", false_alarms),
        ("NOT FOUND", misses),
        ("MEANING", meaning),
    ):
        for r in group:
            print(kind, r["test"], r["errors"], r["messages"][:2], r["raised"] or "")
    passed_on = [r for r in done if r["raised"] and "ND100" in r["errors"]]
    for text, n in Counter(r["raised"][:150] for r in passed_on).most_common():
        print("PASSED ON", n, text)
    for r in done:
        for problem in r["problems"]:
            print("PROBLEM", r["test"], problem)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", choices=["nengo_loihi", "nengo"])
    parser.add_argument("--max-neurons", type=int, default=10**9)
    parser.add_argument("--seconds", type=float, default=None, help="stop the suite after that")
    parser.add_argument("--only", default="", help="pytest's -k")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records.jsonl"
        records.touch()
        ini = Path(folder) / "pytest.ini"
        simulator = "nengo_loihi.Simulator" if args.suite == "nengo_loihi" else "nengo.Simulator"
        ini.write_text(f"[pytest]\nnengo_simulator = {simulator}\n")
        here = Path(__file__).resolve().parent
        path = os.pathsep.join([str(here.parent), str(here), os.environ.get("PYTHONPATH", "")])
        env = {
            **os.environ,
            "PYTHONPATH": path,
            RECORDS: str(records),
            MAX_NEURONS: str(args.max_neurons),
        }
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--continue-on-collection-errors",
            "--maxfail=100000",
            "-c",
            str(ini),
            "--rootdir",
            folder,
            "-p",
            "check_soundness",
            "--pyargs",
            args.suite,
            "-k",
            args.only,
            "-p",
            "no:cacheprovider",
            "-p",
            "no:warnings",
        ]
        with contextlib.suppress(subprocess.TimeoutExpired):
            out = subprocess.run(
                command, env=env, timeout=args.seconds, cwd=folder, capture_output=True, text=True
            )
            print(out.stdout.strip().splitlines()[-1:])
        summarize([json.loads(line) for line in records.read_text().splitlines()])


if __name__ == "__main__":
    main()
