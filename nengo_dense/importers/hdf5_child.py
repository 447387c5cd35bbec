"""Reads an HDF5 file in a process of its own: damaged metadata crash libhdf5 or hold it for ever.

`nengo_dense.importers.hdf5` starts this file as a script. It imports nothing of this package, so
that it starts fast. It takes one request a line, as JSON, and answers each with a line that says
how many bytes follow, and the bytes. Only hard links are followed: no link leads out of the file.
"""

import faulthandler
import json
import os
import signal
import sys
from io import BytesIO
from math import prod
from typing import Any, BinaryIO

#: Most seconds of the processor for all requests; what Keras writes takes a tenth of one.
CPU_SECONDS = 120
#: Most address space: twice what may be taken of a file. Python, NumPy and libhdf5 take a fifth.
ADDRESS_SPACE = 2**31
#: Texts of any length are read so many at a time.
TEXTS_AT_ONCE = 1000


class RefusedError(Exception):
    """A request that cannot be answered; the text says why."""


class TooLargeError(Exception):
    """Something that declares more bytes than are left; its argument is how many."""


class Reader:
    """An open HDF5 file.

    Parameters
    ----------
    source : str or bytes
        Its path, or its content.
    settings : dict
        ``name`` of the file in messages, ``number_bytes`` and ``compression``.
    """

    def __init__(self, source: str | bytes, settings: dict[str, Any]) -> None:
        import h5py

        self.h5py, self.settings, self.name = h5py, settings, settings["name"]
        self.file = h5py.File(BytesIO(source) if isinstance(source, bytes) else source, "r")
        self.n_bytes = len(source) if isinstance(source, bytes) else os.stat(source).st_size

    def has(self, path: str, **_: Any) -> bool:
        """Tell whether there is a group or an array at this path."""
        return path in self.file

    def names(self, path: str, **_: Any) -> list[tuple[str, bool]]:
        """List what is in a group, each with whether it is a group."""
        group = self._at(path)
        if not hasattr(group, "keys"):
            raise RefusedError(f"{path!r} of {self.name} is an array, must be a group")
        found = []
        for name in group:
            below = self._at(f"{path}/{name}")
            is_group = hasattr(below, "keys")
            if is_group and self.h5py.h5o.get_info(below.id).rc > 1:
                raise RefusedError(
                    f"'{path}/{name}' of {self.name} can be reached in several ways, which is "
                    "not followed; write the file again with each group in one place"
                )
            found.append((name, is_group))
        return found

    def attribute(self, path: str, name: str, left: int) -> Any:
        """Return an attribute of the group at `path`, None if it has no such attribute."""
        attributes = self._at(path).attrs
        if name not in attributes:
            return None
        declared = attributes.get_id(name)
        _check(prod(declared.shape) * declared.dtype.itemsize, left)
        return attributes[name]

    def value(self, path: str, left: int, opaque: str = "") -> Any:
        """Return what is at `path`: an array or a number of any kind, a text or texts."""
        dataset = self._at(path)
        where = f"{path!r} of {self.name}"
        if not hasattr(dataset, "dtype"):
            raise RefusedError(f"{where} is a group, must be an array of numbers")
        if dataset.external or dataset.is_virtual:
            raise RefusedError(f"{where} keeps its data in another file, which is not read")
        if dataset.shape is None:
            raise RefusedError(f"{where} is empty")
        itemsize = dataset.dtype.itemsize
        each = max(itemsize, self.settings["number_bytes"]) if _is_number(dataset) else itemsize
        _check(max(dataset.size * each, prod(dataset.chunks or (0,)) * itemsize), left)
        stored = min(dataset.id.get_storage_size(), self.n_bytes)
        n_bytes = dataset.size * itemsize
        if n_bytes > stored * (self.settings["compression"] if dataset.compression else 1):
            raise RefusedError(
                f"{where} declares the shape {dataset.shape}, {n_bytes} bytes, but the file "
                f"holds only {stored} bytes of it; the file is damaged"
            )
        if dataset.dtype.str == "|V2" and dataset.attrs.get("dtype", opaque) == "bfloat16":
            return _from_bfloat16(dataset[()])
        if dataset.dtype.kind == "V" and dataset.dtype.names is None:
            raise RefusedError(
                f"{where} holds values of {itemsize} bytes without a type, must hold numbers; "
                "save the model again with weights in float32"
            )
        if self.h5py.check_string_dtype(dataset.dtype) is None or not dataset.shape:
            return dataset[()]
        return self._texts(dataset, left)

    def _texts(self, dataset: Any, left: int) -> Any:
        """Read texts a part at a time: all of them may be the same long one."""
        found, total = [], 0
        for start in range(0, len(dataset), TEXTS_AT_ONCE):
            found.append(dataset[start : start + TEXTS_AT_ONCE])
            total += sum(map(len, found[-1].ravel()))
            _check(total, left)
        import numpy as np

        return np.concatenate(found) if found else dataset[()]

    def _at(self, path: str) -> Any:
        """Go down to `path` through hard links only."""
        item = self.file
        for part in filter(None, path.split("/")):
            link = item.get(part, getlink=True) if hasattr(item, "keys") else None
            if link is None:
                raise RefusedError(f"{self.name} has no {path!r}; the file is damaged")
            if not isinstance(link, self.h5py.HardLink):
                raise RefusedError(f"{path!r} of {self.name} is a link, which is not followed")
            item = item[part]
        return item


