"""``nengo-dense predict``: what a model answers on the chip, for samples without labels."""

import argparse
import zipfile
from typing import Any, BinaryIO

import numpy as np

from nengo_dense import files
from nengo_dense.cli import console, model
from nengo_dense.cli.data import load_samples
from nengo_dense.cli.number import add_running, add_timing, timing
from nengo_dense.cli.output import output_file
from nengo_dense.evaluation import predict


def _holds_answers(file: BinaryIO) -> bool:
    names = set(zipfile.ZipFile(file).namelist())
    answers = names - {"labels.npy"}
    return bool(answers) and all(name.startswith("y.") for name in answers)


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
        type=output_file(ANSWERS),
        metavar="FILE.npz",
        help="file to write: array y, a row of outputs for each sample (y.NAME for each of "
        "several outputs), and labels where the model knows its classes",
    )
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Predict and save."""
    times: dict[str, Any] = timing(args)
    given = model.read(args.model)
    if given.source is None:
        given.check_network()
    x = load_samples(args.data, given.n_in, "predicting for", given.names)
    calibration = given.load_calibration(args)
    stack = given.to_stack(args.encoding, calibration=calibration, **times)
    outputs = predict(
        stack,
        x,
        target=args.target,
        n_jobs=args.jobs,
        progress_bar=console.shows_progress(),
        **times,
    )
    arrays: dict[str, np.ndarray] = {"y": outputs}
    if isinstance(outputs, dict):
        arrays = {f"y.{name}": part for name, part in outputs.items()}
    if stack.classes is not None:
        arrays["labels"] = stack.classes[outputs.argmax(axis=1)]
    files.write_arrays(args.output, arrays, kind=ANSWERS)
    n, n_out = len(next(iter(arrays.values()))), stack.units[-1]
    print(f"{args.output}: {' and '.join(arrays)}, {n} samples, {n_out} outputs each")
    return 0
