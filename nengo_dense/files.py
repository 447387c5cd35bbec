"""Files: ``.npz`` files that may be anything are read, and what is written never harms the old.

A file is written beside its place under another name and then put there in one step, so that a
full disk or Ctrl-C leaves what was there. It only takes the place of a file of its own kind: a
report that is written over a model by mistake is refused.
"""

import os
import secrets
import shutil
import stat
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.exceptions import FileFormatError
from nengo_dense.plugins import show


class Kind(NamedTuple):
    """A kind of file that is written, and how one is told from all others.

    Parameters
    ----------
    name : str
        A noun with its article, for messages.
    recognizes : callable
        Takes an open binary file; an exception counts as no.
    """

    name: str
    recognizes: Callable[[BinaryIO], bool]


#: A file that may take the place of any other.
ANY = Kind("a file", lambda file: True)


def as_path(path: Any) -> Path:
    """Return a path, or raise a ValidationError for what is none."""
    if not isinstance(path, str | os.PathLike) or "\0" in str(path):
        raise ValidationError(f"must be a path, got {show(path)}", attr="path")
    return Path(path)


def load_arrays(path: Path, meaning: str, way_out: str) -> dict[str, np.ndarray]:
    """Load all arrays of a ``.npz`` file, without pickle.

    Parameters
    ----------
    path : pathlib.Path
    meaning : str
        What the file should be, for the message ("a saved DenseStack").
    way_out : str
        A sentence for the message.

    Raises
    ------
    OSError
        No file there, or one that may not be read.
    nengo_dense.exceptions.FileFormatError
        Not an ``.npz`` file, or a damaged one.
    """
    file = _open(path, meaning, way_out)
    # opened here, because NumPy leaves a file open that turns out to be damaged
    with file:
        try:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it holds a single array")
            return dict(archive)
        # damaged bytes make zipfile, zlib and NumPy's header parser raise nearly anything
        except Exception as err:
            reason = str(err) or type(err).__name__
            if "allow_pickle" in reason:  # NumPy takes for a pickle whatever it does not know
                objects = "an array in it holds Python objects, as pickle keeps them, not numbers"
                reason = objects if zipfile.is_zipfile(path) else "it is no .npz file"
            raise FileFormatError(
                f"{path} cannot be read as {meaning}: {reason}. {way_out}"
            ) from err


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
    _open(path, meaning, way_out).close()
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.memmap):
            raise ValueError("it is no .npy file")
    except Exception as err:  # damaged bytes make NumPy's header parser raise nearly anything
        reason = "it is no .npy file" if "allow_pickle" in str(err) else err
        raise FileFormatError(f"{path} cannot be read as {meaning}: {reason}. {way_out}") from err
    return array


def _open(path: Path, meaning: str, way_out: str) -> BinaryIO:
    """Open a file to read, or say what stands in the way."""
    try:
        return path.open("rb")
    except FileNotFoundError as err:
        raise FileNotFoundError(f"{path}: no such file") from err
    except IsADirectoryError as err:
        message = f"{path} cannot be read as {meaning}: it is a folder. {way_out}"
        raise FileFormatError(message) from err
    except OSError as err:
        raise _said(err, f"{path} cannot be read as {meaning}") from err


def check_target(path: Any, kind: Kind = ANY) -> Path:
    """Return where a file can be written, or say what stands in the way.

    To be asked before the work whose result the file will hold; `write` asks again.

    Parameters
    ----------
    path : str or os.PathLike
    kind : Kind, optional
        Of the file to be written. A file that is there must be empty or of this kind.

    Returns
    -------
    target : pathlib.Path
        Links are followed: the file that a link points to is written, and the link stays.

    Raises
    ------
    nengo.exceptions.ValidationError
        No path.
    OSError
        A folder, no folder, no permission; `FileExistsError` where another kind of file is.
    """
    as_path(path)
    try:
        if _is_stream(path):
            return Path(path)
        target = Path(os.path.realpath(path))
        _check_place(path, target)
        if not target.exists():
            return target
        if not os.access(target, os.W_OK):
            raise PermissionError(f"{path} is write-protected; give another name")
        if target.stat().st_size and not _is_of(kind, target):
            raise FileExistsError(
                f"{path} exists and is not {kind.name}, so it is not replaced; give another name, "
                "or remove it first"
            )
    except OSError as err:
        raise _said(err, f"{path} cannot be written") from err
    return target


def write(path: Any, produce: Callable[[BinaryIO], Any], *, kind: Kind = ANY) -> None:
    """Write a file, all of it or nothing.

    Parameters
    ----------
    path : str or os.PathLike
        A new file gets the usual permissions, a replaced one keeps its own.
    produce : callable
        Writes into the open binary file that it is given.
    kind : Kind, optional
        As in `check_target`.

    Raises
    ------
    nengo.exceptions.ValidationError, OSError
        As in `check_target`, or no space. Whatever happens, also Ctrl-C, an old file is as it
        was.
    """
    target = check_target(path, kind)
    if _is_stream(target):
        with target.open("wb") as file:
            produce(file)
        return
    # a name of fixed length, since the file's own may be as long as names can be
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


def write_arrays(path: Any, arrays: Mapping[str, Any], *, kind: Kind = ANY) -> None:
    """Write arrays to an ``.npz`` file without pickle, as `write` writes.

    Parameters
    ----------
    path : str or os.PathLike
    arrays : mapping of {str: array_like}
    kind : Kind, optional
    """
    content = BytesIO()  # NumPy leaves an archive open that cannot be written to its end
    np.savez_compressed(content, **arrays)
    write(path, lambda file: file.write(content.getbuffer()), kind=kind)


def _is_stream(path: Any) -> bool:
    """Tell whether a path is a pipe, a terminal or the like, which nothing can be put in place of.

    What lies in ``/dev`` counts whatever it is, as ``/dev/stdout`` may stand for a file.
    """
    if os.fspath(path).startswith("/dev/"):
        return True
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _check_place(path: Any, target: Path) -> None:
    """Raise an OSError if a path names a folder, or lies in none that can be written into."""
    if target.is_dir() or os.fspath(path).endswith(("/", os.sep)):
        raise IsADirectoryError(f"{path} is a folder; name a file in it")
    folder = target.parent
    if not folder.exists():
        raise FileNotFoundError(f"there is no folder {folder} to write {path} into")
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder to write {path} into")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"the folder {folder} is write-protected; give another one")


def _is_of(kind: Kind, target: Path) -> bool:
    """Tell whether a file is of a kind; one that cannot even be looked at is not."""
    if kind is ANY:
        return True
    with target.open("rb") as file:
        try:
            return kind.recognizes(file)
        except Exception:  # from damaged or foreign bytes; see load_arrays
            return False


def _said(err: OSError, beginning: str) -> OSError:
    """Return an error of the file system as a sentence; one that is a sentence stays."""
    if err.errno is None:
        return err
    sentence = type(err)(f"{beginning}: {err.strerror}")
    sentence.errno = err.errno
    return sentence
