"""What a check found, as text, as HTML and as JSON."""

import json
from pathlib import Path

from nengo_dense.checks import html, report_file, text
from nengo_dense.checks.outcome import Outcome


class CheckReport(Outcome):
    """Everything that `nengo_dense.check` found, and ways to show it.

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
        """Write the HTML page to a file, in the place of no other file than such a page."""
        report_file.write(path, self.to_html, report_file.HTML)

    def __repr__(self) -> str:
        return f"<CheckReport: {self.summary}>"

    def __str__(self) -> str:
        return text.text(self)

    def _repr_html_(self) -> str:
        return html.fragment(self)
