"""``nengo-dense convert``: convert the file of a trained model to a saved stack."""

import argparse
from typing import Any

from nengo_dense.cli import model
from nengo_dense.cli.number import add_timing, timing
from nengo_dense.cli.output import stack_path
from nengo_dense.conversion.conversion import TARGETS


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "convert", parents=[common], help="convert a trained model into a stack and save it"
    )
    model.add_model_arguments(parser)
    add_timing(parser)
    parser.add_argument(
        "--target",
        choices=TARGETS,
        default=TARGETS[0],
        help="whose integers the stack is made for (default: %(default)s)",
    )
    parser.add_argument("-o", "--output", required=True, type=stack_path, metavar="STACK.npz")
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Convert and save."""
    times = timing(args)
    trained = model.read(args.model)
    if trained.source is None:
        for option in ("presentation_time", "dt"):
            if getattr(args, option) is not None:
                trained.refuse(f"--{option.replace('_', '-')}")
    calibration = trained.load_calibration(args)
    stack = trained.to_stack(args.encoding, calibration=calibration, target=args.target, **times)
    stack.save(args.output)
    sizes = "-".join(str(n) for n in [stack.size_in, *stack.units])
    rates = ", ".join(f"{layer.max_rate:.0f}" for layer in stack.layers)
    print(f"{args.output}: {sizes}, {stack.readout} readout, encoding {stack.encoding!r}")
    print(f"firing rates that represent the value 1: {rates} Hz")
    return 0
