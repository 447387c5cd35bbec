"""Reading ``.npz`` files that may be anything."""

import zipfile
from pathlib import Path

import numpy as np

from nengo_dense.exceptions import FileFormatError


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
    FileNotFoundError
        No file there.
    nengo_dense.exceptions.FileFormatError
        Not an ``.npz`` file, or a damaged one.
    """
    try:
        # opened here, because NumPy leaves a file open that turns out to be damaged
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it holds a single array")
            return dict(archive)
    except FileNotFoundError as err:
        raise FileNotFoundError(f"{path}: no such file") from err
    # damaged bytes make zipfile, zlib and NumPy's header parser raise nearly anything
    except Exception as err:
        reason = str(err) or type(err).__name__
        if "allow_pickle" in reason:  # NumPy takes for a pickle whatever it does not know
            objects = "an array in it holds Python objects, as pickle keeps them, not numbers"
            reason = objects if zipfile.is_zipfile(path) else "it is no .npz file"
        raise FileFormatError(f"{path} cannot be read as {meaning}: {reason}. {way_out}") from err
