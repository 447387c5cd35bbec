"""The entry point of the command ``nengo-dense``."""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from nengo.exceptions import NengoException

from nengo_dense.cli import check, console, convert, demo, evaluate, export, predict
from nengo_dense.version import version

#: Exit codes, for scripts.
CLEAN, FINDINGS, USAGE, INTERNAL = 0, 1, 2, 3
#: The exit code of shells for Ctrl-C.
INTERRUPTED = 130

COMMANDS = (demo, check, convert, evaluate, export, predict)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Default: the arguments of the process.

    Returns
    -------
    exit_code : int
        0 success; 1 errors found, or a goal missed; 2 wrong usage or unreadable input;
        3 an internal error; 130 Ctrl-C.
    """
    with console.plain_characters():
        args = build_parser().parse_args(argv)
        exit_code = CLEAN
        try:
            exit_code = _run(args)
            sys.stdout.flush()
        except BrokenPipeError:
            # the reader of the output, such as head, has closed the pipe
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            return _fail("interrupted", INTERRUPTED, args.traceback)
        except (NengoException, OSError) as err:
            # errors of this package, Nengo and the file system have clear messages
            return _fail(str(err), USAGE, args.traceback)
        except Exception as err:
            message = f"internal error: {type(err).__name__}: {err} (--traceback shows where)"
            return _fail(message, INTERNAL, args.traceback)
        return exit_code


def _run(args: argparse.Namespace) -> int:
    """Run a command; show warnings of this package, and those of others only on request."""
    if args.warnings:
        return int(args.run_command(args))
    with console.own_warnings():
        return int(args.run_command(args))


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="nengo-dense",
        description="Dense networks on Loihi through Nengo.",
        epilog="Exit codes: 0 success, 1 errors found or a goal missed, 2 wrong usage or "
        "unreadable input, 3 internal error, 130 Ctrl-C.",
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
