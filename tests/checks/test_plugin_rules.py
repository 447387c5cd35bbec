"""Rules of other packages can neither end a check nor make a failing network pass."""

import os
import signal
import subprocess
import sys

import nengo
import pytest
from nengo.exceptions import BuildError

from nengo_dense.checks import check
from nengo_dense.cli import main

RULE = '@rule("EV101", "info", "evil", remedy="r")\ndef evil(network):\n    {body}\n'
BODIES = {
    "exits": ("sys.exit(0)\n    yield", "SystemExit: 0"),
    "exits at once": ("raise SystemExit", "SystemExit."),
    "interrupts": ("raise KeyboardInterrupt\n    yield", "KeyboardInterrupt."),
    "closes": ("raise GeneratorExit\n    yield", "GeneratorExit."),
    "stops": ("raise StopIteration\n    yield", "RuntimeError: generator raised StopIteration"),
    "recurses": ("return evil.find(network)", "RecursionError: maximum recursion depth"),
    "is mute": (
        "raise Mute\n    yield",
        "Mute: (this Mute cannot be shown: ValueError in its str",
    ),
    "is fatal": (
        "yield Finding('n', 'm', severity='fatal')",
        "ValidationError: Finding.severity: must be one of error, warning, info, got 'fatal'",
    ),
    "measures objects": (
        "yield Finding('n', 'm', value=object())",
        "ValidationError: Finding.value: must be a number or None, got <object",
    ),
    "has no words": (
        "yield Finding('n', 'm', remedy=3)",
        "ValidationError: Finding.remedy: must be a string, got 3",
    ),
    "gives a string": ("return ['text']", "TypeError: it should yield findings, not str"),
    "gives nothing": ("return None", "TypeError: 'NoneType' object is not iterable"),
    "never ends": (
        "while True:\n        yield Finding('n', 'm')",
        "RuntimeError: it had more than 10000 findings and was stopped",
    ),
}


def failing():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(10, 1, neuron_type=nengo.Izhikevich(), label="layer")
    return net


def sound():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(10, 1, neuron_type=nengo.SpikingRectifiedLinear(), label="layer")
    return net


@pytest.mark.parametrize("name", BODIES)
def test_rule_that_fails_is_named_and_the_others_find_what_they_find(installed, name):
    body, words = BODIES[name]
    installed(RULE.format(body=body) + "rules = (evil,)")
    report = check(failing(), run=0, build=False)
    (problem,) = report.problems
    assert problem.startswith("The rule EV101 (evil; entry 'EV' of evil 1.2) crashed: ")
    assert words in problem
    assert report.has_error("ND102")
    report.to_json()
    assert "EV101" in str(report)
    assert "EV101" in report._repr_html_()


def test_report_with_a_crash_is_not_ok_and_says_so_everywhere(installed):
    installed(RULE.format(body="sys.exit(0)\n    yield") + "rules = (evil,)")
    report = check(sound(), run=0, build=False)
    assert not report.count("error")
    assert not report.complete
    assert not report.ok
    assert report.summary.startswith("is not fully checked, see the problems: 0 errors, ")
    assert ", 1 problem; 1 core" in report.summary
    assert report.to_dict()["complete"] is False
    assert report.summary in str(report)
    with pytest.raises(BuildError, match=r"(?s)is not fully checked.*problem: The rule EV101 "):
        report.raise_if_errors()


def test_report_with_an_error_and_a_crash_says_both(installed):
    installed(RULE.format(body="sys.exit(0)\n    yield") + "rules = (evil,)")
    summary = check(failing(), run=0, build=False).summary
    assert summary.startswith("does not run on Loihi as it is, and is not fully checked: 1 error")


@pytest.mark.parametrize("make", [failing, sound])
def test_command_line_does_not_exit_as_clean_because_a_rule_exits(
    installed, make, tmp_path, capsys, monkeypatch
):
    installed(RULE.format(body="sys.exit(0)\n    yield") + "rules = (evil,)")
    monkeypatch.setitem(sys.modules, "net_maker", sys.modules[__name__])
    (tmp_path / "net.py").write_text(
        f"from net_maker import {make.__name__}\nnet = {make.__name__}()"
    )
    code = main(["check", f"{tmp_path / 'net.py'}:net", "--no-build", "--run", "0"])
    out = capsys.readouterr().out
    assert code == 1
    assert "The rule EV101" in out
    assert ("ND102 error" in out) == (make is failing)


