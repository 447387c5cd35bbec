"""The examples of the rules: a network that breaks a rule, and the same one mended.

``docs/rule_examples/CODE.py`` holds both, as two cells between which ``# %%`` stands. The second
cell goes on where the first one ends. Each leaves the report of `nengo_dense.check` as ``report``.

An example that needs NengoDL cannot run where the docs are made: the two exclude one another. It
runs in NengoDL's environment, and what it found lies beside it in ``CODE.json``::

    .venv-dl/bin/python docs/_ext/rule_example.py docs/rule_examples/ND108.py
"""

import json
import sys
import textwrap
import warnings
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from nengo_dense.checks import CheckReport, Finding

FOLDER = Path(__file__).parents[1] / "rule_examples"
BETWEEN = "\n# %%\n"


class Example(NamedTuple):
    """The source of both networks, and what the checker says of them."""

    code: str
    broken: str
    mended: str
    before: CheckReport
    after: CheckReport
    where: str = "Both were run when this page was made."


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


def show(path: Path) -> Example:
    """Return an example as it ran elsewhere, if it was recorded, or else run it."""
    file = path.with_suffix(".json")
    if not file.exists():
        return run(path)
    record = json.loads(file.read_text(encoding="utf-8"))
    if record["source"] != fingerprint(path):
        raise ValueError(f"{path.name} has changed since it was recorded; record it again")
    broken, mended = path.read_text(encoding="utf-8").split(BETWEEN)
    reports = [CheckReport([Finding(**f) for f in record[cell]]) for cell in ("before", "after")]
    where = f"Both were run with {record['with']}, which cannot be where this page is made."
    return Example(path.stem, broken.strip(), mended.strip(), *reports, where)


def record(path: Path) -> None:
    """Run an example with NengoDL, and write what it found to a file beside it."""
    example = run(path)
    versions = [f"{name} {metadata.version(name)}" for name in ("nengo-dl", "tensorflow")]
    found = {
        "source": fingerprint(path),
        "with": " and ".join(versions),
        "before": example.before.to_dict()["findings"],
        "after": example.after.to_dict()["findings"],
    }
    path.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def fingerprint(path: Path) -> str:
    """Return a number that changes whenever an example's source does."""
    return sha256(path.read_text(encoding="utf-8").encode()).hexdigest()


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
            f"{_outcome(example)} {example.where}",
        ]
    )


def _outcome(example: Example) -> str:
    accepted = {finding.code for finding, _ in example.after.ignored}
    if example.code in accepted:
        return f"The report now lists {example.code} as accepted, with the reason."
    return f"{example.code} is no longer in the report."


def _block(language: str, text: str) -> str:
    return f".. code-block:: {language}\n\n{textwrap.indent(text, '   ')}"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        record(Path(name))
