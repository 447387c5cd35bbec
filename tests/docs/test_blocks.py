"""Programs and commands on the pages run as they stand there, with what readers bring along.

What is written with ``>>>`` is run by doctest, and the examples of the gallery by the docs build.
"""

import re
import shlex
from pathlib import Path
from textwrap import dedent

import nengo
import numpy as np
import pytest

import nengo_dense
from nengo_dense.cli.main import main
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.rst", *sorted((ROOT / "docs").glob("*.rst"))]
#: What stands in a program that cannot run here -> where it is run.
ELSEWHERE = {
    "from lava": "by `make test-lava`",
    "from dask": "in the gallery",
    "compat.use_tf_keras()": "by `make test-tf-keras`, before all else",
}
#: Few updates, whose answers may differ from the model's
pytestmark = [
    pytest.mark.usefixtures("few_updates"),
    pytest.mark.filterwarnings("ignore:Answers of the converted"),
]


def blocks(page, language):
    """List the blocks of a page in a language, without their indentation."""
    pattern = rf"^\.\. code-block:: {language}\n\n((?: +.*\n|\n)+)"
    return [dedent(found) for found in re.findall(pattern, page.read_text("utf-8"), re.MULTILINE)]


def commands(page, is_synopsis=False):
    """List a page's commands, the words after ours; or those that show what may be given."""
    lines = "".join(blocks(page, "bash")).splitlines()
    found = [shlex.split(line, comments=True)[1:] for line in lines if line[:12] == "nengo-dense "]
    return [
        words
        for words in found
        if any(re.search(r"^\[|^[A-Z]+$", word) for word in words) is is_synopsis
        and words != ["demo"]  # a test of its own
    ]


def of_pages(*found):
    """Run a test for each page that has something of the kind that is found."""
    pages = [page for page in PAGES if found[0](page, *found[1:])]
    return pytest.mark.parametrize("page", pages, ids=lambda page: page.stem)


@pytest.fixture
def rng():
    """The same for every page, so that none draws a model of one answer alone."""
    return np.random.RandomState(0)


@pytest.fixture
def data(rng):
    """Samples of 64 values, and their classes, in parts."""
    x, y = rng.rand(100, 64).astype("float32"), rng.randint(10, size=100)
    return {"x_train": x, "y_train": y, "x_test": x[:20], "y_test": y[:20]}


@pytest.fixture
def model(rng, tmp_path, monkeypatch):
    """A model in Keras, and a folder of its own."""
    monkeypatch.chdir(tmp_path)
    keras = pytest.importorskip("keras", reason="the model is of Keras")
    dense = keras.layers.Dense
    hidden = [dense(12, "relu"), dense(8, "relu")]
    model = keras.Sequential([keras.Input((64,)), *hidden, dense(10, "softmax")])
    model.set_weights([rng.randn(*values.shape) / 4 for values in model.get_weights()])
    return model


def save(model, name):
    """Save a model in a file, as Keras 3 would."""
    import keras

    is_asked = keras.__version__.startswith("2") and name.endswith(".keras")
    model.save(name, **({"save_format": "keras_v3"} if is_asked else {}))


@pytest.fixture
def given(data, model, rng):
    """What each page takes as given."""
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node([0.5, -0.5])
        layer = nengo_dense.DenseLayer(6, 2, seed=1)
        nengo.Connection(stimulus, layer.input, synapse=None)
        probe = nengo.Probe(layer.output)
    matrix = rng.rand(8, 64) / 32
    graph = nengo_dense.DenseGraph(
        {"image": 64, "speed": 1},
        [
            GraphLayer("a", {"image": matrix}, None, 400.0, on_chip=False),
            GraphLayer("b", {"a": matrix[:, :8], "speed": matrix[:, :1]}, None, 400.0),
        ],
        {"kind": GraphOutput({"b": matrix[:3, :8]}, None, "softmax")},
        add_to_container=False,
    )
    x, y = data["x_train"], data["y_train"]
    shared = {**data, "x": x, "y": y, "model": model, "net": net, "graph": graph, "v": x[:, :1]}
    shared |= {"np": np, "nengo": nengo, "nengo_dense": nengo_dense}
    of_page = {
        "convertible": {
            "x_first": x[:, :3],
            "x_second": x[:, :4],
            "kinds": y % 3,
            "traits": rng.randint(2, size=(100, 2)),
        },
        "emulator": {"x": rng.rand(1000, 100, 2), "stimulus": stimulus, "probe": probe},
    }
    return lambda page: {**shared, **of_page.get(page.stem, {})}


def run(page, names):
    """Run the programs of a page, one after the other, but those that run elsewhere."""
    for program in blocks(page, "python"):
        code = compile(program, page.name, "exec")
        if not any(words in program for words in ELSEWHERE):
            exec(code, names)


@of_pages(blocks, "python")
def test_programs_run(page, given, model):
    if page.stem == "training":
        pytest.skip("NengoDL trains there, see below")
    if page.stem == "export":
        pytest.importorskip("nir", reason="a graph is written")
    save(model, "digits.keras")
    run(page, given(page))


@pytest.mark.dl
def test_programs_of_training_run(given):
    pytest.importorskip("nengo_dl", reason="it is in the dl environment")
    run(ROOT / "docs" / "training.rst", given(Path("training.rst")))


@of_pages(commands)
def test_commands_run(page, data, model):
    for name in ("model.keras", "model.h5"):
        save(model, name)
    np.savez("data.npz", **data)
    for name in ("train", "test"):
        np.savez(f"{name}.npz", x=data[f"x_{name}"], y=data[f"y_{name}"])
    main(["convert", "model.keras", "--calibrate", "train.npz", "-o", "digits.npz"])
    for command in commands(page):
        assert main(command) == 0, command


def test_synopsis_names_options_that_there_are(capsys):
    for command, *words in commands(ROOT / "docs" / "command_line.rst", is_synopsis=True):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        described = capsys.readouterr().out.split()
        options = {word.lstrip("[") for word in words if word.lstrip("[").startswith("-")}
        assert options <= set(described), command
