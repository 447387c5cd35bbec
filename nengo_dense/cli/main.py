"""The entry point of the command ``nengo-dense``."""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from nengo.exceptions import NengoException

from nengo_dense.cli import check, console, convert, demo, evaluate, export, predict
from nengo_dense.cli.interrupt import kept
from nengo_dense.cli.output import check_inputs_kept
from nengo_dense.exceptions import told
from nengo_dense.version import version

#: Exit codes, for scripts.
CLEAN, FINDINGS, USAGE, INTERNAL = 0, 1, 2, 3
#: The exit codes of shells for Ctrl-C and for a process that is told to end.
INTERRUPTED, TERMINATED = 130, 143

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
        0 success; 1 errors found, or a goal missed; 2 wrong usage, unreadable input, or no disk
        space, memory or process left to go on; 3 an internal error; 130 Ctrl-C; 143 the signal
        TERM.
    """
    with (
        console.complete_streams(),
        console.plain_characters(),
        _ending_on_term(),
        kept() as raise_waiting,
    ):
        args = _read(argv)
        exit_code = CLEAN
        try:
            exit_code = _run(args)
            sys.stdout.flush()
            raise_waiting()
        except BrokenPipeError:
            # the reader of the output, such as head, has closed the pipe
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except _Terminated:
            return _fail("terminated", TERMINATED, args.traceback)
        except KeyboardInterrupt:
            return _fail("interrupted", INTERRUPTED, args.traceback)
        except (NengoException, OSError) as err:
            # errors of this package, Nengo and the file system have clear messages
            return _fail(_words(err), USAGE, args.traceback)
        except MemoryError as err:
            return _fail(f"out of memory. {err}".strip(), USAGE, args.traceback)
        except Exception as err:
            message = f"internal error: {type(err).__name__}: {err} (--traceback shows where)"
            return _fail(message, INTERNAL, args.traceback)
        return exit_code


class _Terminated(BaseException):
    """The process was told to end."""


@contextmanager
def _ending_on_term() -> Iterator[None]:
    """Raise an exception on the signal TERM, so that half-written files are removed."""

    def end(*_: Any) -> None:
        raise _Terminated

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not the main thread, so no signal arrives here
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(args: argparse.Namespace) -> int:
    """Run a command; show warnings of this package, and those of others only on request."""
    check_inputs_kept(args)
    if args.warnings:
        return int(args.run_command(args))
    with console.own_warnings():
        return int(args.run_command(args))


def _words(err: Exception) -> str:
    """Return an error's message; one of the file system without a file is of the output."""
    if isinstance(err, OSError) and err.filename is None and len(err.args) > 1:
        return f"the output cannot be written: {err.strerror}"
    return str(err)


class _Parser(argparse.ArgumentParser):
    """Shows what a user has typed as every other message does."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong; the name of a file may steer a terminal.

        Of what was given with an option a sentence tells enough, such as of a folder.
        """
        if message.startswith("argument -"):
            self.exit(USAGE, f"{self.prog}: {told(message.removeprefix('argument '))}\n")
        super().error(told(message))


def _read(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the arguments; of unknown ones the command tells, which knows its own."""
    args, unknown = build_parser().parse_known_args(argv)
    if unknown:
        args.parser.error(
            f"unrecognized arguments: {' '.join(unknown)}; "
            f"{args.parser.prog} --help lists what there is"
        )
    return args


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = _Parser(
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
    for subparser in subparsers.choices.values():
        subparser.set_defaults(parser=subparser)
    return parser


def _fail(message: str, exit_code: int, show_traceback: bool) -> int:
    if show_traceback:
        traceback.print_exc()
    print(f"nengo-dense: {told(message)}", file=sys.stderr)
    return exit_code
