"""What an example printed in NengoDL's environment is of the example as it is now."""

import re
import runpy
from pathlib import Path

import pytest
import recorded_example

GALLERY = Path(__file__).parents[2] / "docs" / "examples" / "gallery"
EXAMPLE = GALLERY / "train_in_nengo_dl.py"


def test_record_is_of_the_example_as_it_is_now():
    record = (recorded_example.FOLDER / f"{EXAMPLE.stem}.txt").read_text(encoding="utf-8")
    first, *_ = record.splitlines()
    assert first.endswith(recorded_example.head(EXAMPLE)), "record it again"
    assert float(re.search(r"accuracy ([\d.]+)% \(", record)[1]) > 93


def test_the_other_examples_are_run_by_the_docs_build():
    names = {path.name for path in GALLERY.glob("*.py")}
    assert {name for name in names if not name.startswith("plot_")} == {EXAMPLE.name}


@pytest.mark.dl
@pytest.mark.slow
def test_example_of_training_keeps_its_accuracy_on_the_chip():
    pytest.importorskip("nengo_dl", reason="it is in the dl environment")
    assert runpy.run_path(str(EXAMPLE))["result"].accuracy > 0.93
