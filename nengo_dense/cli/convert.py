"""``nengo-dense convert``: convert the file of a trained model to a saved stack."""

import argparse
from typing import Any

from nengo_dense.cli import console, model
from nengo_dense.cli.number import add_timing, timing
from nengo_dense.cli.output import archive_path
from nengo_dense.conversion.conversion import TARGETS
from nengo_dense.conversion.tuning.goal import TASKS
from nengo_dense.evaluation.interval import wilson_interval
from nengo_dense.heads import OF_CLASSES
from nengo_dense.layers.graph import DenseGraph
from nengo_dense.layers.stack_file import STACK
from nengo_dense.layers.tuning_record import TuningRecord


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "convert", parents=[common], help="convert a trained model into a stack and save it"
    )
    model.add_model_arguments(parser)
    add_timing(parser)
    parser.add_argument(
        "--task",
        choices=TASKS,
        help="what several linear outputs are for: logits of classes, or values (default: as the "
        "model says it, else both)",
    )
    parser.add_argument(
        "--target",
        choices=TARGETS,
        help=f"whose integers the stack is made for (default: {TARGETS[0]})",
    )
    parser.add_argument(
        "--per-frame",
        action="store_true",
        help="tune for an answer at every frame, where --calibrate has sequences",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=archive_path(STACK),
        metavar="STACK.npz",
        help="file to write, with the stack or graph and what it was tuned for",
    )
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Convert and save."""
    times: dict[str, Any] = timing(args)
    trained = model.read(args.model)
    if trained.source is None:
        for option in ("presentation_time", "dt", "task", "target"):
            if getattr(args, option) is not None:
                trained.refuse(f"--{option.replace('_', '-')}")
        if args.per_frame:
            trained.refuse("--per-frame")
    calibration = trained.load_calibration(args)
    times |= {"target": args.target or TARGETS[0], "per_frame": args.per_frame, "task": args.task}
    stack = trained.convert(args, calibration=calibration, **times)
    stack.save(args.output)
    if isinstance(stack, DenseGraph):
        console.say(f"{args.output}: {stack!r}")
        return 0
    sizes = "-".join(str(n) for n in [stack.size_in, *stack.units])
    rates = ", ".join(_rate(layer.max_rate) for layer in stack.layers)
    console.say(f"{args.output}: {sizes}, {stack.readout} readout, encoding {stack.encoding!r}")
    tuned = stack.tuned
    if tuned is not None:
        console.say(_tuned(tuned, stack.readout))
    elif trained.source is not None and calibration is None:
        console.say("not tuned, which costs accuracy; --calibrate FILE.npz tunes it")
    console.say(f"firing rates that represent the value 1: {rates} Hz")
    return 0


def _tuned(record: TuningRecord, readout: str) -> str:
    """Say what a stack was tuned for, and what remained."""
    text = f"tuned for {record.purpose}"
    if record.gap is None:
        return text
    n = "" if record.judged is None else f"{record.judged} "
    if readout not in (*OF_CLASSES, "sigmoid"):
        return f"{text}; {record.gap:.1f}% from the source on {n}held-back samples"
    text = f"{text}; answers {record.gap:.1f}% of {n}held-back samples otherwise than the source"
    if record.judged is None or readout not in OF_CLASSES:
        return text
    low, high = wilson_interval(record.gap / 100 * record.judged, record.judged)
    return f"{text} (95% interval {100 * low:.1f} to {100 * high:.1f}%)"


def _rate(hertz: float) -> str:
    """Write a rate in whole hertz, unless nothing would be left of it."""
    return f"{hertz:.0f}" if hertz >= 10 else f"{hertz:.2g}"
