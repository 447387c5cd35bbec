"""Files: safe reading of unknown ``.npz`` files, and writing that never damages an existing file.

A new file is first written to the same folder under a temporary name, and then renamed in one
step. After a full disk or Ctrl-C, the old file is still there. A file only replaces a file of the
same kind: to write a report over a model by mistake is an error.
"""

import json
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.archive import PICKLED, n_bytes, read_arrays, read_header
from nengo_dense.budget import DATA, TEXT, Limit
from nengo_dense.exceptions import FileFormatError
from nengo_dense.plugins import show


class Kind(NamedTuple):
    """A kind of file, and a function that recognizes it.

    Parameters
    ----------
    name : str
        A noun with its article, for messages.
    recognizes : callable
        Takes an open binary file and returns a bool; an exception counts as False.
    endings : tuple of str, optional
        What names of such files end in, in lower case, if they have an ending; any by default.
    """

    name: str
    recognizes: Callable[[BinaryIO], bool]
    endings: tuple[str, ...] = ()


#: How names of reports end.
HTML_ENDINGS, JSON_ENDINGS = (".html", ".htm"), (".json",)
#: A file that may replace any other.
ANY = Kind("a file", lambda file: True)


def as_path(path: Any) -> Path:
    """Return a path, or raise a ValidationError for any other value."""
    if not isinstance(path, str | os.PathLike) or "\0" in str(path):
        raise ValidationError(f"must be a path, got {show(path)}", attr="path")
    return Path(path)


def load_arrays(
    path: Path, meaning: str, way_out: str, limit: Limit = DATA
) -> dict[str, np.ndarray]:
    """Load all arrays of a ``.npz`` file, without pickle.

    Parameters
    ----------
    path : pathlib.Path
    meaning : str
        Expected content of the file, for the message ("a saved DenseStack").
    way_out : str
        The remedy, as a sentence for the message.
    limit : Limit, optional
        How much its arrays may take together.

    Raises
    ------
    OSError
        There is no such file, or it is not readable.
    nengo_dense.exceptions.FileFormatError
        It is not an ``.npz`` file, is damaged, or its arrays are larger than the limit.
    """
    with _open(path, meaning, way_out) as file:
        try:
            return read_arrays(file, limit)
        # zipfile, zlib and NumPy's header parser raise many kinds of errors for damaged bytes
        except Exception as err:
            reason = str(err) or type(err).__name__
            raise FileFormatError(
                f"{path} cannot be read as {meaning}: {reason}. {way_out}"
            ) from err


def read_json(file: BinaryIO) -> Any:
    """Read JSON of an open file, no more than may be taken as text.

    Raises
    ------
    ValueError, RecursionError
        It is no JSON, is longer, or is nested too deeply.
    """
    text = file.read(TEXT.most + 1)
    if len(text) > TEXT.most:
        raise ValueError(f"more than the limit of {TEXT.most} {TEXT.unit}")
    return json.loads(text)


def map_array(path: Path, meaning: str, way_out: str) -> np.ndarray:
    """Map the array of a ``.npy`` file into memory, without pickle; it may be larger than that.

    Parameters
    ----------
    path, meaning, way_out
        As in `load_arrays`.

    Raises
    ------
    OSError
        No file there, or one that may not be read.
    nengo_dense.exceptions.FileFormatError
        Not a ``.npy`` file, or a damaged one.
    """
    with _open(path, meaning, way_out) as file:
        try:
            if read_header(file).dtype.hasobject:
                raise ValueError(f"it {PICKLED}")
            array: np.ndarray = np.lib.format.open_memmap(path, mode="r")
        except Exception as err:  # damaged bytes make NumPy's header parser raise nearly anything
            reason = "it is no .npy file" if "magic string" in str(err) else err
            message = f"{path} cannot be read as {meaning}: {reason}. {way_out}"
            raise FileFormatError(message) from err
    return array


def _open(path: Path, meaning: str, way_out: str) -> BinaryIO:
    """Open a file to read, or say what stands in the way."""
    try:
        if not (path.is_file() or path.is_dir()) and path.exists():  # it may have no end
            raise FileFormatError(
                f"{path} cannot be read as {meaning}: it is a pipe or a device, must be a file. "
                f"{way_out}"
            )
        return path.open("rb")
    except FileNotFoundError as err:
        raise FileNotFoundError(f"{path}: no such file") from err
    except IsADirectoryError as err:
        message = f"{path} cannot be read as {meaning}: it is a folder. {way_out}"
        raise FileFormatError(message) from err
    except OSError as err:
        raise _said(err, f"{path} cannot be read as {meaning}") from err


