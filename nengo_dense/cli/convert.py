"""``nengo-dense convert``: a trained model's file becomes a saved stack."""

import argparse
from typing import Any

from nengo_dense.cli.data import load_inputs
from nengo_dense.cli.model import add_model_arguments, load_stack
from nengo_dense.cli.output import stack_file


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "convert", parents=[common], help="convert a trained model into a stack and save it"
    )
    add_model_arguments(parser)
    parser.add_argument("-o", "--output", required=True, type=stack_file, metavar="STACK.npz")
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Convert and save."""
    calibration = load_inputs(args.calibrate) if args.calibrate else None
    stack = load_stack(args.model, args.encoding, calibration)
    stack.save(args.output)
    sizes = "-".join(str(n) for n in [stack.size_in, *stack.units])
    rates = ", ".join(f"{layer.max_rate:.0f}" for layer in stack.layers)
    print(f"{args.output}: {sizes}, {stack.readout} readout, encoding {stack.encoding!r}")
    print(f"rates that stand for the value 1: {rates} Hz")
    return 0
