"""The pages of the documentation, as far as their source shows what readers will see."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.rst", *sorted((ROOT / "docs").glob("*.rst"))]
BORDER = re.compile(r"^(=+ +)+=+$")
of_pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def torn_rows(text):
    """List lines of simple tables that were meant to go on a row and begin one.

    In a simple table a line with text in its first column begins a new row, so a line with text
    in no other column is the rest of a sentence.
    """
    lines = text.splitlines()
    borders = [i for i, line in enumerate(lines) if BORDER.match(line)]
    torn = []
    for top, head, bottom in zip(borders[::3], borders[1::3], borders[2::3], strict=True):
        columns = [slice(*match.span()) for match in re.finditer("=+", lines[top])]
        for line in lines[head + 1 : bottom]:
            first, *others = (line[column].strip() for column in columns)
            if first and not any(others):
                torn.append(line)
    return torn


@of_pages
def test_no_row_of_a_table_is_torn_in_two(page):
    assert torn_rows(page.read_text(encoding="utf-8")) == []


def test_torn_rows_are_seen_and_whole_ones_are_not():
    table = "=======  ===\nnetwork  gap\n=======  ===\nMNIST    1\n  {}\n=======  ===\n"
    assert torn_rows(table.format("Keras")) == ["  Keras"]
    assert torn_rows(table.format("         (second line)")) == []


@of_pages
def test_no_page_promises_a_release_on_pypi(page):
    assert not re.search(r'pip install "?nengo-dense', page.read_text(encoding="utf-8"))
