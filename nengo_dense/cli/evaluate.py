"""``nengo-dense evaluate``: a model's accuracy on the chip, on a whole test set."""

import argparse
import sys
from typing import Any

from nengo_dense.cli.data import load_data, load_inputs
from nengo_dense.cli.model import (
    DEFAULT_ENCODING,
    add_model_arguments,
    is_source,
    load_stack,
    source_of,
)
from nengo_dense.cli.output import picture_file
from nengo_dense.evaluation import Evaluation, LadderReport, evaluate, ladder


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "evaluate", parents=[common], help="run a whole test set on the emulator"
    )
    add_model_arguments(parser)
    parser.add_argument("--data", required=True, metavar="FILE.npz", help="test set: arrays x, y")
    parser.add_argument(
        "--presentation-time", type=float, default=0.1, metavar="S", help="seconds (%(default)s)"
    )
    parser.add_argument("--target", choices=("sim", "simreal", "nengo"), default="sim")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (%(default)s)")
    parser.add_argument(
        "--ladder",
        action=argparse.BooleanOptionalAction,
        help="show where accuracy is lost, from the source model to the chip's integers (default: "
        "for a trained model with --calibrate)",
    )
    parser.add_argument("--plot", type=picture_file, metavar="FILE.png", help="write a picture")
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate and print."""
    x, y = load_data(args.data)
    calibration = load_inputs(args.calibrate) if args.calibrate else None
    common = {
        "presentation_time": args.presentation_time,
        "n_jobs": args.jobs,
        "progress_bar": sys.stderr.isatty(),
    }
    show_ladder = args.ladder
    if show_ladder is None:
        show_ladder = calibration is not None and is_source(args.model) and args.target == "sim"
    picture: Evaluation | LadderReport
    if show_ladder:
        source = source_of(args.model)
        picture = ladder(
            source,
            x,
            y,
            calibration=calibration,
            encoding=args.encoding or DEFAULT_ENCODING,
            **common,
        )
        print(f"{picture}\n\n{picture.evaluation.summary()}")
    else:
        stack = load_stack(args.model, args.encoding, calibration)
        picture = evaluate(stack, x, y, target=args.target, **common)
        print(picture.summary())
    if args.plot:
        picture.plot(args.plot)
        print(f"picture: {args.plot}")
    return 0
