"""HDF5 files read as data, by a child process: whatever is in a file, this process goes on.

libhdf5 is written in C, and damaged metadata make it crash or never return. A crash cannot be
caught in the process in which it happens.
"""

import json
import os
import signal
import subprocess
import sys
from io import BufferedReader, BytesIO
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from nengo_dense.budget import DATA, DEPTH, MOST_COMPRESSION, NUMBER_BYTES, PARTS, Budget, current
from nengo_dense.exceptions import FileFormatError
from nengo_dense.importers import hdf5_child

SIGNATURE = b"\x89HDF\r\n\x1a\n"

#: Most seconds for one answer. What Keras and NIR write takes a few milliseconds, and 1 GiB of
#: compressed numbers four seconds; damaged metadata can hold libhdf5 for ever.
SECONDS = 20
#: Longest line of an answer, in bytes; what is longer comes after it.
MOST_LINE = 2**16
#: How long a child that has closed its pipe may take to end.
SECONDS_TO_END = 5
#: Kinds of NumPy's types that an answer may have.
KINDS = "biufcS"


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
        self.name = name
        self.budget: Budget = current()
        self._start()
        content = source if isinstance(source, bytes) else b""
        path = "" if isinstance(source, bytes) else str(Path(source).resolve())
        settings: dict[str, Any] = {"number_bytes": NUMBER_BYTES, "compression": MOST_COMPRESSION}
        try:
            self._ask("open", content, path=path, n_bytes=len(content), name=name, **settings)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Hdf5File":
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child process; it has nothing to finish."""
        self.child.kill()
        self.child.wait()
        for pipe in (self.requests, self.answers):
            try:
                pipe.close()
            except BrokenPipeError:  # the child has ended before all was written
                continue

    def has(self, path: str) -> bool:
        """Tell whether there is a group or an array at this path."""
        return bool(self._ask("has", path=path))

    def names(self, path: str) -> list[str]:
        """List what is in a group."""
        return [str(name) for name, _ in self._names(path)]

    def _names(self, path: str) -> list[list[Any]]:
        found = self._ask("names", path=path)
        self.budget.take(PARTS, len(found), f"group {path!r} of {self.name}")
        return list(found)

    def attribute(self, path: str, name: str) -> Any:
        """Return an attribute of the group at `path`, None if it has no such attribute."""
        return self._take(f"attribute {name!r} of {self.name}", "attribute", path=path, name=name)

    def array(self, path: str, opaque: str = "") -> np.ndarray:
        """Return the array of numbers at `path`.

        Parameters
        ----------
        path : str
        opaque : str, optional
            The type of numbers that the file has no type for, if it does not say it itself.
        """
        value = self._take(f"{path!r} of {self.name}", "value", path=path, opaque=opaque)
        kind = getattr(value, "dtype", np.dtype(object))
        if kind.kind not in "fiu":
            raise FileFormatError(f"{path!r} of {self.name} holds {kind}, must hold real numbers")
        return np.asarray(value)

    def copy(self) -> BytesIO:
        """Write what is in this file into another, which other packages can read without risk.

        A group that can be reached in several ways is refused: followed without a memory of where
        one was, a loop has no end, and forty groups of two links each have a million million.
        Attributes are left out.
        """
        import h5py  # slow to import, and most models are in other files

        content = BytesIO()
        with h5py.File(content, "w") as file:
            waiting = [("", file)]
            while waiting:
                path, group = waiting.pop()
                if path.count("/") > DEPTH.most:
                    self.budget.take(DEPTH, path.count("/"), f"{path[:40]!r} of {self.name}")
                for name, is_group in self._names(path):
                    below = f"{path}/{name}"
                    if is_group:
                        waiting.append((below, group.create_group(name)))
                    else:
                        value = self._take(f"{below!r} of {self.name}", "value", path=below)
                        is_text = getattr(value, "dtype", np.dtype(object)).kind == "O"
                        kind = h5py.string_dtype() if is_text else None
                        group.create_dataset(name, data=value, dtype=kind)
        content.seek(0)
        return content

    def _take(self, what: str, ask: str, **request: Any) -> Any:
        """Ask for what has a size, and count it."""
        answer = self._ask(ask, what=what, left=self.budget.left(DATA), **request)
        self.budget.take(DATA, _n_bytes(answer), what)
        return answer

    def _start(self) -> None:
        """Start a child that imports what this process would, and nothing else."""
        if not sys.executable:
            raise FileFormatError(
                f"{self.name} cannot be read: HDF5 files are read by a process of their own, and "
                "this Python does not know how to start one; set sys.executable"
            )
        command = [sys.executable, "-I", str(Path(hdf5_child.__file__))]
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        try:
            self.child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        except OSError as err:
            raise FileFormatError(
                f"{self.name} cannot be read: no process could be started to read it ({err})"
            ) from err
        self.requests = cast(BinaryIO, self.child.stdin)
        self.answers = cast(BufferedReader, self.child.stdout)
        self._write(json.dumps(sys.path).encode() + b"\n")

    def _write(self, content: bytes) -> None:
        try:
            self.requests.write(content)
            self.requests.flush()
        except (BrokenPipeError, OSError) as err:
            raise self._ended() from err

    def _ask(self, ask: str, content: bytes = b"", what: str = "", **request: Any) -> Any:
        """Send a request and return the value of the answer."""
        self._write(
            json.dumps({"ask": ask, "seconds": SECONDS, **request}).encode() + b"\n" + content
        )
        line = self.answers.readline(MOST_LINE)
        try:
            header = json.loads(line)
            n_bytes = int(header["n_bytes"])
        except (KeyError, TypeError, ValueError) as err:
            raise self._ended() from err
        if "too_large" in header:
            self.budget.take(DATA, int(header["too_large"]), what)
        if "refused" in header:
            raise FileFormatError(str(header["refused"]))
        if "damaged" in header:
            raise FileFormatError(f"{self.name} is damaged or no HDF5 file: {header['damaged']}")
        return self._decoded(header, n_bytes)

    def _decoded(self, header: dict[str, Any], n_bytes: int) -> Any:
        """Read the bytes of an answer and return its value."""
        if "dtype" in header:
            kind, shape = np.dtype(header["dtype"]), tuple(header["shape"])
            if kind.kind not in KINDS or prod(shape) * kind.itemsize != n_bytes:
                raise self._ended()
            array = np.empty(shape, kind)
            place = cast(bytearray, array.reshape(-1).view(np.uint8))
            if n_bytes and self.answers.readinto(place) != n_bytes:
                raise self._ended()
            return array if shape else array[()]
        content = self.answers.read(n_bytes)
        if len(content) != n_bytes:
            raise self._ended()
        value = json.loads(content)
        if "texts" in header:
            texts = np.empty(len(value), dtype=object)
            texts[:] = [text.encode("latin-1") for text in value]
            return texts.reshape(header["texts"])
        return value.encode("latin-1") if "bytes" in header else value

    def _ended(self) -> FileFormatError:
        """Say how the child ended."""
        try:
            code = self.child.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:  # it lives, but what it says is no answer
            self.child.kill()
            code = self.child.wait()
        try:
            how = f"it was ended by {signal.Signals(-code).name}"
        except ValueError:
            how = f"it ended with exit code {code}"
        most = f"{hdf5_child.ADDRESS_SPACE / 2**30:g} GiB, and {SECONDS} seconds"
        return FileFormatError(
            f"{self.name} is damaged: the process that read it did not survive, {how}; it may "
            f"take {most} for a single part. Write the file again"
        )


def _n_bytes(value: Any) -> int:
    """Return how much memory a value takes once it is used."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return sum(map(len, value.ravel()))
    if isinstance(value, np.ndarray | np.generic):
        each = NUMBER_BYTES if value.dtype.kind in "biuf" else 1
        return value.size * max(each, value.dtype.itemsize)
    return len(value) if isinstance(value, str | bytes) else 0
