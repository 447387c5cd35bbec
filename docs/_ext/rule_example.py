"""The examples of the rules: a network that breaks a rule, and the same one mended.

``docs/rule_examples/CODE.py`` holds both, as two cells between which ``# %%`` stands. The second
cell goes on where the first one ends. Each leaves the report of `nengo_dense.check` as ``report``.
"""

import textwrap
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from nengo_dense.checks import CheckReport

FOLDER = Path(__file__).parents[1] / "rule_examples"
BETWEEN = "\n# %%\n"


class Example(NamedTuple):
    """The source of both networks, and what the checker says of them."""

    code: str
    broken: str
    mended: str
    before: CheckReport
    after: CheckReport


def paths() -> list[Path]:
    """List the examples' files, by code."""
    return sorted(FOLDER.glob("*.py"))


def run(path: Path) -> Example:
    """Run both cells of an example."""
    broken, mended = path.read_text(encoding="utf-8").split(BETWEEN)
    names: dict[str, Any] = {}
    reports = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nengo-loihi, about what the rule is about
        for cell in (broken, mended):
            exec(compile(cell, str(path), "exec"), names)
            reports.append(names.pop("report"))
    return Example(path.stem, broken.strip(), mended.strip(), *reports)


def section(example: Example) -> str:
    """Write the part of a rule's page that shows its example."""
    found = [f for f in example.before.findings if f.code == example.code]
    lines = [
        (f"{f.code} {f.severity}  {f.target}: {f.message}", f"  How to fix it: {f.remedy}")
        for f in found
    ]
    said = "\n".join(
        textwrap.fill(line, 80, subsequent_indent="    ", break_long_words=False)
        for pair in lines
        for line in pair
    )
    return "\n\n".join(
        [
            "A network that breaks it\n------------------------",
            _block("python", example.broken),
            "The report says:",
            _block("none", said),
            "The same one, mended\n--------------------",
            "It goes on where the code above ends:",
            _block("python", example.mended),
            f"{example.code} is no longer in the report. Both were run when this page was made.",
        ]
    )


def _block(language: str, text: str) -> str:
    return f".. code-block:: {language}\n\n{textwrap.indent(text, '   ')}"
