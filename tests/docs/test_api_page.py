"""Every name on the pages of the API can be reached as the page writes it."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "api.rst"


def test_documented_names_are_there_after_import_of_the_package():
    names = re.findall(r"^   ([A-Za-z_][\w.]+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(names) > 30
    lines = ["import nengo_dense", *(f"nengo_dense.{name}" for name in names)]
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "\n".join(lines)], check=True, timeout=120
    )
