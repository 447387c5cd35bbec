import errno
import json
import os
import re
import signal
import subprocess
import sys
from importlib.metadata import entry_points
from itertools import pairwise

import h5py
import numpy as np
import pytest
from nengo.exceptions import SimulationError

from nengo_dense import convert, files, predict
from nengo_dense.__main__ import main as start
from nengo_dense.cli.main import build_parser, main
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
    assert script.load() in (start, main)  # the second of an installed earlier version


def test_runs_as_a_process(folder):
    done = subprocess.run(
        [sys.executable, "-m", "nengo_dense", "evaluate", "stack.npz", "--data", "missing.npz"],
        cwd=folder,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.endswith("nengo-dense: missing.npz: no such file\n")
    assert "Traceback" not in done.stderr


def test_evaluate_prints_accuracy_and_draws(folder, capsys):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    picture = folder / "picture.png"
    arguments = ["--data", str(folder / "data.npz"), "--presentation-time", "0.02"]
    assert main(["evaluate", str(folder / "stack.npz"), *arguments, "--plot", str(picture)]) == 0
    assert "on 24 samples, 20 ms each, target 'sim'" in capsys.readouterr().out
    assert picture.exists()


@pytest.mark.parametrize("kind", ["U", "S"])
def test_evaluate_finds_text_labels_by_the_classes_that_are_named(folder, capsys, kind):
    stack, data = folder / "stack.npz", dict(np.load(folder / "data.npz"))
    printed = []
    names = np.array(["b", "c", "a"]).astype(kind)
    here = data["y"] != 2  # the last class is missing
    for name, y, options in (
        ("indices.npz", data["y"], []),
        ("text.npz", names[data["y"]], ["--classes", "b, c,a"]),
    ):
        np.savez(folder / name, x=data["x"][here], y=y[here])
        assert main(["evaluate", str(stack), "--data", str(folder / name), *options]) == 0
        printed.append(capsys.readouterr().out.split("accuracy", 1)[1])
    assert printed[0] == printed[1]


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


@pytest.mark.filterwarnings("ignore:Answers of the converted network")
def test_convert_takes_an_effort(folder, keras_file, capsys):
    arguments = ["convert", str(keras_file), "-o", str(folder / "quick.npz")]
    arguments += ["--calibrate", str(folder / "data.npz"), "--presentation-time", "0.03"]
    assert main([*arguments, "--effort", "0.5"]) == 0
    assert DenseStack.load(folder / "quick.npz").tuned.effort == 0.5
    assert main([*arguments, "--effort", "fast"]) == 0
    assert DenseStack.load(folder / "quick.npz").tuned.effort == "fast"
    out = capsys.readouterr().out
    said = r"tuned for presentations of 30 ms; answers [\d.]+% of \d+ held-back samples otherwise "
    said += r"than the source \(95% interval [\d.]+ to [\d.]+%\)"
    assert re.search(said, out)


def test_convert_prints_rates_below_one_hertz(folder, capsys):
    DenseStack([4, 4, 2], 3, max_rate=[0.203, 1234.5], seed=1).save(folder / "slow.npz")
    assert main(["convert", str(folder / "slow.npz"), "-o", str(folder / "slow2.npz")]) == 0
    assert "the value 1: 0.2, 1234 Hz" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "what"),
    [(["--per-frame"], "frames of 5 ms"), ([], "sequences, 5 ms a frame, of 20 ms")],
)
def test_convert_says_what_sequences_it_tuned_for(folder, keras_file, capsys, more, what):
    x = np.load(folder / "data.npz")["x"]
    np.savez(folder / "frames.npz", x=np.stack([x] * 4, axis=1))
    arguments = ["convert", str(keras_file), "-o", str(folder / "quick.npz"), "--effort", "fast"]
    arguments += ["--calibrate", str(folder / "frames.npz"), "--presentation-time", "0.02"]
    assert main([*arguments, *more]) == 0
    assert f"tuned for {what}; answers" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:Answers of the converted network")
