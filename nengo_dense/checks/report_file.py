"""Files of reports; they replace only other reports."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from nengo_dense import files


def _is_html(file: BinaryIO) -> bool:
    return b"<title>nengo_dense check" in file.read(1000)


def _is_json(file: BinaryIO) -> bool:
    return bool({"schema_version", "findings", "layers"} <= files.read_json(file).keys())


HTML = files.Kind("a check's report (HTML)", _is_html)
JSON = files.Kind("a check's report (JSON)", _is_json)


def write(path: str | Path, text: Callable[[], str], kind: files.Kind) -> None:
    """Write a report's text; it is only made if the file can be written.

    Raises
    ------
    OSError
        As in `nengo_dense.files.write`.
    """
    files.check_target(path, kind)
    page = text().encode()
    files.write(path, lambda file: file.write(page), kind=kind)
