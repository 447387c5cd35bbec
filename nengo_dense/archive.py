"""Zip archives as data: what a member declares is checked before it is unpacked.

NumPy reads the whole header of an array, whatever its length, and searches a list of all members
for each; Python's zipfile believes the sizes that an archive declares.
"""

import zipfile
from io import BytesIO
from math import prod
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np

from nengo_dense.budget import (
    ARRAYS,
    DATA,
    MOST_COMPRESSION,
    MOST_HEADER,
    NUMBER_BYTES,
    Budget,
    Limit,
)
from nengo_dense.exceptions import FileFormatError

#: How archives begin, and arrays by themselves.
ZIP, NPY = b"PK", b"\x93NUMPY"
#: What NumPy and Keras pack by; `MOST_COMPRESSION` is of no other.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

#: What keeps an array from being read.
PICKLED = (
    "holds Python objects, as pickle keeps them, not numbers or text, which .astype(float) and "
    ".astype(str) make"
)


class Header(NamedTuple):
    """What an array declares."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def check_member(info: zipfile.ZipInfo, where: str) -> None:
    """Raise a FileFormatError if a member declares more than can be packed in its place."""
    if info.compress_type not in METHODS:
        raise FileFormatError(
            f"{where} is packed by the method {info.compress_type}, must be stored or deflated; "
            "write the file again"
        )
    if info.file_size > (info.compress_size + 1) * MOST_COMPRESSION:
        raise FileFormatError(
            f"{where} declares {info.file_size} bytes of data, more than can be packed in its "
            f"{info.compress_size}; the file is damaged"
        )


def read_header(file: BinaryIO) -> Header:
    """Read what an array declares, at the beginning of its file.

    Raises
    ------
    Exception
        Whatever NumPy raises for damaged bytes, and for a header longer than `MOST_HEADER`.
    """
    start = BytesIO(file.read(MOST_HEADER))
    version = np.lib.format.read_magic(start)
    read = "read_array_header_2_0" if version > (1, 0) else "read_array_header_1_0"
    shape, _, dtype = getattr(np.lib.format, read)(start)
    return Header(shape, dtype)


def read_arrays(file: BinaryIO, limit: Limit = DATA, only: str = "") -> dict[str, np.ndarray]:
    """Read the arrays of an open ``.npz`` file; what each declares is checked before it is read.

    Parameters
    ----------
    file : file
    limit : Limit, optional
        How much they may take together.
    only : str, optional
        Name of the one array that is read.

    Raises
    ------
    Exception
        Whatever zipfile, zlib and NumPy raise for damaged bytes.
    """
    _check_archive(file)
    own = Budget()
    found: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(file) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if only:
            members = {only: members[only]}
        own.take(ARRAYS, len(members), "the archive")
        for name, info in members.items():
            where = f"array {name!r}"
            check_member(info, where)
            with archive.open(info) as data:
                own.take(limit, _declared(read_header(cast(BinaryIO, data)), info, where), where)
            with archive.open(info) as data:
                found[name] = np.lib.format.read_array(data, allow_pickle=False)
    return found


def n_bytes(n: int, dtype: np.dtype[Any]) -> int:
    """Return the bytes in memory of so many elements, once they are computed with."""
    return int(n * max(dtype.itemsize, NUMBER_BYTES if dtype.kind in "biuf" else 1))


def _check_archive(file: BinaryIO) -> None:
    if zipfile.is_zipfile(file):
        return
    file.seek(0)
    start = file.read(len(NPY))
    if start == NPY:
        raise ValueError("it holds a single array")
    cut = start.startswith(ZIP)
    raise ValueError("its end is missing or damaged" if cut else "it is no .npz file")


def _declared(header: Header, info: zipfile.ZipInfo, where: str) -> int:
    """Return the bytes of an array in memory, or raise a ValueError if they cannot be there."""
    n, dtype = prod(header.shape), header.dtype
    if dtype.hasobject:
        raise ValueError(f"{where} {PICKLED}")
    if n * dtype.itemsize > info.file_size:
        raise ValueError(f"{where} declares the shape {header.shape}, more than is there")
    return n_bytes(n, dtype) if dtype.itemsize else 0