def test_commands_that_convert_take_an_effort(folder, keras_file, monkeypatch):
    made = []

    def noted(*args, **kwargs):
        made.append(convert(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr("nengo_dense.cli.model.convert", noted)
    data = str(folder / "data.npz")
    given = [str(keras_file), "--calibrate", data, "--effort", "fast"]
    assert main(["evaluate", *given, "--data", data, "--no-ladder"]) == 0
    assert main(["predict", *given, "--data", data, "-o", str(folder / "y.npz")]) == 0
    assert [stack.tuned.effort for stack in made] == ["fast", "fast"]


def test_a_stack_takes_no_effort(folder, capsys):
    for command in (["check"], ["evaluate", "--data", str(folder / "data.npz")]):
        name, *more = command
        assert main([name, str(folder / "stack.npz"), *more, "--effort", "fast"]) == 2
        assert "--effort belongs to conversion" in capsys.readouterr().err


def test_an_unknown_option_is_told_with_those_of_its_command(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["rules", "--epochs", "3"])
    told = capsys.readouterr().err
    assert "usage: nengo-dense rules" in told
    assert "unrecognized arguments: --epochs 3; nengo-dense rules --help" in told


@pytest.mark.parametrize("effort", ["hard", "0", "-1", "nan", "inf"])
def test_other_efforts_are_refused(effort, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["convert", "model.keras", "-o", "s.npz", f"--effort={effort}"])
    assert "must be fast, normal, best, or a number of seconds above 0" in capsys.readouterr().err


def test_evaluate_shows_the_ladder_of_a_keras_file(folder, keras_file, capsys):
    arguments = [str(keras_file), "--data", str(folder / "data.npz")]
    arguments += ["--calibrate", str(folder / "data.npz"), "--presentation-time", "0.03"]
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
    out = capsys.readouterr().out
    assert "5-12-9-3, softmax readout, encoding 'host'" in out
    assert "\nnot tuned, which costs accuracy; --calibrate FILE.npz" in out
    arguments = ["--data", str(folder / "data.npz"), "--presentation-time", "0.02"]
    assert main(["evaluate", stack, *arguments]) == 0
    assert "on 24 samples" in capsys.readouterr().out


def test_check_ends_with_1_where_there_are_errors(folder, capsys):
    code = main(["check", f"{folder / 'script.py'}:silent", "--json", str(folder / "r.json")])
    assert code == 1
    assert "ND401" in capsys.readouterr().out.splitlines()[0]
    assert json.loads((folder / "r.json").read_text())["ok"] is False


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["stack.npz"], "-> Give samples: --calibrate FILE.npz."),
        (["script.py:silent"], "-> Set node.output = nengo.processes.PresentInput("),
    ],
)
def test_remedies_are_such_as_their_reader_can_follow(
    folder, capsys, monkeypatch, arguments, remedy
):
    monkeypatch.chdir(folder)
    main(["check", *arguments, "--no-build", "--run", "0", "--select", "ND401"])
    assert remedy in capsys.readouterr().out


def test_rules_and_explain(capsys):
    assert main(["rules"]) == 0
    assert "ND204  error" in capsys.readouterr().out
    assert main(["explain", "nd204"]) == 0
    assert "How to fix it" in capsys.readouterr().out
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
        ("stack.npz", "nothing.npz", "has no array of samples, such as x or x_test, only a"),
        ("stack.npz", "script.py", "cannot be read as a data set"),
        ("script.py:stack", "data.npz", r"x of .*data.npz: must have shape \(batch, 3\)"),
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


def test_help_explains_every_argument():
    (commands,) = [action for action in build_parser()._actions if action.choices]
    for name, command in commands.choices.items():
        assert [action.dest for action in command._actions if not action.help] == [], name


def test_what_is_wrong_with_an_option_is_one_sentence(folder, capsys):
    """The usage of a command is twenty lines, above which a folder's name was lost."""
    with pytest.raises(SystemExit, match="2"):
        main(["convert", "model.h5", "-o", str(folder / "none" / "stack.npz")])
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("nengo-dense convert: -o/--output: there is no folder ")


