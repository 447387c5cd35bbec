"""``nengo-dense export``: a tuned stack or graph becomes a file for another chip or simulator."""

import argparse
from pathlib import Path
from typing import Any

from nengo_dense.cli import console, model
from nengo_dense.cli.data import load_samples
from nengo_dense.cli.number import add_timing, timing
from nengo_dense.cli.output import named
from nengo_dense.files import ANY, check_target
from nengo_dense.layers import exporter


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "export",
        parents=[common],
        help="write a tuned stack or graph for another chip or simulator",
    )
    model.add_model_arguments(parser)
    add_timing(parser)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=named,
        metavar="FILE",
        help="the file's ending chooses the format: .c, .net, .nir or that of a plug-in",
    )
    parser.add_argument("--format", help="the format by its name, where an ending has several")
    parser.add_argument("--reader", help="who will read a .nir file, such as snntorch")
    parser.add_argument(
        "--data",
        metavar="FILE.npz",
        help="samples for the test vectors: array x_test or x (default: drawn from the range of "
        "the calibration data)",
    )
    parser.add_argument(
        "--samples", type=_count, default=16, metavar="N", help="how many of them (%(default)s)"
    )
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Convert, if that is to be done, and write."""
    name, chosen = exporter.choose(Path(args.output), args.format)
    check_target(args.output, getattr(chosen, "kind", ANY))
    given = model.read(args.model)
    if given.source is None:
        given.check_network()
    times: dict[str, Any] = timing(args, converts=given.source is not None)
    options: dict[str, Any] = {
        key: getattr(args, key)
        for key in ("presentation_time", "dt", "reader")
        if getattr(args, key) is not None
    }
    if args.data is not None:
        x = load_samples(args.data, given.n_in, "test vectors from", given.names)
        options["samples"] = x[: args.samples]
    calibration = given.load_calibration(args)
    if given.source is not None and name == "netx":
        times["target"] = "lava"
    given.to_stack(args, calibration=calibration, **times)
    stack = given.check_network()
    console.announce("building it, and running samples for the test vectors")
    console.say(stack.export(args.output, name, **options))
    return 0


def _count(text: str) -> int:
    """Read a number of samples."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, got {text}")
    return int(text)
