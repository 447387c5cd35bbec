"""``nengo-dense check``, ``rules`` and ``explain``: the problems of a network on Loihi."""

import argparse
from dataclasses import replace
from typing import Any

from nengo.exceptions import ValidationError

from nengo_dense import files
from nengo_dense.checks import CheckReport, check, documentation
from nengo_dense.checks.report_file import HTML, JSON
from nengo_dense.checks.selection import Selection
from nengo_dense.cli import console, model
from nengo_dense.cli.data import load_inputs
from nengo_dense.cli.number import seconds, seconds_or_none
from nengo_dense.cli.output import check_apart, check_drawing, output_file
from nengo_dense.cli.showing import check_showing, frames_of
from nengo_dense.layers.graph import DenseGraph
from nengo_dense.layers.stack import DenseStack
from nengo_dense.plugins import TIME_LIMIT

#: What to type against findings of rules whose own remedies are Python: for a network that a
#: file holds, and for a model that is converted.
REMEDIES = {"ND401": "Give samples: --calibrate FILE.npz."}
CONVERTED = {
    "ND402": "Scale the input, or encode it on the host (--encoding host).",
    "ND403": "Put the first layer on the host (--encoding host), or send spikes "
    "(--encoding spikes).",
}


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Describe the commands."""
    parser = subparsers.add_parser(
        "check", parents=[common], help="find problems on Loihi, and how to fix them"
    )
    model.add_model_arguments(parser)
    parser.add_argument(
        "--run",
        type=seconds_or_none,
        default=0.1,
        metavar="S",
        help="seconds to emulate for the rules about firing rates, 0 for none (%(default)s); a "
        "model from a file needs --calibrate, as input for this run",
    )
    parser.add_argument(
        "--dt", type=seconds, default=0.001, metavar="S", help="time step in seconds (%(default)s)"
    )
    parser.add_argument("--select", action="append", metavar="CODE", help="only these rules")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="CODE=REASON", help="accept a finding"
    )
    parser.add_argument("--no-build", action="store_true", help="use arithmetic only; faster")
    parser.add_argument(
        "--time-limit",
        type=seconds_or_none,
        default=TIME_LIMIT,
        metavar="S",
        help="seconds for each rule of another package, 0 for no limit (%(default)s)",
    )
    parser.add_argument(
        "--html",
        type=output_file(HTML),
        metavar="FILE.html",
        help="write the report with pictures",
    )
    parser.add_argument(
        "--json", type=output_file(JSON), metavar="FILE.json", help="write the report as data"
    )
    parser.set_defaults(run_command=run_check)
    _add_rules(subparsers, common)


def _add_rules(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Describe the commands about the rules themselves."""
    rules = subparsers.add_parser("rules", parents=[common], help="list all rules")
    rules.set_defaults(run_command=run_rules)
    explain = subparsers.add_parser("explain", parents=[common], help="explain one rule")
    explain.add_argument("code", metavar="CODE", help="such as ND204")
    explain.set_defaults(run_command=run_explain)


def run_check(args: argparse.Namespace) -> int:
    """Check and print; the exit code shows whether there are errors."""
    options = _options(args)
    check_apart(html=args.html, json=args.json)
    check_drawing("--html", args.html)
    given = model.read(args.model)
    if given.source is not None:
        samples = given.load_calibration(args)
        if samples is not None:
            samples = frames_of(samples, given.source.n_in)
        network: Any = given.to_stack(args, calibration=samples, dt=args.dt)
    else:
        samples = _load_shown(given, args)
        network = given.network
    console.announce(_doing(args))
    if samples is not None:
        report = check_showing(network, samples, **options)
    else:
        report = check(network, **options)
    _give_options(report, given)
    try:  # files first, because printing may fail if its pipe closes
        if args.html:
            report.save_html(args.html)
        if args.json:
            files.write_document(args.json, report.to_json, kind=JSON)
    finally:
        console.say(report)
    return 0 if report.ok else 1


def _doing(args: argparse.Namespace) -> str:
    """Say which parts of a check take seconds."""
    if args.no_build:
        return "checking it by arithmetic"
    run = f" and emulates {args.run:g} s" if args.run else ""
    return f"checking: nengo-loihi builds it{run}"


def _give_options(report: CheckReport, given: model.Model) -> None:
    """Put options in the place of Python in remedies, unless only a script can follow them."""
    remedies = REMEDIES | CONVERTED if given.source is not None else REMEDIES
    if isinstance(given.network, DenseStack | DenseGraph | None):
        report.findings[:] = [
            replace(found, remedy=remedies.get(found.code, found.remedy))
            for found in report.findings
        ]


def run_rules(args: argparse.Namespace) -> int:
    """List the rules."""
    console.say(documentation.rule_list())
    return 0


def run_explain(args: argparse.Namespace) -> int:
    """Explain a rule."""
    console.say(documentation.explain(args.code))
    return 0


def _options(args: argparse.Namespace) -> dict[str, Any]:
    """Return arguments of `check`; refuse unknown codes before converting anything."""
    parts = [item.partition("=") for item in args.ignore]
    ignore = {code.upper(): reason for code, _, reason in parts}
    select = None if args.select is None else [code.upper() for code in args.select]
    Selection.of(select, ignore, [rule.code for rule in documentation.rules()])
    run = {"run": args.run, "dt": args.dt, "build": not args.no_build, "progress_bar": False}
    return {"select": select, "ignore": ignore, "time_limit": args.time_limit or None, **run}


def _load_shown(given: model.Model, args: argparse.Namespace) -> Any:
    """Load the samples to present to a stack, if any; refuse them for another network.

    Raises
    ------
    nengo.exceptions.ValidationError
        An option does not apply to this network, or the samples do not fit the stack.
    """
    for option in ("encoding", "effort"):
        if getattr(args, option) is not None:
            given.refuse(f"--{option}")
    if args.calibrate is None:
        return None
    if not isinstance(given.network, DenseStack | DenseGraph):
        raise ValidationError(
            f"is only for a stack, and {given.name} is a {type(given.network).__name__}; let the "
            "network present samples itself, with a node of nengo.processes.PresentInput",
            attr="--calibrate",
        )
    return load_inputs(args.calibrate, given.n_in, "showing samples of", given.names)
