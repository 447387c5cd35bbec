"""The result of a check, as text, as HTML and as JSON."""

import json
from pathlib import Path

from nengo_dense import files
from nengo_dense.checks import html, text
from nengo_dense.checks.outcome import Outcome
from nengo_dense.checks.report_file import HTML


class CheckReport(Outcome):
    """The result of `nengo_dense.check`: findings, numbers, and ways to show them.

    Attributes
    ----------
    findings : list of Finding
        Errors first; within a severity, sorted by code.
    layers : list of dict
        The numbers of each layer on the chip; ``None`` if a number is unknown.
    cores : int or None
        Cores that the network takes.
    skipped : list of Skipped
    ignored : list of (Finding, str)
        Findings that the user ignored, with the reason.
    problems : list of str
        Broken plug-ins and crashed rules, each with package and entry point.
    complete : bool
        Whether every installed rule could run, and none crashed. Otherwise some findings may be
        missing, so ``ok`` is false too.
    name : str
        Label of the network; may be empty.
    curves : dict of {str: dict}
        By layer, arrays for the pictures: "weights" in the unit of stored levels, "rates" in
        hertz.

    Examples
    --------
    >>> import nengo, nengo_dense
    >>> with nengo.Network(seed=0) as network:
    ...     layer = nengo.Ensemble(10, 1, neuron_type=nengo.Izhikevich(), label="layer")
    >>> report = nengo_dense.check(network, run=0)
    >>> report.ok, report.count("error"), report.has_error("ND102")
    (False, 1, True)
    >>> print(report)
    ND102 error ...
    >>> report.to_dict()["findings"][0]["code"], report.to_json()[:1]
    ('ND102', '{')
    >>> report.raise_if_errors()
    Traceback (most recent call last):
    ...
    nengo.exceptions.BuildError: The network does not run on Loihi as it is: ...
    >>> "<title>" in report.to_html()
    True
    >>> import pathlib, tempfile
    >>> report.save_html(pathlib.Path(tempfile.mkdtemp()) / "report.html")
    >>> report.lack("our own test of the board failed")   # for tools that add to a report
    >>> report.complete
    False
    """

    def to_json(self) -> str:
        """Return the report as a JSON document.

        Returns
        -------
        document : str
        """
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def to_html(self) -> str:
        """Return the report as one HTML page with pictures, which needs no other file.

        Returns
        -------
        page : str
            Without pictures where matplotlib is not installed.
        """
        return html.page(self)

    def save_html(self, path: str | Path) -> None:
        """Write the HTML page to a file; it replaces only such a page.

        Parameters
        ----------
        path : str or os.PathLike
            Name of the page, usually with the ending ``.html``.

        Raises
        ------
        OSError
            As in ``nengo_dense.files.write``.
        """
        files.write_document(path, self.to_html, kind=HTML)

    def __repr__(self) -> str:
        return f"<CheckReport: {self.summary}>"

    def __str__(self) -> str:
        return text.text(self)

    def _repr_html_(self) -> str:
        return html.fragment(self)
