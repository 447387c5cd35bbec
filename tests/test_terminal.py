"""What steers a terminal is written out; what shows stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nengo_dense.terminal import printable


@pytest.mark.parametrize(
    "text, written",
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("\x9b2J", r"\x9b2J"),
        ("a\x07\x08\x7f", r"a\x07\x08\x7f"),
        ("a\tb\r", r"a\tb\r"),
        ("two\nlines", "two\nlines"),
        ("\u202eabc", r"\u202eabc"),
        ("\u2028", r"\u2028"),
        ("\ud800", r"\ud800"),
        ("Größe 1 µm – 😀", "Größe 1 µm – 😀"),
    ],
)
def test_characters_that_do_not_show_are_written_by_number(text, written):
    assert printable(text) == written


def test_nothing_is_kept_that_is_not_asked_for():
    assert printable("a\nb", keep="") == r"a\nb"


@given(st.text())
def test_result_can_be_printed_and_is_left_as_it_is(text):
    once = printable(text)
    once.encode("utf-8")
    assert "\x1b" not in once
    assert printable(once) == once
