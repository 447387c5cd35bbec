"""``nengo-dense evaluate``: a model's accuracy on the chip, on a whole test set."""

import argparse
from typing import Any

from nengo.exceptions import ValidationError

from nengo_dense.cli import console, model
from nengo_dense.cli.data import load_data
from nengo_dense.cli.number import add_timing, processes, timing
from nengo_dense.cli.output import check_drawing, picture_path
from nengo_dense.evaluation import Evaluation, LadderReport, evaluate, ladder


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "evaluate", parents=[common], help="run a whole test set on the emulator"
    )
    model.add_model_arguments(parser)
    parser.add_argument(
        "--data",
        required=True,
        metavar="FILE.npz",
        help="test set: arrays x_test and y_test, or x and y",
    )
    add_timing(parser)
    parser.add_argument("--target", choices=("sim", "simreal", "nengo"), default="sim")
    parser.add_argument(
        "--jobs", type=processes, default=1, metavar="N", help="processes (%(default)s)"
    )
    parser.add_argument(
        "--ladder",
        action=argparse.BooleanOptionalAction,
        help="show where accuracy is lost, from the source model to the chip's integers (default: "
        "for a trained model with --calibrate)",
    )
    parser.add_argument(
        "--classes",
        type=names,
        metavar="A,B,...",
        help="label of each output, in the order of the outputs (default: the model's own, or 0, "
        "1 and so on)",
    )
    parser.add_argument("--plot", type=picture_path, metavar="FILE.png", help="write a picture")
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate and print."""
    times = timing(args)
    check_drawing("--plot", args.plot)
    given = model.read(args.model)
    if given.source is None:
        given.check_stack()
    shows_ladder = _shows_ladder(args, given)
    x, y = load_data(args.data, given.n_in)
    given.check_labels(y, len(x), args.classes)
    calibration = given.load_calibration(args)
    running: dict[str, Any] = {
        **times,
        "n_jobs": args.jobs,
        "classes": args.classes,
        "progress_bar": console.shows_progress(),
    }
    picture: Evaluation | LadderReport
    if shows_ladder:
        encoding = model.chosen(args.encoding)
        picture = ladder(given.source, x, y, calibration=calibration, **encoding, **running)
        text = f"{picture}\n\n{picture.evaluation.summary()}"
    else:
        stack = given.to_stack(args.encoding, calibration=calibration, **times)
        picture = evaluate(stack, x, y, target=args.target, **running)
        text = picture.summary()
    print(text)
    if args.plot:
        picture.plot(args.plot)
        print(f"picture: {args.plot}")
    return 0


def names(text: str) -> list[str]:
    """Read names with commas between them."""
    return [name.strip() for name in text.split(",")]


def _shows_ladder(args: argparse.Namespace, given: model.Model) -> bool:
    """Tell whether to show a ladder; raise a ValidationError if there cannot be one."""
    if args.ladder and given.source is None:
        raise ValidationError(
            f"a ladder starts at the trained model, but {given.name} is already a stack; give "
            "the .keras or .h5 file that it was converted from",
            attr="MODEL",
        )
    if args.ladder and args.target != "sim":
        raise ValidationError(
            f"runs every target, so it cannot be combined with --target {args.target}",
            attr="--ladder",
        )
    if args.ladder is None:
        return args.calibrate is not None and given.source is not None and args.target == "sim"
    return bool(args.ladder)
