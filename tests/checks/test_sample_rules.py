"""The sample package of docs/examples is really built, installed and found."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "sample_rules"
PROGRAM = """
import nengo
from nengo_dense.checks import check
with nengo.Network(seed=0) as net:
    nengo.Ensemble(4, 1)
report = check(net, run=0, select="TIDY")
assert not report.problems, report.problems
print([(f.code, f.target, f.severity) for f in report.findings])
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """A folder that holds nothing but the installed package."""
    setuptools = pytest.importorskip("setuptools", reason="the package is built with it")
    if int(setuptools.__version__.split(".")[0]) < 71:
        pytest.importorskip("wheel", reason="older setuptools build wheels with it")
    source = tmp_path_factory.mktemp("source") / "sample_rules"
    shutil.copytree(SAMPLE, source)
    target = tmp_path_factory.mktemp("target")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command = [*pip, "--no-build-isolation", "--target", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No module named pip" in done.stderr:
        pytest.skip("pip is not installed in this environment")
    assert done.returncode == 0, done.stderr
    return target


def run(program, target):
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([root, str(target)])}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=env,
    ).stdout


def test_installed_family_is_found_and_asked(target):
    assert run(PROGRAM, target).strip() == "[('TIDY101', 'ensembles[0]', 'warning')]"


def test_installed_family_is_explained(target):
    program = "from nengo_dense.checks.documentation import explain; print(explain('tidy102'))"
    assert "battery" in run(program, target)
