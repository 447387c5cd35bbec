"""``nengo-dense predict``: what a model answers on the chip, for samples without labels."""

import argparse
import zipfile
from typing import Any, BinaryIO, cast

import numpy as np

from nengo_dense import files
from nengo_dense.archive import read_header
from nengo_dense.cli import console, model
from nengo_dense.cli.data import load_samples
from nengo_dense.cli.number import add_running, add_timing, shown, timing
from nengo_dense.cli.output import archive_path
from nengo_dense.evaluation import predict


def _holds_answers(file: BinaryIO) -> bool:
    """Tell whether a file holds rows of outputs; labels alone may be somebody's only ones."""
    archive = zipfile.ZipFile(file)
    answers = set(archive.namelist()) - {"labels.npy"}
    return bool(answers) and all(
        name.startswith("y.") and _are_rows(archive, name) for name in answers
    )


def _are_rows(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as member:
        header = read_header(cast(BinaryIO, member))
    return header.dtype.kind == "f" and len(header.shape) > 1


ANSWERS = files.Kind("a file of answers", _holds_answers)


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "predict", parents=[common], help="write a model's answers for new samples"
    )
    model.add_model_arguments(parser)
    parser.add_argument(
        "--data",
        required=True,
        metavar="FILE.npz",
        help="samples: array x_test or x (x.NAME for each of several inputs); or a .npy file, "
        "which may be larger than memory",
    )
    add_timing(parser)
    add_running(parser)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=archive_path(ANSWERS),
        metavar="FILE.npz",
        help="file to write: array y, a row of outputs for each sample (y.NAME for each of "
        "several outputs), and labels where the model knows its classes",
    )
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Predict and save."""
    given = model.read(args.model)
    if given.source is None:
        given.check_network()
    times: dict[str, Any] = timing(args, converts=given.source is not None)
    x = load_samples(args.data, given.n_in, "predicting for", given.names)
    calibration = given.load_calibration(args)
    tuning = given.tuning_for(x, args.per_frame, calibration, times)
    stack = given.to_stack(args, calibration=calibration, **tuning)
    outputs = predict(
        stack,
        x,
        target=args.target,
        n_jobs=args.jobs,
        per_frame=args.per_frame,
        progress_bar=console.shows_progress(),
        **shown(args),
    )
    several = isinstance(outputs, dict)
    by_name = {f"y.{k}": v for k, v in outputs.items()} if several else {"y": outputs}
    arrays = {name: _padded(part) for name, part in by_name.items()}
    if stack.classes is not None and not isinstance(outputs, list):
        arrays["labels"] = stack.classes[arrays["y"].argmax(axis=-1)]
    files.write_arrays(args.output, arrays, kind=ANSWERS)
    shown_for = _count(next(iter(by_name.values())), args.per_frame)
    console.say(
        f"{args.output}: {' and '.join(arrays)}, {shown_for}, {stack.units[-1]} outputs each"
    )
    return 0


def _count(outputs: Any, per_frame: bool) -> str:
    """Say how many answers there are, and of what."""
    if not per_frame:
        return f"{len(outputs)} samples"
    return f"{sum(map(len, outputs))} frames of {len(outputs)} sequences"


def _padded(outputs: Any) -> np.ndarray:
    """Put sequences into one array, with NaN after the ends of shorter ones."""
    if not isinstance(outputs, list):
        return np.asarray(outputs)
    shape = len(outputs), max(map(len, outputs)), outputs[0].shape[1]
    padded = np.full(shape, np.nan)
    for row, part in zip(padded, outputs, strict=True):
        row[: len(part)] = part
    return padded
