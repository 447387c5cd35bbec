import numpy as np
import pytest

from nengo_dense.cli.main import main
from nengo_dense.files import load_arrays
from nengo_dense.layers import DenseGraph, DenseStack, GraphLayer, GraphOutput
from nengo_dense.layers.tuning_record import TuningRecord


@pytest.fixture
def folder(tmp_path, rng, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tuned = TuningRecord(0.02, 0.001, "host", np.zeros(5), np.ones(5))
    DenseStack([4, 4, 2], 5, seed=0, tuned=tuned, synapse=[0.002, None]).save("stack.npz")
    DenseStack([4, 4, 2], 5, seed=0).save("untuned.npz")
    np.savez("data.npz", x_train=rng.randn(40, 5), x_test=rng.randn(7, 5))
    return tmp_path


def test_a_stack_is_written_with_test_vectors(folder, capsys):
    arguments = ["--data", "data.npz", "--samples", "3"]
    assert main(["export", "stack.npz", "-o", "net.c", *arguments]) == 0
    printed = capsys.readouterr().out
    assert "test vectors from x_test of data.npz (7 × 5)" in printed
    assert "C: net.c, net.h, net.c.vectors.npz\nthe same spikes" in printed
    vectors = load_arrays(folder / "net.c.vectors.npz", "", "")
    np.testing.assert_array_equal(vectors["samples"], np.load("data.npz")["x_test"][:3])
    assert vectors["logits"].shape == (3, 20, 2)


def test_a_presentation_time_that_is_given_counts(folder, capsys):
    assert main(["export", "stack.npz", "-o", "net.c", "--presentation-time", "0.03"]) == 0
    assert load_arrays(folder / "net.c.vectors.npz", "", "")["logits"].shape == (16, 30, 2)


def test_a_saved_graph_is_written_for_the_presentation_time_that_is_given(folder, capsys):
    graph = DenseGraph(
        {"x": 5},
        [
            GraphLayer("a", {"x": np.ones((4, 5))}, on_chip=False),
            GraphLayer("b", {"a": np.eye(4), "x": np.ones((4, 5))}),
        ],
        {"y": GraphOutput({"a": np.ones((2, 4)), "b": np.ones((2, 4))})},
    )
    graph.save("graph.npz")
    arguments = ["--data", "data.npz", "--presentation-time", "0.03"]
    assert main(["export", "graph.npz", "-o", "net.c", *arguments]) == 0
    assert "the same spikes" in capsys.readouterr().out
    assert load_arrays(folder / "net.c.vectors.npz", "", "")["logits"].shape == (7, 30, 2)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["stack.npz", "-o", "net.xyz"], "must end as a format does"),
        (["stack.npz", "-o", "net.c", "--format", "vhdl"], "must be one of"),
        (["untuned.npz", "-o", "net.c"], "was not tuned for the chip's integers"),
        (["stack.npz", "-o", "data.c"], "data.c exists and is not a C file that nengo_dense"),
        (["stack.npz", "-o", "absent/net.c"], "there is no folder"),
        (["missing.npz", "-o", "net.c"], "missing.npz: no such file"),
        (["stack.npz", "-o", "net.c", "--data", "stack.npz"], "has no array of samples"),
    ],
)
def test_what_cannot_be_written_is_said_in_a_sentence(arguments, match, folder, capsys):
    (folder / "data.c").write_text("int x;")
    assert main(["export", *arguments]) == 2
    said = capsys.readouterr().err
    assert match in said
    assert "Traceback" not in said
    assert not (folder / "net.c").exists()


@pytest.mark.parametrize("n", ["0", "-1", "x"])
def test_number_of_samples_is_looked_at(n, folder, capsys):
    with pytest.raises(SystemExit):
        main(["export", "stack.npz", "-o", "net.c", "--samples", n])
    assert f"must be a whole number from 1 on, got {n}" in capsys.readouterr().err


@pytest.mark.usefixtures("few_updates")
def test_a_trained_model_is_converted_for_the_format(folder, rng, capsys):
    h5py = pytest.importorskip("h5py")
    nir = pytest.importorskip("nir", reason="the model is a NIR file")
    nodes = []
    for n_in, n_out in ((5, 8), (8, 6), (6, 2)):
        nodes.append(nir.Affine(rng.normal(size=(n_out, n_in)), rng.normal(size=n_out)))
        nodes.append(nir.IF(np.ones(n_out), np.ones(n_out), np.zeros(n_out)))
    nir.write("model.nir", nir.NIRGraph.from_list(*nodes[:-1]))
    arguments = ["--calibrate", "data.npz", "--presentation-time", "0.02"]
    assert main(["export", "model.nir", "-o", "net.net", *arguments]) == 0
    assert "netx: net.net" in capsys.readouterr().out
    with h5py.File("net.net") as file:
        assert sorted(file["layer"]) == ["0"]
    assert main(["export", "model.nir", "-o", "again.nir", *arguments, "--reader", "norse"]) == 0
    assert main(["convert", "model.nir", "-o", "lava.npz", *arguments, "--target", "lava"]) == 0
    assert main(["export", "lava.npz", "-o", "net.net"]) == 0
    assert main(["export", "lava.npz", "-o", "net.c", "--reader", "norse"]) == 2
    assert "has no argument 'reader'" in capsys.readouterr().err
