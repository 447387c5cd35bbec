"""Public functions and methods with right arguments, of which a fuzz replaces one after the other.

The names are found, not listed: all of ``nengo_dense.__all__`` and of `MORE`, and every public
method of what they make. A new one is among them by itself; where it has a parameter that is new,
too, `cases` says so.
"""

import functools
import inspect
from pathlib import Path

import nengo
import numpy as np

import nengo_dense
from nengo_dense import Simulator
from nengo_dense.checks import Finding, fact, rule
from nengo_dense.evaluation import decision_curve, stream_report
from nengo_dense.layers import GraphLayer, GraphOutput


@functools.wraps(rule)
def declared_rule(**arguments):
    """Declare a rule, whose arguments are looked at when there is a function."""

    def find(network):
        """Find nothing."""
        yield from ()

    return rule(**arguments)(find)


@functools.wraps(fact)
def declared_fact(**arguments):
    """Declare a fact, likewise."""

    def value(network):
        return 1

    return fact(**arguments)(value)


#: Arguments without a name of their own that make a call right.
FURTHER = {
    name: {"presentation_time": 0.005} for name in ("DenseStack.export", "DenseGraph.export")
}
#: Public names of modules that take a user's arguments, too.
MORE = (
    Finding,
    declared_rule,
    declared_fact,
    GraphLayer,
    GraphOutput,
    stream_report,
    decision_curve,
)
#: Arguments that keep a call short, where a function has them.
SHORT = {
    "presentation_time": 0.005,
    "progress_bar": False,
    "effort": 0.01,
    "run": 0,
    "build": False,
    "add_to_container": False,
}
#: Arguments that are not replaced, as they are Nengo's own.
NENGOS = {("SoftmaxNode", "add_to_container")}
#: How files end, by the method that writes them; pictures else.
ENDINGS = {"save": ".npz", "export": ".nir", "save_html": ".html", "save_json": ".json"}


class Case:
    """A call with right arguments, of which one is replaced.

    Parameters
    ----------
    name : str
    function : callable
    right : dict
        Arguments that are right.
    """

    def __init__(self, name, function, right):
        self.name, self.function, self.right = name, function, right
        self.arguments = [arg for arg in _named(function) if (name, arg) not in NENGOS]

    def call(self, argument, value):
        """Call with one argument replaced; close what has to be closed."""
        result = self.function(**{**self.right, argument: value})
        if isinstance(result, Simulator):
            result.close()


def cases(folder):
    """List the public functions and methods, each with right arguments.

    Parameters
    ----------
    folder : Path
        For files.

    Raises
    ------
    LookupError
        A parameter without a default for which no right value is known.
    """
    right, made = _objects()
    found = []
    for thing in (*(getattr(nengo_dense, name) for name in nengo_dense.__all__), *MORE):
        if callable(thing):
            found.append(_case(thing.__name__, thing, right, folder))
    for obj in made:
        found += [_case(name, method, right, folder) for name, method in _methods(obj)]
    return [case for case in found if case.arguments]


def _case(name, function, right, folder):
    named = _named(function)
    values = {arg: SHORT[arg] for arg in named if arg in SHORT} | FURTHER.get(name, {})
    for arg, parameter in named.items():
        if f"{name}.{arg}" in right:
            values[arg] = right[f"{name}.{arg}"]
        elif arg == "path":
            values[arg] = folder / f"{name}{ENDINGS.get(name.rpartition('.')[2], '.png')}"
        elif parameter.default is parameter.empty:
            if arg not in right:
                raise LookupError(f"{name} has a parameter {arg!r} for which no value is known")
            values[arg] = right[arg]
    return Case(name, function, values)


def _named(function):
    """Return the parameters that have names."""
    known = inspect.signature(function).parameters.values()
    return {p.name: p for p in known if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}


def _methods(obj):
    """Find the public methods that nengo_dense gives an object: (name, method)."""
    kind = type(obj)
    for name, _ in inspect.getmembers(kind, callable):
        owner = next(cls for cls in kind.__mro__ if name in vars(cls))
        if not name.startswith("_") and owner.__module__.startswith("nengo_dense"):
            yield f"{kind.__name__}.{name}", getattr(obj, name)


def _objects():
    """Make right values by parameter ("function.parameter" or "parameter"), and objects."""
    rng = np.random.RandomState(0)
    x, y = rng.rand(30, 4), rng.randint(0, 3, 30)
    weights, biases = [rng.randn(6, 4), rng.randn(3, 6)], [rng.randn(6), rng.randn(3)]
    layers = list(zip(weights, biases, strict=True))
    no_place, quick = {"add_to_container": False}, {"progress_bar": False}
    short = {"presentation_time": 0.005, **quick}
    stack = nengo_dense.DenseStack([6, 5, 3], 4, seed=0, **no_place)
    parts = [GraphLayer("a", {"x": weights[0]}, biases[0], 400.0)]
    outputs = {"out": GraphOutput({"a": weights[1]}, biases[1], "softmax")}
    graph = nengo_dense.DenseGraph({"x": 4}, parts, outputs, **no_place)
    with nengo.Network(seed=0, add_to_container=False) as network:
        network.add(nengo_dense.DenseStack([6, 5, 3], 4, seed=0, **no_place))
        source = nengo.Node(np.zeros(4))
        nengo.Connection(source, network.networks[0].input, synapse=None)
        probe = nengo.Probe(network.networks[0].logits)
    known = {"n_neurons": 6, "size_in": 4, "units": [6, 5, 3], "SoftmaxNode.size_in": 3}
    known |= {"stack": stack, "x": x, "y": y, "model": layers, "network": network, "probe": probe}
    known |= {"inputs": {"x": 4}, "layers": parts, "outputs": outputs, "biases": [0.0] * 3}
    known |= {"DenseGraph.load.path": Path("none"), "DenseStack.load.path": Path("none")}
    known |= {"DenseLayer.set_parameters.weights": weights[0], "bias": biases[0]}
    known |= {"weights": {"a": weights[1]}, "name": "a", "calibration": (x, y)}
    known |= {"DenseStack.set_parameters.weights": [weights[0], rng.randn(5, 6), rng.randn(3, 5)]}
    known |= {"time_in_seconds": 0.002, "steps": 2, "i": 0, "seconds": 0.003, "margin": 0.1}
    known |= {"stream_report.gaps": (0.0,), "target": "a", "message": "b", "problem": "p"}
    known |= {"code": "EV101", "severity": "info", "summary": "s", "remedy": "r"}
    result = nengo_dense.evaluate(stack, x, y, decision="margin", **short)
    made = [
        stack,
        graph,
        nengo_dense.DenseLayer(6, 4, **no_place),
        Simulator(network, minibatch_size=2, **quick),
        result,
        result.cost,
        nengo_dense.check(network, run=0, build=False),
        nengo_dense.ladder(layers, x, y, **short),
    ]
    return known, made
