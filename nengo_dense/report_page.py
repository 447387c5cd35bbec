"""One look for all reports: a page in HTML that needs no other file, and the same as JSON."""

import io
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import numpy as np

from nengo_dense import files, picture_file
from nengo_dense.report_table import escape
from nengo_dense.version import version

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Packages whose versions are part of a result.
PACKAGES = ("nengo", "nengo-loihi", "numpy")
#: Text and lines take the reader's colours; pictures, which are drawn dark on light, stay light.
STYLE = """
:root { color-scheme: light dark; --line: #d8dde2; --soft: #5c6670; --card: #fff }
@media (prefers-color-scheme: dark) { :root { --line: #3d444b; --soft: #a0abb5; --card: #e9ecef } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5em auto; max-width: 75em; padding: 0 1em }
h1 { font-size: 1.5em; margin: 0; overflow-wrap: anywhere } h2 { font-size: 1.15em }
.made, dd { color: var(--soft) } .made { margin: .2em 0 1.5em; font-size: .9em }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
td, th { padding: .2em .7em; text-align: right; white-space: nowrap }
td:first-child, th:first-child { text-align: left } tr { border-bottom: 1px solid var(--line) }
.pictures { display: flex; flex-wrap: wrap; gap: 1em; margin: 1em 0 }
.pictures h2 { margin: .5em 0 .3em }
.picture { flex: 1 1 20em; max-width: 100%; min-width: 0 }
.picture svg { width: 100%; height: auto; background: var(--card); border-radius: 6px }
.finding { border-left: 4px solid; margin: .8em 0; padding: .2em 1em; overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2em 1em; margin: .5em 0 }
dt { font-weight: 600 } dd { margin: 0 } details { margin: 1em 0 } summary { cursor: pointer }
"""


