"""Data sets on the command line: ``.npz`` files with arrays x and y, or x_train and so on.

Of a model with several inputs or outputs there may be an array for each: x.NAME and y.NAME,
x_train.NAME and so on, or the names alone.

Samples alone may also be a ``.npy`` file, which is mapped into memory: it may be larger than that.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense import budget
from nengo_dense.batches import check_batches
from nengo_dense.cli import console
from nengo_dense.cli.named_arrays import NO_NAMES, Names, find_apart
from nengo_dense.exceptions import FileFormatError
from nengo_dense.files import load_arrays, map_array
from nengo_dense.samples import check_inputs
from nengo_dense.sequence import Sequences, join

#: Part of a data set -> possible names of its samples, in upper or lower case.
SAMPLES = {
    "training": ("x_train", "train_x", "train_images", "train_data"),
    "": ("x", "inputs", "data", "images", "samples", "features"),
    "test": ("x_test", "test_x", "test_images", "test_data"),
}
LABELS = {
    "training": ("y_train", "train_y", "train_labels"),
    "": ("y", "labels", "label", "target", "targets"),
    "test": ("y_test", "test_y", "test_labels"),
}
#: Part of a data set -> array of 1 for the frames of each sequence, and then 0.
MASKS = {"training": "mask_train", "": "mask", "test": "mask_test"}
#: Parts to look for, in order: for calibration, and for testing.
CALIBRATION = ("training", "", "test")
EVALUATION = ("test", "", "training")
WAY_OUT = "Write a data set with np.savez(path, x=samples, y=labels)."


class Samples(NamedTuple):
    """An array of samples, with its name and file."""

    values: np.ndarray
    name: str
    part: str
    path: str

    def __str__(self) -> str:
        shape = " × ".join(f"{n:,}" for n in self.values.shape)
        return f"{self.name} of {self.path} ({shape})"


def load_inputs(
    path: str, n_in: int | None = None, doing: str = "calibrating on", names: Names = NO_NAMES
) -> Any:
    """Load samples for calibration, preferably training samples; print their name.

    Parameters
    ----------
    path : str
    n_in : int, optional
        Required number of values per sample.
    doing : str, optional
        Beginning of the printed line.
    names : Names, optional

    Returns
    -------
    x : (batch, n_in) or (batch, n_frames, n_in) ndarray, or list of (n_frames, n_in) ndarray

    Raises
    ------
    nengo_dense.exceptions.FileFormatError
        Not an ``.npz`` file, or one without such arrays.
    nengo.exceptions.ValidationError
        The samples have another width, or are not numbers.
    """
    arrays = _load(path, names)
    samples = _find_samples(arrays, CALIBRATION, path)
    x = _check_shown(samples, n_in, arrays)
    seen = "; these are test samples, which will look better than new ones"
    console.say(f"{doing} {samples}{seen if samples.part == 'test' else ''}")
    return x


def load_samples(path: str, n_in: int | None, doing: str, names: Names = NO_NAMES) -> Any:
    """Load samples whose answers are wanted, test samples first, and print which.

    Parameters
    ----------
    path : str
        A ``.npz`` file, or a ``.npy`` file, which is mapped into memory.
    n_in : int, optional
        As in `load_inputs`.
    doing : str
        Printed before the name of what is taken.
    names : Names, optional

    Returns
    -------
    x : (batch, ...) ndarray

    Raises
    ------
    OSError, nengo_dense.exceptions.FileFormatError, nengo.exceptions.ValidationError
        As in `load_inputs`.
    """
    if Path(path).suffix == ".npy":
        samples = Samples(map_array(Path(path), "samples", WAY_OUT), "the array", "", path)
        if n_in is not None:
            check_batches(samples.values, n_in, f"the array of {path}")
        console.say(f"{doing} {samples}")
        return samples.values
    arrays = _load(path, names)
    samples = _find_samples(arrays, EVALUATION, path)
    x = _check_shown(samples, n_in, arrays)
    console.say(f"{doing} {samples}")
    return x


def load_data(path: str, n_in: int | None = None, names: Names = NO_NAMES) -> tuple[Any, Any]:
    """Load samples and labels, preferably test samples; print their names.

    Parameters
    ----------
    path, n_in, names
        As in `load_inputs`.

    Returns
    -------
    x : (batch, n_in) or (batch, n_frames, n_in) ndarray, or list of (n_frames, n_in) ndarray
    y : (batch, ...) ndarray, or dict of them by output

    Raises
    ------
    nengo_dense.exceptions.FileFormatError
        Not an ``.npz`` file, or one without such arrays.
    nengo.exceptions.ValidationError
        As in `load_inputs`, or another number of labels.
    """
    arrays = _load(path, names)
    samples = _find_samples(arrays, EVALUATION, path)
    x = _check_shown(samples, n_in, arrays)
    # never the labels of another part, even if their number is the same
    others = _find(arrays, list(SAMPLES[""])) is not None
    parts = [samples.part, *([] if others else [""])] if samples.part else ["", "test"]
    bases = [name for part in parts for name in LABELS[part]]
    found = _labels(arrays, bases, names.outputs)
    if not found:
        several = ", ".join(f"{bases[0]}.{name}" for name in names.outputs)
        wanted = several if len(names.outputs) > 1 else bases[0]
        raise FileFormatError(
            f"{path} has no labels for {samples.name}, such as {wanted}, only {_all(arrays)}"
        )
    y = {output: arrays[name] for output, name in found.items()}
    for output, name in found.items():
        shape = y[output].shape
        if shape[:1] != (len(x),):
            raise ValidationError(
                f"{path} has {len(x)} samples in {samples.name} and labels of shape {shape} in "
                f"{name}; there must be one label per sample",
                attr="--data",
            )
    seen = "; these are training samples, and new ones may do worse"
    said = " and ".join([str(samples), *found.values()])
    console.say(f"testing on {said}{seen if samples.part == 'training' else ''}")
    return x, y if len(y) > 1 else next(iter(y.values()))


def _labels(
    arrays: dict[str, np.ndarray], bases: list[str], outputs: tuple[str, ...]
) -> dict[str, str]:
    """Return the name of the array of labels of each output."""
    if len(outputs) < 2 and (name := _find(arrays, bases)) is not None:
        return {"": name}
    for base in (*bases, "") if outputs else ():
        if found := find_apart(arrays, base, outputs):
            return found
    return {}


def _load(path: str, names: Names) -> dict[str, np.ndarray]:
    """Load all arrays; those of several inputs are put one after the other."""
    arrays = load_arrays(Path(path), "a data set", WAY_OUT, budget.SAMPLES)
    if len(names.inputs) < 2:
        return arrays
    bases = [name for group in SAMPLES.values() for name in group]
    for base in (*bases, ""):
        if found := find_apart(arrays, base, names.inputs):
            parts = {name: arrays[spelled] for name, spelled in found.items()}
            joined = join(parts, names.inputs)
            if base:
                arrays.setdefault(base, joined)
            else:
                arrays["x"] = joined
    return arrays


def _find_samples(arrays: dict[str, np.ndarray], parts: tuple[str, ...], path: str) -> Samples:
    part_of = {name: part for part in parts for name in SAMPLES[part]}
    name = _find(arrays, list(part_of))
    if name is None:
        raise FileFormatError(
            f"{path} has no array of samples, such as x or {SAMPLES[parts[0]][0]}, only "
            f"{_all(arrays)}"
        )
    return Samples(arrays[name], name, part_of[name.lower()], path)


def _find(arrays: dict[str, np.ndarray], names: list[str]) -> str | None:
    """Return the first of these names that there is, as it is spelled in the file."""
    for name in names:
        for spelled in sorted(arrays, key=lambda spelled: spelled != name):
            if spelled.lower() == name:
                return spelled
    return None


def _all(arrays: dict[str, np.ndarray]) -> str:
    return ", ".join(arrays) or "nothing"


def _check(samples: Samples, n_in: int | None) -> np.ndarray:
    if n_in is None:
        return samples.values
    return check_inputs(samples.values, n_in, f"{samples.name} of {samples.path}")


def _check_shown(samples: Samples, n_in: int | None, arrays: dict[str, np.ndarray]) -> Any:
    """Return samples that are shown, which may be sequences, with a mask or without."""
    mask = _find(arrays, [MASKS[samples.part]])
    sequences = None
    if n_in is not None:
        sequences = Sequences.read(samples.values, n_in, None if mask is None else arrays[mask])
    if sequences is None:
        return _check(samples, n_in)
    if sequences.is_ragged:
        return sequences.as_list()
    return samples.values[:, : sequences.n_frames]  # a mask may end all of them early