@pytest.mark.parametrize(
    "code, words",
    [
        ("sys.exit(5)", "SystemExit: 5"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt."),
        ("raise Mute", "Mute: (this Mute cannot be shown"),
        (
            '@fact("f")\ndef EV500(network):\n    return 1\nrules = (EV500,)',
            "Fact.name: must be the name of a parameter, and no code of a rule, got 'EV500'",
        ),
        (
            '@rule("EV101", "info", "s", remedy="r", says=5)\ndef f(network):\n    yield',
            "Rule.says: must be a tuple of strings, got 5",
        ),
    ],
)
def test_module_that_fails_is_named_and_the_others_find_what_they_find(installed, code, words):
    installed(code)
    report = check(failing(), run=0, build=False)
    (problem,) = report.problems
    assert "'EV = evil_rules:rules' in group 'nengo_dense.rules' of evil 1.2" in problem
    assert words in problem
    assert report.has_error("ND102")
    assert not report.complete


def test_a_rule_behind_one_that_found_errors_is_skipped_and_says_so(installed):
    installed(
        '@rule("EV101", "info", "s", remedy="r", after=("ND100", "ND102"))\n'
        "def f(network):\n    yield Finding('n', 'm')\nrules = (f,)"
    )
    report = check(failing(), run=0, build=False)
    assert not report.problems
    assert report.has_error("ND102")
    assert {s.reason for s in report.skipped if s.code == "EV101"} == {"ND102 found errors"}
    assert "EV101" not in {finding.code for finding in report.findings}


def test_fact_that_exits_is_named_and_its_rules_are_skipped(installed):
    installed(
        '@fact("f")\ndef wanted(network):\n    sys.exit(0)\n'
        '@rule("EV101", "info", "s", remedy="r")\ndef f(wanted):\n    yield\n'
        "rules = (wanted, f)"
    )
    report = check(failing(), run=0, build=False)
    (problem,) = report.problems
    assert problem == (
        "Computing the fact 'wanted' (entry 'EV' of evil 1.2) crashed: SystemExit: 0."
    )
    assert {s.reason for s in report.skipped if s.code == "EV101"} == {"no wanted: SystemExit: 0"}
    assert report.has_error("ND102")
    assert not report.ok


def test_rule_that_empties_the_facts_hides_nothing_from_the_built_in_ones(installed):
    code = '@rule("EV101", "info", "s", remedy="r")\ndef f(graph):\n    graph.chip.clear()\n'
    installed(code + "    return ()\nrules = (f,)")
    assert check(failing(), run=0, build=False).has_error("ND102")


PRESS = """
@rule("EV101", "info", "waits", remedy="r")
def waits(network):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        yield from (Finding("n", "m") for _ in range(5000))
    {then}
rules = (waits,)
"""


@pytest.mark.usefixtures("terminal")
@pytest.mark.skipif(not hasattr(signal, "SIGINT"), reason="the system has no such signal")
@pytest.mark.parametrize("then", ["finally:\n        os", "except BaseException:\n        return"])
def test_somebody_who_presses_ctrl_c_is_obeyed(installed, then):
    installed(PRESS.format(then=then))
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        check(failing(), run=0, build=False)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_network_whose_own_functions_exit_is_told_like_any_other_fault():
    leaving = []

    def leave(t_or_x):
        if leaving:
            sys.exit(0)
        return 0.5

    with nengo.Network(seed=0) as net:
        node = nengo.Node(lambda t: leave(t), label="node")
        layer = nengo.Ensemble(10, 1, neuron_type=nengo.SpikingRectifiedLinear(), label="layer")
        nengo.Connection(node, layer)
    leaving.append(True)
    report = check(net, run=0.01)
    says = [f.message for f in report.findings if f.code == "ND100"]
    assert says == ["nengo-loihi says: SystemExit: 0"]
    assert not report.problems
    leaving.clear()
    with net:
        out = nengo.Node(size_in=1)
        nengo.Connection(layer, out, function=leave, label="exits")
        nengo.Probe(out)
    leaving.append(True)
    report = check(net, run=0)
    assert {f.target for f in report.findings if f.code == "ND100"} == {"exits"}


def test_broken_files_of_other_packages_end_nothing(tmp_path):
    contents = {
        "a": b"not an ini file\n",
        "b": b"[console_scripts]\na = b:c\na = b:c\n",
        "c": b"[console_scripts]\n\xe9 = b:c\n",
    }
    for name, content in contents.items():
        info = tmp_path / f"{name}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (info / "entry_points.txt").write_bytes(content)
    program = (
        "import nengo, nengo_dense\n"
        "with nengo.Network(seed=0) as net: nengo_dense.DenseLayer(4, 2)\n"
        "report = nengo_dense.check(net, run=0, build=False)\n"
        "print(*report.problems, sep='\\n'); print(report.complete)"
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=True,
    )
    *problems, complete = done.stdout.splitlines()
    assert [problem.partition(" cannot")[0] for problem in sorted(problems)] == [
        f"The entry_points.txt of {name} 1" for name in contents
    ]
    assert complete == "True"  # none of them names rules