def test_convert_does_not_overwrite_what_is_not_a_stack(folder, keras_file, capsys):
    before = (folder / "data.npz").read_bytes()
    with pytest.raises(SystemExit, match="2"):
        main(["convert", str(keras_file), "-o", str(folder / "data.npz")])
    assert "exists and is not a saved DenseStack" in capsys.readouterr().err
    assert (folder / "data.npz").read_bytes() == before
    assert main(["convert", str(keras_file), "-o", str(folder / "stack.npz")]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convert", "m.h5", "-o", "stack.txt"], r"stack\.txt must end in \.npz"),
        (["convert", "m.h5", "-o", "absent/s.npz"], "there is no folder .*absent to write"),
        (["evaluate", "m.h5", "--data", "d.npz", "--plot", "p.foo"], r"one of \.png, .*'p\.foo'"),
        (["evaluate", "m.h5", "--data", "d.npz", "--plot", "absent/p.png"], "no folder .*absent"),
        (["check", "m.h5", "--html", "absent/r.html"], "no folder .*absent"),
        (["check", "m.h5", "--json", "."], "a folder; name a file in it"),
        (["check", "m.h5", "--run", "-1"], "must be a number of seconds, got -1"),
        (["check", "m.h5", "--dt", "0"], "must be above 0 seconds, got 0"),
        (["convert", "m.h5", "-o", "s.npz", "--presentation-time", "nan"], "of seconds, got nan"),
        (["evaluate", "m.h5", "--data", "d.npz", "--jobs", "0"], "number of processes.* got 0"),
        (["evaluate", "m.h5", "--data", "d.npz", "--jobs", "1.5"], "of processes.* got 1.5"),
        (["demo", "--seed", "-1"], "whole number from 0 to 4294967295, got -1"),
        (["demo", "--seed", "x"], "whole number from 0 to 4294967295, got x"),
    ],
)
def test_options_are_looked_at_before_anything_is_read(arguments, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.parametrize(
    "options",
    [
        ["--encoding", "spikes"],
        ["--encoding", "auto"],
        ["--calibrate", "data.npz"],
        ["--presentation-time", "0.1"],
        ["--dt", "0.002"],
        ["--effort", "fast"],
        ["--target", "lava"],
    ],
)
def test_options_of_conversion_are_refused_for_a_stack(folder, capsys, monkeypatch, options):
    monkeypatch.chdir(folder)
    assert main(["convert", "stack.npz", "-o", "other.npz", *options]) == 2
    assert f"{options[0]} belongs to conversion" in capsys.readouterr().err


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


def test_files_that_are_no_data_sets_are_told_apart(folder, capsys):
    np.savez(folder / "objects.npz", x=np.array([1, "a"], dtype=object))
    for name, message in (("model.h5", "it is no .npz file"), ("objects.npz", "Python objects")):
        assert main(["evaluate", str(folder / "stack.npz"), "--data", str(folder / name)]) == 2
        assert message in capsys.readouterr().err


@pytest.fixture
def no_conversion(monkeypatch):
    """Make sure that nothing is converted, which takes long, before all arguments are sound."""

    def convert(*args, **kwargs):
        raise AssertionError("converted before all arguments were looked at")

    monkeypatch.setattr("nengo_dense.cli.model.convert", convert)
    monkeypatch.setattr("nengo_dense.cli.evaluate.ladder", convert)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "--calibrate", "wide.npz"], r"x of wide.npz: must have shape \(batch, 5\)"),
        (["check", "--calibrate", "gap.npz"], "1 of 120 values are NaN"),
        (["check", "--select", "ND999"], "no rule's code begins with 'ND999'"),
        (["check", "--ignore", "ND206"], "needs a reason in words for ND206"),
        (["check", "--html", "r", "--json", "./r"], "./r is also the file of --html"),
        (["convert", "-o", "s.npz", "--dt", "1"], "at least one step of 1 seconds, got 0.1"),
        (["convert", "-o", "s.npz", "--calibrate", "wide.npz"], "wide.npz: must have shape"),
        (["convert", "-o", "s.npz", "--effort", "fast"], "--effort: is for tuning"),
        (["evaluate", "--data", "data.npz", "--effort", "fast"], "--effort: is for tuning"),
        (["evaluate", "--data", "wide.npz"], r"x of wide.npz: must have shape \(batch, 5\)"),
        (["evaluate", "--data", "few.npz"], "24 samples in x and labels of shape .* in y"),
        (["evaluate", "--data", "text.npz"], "y: is text, such as 'a', .* --classes A,B"),
        (["evaluate", "--data", "text.npz", "--no-ladder"], "y: is text, such as 'a'"),
        (["evaluate", "--data", "text.npz", "--classes", "b,c,d"], "'a', which is no class"),
        (["evaluate", "--data", "data.npz", "--classes", "a,b"], r"classes: .*shape \(3,\)"),
        (["evaluate", "--data", "data.npz", "--calibrate", "wide.npz"], "wide.npz: must have"),
        (
            ["evaluate", "--data", "data.npz", "--ladder", "--target", "nengo"],
            "cannot be combined with --target nengo",
        ),
        (
            ["evaluate", "--data", "data.npz", "--ladder", "--gap", "0.1"],
            "--ladder: shows every sample from a fresh start: leave out --gap",
        ),
    ],
)
def test_everything_is_looked_at_before_a_model_is_converted(
    folder, keras_file, no_conversion, capsys, monkeypatch, rng, arguments, message
):
    monkeypatch.chdir(folder)
    x = rng.randn(24, 5)
    np.savez("few.npz", x=x, y=[0, 1])
    np.savez("text.npz", x=x, y=["a"] * 24)
    np.savez("wide.npz", x=rng.randn(24, 7), y=[0] * 24)
    x[3, 2] = np.nan
    np.savez("gap.npz", x=x)
    command, *options = arguments
    assert main([command, keras_file.name, *options]) == 2
    assert re.search(message, capsys.readouterr().err)


