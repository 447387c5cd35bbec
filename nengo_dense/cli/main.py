"""What happens when ``nengo-dense`` is typed."""

import argparse
import sys
import traceback
import warnings
from collections.abc import Sequence

from nengo.exceptions import NengoException

from nengo_dense.cli import check, convert, demo, evaluate
from nengo_dense.version import version

#: Exit codes, for scripts.
CLEAN, FINDINGS, USAGE, INTERNAL = 0, 1, 2, 3

COMMANDS = (demo, check, convert, evaluate)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Default: what was typed.

    Returns
    -------
    exit_code : int
        0 clean; 1 findings, or a goal that was missed; 2 wrong usage or unreadable input;
        3 an internal error.
    """
    args = build_parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            if not args.warnings:
                # of the packages below, about themselves; ours are findings and errors
                warnings.simplefilter("ignore")
            return args.run_command(args)
    except (NengoException, OSError) as err:
        # ours, Nengo's and the file system's: they say what is wrong and what to do
        return _fail(str(err), USAGE, args.traceback)
    except Exception as err:
        message = f"internal error: {type(err).__name__}: {err} (--traceback shows where)"
        return _fail(message, INTERNAL, args.traceback)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="nengo-dense",
        description="Dense networks on Loihi through Nengo.",
        epilog="Exit codes: 0 clean, 1 findings or a goal missed, 2 wrong usage or unreadable "
        "input, 3 internal error.",
    )
    parser.add_argument("--version", action="version", version=f"nengo_dense {version}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--traceback", action="store_true", help="show where an error came from")
    common.add_argument("--warnings", action="store_true", help="show warnings of all packages")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers, common)
    return parser


def _fail(message: str, exit_code: int, show_traceback: bool) -> int:
    if show_traceback:
        traceback.print_exc()
    print(f"nengo-dense: {message}", file=sys.stderr)
    return exit_code
