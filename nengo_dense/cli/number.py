"""Numbers on the command line, looked at before anything is run."""

import argparse

from nengo_dense.arguments import presentation_steps

#: Seconds, where nothing is said.
PRESENTATION_TIME, STEP = 0.1, 0.001


def seconds(text: str) -> float:
    """Read a length of time above zero; argparse reports anything else."""
    value = seconds_or_none(text)
    if value == 0:
        raise argparse.ArgumentTypeError(f"must be above 0 seconds, got {text}")
    return value


def seconds_or_none(text: str) -> float:
    """Read a length of time, 0 for none."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of seconds, got {text}")
    return value


def processes(text: str) -> int:
    """Read a number of processes, -1 for one a core."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1 and value != -1:
        raise argparse.ArgumentTypeError(
            f"must be a whole number of processes, or -1 for one a core, got {text}"
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
    """Add how long a sample is shown, and the step."""
    parser.add_argument(
        "--presentation-time",
        type=seconds,
        metavar="S",
        help="seconds that a sample is shown; a model that is converted is tuned for it "
        f"(default: {PRESENTATION_TIME})",
    )
    parser.add_argument(
        "--dt", type=seconds, metavar="S", help=f"seconds a step (default: {STEP})"
    )


def timing(args: argparse.Namespace) -> dict[str, float]:
    """Give how long a sample is shown and the step, as arguments of `convert` and `evaluate`.

    Raises
    ------
    nengo.exceptions.ValidationError
        A presentation shorter than a step.
    """
    found = {
        "presentation_time": args.presentation_time or PRESENTATION_TIME,
        "dt": args.dt or STEP,
    }
    presentation_steps(found["presentation_time"], found["dt"], None)
    return found
