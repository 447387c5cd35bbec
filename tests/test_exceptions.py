"""What errors say can be shown: names in files may steer a terminal, or have no end."""

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
