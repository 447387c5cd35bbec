import os
import re
import subprocess
import sys
from importlib.metadata import entry_points

import numpy as np
import pytest

from nengo_dense.cli.main import main
from nengo_dense.layers import DenseStack

SCRIPT = """
import nengo
from nengo_dense.layers import DenseStack
stack = DenseStack([4, 4, 2], 3, seed=1)
with nengo.Network() as net:
    nengo.Node([0.0])
number = 3
"""


@pytest.fixture
def folder(tmp_path, rng):
    stack = DenseStack([8, 8, 3], 5, seed=0)
    stack.save(tmp_path / "stack.npz")
    np.savez(tmp_path / "data.npz", x=rng.randn(12, 5), y=rng.randint(3, size=12))
    np.savez(tmp_path / "nothing.npz", a=np.ones(3))
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "broken.npz").write_bytes((tmp_path / "stack.npz").read_bytes()[:100])
    (tmp_path / "model.h5").write_bytes(b"no HDF5")
    return tmp_path


def test_the_command_is_installed():
    [script] = entry_points(group="console_scripts", name="nengo-dense")
    assert script.load() is main


def test_runs_as_a_process(folder):
    done = subprocess.run(
        [
            *[
                sys.executable,
                "-c",
                "import sys; from nengo_dense.cli import main; sys.exit(main())",
            ],
            *["evaluate", "stack.npz", "--data", "missing.npz"],
        ],
        cwd=folder,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "nengo-dense: missing.npz: no such file\n"


def test_evaluate_prints_accuracy_and_draws(folder, capsys):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    picture = folder / "picture.png"
    arguments = ["--data", str(folder / "data.npz"), "--presentation-time", "0.02"]
    assert main(["evaluate", str(folder / "stack.npz"), *arguments, "--plot", str(picture)]) == 0
    assert "on 12 samples, 20 ms each, target 'sim'" in capsys.readouterr().out
    assert picture.exists()


def test_evaluate_takes_a_stack_from_a_script(folder, capsys, rng):
    np.savez(folder / "three.npz", X=rng.randn(4, 3), labels=[0, 1, 0, 1])
    arguments = ["--data", str(folder / "three.npz"), "--presentation-time", "0.01"]
    assert main(["evaluate", f"{folder / 'script.py'}:stack", *arguments]) == 0
    assert "on 4 samples" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "data", "message"),
    [
        ("missing.npz", "data.npz", "missing.npz"),
        ("broken.npz", "data.npz", "cannot be read as a saved DenseStack"),
        ("nothing.npz", "data.npz", "is not a saved DenseStack"),
        ("model.h5", "data.npz", "model.h5"),
        ("script.py:net", "data.npz", "is a Network, but a DenseStack is needed"),
        ("script.py:number", "data.npz", "is a int, but a nengo.Network is needed"),
        ("script.py:other", "data.npz", "'other' in .* does not exist"),
        ("absent.py:net", "data.npz", "absent.py: no such file"),
        ("stack.npz", "nothing.npz", "has no array named x or"),
        ("stack.npz", "script.py", "cannot be read as a data set"),
        ("script.py:stack", "data.npz", r"x: must have shape \(batch, 3\)"),
    ],
)
def test_unreadable_input_is_one_sentence_and_exit_code_2(folder, capsys, model, data, message):
    code = main(["evaluate", str(folder / model), "--data", str(folder / data)])
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    assert captured.err.startswith("nengo-dense: ")
    assert "Traceback" not in captured.err
    assert re.search(message, captured.err)


def test_traceback_only_on_request(folder, capsys):
    arguments = ["evaluate", str(folder / "broken.npz"), "--data", "x.npz", "--traceback"]
    (folder / "x.npz").write_bytes(b"")
    assert main(arguments) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["fly"], ["evaluate"], ["convert", "model.h5"]])
def test_wrong_usage_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: nengo-dense" in capsys.readouterr().err