def check_target(path: Any, kind: Kind = ANY) -> Path:
    """Return the path to which a file can be written, or raise an error that says why it cannot.

    Call it before the work whose result the file will hold; `write` checks again.

    Parameters
    ----------
    path : str or os.PathLike
    kind : Kind, optional
        Kind of the new file. An existing file must be empty or of this kind.

    Returns
    -------
    target : pathlib.Path
        The target of a link, if ``path`` is one; the link stays.

    Raises
    ------
    nengo.exceptions.ValidationError
        It is not a path, or has the ending of another kind.
    OSError
        The path is a folder, its folder does not exist, or there is no permission;
        `FileExistsError` if another kind of file exists there.
    """
    as_path(path)
    try:
        if _is_stream(path):
            return Path(path)
        target = Path(os.path.realpath(path))
        _check_place(path, target)
        is_there = target.exists()
        if is_there and not os.access(target, os.W_OK):
            raise PermissionError(f"{path} is write-protected; give another name")
        if is_there and target.stat().st_size and not _is_of(kind, target):
            raise FileExistsError(
                f"{path} exists and is not {kind.name}, so it is not replaced; give another name, "
                "or remove it first"
            )
    except OSError as err:
        raise _said(err, f"{path} cannot be written") from err
    _check_ending(path, kind)
    return target


def write(path: Any, produce: Callable[[BinaryIO], Any], *, kind: Kind = ANY) -> None:
    """Write a file, completely or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        A new file gets the usual permissions; a replaced file keeps its own.
    produce : callable
        Takes an open binary file and writes the content to it.
    kind : Kind, optional
        As in `check_target`.

    Raises
    ------
    nengo.exceptions.ValidationError, OSError
        As in `check_target`, or the disk is full. After any error or Ctrl-C, the old file is
        unchanged.
    """
    target = check_target(path, kind)
    if _is_stream(target):
        try:
            with target.open("wb") as file:
                produce(file)
        except BrokenPipeError:
            raise  # its reader has seen enough
        except OSError as err:
            raise _said(err, f"{path} cannot be written") from err
        return
    # a name of fixed length, because the file's own name may have the maximal length
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            produce(file)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except OSError as err:
        raise _said(err, f"{path} cannot be written") from err
    finally:
        temporary.unlink(missing_ok=True)


def write_document(path: Any, make: Callable[[], str], *, kind: Kind = ANY) -> None:
    """Write a text, completely or not at all; it is only made if the file can be written.

    Parameters
    ----------
    path : str or os.PathLike
    make : callable
        Returns the text. Its own errors pass unchanged.
    kind : Kind, optional
        As in `check_target`.

    Raises
    ------
    nengo.exceptions.ValidationError, OSError
        As in `write`.
    """
    check_target(path, kind)
    content = make().encode()
    write(path, lambda file: file.write(content), kind=kind)


def write_arrays(
    path: Any, arrays: Mapping[str, Any], *, kind: Kind = ANY, limit: Limit | None = None
) -> None:
    """Write arrays to an ``.npz`` file without pickle, as `write` writes.

    Parameters
    ----------
    path : str or os.PathLike
    arrays : mapping of {str: array_like}
    kind : Kind, optional
    limit : Limit, optional
        How much a reader of this file takes; see `load_arrays`.

    Raises
    ------
    nengo_dense.exceptions.FileFormatError
        There is more than the limit, so the file could not be read again. Nothing is written.
    """
    total = sum(n_bytes(a.size, a.dtype) for a in map(np.asarray, arrays.values()))
    if limit is not None and total > limit.most:
        raise FileFormatError(
            f"{path} is not written: it would hold {total} {limit.unit}, and files with more "
            f"than {limit.most} are not read again. Use fewer or smaller layers"
        )
    content = BytesIO()  # NumPy does not close an archive that cannot be written completely
    np.savez_compressed(content, **arrays)
    write(path, lambda file: file.write(content.getbuffer()), kind=kind)


def _is_stream(path: Any) -> bool:
    """Tell whether a path is a pipe, a terminal or similar, which a file cannot replace.

    Everything in ``/dev`` counts, because ``/dev/stdout`` may be a link to a file.
    """
    if os.fspath(path).startswith("/dev/"):
        return True
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _check_place(path: Any, target: Path) -> None:
    """Raise an OSError if a path is a folder, or its folder is missing or not writable."""
    if target.is_dir() or os.fspath(path).endswith(("/", os.sep)):
        raise IsADirectoryError(f"{path} is a folder; name a file in it")
    folder = target.parent
    if not folder.exists():
        raise FileNotFoundError(f"there is no folder {folder} to write {path} into")
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder, so {path} cannot be written")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"the folder {folder} is write-protected; give another one")


def _check_ending(path: Any, kind: Kind) -> None:
    """Raise a ValidationError if a name says that a file is of another kind."""
    ending = Path(path).suffix.lower()
    is_none = ending[1:].isdigit() or not ending  # run_0.5 has none
    if kind.endings and not is_none and ending not in kind.endings:
        raise ValidationError(
            f"{show(os.fspath(path))} would be {kind.name}, so it must end in "
            f"{' or '.join(kind.endings)}",
            attr="path",
        )


def _is_of(kind: Kind, target: Path) -> bool:
    """Tell whether a file is of a kind; False if it cannot be read."""
    if kind is ANY:
        return True
    with target.open("rb") as file:
        try:
            return kind.recognizes(file)
        except Exception:  # damaged or unknown bytes; see load_arrays
            return False


def _said(err: OSError, beginning: str) -> OSError:
    """Return an error of the file system with a full sentence as its message."""
    if err.errno is None:
        return err
    sentence = type(err)(f"{beginning}: {err.strerror}")
    sentence.errno = err.errno
    return sentence
