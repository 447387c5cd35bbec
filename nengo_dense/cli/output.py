"""Files that a command writes, checked before anything runs."""

import argparse
from collections.abc import Callable
from pathlib import Path

from nengo.exceptions import ValidationError

from nengo_dense import compat, picture_file
from nengo_dense.files import Kind, check_target


def output_file(kind: Kind) -> Callable[[str], str]:
    """Return an argparse type for the path of an output file of this kind.

    It reports everything that prevents writing, such as a file of another kind.
    """

    def check(path: str) -> str:
        named(path)
        try:
            check_target(path, kind)
        except (OSError, ValidationError) as err:
            raise argparse.ArgumentTypeError(err.args[0] if err.args else str(err)) from err
        return path

    return check


def named(path: str) -> str:
    """Return a path, which must not be ``-``: elsewhere that is no file but standard output."""
    if path == "-":
        raise argparse.ArgumentTypeError(
            "- is no file, and files do not go to standard output. Give a name; ./- is one"
        )
    return path


def picture_path(path: str) -> str:
    """Return the path of a picture."""
    try:
        kind = picture_file.kind(named(path))
    except ValidationError as err:
        raise argparse.ArgumentTypeError(err.args[0]) from err
    return output_file(kind)(path)


def archive_path(kind: Kind) -> Callable[[str], str]:
    """Return an argparse type for the path of a ``.npz`` file of this kind."""

    def check(path: str) -> str:
        if Path(named(path)).suffix != ".npz":
            raise argparse.ArgumentTypeError(f"{path} must end in .npz")
        return output_file(kind)(path)

    return check


def check_drawing(option: str, path: str | None) -> None:
    """Raise a MissingDependencyError if a picture is requested and matplotlib is not installed."""
    if path is not None:
        compat.require("matplotlib", option)


def check_apart(**paths: str | None) -> None:
    """Raise a ValidationError if two files would be the same.

    Parameters
    ----------
    **paths
        Path of each option; None if it is not given.
    """
    seen: dict[Path, str] = {}
    for option, path in paths.items():
        if path is None:
            continue
        other = seen.setdefault(check_target(path), option)
        if other != option:
            raise ValidationError(
                f"{path} is also the file of --{other}; give two names", attr=f"--{option}"
            )


#: Options with files that a command reads, and with files that it writes.
READ, WRITTEN = ("model", "data", "calibrate"), ("output", "html", "json", "plot")


def check_inputs_kept(args: argparse.Namespace) -> None:
    """Raise a ValidationError if a command would write over a file that it reads."""
    given = vars(args)
    read = {Path(given[name]).resolve(): name for name in READ if given.get(name)}
    for name in WRITTEN:
        path = given.get(name)
        if path and Path(path).resolve() in read:
            raise ValidationError(
                f"{path} is also the {read[Path(path).resolve()]} that this command reads; give "
                "another name",
                attr="-o" if name == "output" else f"--{name}",
            )
