"""Do Nengo's and nengo-loihi's own tests pass on this emulator where they pass on nengo-loihi's?

    python benchmarks/suites.py nengo
    python benchmarks/suites.py nengo_loihi

Runs the tests that are installed with a package once with ``nengo_loihi.Simulator`` and once with
``nengo_dense.Simulator``, and names the tests that only one of the two passes. Every test of Nengo
is tried, also those that nengo-loihi lists as not supported. The exit code is 1 if a test is lost.
Tests that cannot start are named too: Nengo's tests of its simulator import ``pkg_resources``,
which new versions of setuptools lack (``pip install "setuptools<81"``).
"""

import argparse
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import record

from nengo_dense import compat

SIMULATORS = ("nengo_loihi.Simulator", "nengo_dense.Simulator")


def pytest_configure(config):
    """Mend nengo-loihi for the NumPy that is installed; this file is pytest's plug-in too."""
    compat.nengo_loihi()


def pytest_runtest_setup(item):
    """Draw the same networks under both simulators: of random ones some cannot be built."""
    np.random.seed(zlib.crc32(item.name.encode()))


def run(package, simulator, expression):
    """Run a package's tests with a simulator; return {test: outcome}."""
    with tempfile.TemporaryDirectory() as folder:
        ini, results = Path(folder) / "pytest.ini", Path(folder) / "results.xml"
        ini.write_text(f"[pytest]\nnengo_simulator = {simulator}\n")
        command = [sys.executable, "-m", "pytest", "-q", "--pyargs", package, "-k", expression]
        command += ["-c", str(ini), "--rootdir", folder, f"--junitxml={results}"]
        command += ["--continue-on-collection-errors", "--maxfail=100000"]
        command += ["-p", "suites", "-p", "no:cacheprovider", "-p", "no:warnings"]
        here = Path(__file__).resolve().parent
        subprocess.run(command, cwd=here, capture_output=True, check=False)
        cases = ET.parse(results).getroot().iter("testcase")
        return {f"{c.get('classname')}::{c.get('name')}": outcome(c) for c in cases}


def outcome(case):
    """Say how a test ended, from its element in JUnit's format."""
    for name in ("failure", "error", "skipped"):
        if case.find(name) is not None:
            return name
    return "passed"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", choices=["nengo", "nengo_loihi"])
    parser.add_argument("-k", default="", help="pytest's expression, to run some tests only")
    parser.add_argument("--json", help="where to write the counts")
    args = parser.parse_args()
    reference, ours = (run(args.package, simulator, args.k) for simulator in SIMULATORS)
    for simulator, outcomes in zip(SIMULATORS, (reference, ours), strict=True):
        print(simulator, dict(Counter(outcomes.values())))
    lost = [t for t, how in reference.items() if how == "passed" and ours.get(t) != "passed"]
    gained = [t for t, how in ours.items() if how == "passed" and reference.get(t) != "passed"]
    not_run = sorted(t for t in {*reference, *ours} if "error" in (reference.get(t), ours.get(t)))
    for word, tests in (("lost", lost), ("gained", gained), ("could not start", not_run)):
        print(f"{len(tests)} {word}", *tests, sep="\n  ")
    if args.json:
        passed = [Counter(o.values())["passed"] for o in (reference, ours)]
        found = {"passed": passed, "lost": lost, "gained": gained, "not_run": not_run}
        record.keep(args.json, found)
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()
