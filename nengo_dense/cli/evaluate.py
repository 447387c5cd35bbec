"""``nengo-dense evaluate``: how well a model does on the chip, on a whole test set."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nengo.exceptions import ValidationError

from nengo_dense.arguments import choice
from nengo_dense.cli import console, model
from nengo_dense.cli.data import load_data
from nengo_dense.cli.number import add_running, add_timing, seconds_or_none, shown, timing
from nengo_dense.cli.output import check_apart, check_drawing, output_file, picture_path
from nengo_dense.evaluation import evaluate, ladder
from nengo_dense.evaluation.task import TASKS
from nengo_dense.report_page import Report, html_kind, json_kind


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
        help="test set: arrays x_test and y_test, or x and y; x.NAME and y.NAME for each of "
        "several inputs and outputs",
    )
    add_timing(parser)
    add_running(parser)
    _add_questions(parser)
    _add_outputs(parser)
    parser.set_defaults(run_command=run)


def _add_questions(parser: argparse.ArgumentParser) -> None:
    """Add what is asked of the model."""
    parser.add_argument(
        "--task",
        action="append",
        metavar="TASK",
        help=f"what the outputs are to meet: {', '.join(TASKS)}; OUTPUT=TASK for one of several "
        "(default: told from the model's head and the labels)",
    )
    parser.add_argument(
        "--gap",
        type=seconds_or_none,
        metavar="S",
        help="let samples follow one another without a reset, with so many seconds of no input "
        "between (default: every sample from a fresh start)",
    )
    parser.add_argument(
        "--ladder",
        action=argparse.BooleanOptionalAction,
        help="show where accuracy is lost, from the source model to the chip's integers (default: "
        "for a trained model with --calibrate)",
    )
    parser.add_argument(
        "--classes",
        action="append",
        metavar="A,B,...",
        help="label of each output, in the order of the outputs (default: the model's own, or 0, "
        "1 and so on); OUTPUT=A,B,... for one of several outputs",
    )


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    """Add what is written."""
    parser.add_argument(
        "--html",
        type=output_file(html_kind("evaluation")),
        metavar="FILE.html",
        help="write the result as a page with pictures",
    )
    parser.add_argument(
        "--json",
        type=output_file(json_kind("evaluation")),
        metavar="FILE.json",
        help="write the result as data",
    )
    parser.add_argument("--plot", type=picture_path, metavar="FILE.png", help="write a picture")


def run(args: argparse.Namespace) -> int:
    """Evaluate and print."""
    check_apart(html=args.html, json=args.json, plot=args.plot)
    check_drawing("--plot", args.plot)
    check_drawing("--html", args.html)
    given = model.read(args.model)
    if given.source is None:
        given.check_network()
    times = timing(args, converts=given.source is not None)
    shows_ladder = _shows_ladder(args, given)
    asked = {
        "task": given.by_output(args.task, task, "--task"),
        "classes": given.by_output(args.classes, names, "--classes"),
    }
    x, y = load_data(args.data, given.n_in, given.names)
    meant = given.check_truth(y, x, args.per_frame, **asked)
    calibration = given.load_calibration(args)
    running: dict[str, Any] = {
        **shown(args),
        **asked,
        "n_jobs": args.jobs,
        "per_frame": args.per_frame,
        "progress_bar": console.shows_progress(),
    }
    result: Any
    if shows_ladder:
        running |= {"label": Path(given.name).stem, **times, **model.chosen(args)}
        result = ladder(given.source, x, y, calibration=calibration, **running)
        text = f"{result}\n\n{result.evaluation.summary()}"
    else:
        if args.gap is not None:
            running |= {"reset": False, "gap": args.gap}
        tuning = given.tuning_for(x, args.per_frame, calibration, times)
        stack = given.to_stack(args, calibration=calibration, task=meant, **tuning)
        result = evaluate(stack, x, y, target=args.target, **running)
        text = result.summary()
    console.say(text)
    _write(result, args)
    return 0


def task(text: str) -> str:
    """Read a task; raise a ValidationError for another word."""
    return choice(text, TASKS, "--task")


def names(text: str) -> list[str]:
    """Read names with commas between them."""
    return [name.strip() for name in text.split(",")]


def _write(result: Report, args: argparse.Namespace) -> None:
    """Write what was asked for; data first, since drawing may yet fail."""
    ways: dict[str, Callable[[str], Any]] = {
        "json": result.save_json,
        "html": result.save_html,
        "plot": result.plot,
    }
    for option, write in ways.items():
        path = getattr(args, option)
        if path:
            write(path)
            console.say(f"{'picture' if option == 'plot' else option.upper()}: {path}")


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
    if args.ladder and args.gap is not None:
        raise ValidationError("shows every sample from a fresh start: leave out --gap", "--ladder")
    if args.gap is not None:
        return False
    if args.ladder is None:
        convertible = given.source is not None
        return args.calibrate is not None and convertible and args.target == "sim"
    return bool(args.ladder)
