"""Numbers on the command line, checked before anything runs."""

import argparse
from collections.abc import Callable
from typing import Any, TypeVar

from nengo_dense.arguments import MOST_SEED
from nengo_dense.duration import presentation_steps
from nengo_dense.evaluation.run import TARGETS
from nengo_dense.layers.tuning_record import USUAL_STEP, USUAL_TIME

T = TypeVar("T", int, float)


def seconds(text: str) -> float:
    """Read a duration in seconds, above 0; argparse reports any other text."""
    value = seconds_or_none(text)
    if value == 0:
        raise argparse.ArgumentTypeError(f"must be above 0 seconds, got {text}")
    return value


def seconds_or_none(text: str) -> float:
    """Read a duration in seconds, or 0 for none."""
    return _number(text, float, lambda value: 0 <= value < float("inf"), "a number of seconds")


def processes(text: str) -> int:
    """Read a number of processes; -1 means one per core."""
    wanted = "a whole number of processes, or -1 for one per core"
    return _number(text, int, lambda value: value >= 1 or value == -1, wanted)


def seed(text: str) -> int:
    """Read a seed of NumPy's random numbers."""
    wanted = f"a whole number from 0 to {MOST_SEED}"
    return _number(text, int, lambda value: 0 <= value <= MOST_SEED, wanted)


def _number(text: str, kind: Callable[[str], T], fits: Callable[[T], bool], wanted: str) -> T:
    """Read a number; argparse reports a text that is none, and one that does not fit."""
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not fits(value):
        raise argparse.ArgumentTypeError(f"must be {wanted}, got {text}")
    return value


def add_timing(parser: argparse.ArgumentParser) -> None:
    """Add options for the length of a presentation and the time step."""
    parser.add_argument(
        "--presentation-time",
        type=seconds,
        metavar="S",
        help="length of a presentation in seconds; conversion tunes the model for it "
        f"(default: {USUAL_TIME}, or what a stack was tuned for)",
    )
    parser.add_argument(
        "--dt",
        type=seconds,
        metavar="S",
        help=f"time step in seconds (default: {USUAL_STEP}, or what a stack was tuned for)",
    )


def add_running(parser: argparse.ArgumentParser) -> None:
    """Add options for what runs the samples."""
    parser.add_argument(
        "--target",
        choices=TARGETS,
        default="sim",
        help="the chip's integers, the chip in floats, or Nengo itself (%(default)s)",
    )
    parser.add_argument(
        "--jobs", type=processes, default=1, metavar="N", help="processes (%(default)s)"
    )
    parser.add_argument(
        "--per-frame",
        action="store_true",
        help="for sequences, (n, n_frames, n_in): an answer for every frame (default: one each)",
    )


def timing(args: argparse.Namespace, converts: bool = True) -> dict[str, float]:
    """Return the length of a presentation and the step, as arguments of `convert`.

    Where it ``converts`` nothing, what a stack was tuned for may take the place of usual times.

    Raises
    ------
    nengo.exceptions.ValidationError
        A presentation is shorter than a step.
    """
    found = {
        "presentation_time": args.presentation_time or USUAL_TIME,
        "dt": args.dt or USUAL_STEP,
    }
    if converts:
        presentation_steps(found["presentation_time"], found["dt"], None)
    return found


def shown(args: argparse.Namespace) -> dict[str, Any]:
    """Return what was asked of presentations, as arguments of `evaluate`; None leaves it to it."""
    return {"presentation_time": args.presentation_time, "dt": args.dt}
