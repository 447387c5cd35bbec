"""Characters, frames of progress and warnings, as a terminal or a file gets them."""

import contextlib
import io
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from nengo_dense.cli import console
from nengo_dense.cli.main import main
from nengo_dense.layers import DenseStack


@pytest.fixture
def folder(tmp_path, rng):
    DenseStack([8, 5, 3], 6, seed=1).save(tmp_path / "s.npz")
    np.savez(tmp_path / "d.npz", x=rng.rand(10, 6), y=rng.randint(3, size=10))
    return tmp_path


def run(folder, *arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "nengo_dense", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
        timeout=120,
    )
    # TensorFlow, where it is installed, has a word of its own for the terminal
    lines = done.stderr.splitlines(keepends=True)
    done.stderr = b"".join(line for line in lines if b" tensorflow/" not in line)
    return done


def test_a_terminal_without_unicode_gets_letters_that_it_has(folder):
    arguments = ["evaluate", "s.npz", "--data", "d.npz", "--presentation-time", "0.1"]
    done = run(folder, *arguments, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stderr == b""
    out = done.stdout.decode("ascii")
    assert "testing on x of d.npz (10 x 6) and y" in out
    assert "\r" not in out  # nor frames of a progress bar


#: Every command with arguments and its exit code.
COMMANDS = {
    "rules": ("", 0),
    "explain": ("ND101", 0),
    "check": ("naïve.npz --no-build --html r.html --json r.json", 0),
    "convert": ("naïve.npz -o näive.npz", 0),
    "evaluate": ("naïve.npz --data d.npz --presentation-time 0.02 --json e.json", 0),
    "predict": ("naïve.npz --data d.npz --presentation-time 0.02 -o naïve-y.npz", 0),
    "export": ("naïve.npz -o µ.net", 2),  # it was not tuned
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("encoding", ["ascii", "cp437", None])
def test_every_command_runs_at_any_terminal_and_at_none(folder, monkeypatch, command, encoding):
    DenseStack([8, 5, 3], 6, seed=1, label="naïve µ “x”").save(folder / "naïve.npz")
    monkeypatch.chdir(folder)
    written = {name: io.BytesIO() for name in ("stdout", "stderr")}
    for name, stream in written.items():
        text = None if encoding is None else io.TextIOWrapper(stream, encoding, newline="")
        monkeypatch.setattr(sys, name, text)
    arguments, exit_code = COMMANDS[command]
    assert main([command, *arguments.split()]) == exit_code
    if encoding is None:
        assert (sys.stdout, sys.stderr) == (None, None)
        return
    sys.stderr.flush()
    printed = b"".join(stream.getvalue() for stream in written.values()).decode(encoding)
    if command in ("predict", "export"):
        assert ("naive" if encoding == "ascii" else "naïve") in printed
    assert "".join(printed.split())


def test_a_terminal_is_told_what_takes_a_while_and_a_file_is_not(folder):
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "nengo_dense", "check", "s.npz", "--no-build"]
    subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=theirs, timeout=120)
    os.close(theirs)
    said = os.read(ours, 4096)
    os.close(ours)
    assert b"reading s.npz ..." in said
    assert b"checking it by arithmetic ..." in said
    assert run(folder, "check", "s.npz", "--no-build").stderr == b""


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("3 µJ – 4 × 2", "3 uJ - 4 x 2"),
        ("−1 ≤ x → “y”", '-1 <= x -> "y"'),
        ("naïve Ωλ \udcff", "naive ?? ?"),
    ],
)
def test_what_an_encoding_lacks_is_typed_otherwise(monkeypatch, text, typed):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    with console.plain_characters():
        print(text, end="", flush=True)
    assert stream.buffer.getvalue().decode() == typed
    assert stream.errors == "strict"


def test_characters_that_there_are_stay(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    with console.plain_characters():
        print("3 µJ – 4", end="", flush=True)
    assert stream.buffer.getvalue().decode() == "3 µJ – 4"


@pytest.mark.parametrize(
    ("out", "err", "shown"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_progress_is_shown_only_where_both_streams_are_terminals(monkeypatch, out, err, shown):
    for name, is_terminal in (("stdout", out), ("stderr", err)):
        stream = io.StringIO()
        stream.isatty = lambda is_terminal=is_terminal: is_terminal
        monkeypatch.setattr(sys, name, stream)
    assert console.shows_progress() is shown


def warn(category, module):
    warnings.warn_explicit("too large,\n  by far", category, "file.py", 3, module=module)


@pytest.mark.parametrize(
    "module", ["nengo_dense", "nengo_dense.conversion.conversion", "<run_path>"]
)
def test_our_warnings_are_shown_in_one_line(capsys, module):
    with console.own_warnings():
        warn(UserWarning, module)
    assert capsys.readouterr().err == "nengo-dense: warning: too large, by far\n"


@pytest.mark.parametrize(
    ("category", "module"),
    [
        (UserWarning, "nengo_loihi.version"),
        (UserWarning, "nengo_dense_plugin"),
        (DeprecationWarning, "nengo_dense.layers"),
        (RuntimeWarning, "nengo_dense.emulator"),
    ],
)
def test_other_warnings_are_hidden(capsys, category, module):
    with console.own_warnings():
        warn(category, module)
    assert capsys.readouterr().err == ""


def test_warnings_of_a_conversion_reach_the_terminal_of_a_script(folder):
    (folder / "script.py").write_text(
        "import numpy as np, nengo_dense\n"
        "layers = [(np.ones((4, 6)), np.zeros(4)), (np.ones((3, 4)), np.zeros(3))]\n"
        "x = np.arange(120.0).reshape(20, 6)\n"
        "stack = nengo_dense.convert(layers, x, encoding='chip', task='classification')\n"
    )
    done = run(folder, "check", "script.py:stack", "--no-build", "--run", "0")
    assert b"nengo-dense: warning: 6 of 6 features leave [-1, 1]" in done.stderr
    assert len(done.stderr.splitlines()) == 1


#: Every command that takes a path, with arguments for a name that would steer a terminal.
STEERED = (
    "check {}.npz --no-build",
    "check {}.keras",
    "convert {}.npz -o {}2.npz",
    "convert {}.npz -o {}.txt",
    "evaluate {}.npz --data {}d.npz --presentation-time 0.02 --json {}.json",
    "evaluate {}.npz --data {}d.npz --plot {}.bmp",
    "predict {}.npz --data {}d.npz --presentation-time 0.02 -o {}-y.npz",
    "predict {}.npz --data {}.npy -o {}/y.npz",
    "export {}.npz -o {}.net",
    "export {}.npz -o {}.unknown",
    "explain {}",
    "check {}.npz --select {} --{}",
    "{}",
)


@pytest.mark.parametrize("words", STEERED)
def test_no_command_lets_a_file_name_steer_the_terminal(tmp_path, monkeypatch, capsys, words, rng):
    name = "\x1b[31mred\u202e"
    monkeypatch.chdir(tmp_path)
    DenseStack([8, 5, 3], 6, seed=1, label=name).save(f"{name}.npz")
    np.savez(f"{name}d.npz", x=rng.rand(10, 6), y=rng.randint(3, size=10))
    with contextlib.suppress(SystemExit):
        main(words.format(*[name] * 3).split())
    printed = "".join(capsys.readouterr())
    assert printed
    assert not {"\x1b", "\u202e"} & set(printed)
