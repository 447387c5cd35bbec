"""``nengo-dense check``, ``rules`` and ``explain``: what stands between a network and Loihi."""

import argparse
from pathlib import Path
from typing import Any

from nengo_dense.checks import check, documentation
from nengo_dense.cli.data import load_inputs
from nengo_dense.cli.model import add_model_arguments, is_source, load_network
from nengo_dense.cli.output import output_file
from nengo_dense.cli.showing import CALIBRATED, check_showing
from nengo_dense.layers.stack import DenseStack


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Describe the commands."""
    parser = subparsers.add_parser(
        "check", parents=[common], help="find what would go wrong on Loihi, and the way out"
    )
    add_model_arguments(parser)
    parser.add_argument(
        "--run",
        type=float,
        default=0.1,
        metavar="S",
        help="seconds to emulate for the rules about rates, 0 for none (%(default)s); a model "
        "from a file needs --calibrate to have something to run on",
    )
    parser.add_argument("--select", action="append", metavar="CODE", help="only these rules")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="CODE=REASON", help="accept a finding"
    )
    parser.add_argument("--no-build", action="store_true", help="arithmetic alone, in seconds")
    parser.add_argument(
        "--html", type=output_file, metavar="FILE.html", help="write the report with pictures"
    )
    parser.add_argument(
        "--json", type=output_file, metavar="FILE.json", help="write the report as data"
    )
    parser.set_defaults(run_command=run_check)

    rules = subparsers.add_parser("rules", parents=[common], help="list all rules")
    rules.set_defaults(run_command=run_rules)
    explain = subparsers.add_parser("explain", parents=[common], help="explain one rule")
    explain.add_argument("code", metavar="CODE")
    explain.set_defaults(run_command=run_explain)


def run_check(args: argparse.Namespace) -> int:
    """Check, print, and tell by the exit code whether there are errors."""
    samples = load_inputs(args.calibrate) if args.calibrate else None
    # samples choose the rates of a model that is converted, and are shown to any stack
    calibration = samples if is_source(args.model) else None
    network = load_network(args.model, args.encoding, calibration)
    parts = [item.partition("=") for item in args.ignore]
    ignore = {code.upper(): reason for code, _, reason in parts}
    select = None if args.select is None else [code.upper() for code in args.select]
    options = {"run": args.run, "select": select, "build": not args.no_build}
    if samples is not None and isinstance(network, DenseStack):
        known = CALIBRATED if is_source(args.model) else {}
        report = check_showing(network, samples, known | ignore, **options)
    else:
        report = check(network, ignore=ignore, **options)
    print(report)
    if args.html:
        report.save_html(args.html)
    if args.json:
        Path(args.json).write_text(report.to_json(), encoding="utf-8")
    return 0 if report.ok else 1


def run_rules(args: argparse.Namespace) -> int:
    """List the rules."""
    print(documentation.rule_list())
    return 0


def run_explain(args: argparse.Namespace) -> int:
    """Explain a rule."""
    print(documentation.explain(args.code))
    return 0