def _from_bfloat16(values: Any) -> Any:
    """Return numbers of which Keras has saved the upper half of single precision."""
    import numpy as np

    upper = np.asarray(values).view(np.uint16).astype(np.uint32)
    return (upper << 16).view(np.float32)


def _is_number(dataset: Any) -> bool:
    return dataset.dtype.kind in "biuf"


def _check(n_bytes: int, left: int) -> None:
    if n_bytes > left:
        raise TooLargeError(int(n_bytes))


def encode(value: Any) -> tuple[dict[str, Any], Any]:
    """Return the line and the bytes that stand for a value."""
    import numpy as np

    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufcS":
        array = np.asarray(value, order="C")
        header = {"dtype": array.dtype.newbyteorder("=").str, "shape": array.shape}
        array = array.astype(header["dtype"], copy=False)
        return header | {"n_bytes": array.nbytes}, array.reshape(-1).view(np.uint8)
    header = {}
    if isinstance(value, np.ndarray) and value.dtype == object:  # texts of any length
        header["texts"] = value.shape
        value = [item.encode() if isinstance(item, str) else item for item in value.ravel()]
        value = [item.decode("latin-1") for item in value]
    elif isinstance(value, bytes):
        header["bytes"], value = True, value.decode("latin-1")
    elif isinstance(value, np.ndarray | np.generic):
        raise RefusedError(f"values of type {value.dtype} are not read")
    content = json.dumps(value).encode()
    return header | {"n_bytes": len(content)}, content


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    reader: Reader | None = None
    for line in requests:
        request = json.loads(line)
        ask, seconds = request.pop("ask"), request.pop("seconds")
        faulthandler.dump_traceback_later(seconds, exit=True, file=sys.stderr)
        content: Any = b""
        try:
            if ask == "open":
                n_bytes = request.pop("n_bytes")
                source = request.pop("path") or requests.read(n_bytes)
                reader, value = Reader(source, request), None
            else:
                value = getattr(reader, ask)(**request)
            header, content = encode(value)
        except TooLargeError as err:
            header = {"too_large": err.args[0], "n_bytes": 0}
        except RefusedError as err:
            header = {"refused": str(err), "n_bytes": 0}
        except Exception as err:  # h5py has no error of its own for damaged bytes
            header = {"damaged": f"{type(err).__name__}: {err}"[:500], "n_bytes": 0}
        answers.write(json.dumps(header).encode() + b"\n")
        answers.write(content)
        answers.flush()
        faulthandler.cancel_dump_traceback_later()


def limit_resources() -> None:
    """Let the system end this process when it takes too much, where it can."""
    try:
        import resource
    except ImportError:  # Windows; there the time of a request is the only limit
        return
    for kind, most in (("CPU", CPU_SECONDS), ("AS", ADDRESS_SPACE), ("CORE", 0)):
        number = getattr(resource, f"RLIMIT_{kind}")
        hard = resource.getrlimit(number)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(number, (most, hard))
        except (OSError, ValueError):  # macOS knows some limits and does not let them be set
            continue


def main() -> None:
    """Serve the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for that one
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints is no answer
    sys.path[:] = json.loads(sys.stdin.buffer.readline())
    limit_resources()
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
