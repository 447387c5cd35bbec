"""Ctrl-C reaches a command wherever it is, as a signal to a real process."""

import importlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from nengo_dense.cli import interrupt
from nengo_dense.layers import DenseStack

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

#: Presses Ctrl-C when a module is imported, and does with it what extensions in C do.
PRESSED = """
import os, signal, sys

class Pressed:
    def find_spec(self, name, *_):
        if name == {module!r}:
            sys.meta_path.remove(self)
            try:
                os.kill(os.getpid(), signal.SIGINT)
                sum(range(1000))
            except KeyboardInterrupt as err:
                raise ImportError("it could not be imported") from err

sys.meta_path.insert(0, Pressed())
from nengo_dense.__main__ import main
sys.exit(main())
"""


def press():
    os.kill(os.getpid(), signal.SIGINT)


def run_on(first=lambda: None):
    """Do something first, and go on until it is interrupted."""
    first()
    end = time.monotonic() + 30
    while time.monotonic() < end:
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def heard():
    """Listen to Ctrl-C, which jobs in the background do not, and neither do their children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def stack(tmp_path):
    DenseStack([8, 5, 3], 6, seed=1).save(tmp_path / "s.npz")
    return str(tmp_path / "s.npz")


@pytest.mark.parametrize("module", ["numpy", "nengo_dense.cli.check", "nengo_loihi"])
def test_an_extension_that_swallows_it_does_not_keep_it(stack, module):
    done = subprocess.run(
        [sys.executable, "-c", PRESSED.format(module=module), "check", stack],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 130
    if module == "numpy":  # after the others the rest may be done before it comes again
        assert done.stdout == ""
    assert done.stderr.endswith("nengo-dense: interrupted\n")
    assert "Error" not in done.stderr


def test_an_import_is_finished_before_it_is_raised(tmp_path, monkeypatch):
    text = """
import os, signal
try:
    os.kill(os.getpid(), signal.SIGINT)
    sum(range(1000))
except BaseException:
    raise ImportError
whole = True
"""
    (tmp_path / "an_import_that_is_finished.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with interrupt.kept(), pytest.raises(KeyboardInterrupt):
        run_on(lambda: importlib.import_module("an_import_that_is_finished"))
    assert sys.modules["an_import_that_is_finished"].whole


def test_an_import_without_end_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(interrupt, "LONGEST", 0.1)
    text = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
    (tmp_path / "an_import_without_end.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with interrupt.kept(), pytest.raises(KeyboardInterrupt):
        import an_import_without_end  # noqa: F401


class Last:
    def __del__(self):
        press()


def test_it_comes_again_where_nothing_can_be_raised():
    with interrupt.kept(), pytest.raises(KeyboardInterrupt):
        run_on(Last)


def test_it_is_raised_in_the_end_where_all_is_done_before():
    with interrupt.kept() as raise_waiting:
        raise_waiting()
        Last()
        with pytest.raises(KeyboardInterrupt):
            raise_waiting()
        raise_waiting()


def test_other_errors_there_are_still_told(capsys):
    class Wrong:
        def __del__(self):
            raise ZeroDivisionError("told")

    told = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda what: told.append(what.exc_type)
    try:
        with interrupt.kept():
            Wrong()
    finally:
        sys.unraisablehook = hook
    assert told == [ZeroDivisionError]


def test_it_is_raised_at_once_elsewhere_and_the_handler_is_given_back():
    before = signal.getsignal(signal.SIGINT)
    with interrupt.kept(), pytest.raises(KeyboardInterrupt):
        run_on(press)
    assert signal.getsignal(signal.SIGINT) is before


def test_whoever_ignores_it_is_left_alone(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupt.kept():
            press()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_command_that_is_interrupted_at_any_time_says_so_or_is_finished(stack):
    rng, command = np.random.RandomState(0), [sys.executable, "-m", "nengo_dense"]
    for seconds in rng.uniform(0.5, 3, 4):
        process = subprocess.Popen(
            [*command, "check", stack],
            env=os.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        if process.returncode == 130:
            assert err.splitlines()[-1] == "nengo-dense: interrupted"
            assert "Error" not in err
        elif "runs on Loihi" not in out:  # before a line of this package is run
            assert process.returncode == -signal.SIGINT
