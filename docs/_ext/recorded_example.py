"""Examples that need NengoDL, which excludes the tools of the docs: what they print is recorded.

In NengoDL's environment::

    .venv-dl/bin/python docs/_ext/recorded_example.py docs/examples/gallery/train_in_nengo_dl.py

The first line of a record names versions and the example's fingerprint, so that a test sees when
the example has changed since.
"""

import contextlib
import io
import runpy
import sys
from importlib import metadata
from pathlib import Path

from rule_example import fingerprint

FOLDER = Path(__file__).parents[1] / "measured"


def head(path: Path) -> str:
    """Return the end of a record's first line, which is of the example as it is now."""
    return f"(source {fingerprint(path)[:12]})"


def record(path: Path) -> None:
    """Run an example and write down what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(path))
    packages = ("nengo-dense", "nengo-dl", "tensorflow")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
    text = f"{path.name} with {versions} {head(path)}\n{printed.getvalue()}"
    (FOLDER / f"{path.stem}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        record(Path(name))
