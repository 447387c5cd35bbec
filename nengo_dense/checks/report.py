"""What a check found, as text, as HTML and as JSON."""

import json
from pathlib import Path
from typing import BinaryIO

from nengo_dense.checks import html, text
from nengo_dense.checks.outcome import Outcome
from nengo_dense.files import Kind, check_target, write


def _is_html(file: BinaryIO) -> bool:
    return html.TITLE.encode() in file.read(1000)


def _is_json(file: BinaryIO) -> bool:
    return {"schema_version", "findings", "layers"} <= json.load(file).keys()


#: What these files may take the place of: reports alone.
HTML = Kind("a check's report (HTML)", _is_html)
JSON = Kind("a check's report (JSON)", _is_json)


class CheckReport(Outcome):
    """Everything that `check` found, and ways to show it.

    Attributes
    ----------
    findings : list of Finding
        Errors first, each severity by code.
    layers : list of dict
        The numbers of each layer on the chip; ``None`` where one is not known.
    cores : int or None
        Cores that the network takes.
    skipped : list of Skipped
    ignored : list of (Finding, str)
        What the user set aside, with the reason.
    problems : list of str
        Broken plug-ins and rules that crashed, each by package and entry.
    complete : bool
        Whether every rule that is installed could be asked and none crashed. What such a rule
        would have found is not known, so ``ok`` is false where this is.
    curves : dict of {str: dict}
        By layer, arrays for the pictures: "weights" in the unit of stored levels, "rates" in
        hertz.
    """

    def to_json(self) -> str:
        """Give the report as a JSON document."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def to_html(self) -> str:
        """Give the report as one HTML page with pictures, which needs no other file."""
        return html.page(self)

    def save_html(self, path: str | Path) -> None:
        """Write the HTML page to a file; an old one that is no report is not replaced.

        Raises
        ------
        OSError
            The file cannot be written; an old one is as it was.
        """
        check_target(path, HTML)
        page = self.to_html().encode()
        write(path, lambda file: file.write(page), kind=HTML)

    def save_json(self, path: str | Path) -> None:
        """Write the JSON document to a file, as `save_html` does."""
        text = self.to_json().encode()
        write(path, lambda file: file.write(text), kind=JSON)

    def __repr__(self) -> str:
        return f"<CheckReport: {self.summary}>"

    def __str__(self) -> str:
        return text.text(self)

    def _repr_html_(self) -> str:
        return html.fragment(self)
