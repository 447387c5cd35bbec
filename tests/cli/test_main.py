import json
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from itertools import pairwise

import h5py
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
with nengo.Network() as silent:
    zeros = nengo.Node([0.0, 0.0, 0.0])
    silent_stack = DenseStack([4, 4, 2], 3, seed=1)
    nengo.Connection(zeros, silent_stack.input, synapse=None)
"""


@pytest.fixture
def folder(tmp_path, rng):
    stack = DenseStack([8, 8, 3], 5, seed=0)
    stack.save(tmp_path / "stack.npz")
    np.savez(tmp_path / "data.npz", x=rng.randn(24, 5), y=rng.randint(3, size=24))
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
    assert "on 24 samples, 20 ms each, target 'sim'" in capsys.readouterr().out
    assert picture.exists()


def test_evaluate_takes_a_stack_from_a_script(folder, capsys, rng):
    np.savez(folder / "three.npz", X=rng.randn(4, 3), labels=[0, 1, 0, 1])
    arguments = ["--data", str(folder / "three.npz"), "--presentation-time", "0.01"]
    assert main(["evaluate", f"{folder / 'script.py'}:stack", *arguments]) == 0
    assert "on 4 samples" in capsys.readouterr().out


@pytest.fixture
def keras_file(folder, rng):
    """An architecture and weights apart, as Keras 2 wrote them."""
    layers, sizes = [], [5, 12, 9, 3]
    with h5py.File(folder / "network_weights.h5", "w") as file:
        for i, (n_in, n_out) in enumerate(pairwise(sizes)):
            name, last = f"dense_{i}", i == 2
            config = {
                **{"name": name, "units": n_out, "use_bias": True},
                **{"activation": "softmax" if last else "relu"},
                **({} if i else {"batch_input_shape": [None, n_in]}),
            }
            layers.append({"class_name": "Dense", "config": config})
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()]
            group[f"{name}/kernel:0"] = rng.randn(n_in, n_out) / np.sqrt(n_in)
            group[f"{name}/bias:0"] = np.zeros(n_out)
        file.attrs["layer_names"] = [layer["config"]["name"].encode() for layer in layers]
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.1.5"
    model = {"class_name": "Sequential", "config": layers, "keras_version": "2.1.5"}
    (folder / "network.json").write_text(json.dumps(model))
    return folder / "network.json"


def test_evaluate_shows_the_ladder_of_a_keras_file(folder, keras_file, capsys):
    arguments = [str(keras_file), "--data", str(folder / "data.npz")]
    arguments += ["--calibrate", str(folder / "data.npz")]
    assert main(["evaluate", *arguments]) == 0
    out = capsys.readouterr().out
    for part in ("source model", "chip, integers", "chip, tuned", "points on 24 samples"):
        assert part in out
    assert main(["evaluate", *arguments, "--no-ladder"]) == 0
    assert "source model" not in capsys.readouterr().out


def test_check_convert_and_evaluate_follow_one_another(folder, keras_file, capsys):
    stack = str(folder / "converted.npz")
    assert main(["check", str(keras_file), "--calibrate", str(folder / "data.npz")]) == 0
    assert "runs on Loihi: 0 error" in capsys.readouterr().out
    assert main(["convert", str(keras_file), "-o", stack]) == 0
    assert "5-12-9-3, softmax readout, encoding 'host'" in capsys.readouterr().out
    assert main(["evaluate", stack, "--data", str(folder / "data.npz")]) == 0
    assert "on 24 samples" in capsys.readouterr().out


def test_check_ends_with_1_where_there_are_errors(folder, capsys):
    code = main(["check", f"{folder / 'script.py'}:silent", "--json", str(folder / "r.json")])
    assert code == 1
    assert "ND401" in capsys.readouterr().out.splitlines()[0]
    assert json.loads((folder / "r.json").read_text())["ok"] is False


def test_rules_and_explain(capsys):
    assert main(["rules"]) == 0
    assert "ND204  error" in capsys.readouterr().out
    assert main(["explain", "nd204"]) == 0
    assert "What to do" in capsys.readouterr().out
    assert main(["explain", "ND999"]) == 2
    assert "there is no rule 'ND999'" in capsys.readouterr().err


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


def test_convert_does_not_overwrite_what_is_not_a_stack(folder, keras_file, capsys):
    before = (folder / "data.npz").read_bytes()
    with pytest.raises(SystemExit, match="2"):
        main(["convert", str(keras_file), "-o", str(folder / "data.npz")])
    assert "exists and is not a saved stack" in capsys.readouterr().err
    assert (folder / "data.npz").read_bytes() == before
    assert main(["convert", str(keras_file), "-o", str(folder / "stack.npz")]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convert", "m.h5", "-o", "stack.txt"], r"stack\.txt must end in \.npz"),
        (["convert", "m.h5", "-o", "absent/s.npz"], "there is no folder absent"),
        (["evaluate", "m.h5", "--data", "d.npz", "--plot", "p.foo"], r"p\.foo must end in \.png"),
        (["evaluate", "m.h5", "--data", "d.npz", "--plot", "absent/p.png"], "no folder absent"),
        (["check", "m.h5", "--html", "absent/r.html"], "no folder absent"),
    ],
)
def test_where_nothing_can_be_written_nothing_is_run(arguments, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.parametrize(
    "options", [["--encoding", "spikes"], ["--encoding", "host"], ["--calibrate", "data.npz"]]
)
def test_options_of_conversion_are_refused_for_a_stack(folder, capsys, monkeypatch, options):
    monkeypatch.chdir(folder)
    assert main(["convert", "stack.npz", "-o", "other.npz", *options]) == 2
    assert f"{options[0]} is for a model that is converted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import absent_package", "ModuleNotFoundError: No module named 'absent_package'"),
        ("def", "SyntaxError"),
        ("import sys; sys.exit('no')", "SystemExit: no"),
    ],
)
def test_a_script_that_fails_is_the_users(folder, capsys, code, message):
    (folder / "bad.py").write_text(code)
    assert main(["check", f"{folder / 'bad.py'}:network"]) == 2
    assert f"bad.py cannot be run: {message}" in capsys.readouterr().err


def test_codes_may_be_typed_small(folder, capsys):
    model = f"{folder / 'script.py'}:silent"
    assert main(["check", model, "--select", "nd401", "--ignore", "nd401=zeros"]) == 0
    assert "zeros" in capsys.readouterr().out


def test_no_processes_are_refused(folder, capsys):
    files = [str(folder / "stack.npz"), "--data", str(folder / "data.npz")]
    assert main(["evaluate", *files, "--jobs", "0"]) == 2
    assert "n_jobs: must be a whole number of processes" in capsys.readouterr().err


def test_files_that_are_no_data_sets_are_told_apart(folder, capsys):
    np.savez(folder / "objects.npz", x=np.array([1, "a"], dtype=object))
    for name, message in (("model.h5", "it is no .npz file"), ("objects.npz", "Python objects")):
        assert main(["evaluate", str(folder / "stack.npz"), "--data", str(folder / name)]) == 2
        assert message in capsys.readouterr().err
