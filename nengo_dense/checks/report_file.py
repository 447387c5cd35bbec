"""Files of reports; they replace only other reports."""

from typing import BinaryIO

from nengo_dense import files


def _is_html(file: BinaryIO) -> bool:
    return b"<title>nengo_dense check" in file.read(1000)


def _is_json(file: BinaryIO) -> bool:
    return bool({"schema_version", "findings", "layers"} <= files.read_json(file).keys())


HTML = files.Kind("a check's report (HTML)", _is_html, files.HTML_ENDINGS)
JSON = files.Kind("a check's report (JSON)", _is_json, files.JSON_ENDINGS)
