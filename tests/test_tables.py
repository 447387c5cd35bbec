"""README and documentation say what was measured, and nothing else."""

import pytest
import record
import table_text
import tables


@pytest.mark.parametrize("path", tables.files(), ids=lambda path: path.name)
def test_tables_are_those_of_the_results(path):
    assert path.read_text(encoding="utf-8") == tables.files()[path], "run `make tables`"


def test_circumstances_are_told_without_folders():
    assert "/" not in table_text.circumstances(record.load("parity")).replace("benchmarks/", "")