class Report(ABC):
    """A result that is shown as text, in a notebook, as a page and as JSON.

    Attributes
    ----------
    kind : str
        Noun for titles; reports only take the place of others of their kind.
    heading : str
        Noun of the page's heading, where it is not the kind.
    name : str
        Of what was looked at; may be empty.
    schema_version : int
        Of the layout of `to_dict`; raised whenever a key changes its meaning or goes.

    Examples
    --------
    Results of `nengo_dense.evaluate`, `nengo_dense.ladder` and others are reports, and so is this:

    >>> from nengo_dense.training import TrainingResult
    >>> report = TrainingResult({"loss": [0.9, 0.4], "accuracy": [0.6, 0.8]})
    >>> print(report)
    epoch 2 of 2: loss 0.4, accuracy 0.8
    >>> report.to_dict()["schema_version"], report.to_json()[:1]
    (1, '{')
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> report.save_json(folder / "report.json")
    >>> report.save_html(folder / "report.html")
    >>> "<html" in report.to_html()
    True
    >>> figure = report.plot(str(folder / "report.png"))
    """

    kind: ClassVar[str]
    heading: ClassVar[str] = ""
    schema_version: ClassVar[int] = 1
    name: str

    @abstractmethod
    def _content(self) -> dict[str, Any]:
        """Return what `to_dict` has of this kind."""

    @abstractmethod
    def _figure(self) -> "Figure":
        """Draw what `plot` shows."""

    @abstractmethod
    def _fragment(self, with_pictures: bool) -> str:
        """Return what the page shows under its title."""

    def _repr_html_(self) -> str:
        return f"<div>{self._fragment(can_draw())}</div>"

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain types, without those of single samples.

        Returns
        -------
        numbers : dict
            With ``schema_version``; `to_json` and `save_json` write the same.
        """
        head = {"report": self.kind, "schema_version": self.schema_version}
        return dict(plain({**head, **self._content()}))

    def to_json(self) -> str:
        """Give the report as a JSON document; numbers that are not finite become null.

        Returns
        -------
        document : str
        """
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def plot(self, path: str | None = None) -> "Figure":
        """Draw the report; needs matplotlib.

        A notebook shows the figure if it is the last value of a cell.

        Parameters
        ----------
        path : str, optional
            Where to save the picture.

        Returns
        -------
        figure : matplotlib.figure.Figure

        Raises
        ------
        nengo_dense.exceptions.MissingDependencyError
            matplotlib is not installed.
        OSError
            The picture cannot be written.
        """
        figure = self._figure()
        if path is not None:
            picture_file.write(figure, path)
        return figure

    def to_html(self) -> str:
        """Give the report as one HTML page with pictures (these need matplotlib).

        Returns
        -------
        page : str
            It needs no other file.

        Raises
        ------
        nengo_dense.exceptions.MissingDependencyError
            matplotlib is not installed.
        """
        return page(self.kind, self.name, self._fragment(with_pictures=True), self.heading)

    def save_html(self, path: str | Path) -> None:
        """Write the HTML page to a file, in the place of no other file than such a page.

        Parameters
        ----------
        path : str or os.PathLike
            Name of the page, usually with the ending ``.html``.

        Raises
        ------
        OSError
            The file cannot be written; an old one stays as it was.
        nengo.exceptions.ValidationError
            A file of another kind has this name.
        """
        files.write_document(path, self.to_html, kind=html_kind(self.kind))

    def save_json(self, path: str | Path) -> None:
        """Write the JSON document to a file, in the place of no other file than such a one.

        Parameters
        ----------
        path : str or os.PathLike
            Name of the document, usually with the ending ``.json``.

        Raises
        ------
        OSError
            The file cannot be written; an old one stays as it was.
        nengo.exceptions.ValidationError
            A file of another kind has this name.
        """
        files.write_document(path, self.to_json, kind=json_kind(self.kind))


def html_kind(kind: str) -> files.Kind:
    """Return how a page of a kind of report is told from other files."""
    mark = f"<title>nengo_dense {kind}".encode()
    return files.Kind(
        f"a page of {kind}", lambda file: mark in file.read(1000), files.HTML_ENDINGS
    )


def json_kind(kind: str) -> files.Kind:
    """Return how the JSON of a kind of report is told from other files."""

    def recognizes(file: BinaryIO) -> bool:
        found = files.read_json(file)
        return found["report"] == kind and "schema_version" in found

    return files.Kind(f"the JSON of {kind}", recognizes, files.JSON_ENDINGS)


def page(kind: str, name: str, body: str, heading: str = "") -> str:
    """Write a page.

    Parameters
    ----------
    kind, name, heading : str
        As in `Report`.
    body : str
        HTML.
    """
    noun = heading or kind
    title = f"{noun[0].upper()}{noun[1:]}{f' of {name}' if name else ''}"
    tab = f"nengo_dense {kind}{f': {name}' if name else ''}"
    now = time.localtime()
    date = f"{now.tm_mday} {time.strftime('%B %Y, %H:%M', now)}"
    made = ", ".join([date, f"nengo_dense {version}", *_versions()])
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(tab)}</title><style>{STYLE}</style></head>\n"
        f'<body><h1>{escape(title)}</h1>\n<p class="made">{escape(made)}</p>\n{body}\n'
        "</body></html>\n"
    )


def wide(table: str) -> str:
    """Let a table scroll in its own place where it is wider than the page."""
    return f'<div class="wide">{table}</div>'


def legend(meanings: Mapping[str, str]) -> str:
    """Write what columns mean."""
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in meanings.items())
    return f"<details><summary>What the columns mean</summary><dl>{rows}</dl></details>"


def pictures(drawn: Sequence[tuple[str, Any]]) -> str:
    """Write matplotlib's figures with their titles, side by side where there is room."""
    parts = [
        f'<div class="picture">{f"<h2>{escape(title)}</h2>" if title else ""}{svg(figure)}</div>'
        for title, figure in drawn
    ]
    return f'<div class="pictures">{"".join(parts)}</div>'


def svg(figure: Any) -> str:
    """Draw a matplotlib figure as an element that stands in a page."""
    target = io.StringIO()
    figure.savefig(target, format="svg", metadata={"Date": None})
    text = target.getvalue()
    return text[text.index("<svg") :]


def can_draw() -> bool:
    """Tell whether matplotlib is installed."""
    return bool(_version("matplotlib"))


def _versions() -> list[str]:
    return [f"{name} {found}" for name in PACKAGES if (found := _version(name))]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def plain(value: Any) -> Any:
    """Turn NumPy's values into Python's, and what is not finite into None, as JSON needs it."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if not isinstance(value, float) or np.isfinite(value) else None
