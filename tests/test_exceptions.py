"""What errors say can be shown: names in files may steer a terminal, or have no end."""

import pickle
import subprocess
import sys

import joblib
import pytest

from nengo_dense import exceptions
from nengo_dense.exceptions import ConversionError, ExportError, FileFormatError

NAME = "\x1b]0;owned\x07"


@pytest.mark.parametrize(
    "err",
    [
        FileFormatError(f"a file that holds {NAME}"),
        ConversionError("The model", [f"layer {NAME}"]),
        ExportError("The network", "a file", [f"layer {NAME}"]),
    ],
    ids=lambda err: type(err).__name__,
)
def test_names_from_files_do_not_steer_a_terminal(err):
    assert r"\x1b]0;owned\x07" in str(err)
    assert "\x1b" not in str(err)


def test_a_line_has_an_end_and_says_what_is_left_out():
    text = str(ConversionError("The model", [f"layer {'n' * 3_000_000}: remove it", "layer b"]))
    lines = text.split("\n")
    assert "n... (3000021 characters) ...n" in lines[1]
    assert lines[1].endswith("n: remove it")
    assert lines[2] == "  - layer b"
    assert len(text) < 2 * exceptions.MAX_LINE


def test_all_of_a_name_is_in_the_errors_problems():
    assert ConversionError("The model", [NAME]).problems == [NAME]


#: Arguments of errors that take more than a message.
MORE = {ConversionError: ("a model", ["a", "b"]), ExportError: ("a network", "a file", ["a"])}
OURS = [
    kind(*MORE.get(kind, ("what is wrong",)))
    for kind in vars(exceptions).values()
    if isinstance(kind, type) and kind.__module__ == exceptions.__name__
]


@pytest.mark.parametrize("err", OURS, ids=lambda err: type(err).__name__)
def test_errors_go_from_process_to_process(err):
    again = pickle.loads(pickle.dumps(err))
    assert type(again) is type(err)
    assert str(again) == str(err)
    assert vars(again) == vars(err)


def test_a_wrong_arguments_owner_stays_where_it_is():
    """It may be a whole network, with functions that cannot be sent.

    In a process of its own, as Dask makes errors of all kinds be sent in its way.
    """
    code = """if True:
        import pickle, nengo
        from nengo_dense.exceptions import invalid
        with nengo.Network():
            owner = nengo.Node(lambda t: t)
        again = pickle.loads(pickle.dumps(invalid("must be 3", "n", owner)))
        assert (again.attr, again.obj) == ("n", nengo.Node)
        print(again, "|", pickle.loads(pickle.dumps(invalid("must be 3", "n"))))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Node.n: must be 3 | n: must be 3"


def refuse():
    raise ConversionError("The model", ["layer 'conv' is a convolution"])


def test_a_pool_of_processes_says_what_is_wrong():
    with pytest.raises(ConversionError, match="'conv' is a convolution"):
        joblib.Parallel(n_jobs=2)(joblib.delayed(refuse)() for _ in range(2))
