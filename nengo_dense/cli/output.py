"""Files that a command writes, looked at before anything is run."""

import argparse
from pathlib import Path

from nengo_dense.exceptions import FileFormatError
from nengo_dense.layers.stack import DenseStack

#: What matplotlib draws into without further packages.
PICTURES = (".png", ".pdf", ".svg", ".jpg")


def output_file(path: str) -> str:
    """Return the path of a file that can be written; argparse reports what stands in the way."""
    folder = Path(path).parent
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {folder} to write {path} into")
    return path


def picture_file(path: str) -> str:
    """Return the path of a picture."""
    if Path(path).suffix.lower() not in PICTURES:
        raise argparse.ArgumentTypeError(f"{path} must end in {', '.join(PICTURES)}")
    return output_file(path)


def stack_file(path: str) -> str:
    """Return a path for a stack, unless something else is there, such as a data set."""
    if Path(path).suffix != ".npz":
        raise argparse.ArgumentTypeError(f"{path} must end in .npz")
    if Path(path).exists():
        try:
            DenseStack.load(path)
        except FileFormatError as err:
            raise argparse.ArgumentTypeError(
                f"{path} exists and is not a saved stack; give another name"
            ) from err
    return output_file(path)
