"""Numbers on the command line, checked before anything runs."""

import argparse

from nengo_dense.arguments import presentation_steps
from nengo_dense.evaluation.run import TARGETS

#: Defaults in seconds.
PRESENTATION_TIME, STEP = 0.1, 0.001


def seconds(text: str) -> float:
    """Read a duration in seconds, above 0; argparse reports any other text."""
    value = seconds_or_none(text)
    if value == 0:
        raise argparse.ArgumentTypeError(f"must be above 0 seconds, got {text}")
    return value


def seconds_or_none(text: str) -> float:
    """Read a duration in seconds, or 0 for none."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of seconds, got {text}")
    return value


def processes(text: str) -> int:
    """Read a number of processes; -1 means one per core."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1 and value != -1:
        raise argparse.ArgumentTypeError(
            f"must be a whole number of processes, or -1 for one per core, got {text}"
        )
    return value


def seed(text: str) -> int:
    """Read a seed of NumPy's random numbers."""
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(
            f"must be a whole number from 0 to {2**32 - 1}, got {text}"
        )
    return value


def add_timing(parser: argparse.ArgumentParser) -> None:
    """Add options for the length of a presentation and the time step."""
    parser.add_argument(
        "--presentation-time",
        type=seconds,
        metavar="S",
        help="length of a presentation in seconds; conversion tunes the model for it "
        f"(default: {PRESENTATION_TIME})",
    )
    parser.add_argument(
        "--dt", type=seconds, metavar="S", help=f"time step in seconds (default: {STEP})"
    )


def add_running(parser: argparse.ArgumentParser) -> None:
    """Add options for what runs the samples."""
    parser.add_argument("--target", choices=TARGETS, default="sim")
    parser.add_argument(
        "--jobs", type=processes, default=1, metavar="N", help="processes (%(default)s)"
    )
    parser.add_argument(
        "--per-frame",
        action="store_true",
        help="for sequences, (n, n_frames, n_in): an answer for every frame (default: one each)",
    )


def timing(args: argparse.Namespace) -> dict[str, float]:
    """Return the length of a presentation and the step, as arguments of `convert` and `evaluate`.

    Raises
    ------
    nengo.exceptions.ValidationError
        A presentation is shorter than a step.
    """
    found = {
        "presentation_time": args.presentation_time or PRESENTATION_TIME,
        "dt": args.dt or STEP,
    }
    presentation_steps(found["presentation_time"], found["dt"], None)
    return found
