"""The page on the checker explains each column that a report prints."""

import re
from pathlib import Path

from nengo_dense.checks.text import MEANINGS

PAGE = Path(__file__).parents[2] / "docs" / "checker.rst"


def test_table_of_columns_is_that_of_the_report():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [match.groups() for line in lines if (match := re.match(r"``([^`]+)`` +(.+)", line))]
    assert [row for row in rows if row[0] in MEANINGS] == list(MEANINGS.items())
