"""Files of figures: their extensions and first bytes."""

import os
from pathlib import Path
from typing import Any, BinaryIO

from nengo.exceptions import ValidationError

from nengo_dense import files
from nengo_dense.budget import DATA
from nengo_dense.files import Kind
from nengo_dense.plugins import show

#: Extension of a picture -> first bytes of such a file.
ENDINGS = {
    ".png": (b"\x89PNG",),
    ".pdf": (b"%PDF",),
    ".svg": (b"<?xml", b"<svg"),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".eps": (b"%!PS",),
    ".tif": (b"II*\x00", b"MM\x00*"),
    ".tiff": (b"II*\x00", b"MM\x00*"),
    ".webp": (b"RIFF",),
}


def kind(path: Any) -> Kind:
    """Return the kind of file that a picture's path names by its ending.

    Raises
    ------
    nengo.exceptions.ValidationError
        Another ending than those of `ENDINGS`.
    """
    ending = Path(path).suffix.lower() if isinstance(path, str | os.PathLike) else None
    if ending not in ENDINGS:
        raise ValidationError(
            f"must end in one of {', '.join(ENDINGS)}, got {show(path)}", attr="path"
        )

    def recognizes(file: BinaryIO) -> bool:
        if not file.read(8).startswith(ENDINGS[ending]):
            return False
        # a PDF that matplotlib did not make is another document
        return ending != ".pdf" or b"Matplotlib" in file.read(DATA.most)

    maker = " of matplotlib's" if ending == ".pdf" else ""
    return Kind(f"a picture{maker} in the format {ending[1:]}", recognizes)


def write(figure: Any, path: Any) -> None:
    """Write a matplotlib figure in the format that the path's ending names.

    Raises
    ------
    nengo.exceptions.ValidationError
        Another ending than those of `ENDINGS`.
    OSError
        As in `files.write`; only a picture of the same format is replaced.
    """
    chosen = kind(path)
    ending = Path(path).suffix.lower()[1:]
    files.write(path, lambda file: figure.savefig(file, format=ending), kind=chosen)