def test_a_ladder_of_a_stack_has_no_first_rung(folder, capsys):
    arguments = [str(folder / "stack.npz"), "--data", str(folder / "data.npz"), "--ladder"]
    assert main(["evaluate", *arguments]) == 2
    assert re.search(r"starts at the trained model, .*is already a stack", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("matplotlib", ["evaluate", "network.json", "--data", "data.npz", "--plot", "p.png"]),
        ("matplotlib", ["check", "network.json", "--html", "r.html"]),
        ("matplotlib", ["demo", "-o", "out"]),
        ("sklearn", ["demo", "-o", "out"]),
    ],
)
def test_what_is_not_installed_is_said_before_anything_is_run(
    folder, keras_file, no_conversion, capsys, monkeypatch, module, arguments
):
    monkeypatch.chdir(folder)
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, module, None)  # as Python marks what cannot be imported
    assert main(arguments) == 2
    assert f"needs {module}, which is not installed" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["digits.png", "digits.npz"])
def test_the_demo_replaces_nothing_of_anybody_else(folder, capsys, name):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    (folder / name).write_bytes(b"precious")
    assert main(["demo", "-o", str(folder)]) == 2
    assert f"{name} exists and is not a" in capsys.readouterr().err
    assert (folder / name).read_bytes() == b"precious"
    assert main(["demo", "-o", str(folder / "script.py")]) == 2
    assert "script.py cannot be a folder to write into: File exists" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--html", "--json"])
@pytest.mark.parametrize("name", ["model.h5", "data.npz", "network.json"])
def test_a_report_is_never_written_over_anything_but_a_report(
    folder, keras_file, capsys, monkeypatch, option, name
):
    monkeypatch.chdir(folder)
    before = (folder / name).read_bytes()
    with pytest.raises(SystemExit, match="2"):
        main(["check", "stack.npz", option, name])
    assert f"{name} exists and is not a check's report" in capsys.readouterr().err
    assert (folder / name).read_bytes() == before


def test_a_report_is_written_again_over_itself(folder, monkeypatch):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    monkeypatch.chdir(folder)
    arguments = ["check", "stack.npz", "--run", "0", "--no-build"]
    arguments += ["--html", "r.html", "--json", "r.json"]
    assert main(arguments) == 0
    assert main(arguments) == 0
    assert json.loads((folder / "r.json").read_text())["ok"] is True
    with pytest.raises(SystemExit, match="2"):
        main([*arguments[:-3], "r.json"])


