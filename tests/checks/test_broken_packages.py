"""Sixty kinds of broken rules: none ends a check, keeps it waiting, or stays nameless."""

import json
import os
import sys
import threading
import time
import warnings

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from numpy.testing import assert_array_equal

from nengo_dense.checks import check

RULE = """
@rule("EV101", "info", "evil", remedy="r"{more})
def evil({needs}):
    {body}
rules = (evil,)
"""


def of_body(body, needs="network", more=""):
    return RULE.format(body=body.replace("\n", "\n    "), needs=needs, more=more)


#: Kind -> body of a rule, and words of the problem.
RAISING = {
    "exits": ("sys.exit(0)\nyield", "SystemExit: 0"),
    "interrupts": ("raise KeyboardInterrupt\nyield", "KeyboardInterrupt."),
    "closes": ("raise GeneratorExit\nyield", "GeneratorExit."),
    "stops": ("raise StopIteration\nyield", "RuntimeError: generator raised StopIteration"),
    "stops asynchronously": ("raise StopAsyncIteration\nyield", "StopAsyncIteration."),
    "recurses": ("yield from evil.find(network)", "RecursionError: maximum recursion depth"),
    "recurses in data": (
        "a = []\nfor _ in range(5000):\n    a = [a]\nyield Finding('n', repr(a))",
        "RecursionError",
    ),
    "has no memory": ("np.zeros((2**50,))\nyield", "MemoryError"),
    "says so": ("raise MemoryError\nyield", "MemoryError."),
    "asserts": ("assert False\nyield", "AssertionError."),
    "speaks of a file": ("open('/no/such/file')\nyield", "FileNotFoundError: [Errno 2]"),
    "raises a warning": ("raise UserWarning('w')\nyield", "UserWarning: w"),
    "raises a group": (
        "raise BaseException('b', 2) from ValueError(1)\nyield",
        "BaseException: ('b', 2)",
    ),
    "is mute": ("raise Mute\nyield", "Mute: (this Mute cannot be shown: ValueError in its str"),
    "talks": ("raise ValueError('x' * 10**7)\nyield", "xxx..."),
    "throws a non-exception": ("raise 'text'\nyield", "TypeError: exceptions must derive"),
    "asks for a name": ("return no_such_name\nyield", "NameError: name 'no_such_name'"),
    "asks for an attribute": ("network.layer\nyield", "AttributeError"),
    "is fatal": ("yield Finding('n', 'm', severity='fatal')", "got 'fatal'"),
    "measures objects": ("yield Finding('n', 'm', value=object())", "value: must be a number"),
    "measures a text": ("yield Finding('n', 'm', limit='3')", "limit: must be a number"),
    "measures complex": ("yield Finding('n', 'm', value=1j)", "value: must be a number"),
    "has no words": ("yield Finding('n', 'm', remedy=3)", "remedy: must be a string, got 3"),
    "has bytes": ("yield Finding(b'n', 'm')", "target: must be a string, got b'n'"),
    "aims at an object": ("yield Finding(network, 'm')", "target: must be a string, got <Network"),
    "forgets the message": ("yield Finding('n')", "missing 1 required positional argument"),
    "gives a string": ("return ['text']", "TypeError: it should yield findings, not str"),
    "gives a text": ("return 'text'", "TypeError: it should yield findings, not str"),
    "gives nothing": ("return None", "TypeError: 'NoneType' object is not iterable"),
    "gives a number": ("return 7", "TypeError: 'int' object is not iterable"),
    "gives a finding": ("return Finding('n', 'm')", "'Finding' object is not iterable"),
    "gives a class": ("return [Finding]", "it should yield findings, not type"),
    "gives a dictionary": ("return {'target': 'n'}", "it should yield findings, not str"),
    "gives None within": ("yield None", "it should yield findings, not NoneType"),
    "never ends": (
        "while True:\n    yield Finding('n', 'm')",
        "RuntimeError: it had more than 10000 findings and was stopped",
    ),
    "checks again": (
        "import nengo_dense\nnengo_dense.check(network, run=0)\nyield",
        "network: cannot be checked by a rule or a fact itself",
    ),
    "handles signals": (
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nyield",
        "ValueError: signal only works in main thread",
    ),
}
#: Kind -> body of a rule that never ends.
ENDLESS = {
    "loops": "while True:\n    pass\nyield",
    "sleeps": "time.sleep(10**6)\nyield",
    "waits for a lock": "lock = threading.Lock()\nlock.acquire()\nlock.acquire()\nyield",
    "waits for itself": "threading.Event().wait()\nyield",
    "reads a pipe": "os.read(os.pipe()[0], 1)\nyield",
    "loops without a yield": "return (x for x in iter(int, 1) if x)",
    "speaks for ever": (
        "class Slow(Exception):\n"
        "    def __str__(self):\n"
        "        while True: pass\n"
        "raise Slow\nyield"
    ),
}
#: Kind -> code of a whole module, and words of the problem.
MODULES = {
    "exits": ("sys.exit(5)", "SystemExit: 5"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt."),
    "closes": ("raise GeneratorExit", "GeneratorExit."),
    "recurses": ("def f(): f()\nf()", "RecursionError"),
    "has no memory": ("raise MemoryError", "MemoryError."),
    "is mute": ("raise Mute", "Mute: (this Mute cannot be shown"),
    "is no Python": ("def :", "SyntaxError"),
    "imports what is not there": ("import no_such_module_x", "No module named 'no_such_module_x'"),
    "imports itself": ("from evil_rules import rules", "ImportError"),
    "has no rules": ("", "AttributeError"),
    "has a number": ("rules = 7", "should name a tuple of rules, not int"),
    "has a dictionary": ("rules = {}", "should name a tuple of rules, not dict"),
    "has a function": ("rules = (lambda network: [],)", "which is not a rule"),
    "has a mute thing": (
        "class X:\n    def __repr__(self): raise SystemExit\nrules = (X(),)",
        "(this X cannot be shown: SystemExit in its repr())",
    ),
    "leaves when looked at": (
        "class X(tuple):\n    def __iter__(self): raise SystemExit(3)\nrules = X()",
        "SystemExit: 3",
    ),
    "has no end of rules": (
        "class X(tuple):\n    def __iter__(self):\n        while True: yield 1\nrules = X()",
        "has more than 1000 rules and facts",
    ),
    "has a rule that raises when looked at": (
        "class R(Rule):\n"
        "    @property\n"
        "    def requires(self): raise SystemExit(4)\n"
        "    @requires.setter\n"
        "    def requires(self, v): pass\n"
        "rules = (R('EV101', 'info', 's', 'e', 'r', lambda: []),)",
        "",
    ),
    "has a rule of another family": (
        of_body("yield").replace("EV101", "XY101"),
        "whose code should begin with EV",
    ),
    "takes a built-in code": (
        of_body("yield").replace("EV101", "ND101"),
        "whose code should begin with EV",
    ),
    "has a malformed code": (of_body("yield").replace("EV101", "EV1"), "got 'EV1'"),
    "has a code twice": (
        of_body("yield").replace("(evil,)", "(evil, evil)"),
        "has a rule of that",
    ),
    "says a number": (of_body("yield", more=", says=5"), "says: must be a tuple of strings"),
    "says no pattern": (of_body("yield", more=", says=('(',)"), "must be regular expressions"),
    "has a severity of its own": (
        of_body("yield").replace('"info"', '"fatal"'),
        "must be one of error, warning, info, got 'fatal'",
    ),
    "needs what is not there": (of_body("yield", "no_such"), "requires 'no_such', which no"),
    "needs a circle": (
        "a = Fact('a', 's', lambda b: b)\nb = Fact('b', 's', lambda a: a)"
        + of_body("yield", "a").replace("(evil,)", "(a, b, evil)"),
        "require one another in a circle",
    ),
    "needs itself": (
        "a = Fact('a', 's', lambda a: a)" + of_body("yield").replace("(evil,)", "(a, evil)"),
        "require one another in a circle",
    ),
    "needs a long chain": (
        "made = [Fact('f0', 's', lambda network: 1)]\n"
        "for i in range(1, 900):\n"
        "    made.append(Fact(f'f{i}', 's', eval(f'lambda f{i - 1}: 1')))\n"
        + of_body("yield", "f899").replace("(evil,)", "(*made, evil)"),
        "stands on a chain of 50 other facts",
    ),
    "takes a built-in fact": (
        "rules = (Fact('graph', 's', lambda network: 1),)",
        "brings the fact 'graph', which exists already",
    ),
}
#: Kind -> body of a rule, and words about what was set back.
CHANGING = {
    "changes the folder": ("os.chdir('/')", "the working folder (set back)"),
    "changes the environment": ("os.environ['HOME'] = ''", "environment variables (set back)"),
    "empties the path": ("sys.path.clear()", "sys.path (set back)"),
    "mutes the output": ("sys.stdout = None", "sys.stdout (set back)"),
    "swaps the errors": ("sys.stderr = object()", "sys.stderr (set back)"),
    "deepens recursion": ("sys.setrecursionlimit(10**4)", "the recursion limit (set back)"),
    "stops collection": ("import gc\ngc.disable()", "garbage collection (set back)"),
    "leaves a thread": (
        "threading.Thread(target=time.sleep, args=(1,), name='rest', daemon=False).start()",
        "the threads: rest goes on, and the process cannot end before it",
    ),
    "seeds the network": ("network.seed = 5", "the network (set back)"),
    "adds to the network": (
        "import nengo\nwith network:\n    nengo.Node(1.0)",
        "the network (set back)",
    ),
    "empties the network": ("network.ensembles.clear()", "the network (set back)"),
    "changes a layer": ("network.ensembles[0].seed = 99", "the network (set back)"),
    "hangs something on": ("network.ensembles[0].mark = 1", "the network (set back)"),
    "sets a default": (
        "import nengo\nnetwork.config[nengo.Ensemble].radius = 9.0",
        "the network (set back)",
    ),
}
#: Changes that are set back without a word.
SILENT = {
    "warns": "import warnings\nwarnings.simplefilter('error')",
    "warns another way": "import warnings\nwarnings.showwarning = None",
    "is strict with numbers": "np.seterr(all='raise')",
    "draws numbers": "np.random.seed(0)\nimport random\nrandom.seed(0)",
    "prints numbers its way": "np.set_printoptions(precision=1)",
}
#: Kind -> a finding that is odd, but sound.
ODD = {
    "is empty": "Finding('', '')",
    "is long": "Finding('n' * 10**6, 'm' * 10**6, 'r' * 10**6)",
    "has lines": "Finding('n\\nn', 'm\\r\\n\\tm', 'r\\x00r')",
    "steers the terminal": "Finding('\\x1b[31m', '\\x1b]0;owned\\x07', '\\u202e')",
    "has half a character": "Finding('\\ud800', '\\udfff', '\\udc80')",
    "has two dollars": "Finding('$^$', 'in $ and ^$', '$$')",
    "has tags": "Finding('<script>', '</div>', '&amp;')",
    "has braces": "Finding('{0}', '%s %d', '{network!r}')",
    "measures infinity": "Finding('n', 'm', value=float('inf'), limit=-np.inf)",
    "measures nothing": "Finding('n', 'm', value=float('nan'), limit=np.nan)",
    "measures much": "Finding('n', 'm', value=10**5000, limit=-(10**5000))",
    "measures NumPy": "Finding('n', 'm', value=np.float16(1.5), limit=np.int8(3))",
    "measures long": "Finding('n', 'm', value=np.longdouble(2), limit=np.uint64(2**63))",
    "measures truth": "Finding('n', 'm', value=True, limit=np.float64(1e-320))",
    "is of another class": "type('F', (Finding,), {})('n', 'm')",
    "has text of another class": (
        "Finding(type('S', (str,), {'__str__': lambda s: 1 / 0, '__len__': lambda s: -1, "
        "'__format__': lambda s, f: 1 / 0})('n'), 'm')"
    ),
    "has a number of another class": (
        "Finding('n', 'm', value=type('N', (float,), {'__repr__': lambda s: 1 / 0})(3))"
    ),
}


def failing():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(10, 1, neuron_type=nengo.Izhikevich(), label="layer")
    return net


def checked(network=None, time_limit=60.0):
    """Check, look at the report in every form, and see that our rules found what they find."""
    report = check(network or failing(), run=0, build=False, time_limit=time_limit)
    assert report.has_error("ND102")
    json.loads(report.to_json())
    str(report).encode("utf-8")
    report._repr_html_().encode("utf-8")
    return report


@pytest.mark.parametrize("kind", RAISING)
def test_rule_that_fails_is_named(installed, kind):
    body, words = RAISING[kind]
    installed(of_body(body))
    (problem,) = checked().problems
    assert problem.startswith("The rule EV101 (evil; entry 'EV' of evil 1.2) crashed: ")
    assert words in problem


@pytest.mark.parametrize("body", ["sys.exit(0)", "raise Mute", "np.zeros((2**50,))", "return x"])
def test_fact_that_fails_is_named(installed, body):
    code = f"@fact('f')\ndef wanted(network):\n    {body}\n"
    installed(code + of_body("yield", "wanted").replace("(evil,)", "(wanted, evil)"))
    report = checked()
    (problem,) = report.problems
    assert problem.startswith("Computing the fact 'wanted' (entry 'EV' of evil 1.2) crashed: ")
    assert "EV101" in {skipped.code for skipped in report.skipped}


@pytest.mark.parametrize("kind", ENDLESS)
def test_rule_that_never_ends_is_stopped_and_named(installed, kind):
    installed(of_body(ENDLESS[kind]))
    report = checked(time_limit=0.2)
    (problem,) = report.problems
    start = "The rule EV101 (evil; entry 'EV' of evil 1.2) crashed: it did not end within 0.2 s"
    assert problem.startswith(start)
    waits = "waits" in kind or kind in ("sleeps", "reads a pipe")
    assert ("goes on in the background" if waits else "was stopped") in problem
    assert not report.ok


@pytest.mark.parametrize(
    "name, code", [("loops", "while True: pass"), ("sleeps", "time.sleep(1e6)")]
)
def test_import_that_never_ends_is_stopped_named_and_not_tried_again(installed, name, code):
    installed(code, f"{name}_rules")
    (problem,) = checked(time_limit=0.2).problems
    assert "of evil 1.2 is broken: it did not end within 0.2 seconds and " in problem
    start = time.perf_counter()
    assert checked(time_limit=0.2).problems == [problem]
    assert time.perf_counter() - start < 100


def test_fact_that_never_ends_is_stopped_and_named(installed):
    code = "@fact('f')\ndef wanted(network):\n    while True: pass\n"
    installed(code + of_body("yield", "wanted").replace("(evil,)", "(wanted, evil)"))
    (problem,) = checked(time_limit=0.2).problems
    assert problem.startswith("Computing the fact 'wanted' (entry 'EV' of evil 1.2) crashed: it d")


def test_rule_that_goes_on_leaves_the_report_as_it_is(installed):
    body = "yield Finding('n', 'm')\ntime.sleep(0.6)\nyield Finding('n', 'm')"
    installed(of_body(body))
    report = checked(time_limit=0.1)
    found = [finding.code for finding in report.findings].count("EV101")
    for thread in threading.enumerate():
        if thread.daemon and thread.name == "nengo_dense call":
            thread.join(1.0)
    assert [finding.code for finding in report.findings].count("EV101") == found == 1


@pytest.mark.parametrize("kind", MODULES)
def test_package_that_is_broken_is_named(installed, kind):
    code, words = MODULES[kind]
    installed(code)
    report = checked()
    assert report.problems, report
    assert all("evil 1.2" in problem for problem in report.problems), report.problems
    assert words in " ".join(report.problems)


@pytest.mark.parametrize("kind", CHANGING)
def test_change_is_set_back_and_named(installed, kind, monkeypatch):
    body, words = CHANGING[kind]
    installed(of_body(body + "\nyield Finding('n', 'm')"))
    folder, environment, path = os.getcwd(), dict(os.environ), list(sys.path)
    streams = sys.stdin, sys.stdout, sys.stderr, sys.getrecursionlimit()
    net = failing()
    objects, config = list(net.all_objects), repr(net.config[nengo.Ensemble])
    report = checked(net)
    assert report.problems == [f"The rule EV101 (entry 'EV' of evil 1.2) changed {words}."]
    assert report.complete
    assert "EV101" in {finding.code for finding in report.findings}
    assert (os.getcwd(), dict(os.environ), sys.path) == (folder, environment, path)
    assert (sys.stdin, sys.stdout, sys.stderr, sys.getrecursionlimit()) == streams
    assert (net.seed, list(net.all_objects)) == (0, objects)
    assert repr(net.config[nengo.Ensemble]) == config
    assert net.ensembles[0].seed is None
    assert "mark" not in vars(net.ensembles[0])


@pytest.mark.parametrize("kind", SILENT)
def test_change_of_manners_ends_with_the_rule(installed, kind):
    installed(of_body(SILENT[kind] + "\nyield Finding('n', 'm')"))
    before = list(warnings.filters), np.geterr(), np.get_printoptions(), warnings.showwarning
    numbers = np.random.get_state()[1].copy()
    assert not checked().problems
    after = list(warnings.filters), np.geterr(), np.get_printoptions(), warnings.showwarning
    assert after == before
    assert_array_equal(np.random.get_state()[1], numbers)


@pytest.mark.parametrize("kind", ODD)
def test_odd_finding_is_shown_in_every_form(installed, kind, tmp_path):
    installed(of_body(f"yield {ODD[kind]}"))
    report = checked()
    assert not report.problems
    (finding,) = (f for f in report.findings if f.code == "EV101")
    assert {type(finding.target), type(finding.message), type(finding.remedy)} == {str}
    assert "\x1b" not in str(report)
    assert type(finding.value) in (type(None), bool, int, float)


def test_limit_that_is_none_is_refused(installed):
    installed(of_body("yield"))
    for wrong in (0, -1, "x", float("nan"), 10**30):
        with pytest.raises(ValidationError, match="time_limit: "):
            check(failing(), time_limit=wrong)


def test_without_a_limit_a_rule_runs_in_the_callers_thread(installed):
    installed(of_body("yield Finding(threading.current_thread().name, 'm')"))
    report = check(failing(), run=0, build=False, time_limit=None)
    (finding,) = (f for f in report.findings if f.code == "EV101")
    assert finding.target == threading.current_thread().name
