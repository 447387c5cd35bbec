"""Files that commands write: a single dash is none."""

import numpy as np
import pytest

from nengo_dense.cli.main import main
from nengo_dense.layers import DenseStack


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "stack.npz", "--data", "x.npy", "-o", "-"],
        ["convert", "stack.npz", "-o", "-"],
        ["export", "stack.npz", "-o", "-", "--format", "c"],
        ["check", "stack.npz", "--json", "-"],
        ["evaluate", "stack.npz", "--data", "x.npy", "--html", "-"],
        ["evaluate", "stack.npz", "--data", "x.npy", "--plot", "-"],
    ],
    ids=lambda given: given[0],
)
def test_a_dash_is_no_file(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    DenseStack([4, 3], 2, seed=0).save("stack.npz")
    np.save("x.npy", np.ones((3, 2)))
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "- is no file" in capsys.readouterr().err
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "stack.npz", "--data", "x.npy", "-o", "y.csv"],
        ["convert", "stack.npz", "-o", "y.csv"],
    ],
    ids=lambda given: given[0],
)
def test_an_archive_of_arrays_is_not_named_as_another_file(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "y.csv must end in .npz" in capsys.readouterr().err


def test_a_file_of_code_needs_the_name_of_a_network(tmp_path, capsys):
    path = tmp_path / "model.py"
    path.write_text("raise RuntimeError('it runs')\n")
    assert main(["check", str(path)]) == 2
    assert "as FILE.py:NAME" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "stack.npz", "--json", "x.html"],
        ["check", "stack.npz", "--html", "x.pdf"],
        ["evaluate", "stack.npz", "--data", "x.npy", "--html", "x.pdf"],
        ["evaluate", "stack.npz", "--data", "x.npy", "--json", "x.npz"],
    ],
    ids=" ".join,
)
def test_reports_have_the_endings_of_their_kind(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert f"so it must end in .{arguments[-2][2:]}" in capsys.readouterr().err