def test_steps_and_times_reach_conversion_and_evaluation(folder, keras_file, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    arguments = [keras_file.name, "--presentation-time", "0.04", "--dt", "0.002"]
    seen = {}

    def convert(*args, **options):
        seen.update(options)
        return DenseStack.load("stack.npz")

    monkeypatch.setattr("nengo_dense.cli.model.convert", convert)
    assert main(["evaluate", *arguments, "--data", "data.npz", "--encoding", "auto"]) == 0
    assert "on 24 samples, 40 ms each" in capsys.readouterr().out
    assert (seen["presentation_time"], seen["dt"]) == (0.04, 0.002)
    assert "encoding" not in seen  # which leaves the choice to convert
    assert main(["convert", *arguments, "-o", "s.npz", "--encoding", "spikes"]) == 0
    assert (seen["presentation_time"], seen["dt"], seen["encoding"]) == (0.04, 0.002, "spikes")


def test_check_shows_samples_to_a_stack_and_to_no_other_network(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    arguments = ["--calibrate", "data.npz"]
    assert main(["check", "stack.npz", *arguments]) == 0
    assert capsys.readouterr().out.startswith("showing samples of x of data.npz (24 × 5)\n")
    assert main(["check", "script.py:net", *arguments]) == 2
    assert "--calibrate: is only for a stack, and script.py:net is a" in capsys.readouterr().err
    assert main(["check", "stack.npz", "--encoding", "spikes"]) == 2
    assert "--encoding belongs to conversion" in capsys.readouterr().err


def test_ctrl_c_is_said_and_ends_as_shells_have_it(folder, capsys, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("nengo_dense.cli.evaluate.evaluate", interrupted)
    assert main(["evaluate", str(folder / "stack.npz"), "--data", str(folder / "data.npz")]) == 130
    assert capsys.readouterr().err == "nengo-dense: interrupted\n"


@pytest.mark.parametrize(
    ("error", "exit_code", "message"),
    [
        (ZeroDivisionError("nobody foresaw this"), 3, "internal error: ZeroDivisionError: nobody"),
        (MemoryError("Unable to allocate 9 GiB"), 2, "out of memory. Unable to allocate 9 GiB\n"),
        (SimulationError("a process has ended"), 2, "nengo-dense: a process has ended\n"),
    ],
)
def test_only_an_error_that_nobody_foresaw_is_internal(
    folder, capsys, monkeypatch, error, exit_code, message
):
    def crash(*args, **kwargs):
        raise error

    monkeypatch.setattr("nengo_dense.cli.evaluate.evaluate", crash)
    arguments = ["evaluate", str(folder / "stack.npz"), "--data", str(folder / "data.npz")]
    assert main(arguments) == exit_code
    assert message in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error(folder):
    command = f"{sys.executable} -m nengo_dense rules | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.splitlines()[1:] == ["0"]
    assert done.stderr == ""


def test_an_error_has_its_exit_code_where_no_error_can_be_printed(folder):
    command = f"{sys.executable} -m nengo_dense check missing.npz 2>&-; echo $?"
    done = subprocess.run(
        ["bash", "-c", command], env=os.environ, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "2\n"


def test_predict_writes_outputs_and_labels(folder, capsys):
    stack = DenseStack([8, 8, 3], 5, seed=0, classes=["a", "b", "c"])
    stack.save(folder / "named.npz")
    data = np.load(folder / "data.npz")["x"]
    np.save(folder / "x.npy", data)
    arguments = ["--presentation-time", "0.02", "-o", str(folder / "y.npz")]
    for name in ("data.npz", "x.npy"):
        given = ["predict", str(folder / "named.npz"), "--data", str(folder / name), *arguments]
        assert main(given) == 0
        assert "y and labels, 24 samples, 3 outputs each" in capsys.readouterr().out
        with np.load(folder / "y.npz") as found:
            expected = predict(stack, data, presentation_time=0.02, progress_bar=False)
            np.testing.assert_array_equal(found["y"], expected)
            np.testing.assert_array_equal(found["labels"], stack.classes[expected.argmax(axis=1)])


def test_predict_replaces_nothing_but_answers(folder, capsys):
    stack, data = str(folder / "stack.npz"), str(folder / "data.npz")
    for taken in (stack, data):
        with pytest.raises(SystemExit) as end:
            main(["predict", stack, "--data", data, "-o", taken])
        assert end.value.code == 2
        assert "answers" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.npy", "absent.npy: no such file"),
        ("text.npy", "text.npy cannot be read as samples: it is no .npy file"),
        ("nothing.npz", "has no array of samples"),
    ],
)
def test_predict_says_what_is_no_data(folder, capsys, name, message):
    (folder / "text.npy").write_text("no array")
    arguments = ["--data", str(folder / name), "-o", str(folder / "y.npz")]
    assert main(["predict", str(folder / "stack.npz"), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_evaluate_measures_values(folder, capsys, rng):
    DenseStack([8, 8, 2], 5, readout="linear", seed=0).save(folder / "values.npz")
    np.savez(folder / "values_data.npz", x=rng.rand(24, 5), y=rng.rand(24, 2))
    arguments = ["--data", str(folder / "values_data.npz"), "--presentation-time", "0.02"]
    assert main(["evaluate", str(folder / "values.npz"), *arguments]) == 0
    assert "R2 " in capsys.readouterr().out
    assert main(["evaluate", str(folder / "values.npz"), *arguments, "--task", "multilabel"]) == 2
    assert "must be rows of 0 and 1" in capsys.readouterr().err


def test_evaluate_writes_a_page_and_data(folder, capsys):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    arguments = ["--data", str(folder / "data.npz"), "--presentation-time", "0.02"]
    page, data = folder / "result.html", folder / "result.json"
    arguments += ["--html", str(page), "--json", str(data)]
    assert main(["evaluate", str(folder / "stack.npz"), *arguments]) == 0
    assert json.loads(data.read_text())["n"] == 24
    assert "<title>nengo_dense evaluation" in page.read_text()
    with pytest.raises(SystemExit):
        main(["evaluate", str(folder / "stack.npz"), *arguments, "--json", str(page)])
    assert "JSON of evaluation" in capsys.readouterr().err


def test_a_signal_to_end_is_one_line_and_leaves_no_part_of_a_file(tmp_path, capsys, monkeypatch):
    def work(args):
        def produce(file):
            file.write(b"half")
            signal.raise_signal(signal.SIGTERM)

        files.write(tmp_path / "new", produce)

    monkeypatch.setattr(sys.modules["nengo_dense.cli.main"], "_run", work)
    before = signal.getsignal(signal.SIGTERM)
    assert main(["rules"]) == 143
    assert capsys.readouterr().err == "nengo-dense: terminated\n"
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_output_that_is_full_is_said_to_be_so(capsys, monkeypatch):
    def work(args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys.modules["nengo_dense.cli.main"], "_run", work)
    assert main(["rules"]) == 2
    message = "nengo-dense: the output cannot be written: No space left on device\n"
    assert capsys.readouterr().err == message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["convert", "stack.npz", "-o", "./stack.npz"], "-o: ./stack.npz is also the model that"),
        (["predict", "stack.npz", "--data", "a.npz", "-o", "a.npz"], "-o: a.npz is also the data"),
        (["export", "m.nir", "-o", "m.nir"], "-o: m.nir is also the model that this command read"),
    ],
)
def test_no_command_writes_over_what_it_reads(folder, capsys, monkeypatch, arguments, words):
    monkeypatch.chdir(folder)
    np.savez("a.npz", y=np.ones((2, 3)))
    (folder / "m.nir").write_bytes(b"")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(arguments) == 2
    assert words in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_labels_alone_are_no_answers_to_be_replaced(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    np.savez("labels.npz", y=np.arange(24))
    with pytest.raises(SystemExit, match="2"):
        main(["predict", "stack.npz", "--data", "data.npz", "-o", "labels.npz"])
    assert "labels.npz exists and is not a file of answers" in capsys.readouterr().err
