"""HDF5 files read as data: no links out of the file, nothing allocated that the file lacks."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from nengo.exceptions import NengoException

from nengo_dense import compat
from nengo_dense.exceptions import FileFormatError
from nengo_dense.importers.file import check_size

SIGNATURE = b"\x89HDF\r\n\x1a\n"

#: Deflate cannot shrink data more (RFC 1951: 258 bytes in 2 bits); nothing else is used by Keras.
MAX_COMPRESSION = 1032


class Hdf5File:
    """An HDF5 file, opened for reading; a context manager.

    Parameters
    ----------
    source : path or bytes
        The file, or its content.
    name : str
        Its name in messages.

    Raises
    ------
    nengo_dense.exceptions.FileFormatError
        From every method, for a damaged file and for a part that is not there.
    """

    def __init__(self, source: str | os.PathLike[str] | bytes, name: str) -> None:
        h5py = compat.require("h5py", "Reading an HDF5 file")
        self.name = name
        self.n_read = 0
        with self._damage():
            self.file = h5py.File(BytesIO(source) if isinstance(source, bytes) else source, "r")
        self.n_bytes = len(source) if isinstance(source, bytes) else Path(source).stat().st_size

    def __enter__(self) -> "Hdf5File":
        return self

    def __exit__(self, *args: object) -> None:
        self.file.close()

    @contextmanager
    def _damage(self) -> Iterator[None]:
        try:
            yield
        except NengoException:
            raise
        except (
            ArithmeticError,
            LookupError,
            OSError,
            RuntimeError,
            TypeError,
            ValueError,
        ) as err:
            raise FileFormatError(
                f"{self.name} is damaged or no HDF5 file: {type(err).__name__}: {err}"
            ) from err

    def has(self, path: str) -> bool:
        """Tell whether there is a group or an array at this path."""
        with self._damage():
            return path in self.file

    def names(self, path: str) -> list[str]:
        """List what is in a group."""
        with self._damage():
            return list(self._at(path))

    def attribute(self, path: str, name: str) -> Any:
        """Return an attribute of the group at `path`, None if it has no such attribute."""
        with self._damage():
            item = self._at(path)
            if name not in item.attrs:
                return None
            attribute = item.attrs.get_id(name)
            check_size(
                f"attribute {name!r} of {self.name}",
                prod(attribute.shape) * attribute.dtype.itemsize,
            )
            return item.attrs[name]

    def array(self, path: str) -> np.ndarray:
        """Return the array of numbers at `path`."""
        with self._damage():
            dataset = self._dataset(path)
            if dataset.dtype.kind not in "fiu":
                raise FileFormatError(
                    f"{path!r} of {self.name} holds {dataset.dtype}, must hold real numbers"
                )
            return np.asarray(dataset[()])

    def check_arrays(self) -> None:
        """Check all arrays of the file as `array` does, before another package reads them.

        A group that can be reached in several ways is refused: followed without a memory of where
        one was, a loop has no end, and forty groups of two links each have a million million.
        """
        waiting = [""]
        while waiting:
            path = waiting.pop()
            for name in self.names(path):
                with self._damage():
                    below = f"{path}/{name}"
                    if hasattr(self._at(below), "keys"):
                        self._check_one_link(below)
                        waiting.append(below)
                    else:
                        self._dataset(below)

    def _check_one_link(self, path: str) -> None:
        h5py = compat.require("h5py", "Reading an HDF5 file")
        if h5py.h5o.get_info(self._at(path).id).rc > 1:
            raise FileFormatError(
                f"{path!r} of {self.name} can be reached in several ways, which is not followed; "
                "write the file again with each group in one place"
            )

    def _dataset(self, path: str) -> Any:
        """Return a dataset of which it is certain that the file holds as much as it declares."""
        dataset = self._at(path)
        where = f"{path!r} of {self.name}"
        if not hasattr(dataset, "dtype"):
            raise FileFormatError(f"{where} is a group, must be an array of numbers")
        if dataset.external or dataset.is_virtual:
            raise FileFormatError(f"{where} keeps its data in another file, which is not read")
        n_bytes = dataset.size * dataset.dtype.itemsize
        check_size(where, n_bytes, self.n_read)
        stored = min(dataset.id.get_storage_size(), self.n_bytes)
        if n_bytes > stored * (MAX_COMPRESSION if dataset.compression else 1):
            raise FileFormatError(
                f"{where} declares the shape {dataset.shape}, {n_bytes} bytes, but the file "
                f"holds only {stored} bytes of it; the file is damaged"
            )
        self.n_read += n_bytes
        return dataset

    def _at(self, path: str) -> Any:
        """Go down to `path` through hard links only: no link may lead out of the file."""
        h5py = compat.require("h5py", "Reading an HDF5 file")
        item = self.file
        for part in filter(None, path.split("/")):
            if not hasattr(item, "keys") or item.get(part, getlink=True) is None:
                raise FileFormatError(f"{self.name} has no {path!r}; the file is damaged")
            if not isinstance(item.get(part, getlink=True), h5py.HardLink):
                raise FileFormatError(f"{path!r} of {self.name} is a link, which is not followed")
            item = item[part]
        return item
