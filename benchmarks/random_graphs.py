"""Random graphs: the normal form against the framework's own forward.

    python benchmarks/random_graphs.py --graphs 1000 --json random_graphs.json

A recipe draws depth, widths, activations, merges, slices and heads; it is built in Keras, PyTorch
and ONNX in turn, in the last two in double precision. What was read, and its rectifiers where all
activations are made of straight pieces, must give the framework's outputs to 1e-9 of their largest
(Keras: 1e-5). The exit code is 1 if one does not.
"""

import argparse
import json
import random
import sys
import warnings
from collections import Counter

import numpy as np
import record

from nengo_dense.importers import forward, read_model
from nengo_dense.importers.form.spec import forward as layers_forward

#: Largest difference, as a share of the outputs. Keras on PyTorch multiplies in single precision
#: whatever it is asked for.
LIMITS = {"onnx": 1e-9, "torch": 1e-9, "keras": 1e-5}
#: Activations of straight pieces, and smooth ones.
EXACT = ("relu", "leaky_relu", "relu6", "hard_tanh", "abs")
SMOOTH = ("tanh", "sigmoid", "softplus", "elu", "silu", "softsign")
HEADS = ("linear", "softmax", "sigmoid", "relu")
N_IN = 6


def recipe(seed):
    """Draw the steps of a model: (kind, names of what it takes, settings), and its outputs.

    Returns
    -------
    steps : list of (str, tuple of int, object)
        Taken by their numbers; 0 is the input.
    outputs : list of (int, str)
        Step and head.
    is_exact : bool
        Whether every hidden activation is made of straight pieces.
    """
    draw = random.Random(seed)
    names = EXACT if seed % 3 else (*EXACT, *SMOOTH)
    widths, steps = [N_IN], []

    def add(kind, sources, settings, width):
        steps.append((kind, sources, settings))
        widths.append(width)
        return len(widths) - 1

    for _ in range(draw.randint(1, 5)):
        source = draw.randrange(len(widths))
        width = draw.choice((3, 4, 6, 9))
        hidden = add("dense", (source,), (widths[source], width), width)
        hidden = add("activation", (hidden,), draw.choice(names), width)
        kind = draw.choice(("none", "add", "subtract", "concat", "maximum", "minimum", "slice"))
        same = [at for at, n in enumerate(widths) if n == width and at != hidden]
        if kind == "concat":
            other = draw.randrange(len(widths))
            add("concat", (hidden, other), None, width + widths[other])
        elif kind == "slice":
            start, stop = sorted(draw.sample(range(width + 1), 2))
            add("slice", (hidden,), (start, stop), stop - start)
        elif kind != "none" and same:
            add(kind, (hidden, draw.choice(same)), None, width)
    outputs = []
    for _ in range(draw.choice((1, 1, 2))):
        source = len(widths) - 1 if not outputs else draw.randrange(1, len(widths))
        logits = add("dense", (source,), (widths[source], 3), 3)
        outputs.append((logits, draw.choice(HEADS)))
    return steps, outputs, all(step[2] in EXACT for step in steps if step[0] == "activation")


def weights_of(shape, rng):
    """Draw a layer's (n_in, n_out) weights and its bias."""
    return rng.normal(size=shape) / np.sqrt(shape[0]), rng.normal(size=shape[1]) / 2


def in_torch(steps, outputs, rng):
    """Build a recipe in PyTorch; return the module and what runs it."""
    import torch
    from torch import nn
    from torch.nn import functional

    functions = {
        **{"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "abs": torch.abs},
        **{"leaky_relu": functional.leaky_relu, "relu6": functional.relu6},
        **{"hard_tanh": functional.hardtanh, "softplus": functional.softplus},
        **{"elu": functional.elu, "silu": functional.silu, "softsign": functional.softsign},
        **{"linear": lambda x: x, "softmax": lambda x: torch.softmax(x, 1)},
    }
    merges = {"add": torch.add, "subtract": torch.sub, "maximum": torch.maximum}
    merges["minimum"] = torch.minimum

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            for number, (kind, _, settings) in enumerate(steps):
                if kind == "dense":
                    layer = nn.Linear(*settings).double()
                    weights, bias = weights_of(settings, rng)
                    layer.weight.data = torch.from_numpy(weights.T.copy())
                    layer.bias.data = torch.from_numpy(bias)
                    setattr(self, f"d{number}", layer)

        def forward(self, x):
            values = [x]
            for number, (kind, sources, settings) in enumerate(steps):
                taken = [values[source] for source in sources]
                if kind == "dense":
                    value = getattr(self, f"d{number}")(taken[0])
                elif kind == "activation":
                    value = functions[settings](taken[0])
                elif kind == "slice":
                    value = taken[0][:, settings[0] : settings[1]]
                else:
                    value = torch.cat(taken, 1) if kind == "concat" else merges[kind](*taken)
                values.append(value)
            found = [functions[head](values[at]) for at, head in outputs]
            return found[0] if len(found) == 1 else tuple(found)

    model = Model().eval()

    def run(x):
        with torch.no_grad():
            found = model(torch.from_numpy(x))
        return [y.numpy() for y in (found if isinstance(found, tuple) else (found,))]

    return model, run


def in_keras(steps, outputs, rng):
    """Build a recipe in Keras; return the model and what runs it."""
    import keras

    layers = keras.layers
    functions = {
        **dict.fromkeys(("relu", "tanh", "sigmoid", "softplus", "elu", "silu", "softsign")),
        **{"abs": keras.ops.abs, "relu6": lambda x: layers.ReLU(max_value=6.0)(x)},
        **{"leaky_relu": lambda x: layers.LeakyReLU(negative_slope=0.01)(x)},
        **{"hard_tanh": lambda x: keras.ops.clip(x, -1.0, 1.0)},
    }
    merges = {"add": layers.Add, "subtract": layers.Subtract, "maximum": layers.Maximum}
    merges |= {"minimum": layers.Minimum, "concat": layers.Concatenate}
    values = [keras.Input((N_IN,))]
    for kind, sources, settings in steps:
        taken = [values[source] for source in sources]
        if kind == "dense":
            layer = layers.Dense(settings[1])
            value = layer(taken[0])
            layer.set_weights(list(weights_of(settings, rng)))
        elif kind == "activation":
            function = functions[settings] or layers.Activation(settings)
            value = function(taken[0])
        elif kind == "slice":
            value = taken[0][:, settings[0] : settings[1]]
        else:
            value = merges[kind]()(taken)
        values.append(value)
    found = [layers.Activation(head)(values[at]) for at, head in outputs]
    model = keras.Model(values[0], found if len(found) > 1 else found[0])

    def run(x):
        given = model(x, training=False)
        given = given if isinstance(given, list | tuple) else [given]
        return [np.asarray(keras.ops.convert_to_numpy(y)) for y in given]

    return model, run


def in_onnx(steps, outputs, rng):
    """Build a recipe in ONNX; return the model and what runs it."""
    from onnx import TensorProto, helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    kinds = {"relu": "Relu", "leaky_relu": "LeakyRelu", "abs": "Abs", "tanh": "Tanh", "elu": "Elu"}
    kinds |= {"sigmoid": "Sigmoid", "softplus": "Softplus", "softsign": "Softsign"}
    kinds |= {"add": "Add", "subtract": "Sub", "maximum": "Max", "minimum": "Min"}
    kinds |= {"concat": "Concat", "softmax": "Softmax", "linear": "Identity"}
    nodes, constants, names = [], [], ["x"]

    def constant(values):
        constants.append(numpy_helper.from_array(np.asarray(values), f"c{len(constants)}"))
        return constants[-1].name

    def add(kind, inputs, output, **settings):
        nodes.append(helper.make_node(kind, inputs, [output], **settings))

    for number, (kind, sources, settings) in enumerate(steps):
        taken, name = [names[source] for source in sources], f"t{number}"
        if kind == "dense":
            add("Gemm", [taken[0], *map(constant, weights_of(settings, rng))], name)
        elif kind == "slice":
            ends = [constant(np.array([end])) for end in settings]
            add("Slice", [taken[0], *ends, constant(np.array([1]))], name)
        elif settings in ("relu6", "hard_tanh"):
            limits = (0.0, 6.0) if settings == "relu6" else (-1.0, 1.0)
            add("Clip", [taken[0], *(constant(np.float64(end)) for end in limits)], name)
        elif settings == "silu":
            add("Sigmoid", taken, f"{name}s")
            add("Mul", [taken[0], f"{name}s"], name)
        else:
            chosen = kinds[settings if kind == "activation" else kind]
            add(chosen, taken, name, **({"axis": 1} if kind == "concat" else {}))
        names.append(name)
    for number, (at, head) in enumerate(outputs):
        add(kinds[head], [names[at]], f"y{number}")
    infos = [
        [helper.make_tensor_value_info(n, TensorProto.DOUBLE, ("n", w)) for n, w in found]
        for found in ([("x", N_IN)], [(f"y{i}", 3) for i in range(len(outputs))])
    ]
    graph = helper.make_graph(nodes, "g", *infos, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    evaluator = ReferenceEvaluator(model)
    return model, lambda x: evaluator.run(None, {"x": x})


FRAMEWORKS = {"onnx": in_onnx, "torch": in_torch, "keras": in_keras}


def difference(seed, framework):
    """Build, read and compare one graph; return the largest difference as a share of the outputs.

    Parameters
    ----------
    seed : int
    framework : str
        A key of `FRAMEWORKS`.
    """
    steps, outputs, is_exact = recipe(seed)
    rng = np.random.RandomState(seed)
    model, run = FRAMEWORKS[framework](steps, outputs, rng)
    x = np.concatenate([rng.normal(size=(40, N_IN)) * size for size in (0.1, 1.0, 10.0)])
    theirs = run(x)
    source = read_model(model)
    found = [forward(source, x)[-1]]
    if is_exact:
        form = source.normal_form()
        is_graph = isinstance(form, tuple)
        found.append(form[0].forward(x) if is_graph else layers_forward(form.layers, x)[-1])
    worst = 0.0
    for ours in found:
        ours = list(ours.values()) if isinstance(ours, dict) else [ours]
        for our, their in zip(ours, theirs, strict=True):
            scale = max(1e-3, np.abs(their).max())
            worst = max(worst, float(np.abs(our - their).max() / scale))
    return worst


def main(argv=None):
    """Compare graphs of all frameworks in turn."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--graphs", type=int, default=1000)
    arguments.add_argument("--first", type=int, default=0, help="seed of the first graph")
    arguments.add_argument("--json", help="file for the figures")
    given = arguments.parse_args(argv)
    warnings.simplefilter("ignore")
    worst, counts, wrong = dict.fromkeys(FRAMEWORKS, 0.0), Counter(), []
    for seed in range(given.first, given.first + given.graphs):
        framework = list(FRAMEWORKS)[seed % 3]
        try:
            found = difference(seed, framework)
        except Exception as err:  # a graph that is not read is counted, too
            wrong.append([seed, framework, f"{type(err).__name__}: {err}"])
            continue
        counts[framework] += 1
        worst[framework] = max(worst[framework], found)
        if not found <= LIMITS[framework]:
            wrong.append([seed, framework, found])
    figures = {"compared": dict(counts), "largest": worst, "limits": LIMITS, "wrong": wrong}
    print(json.dumps(figures, indent=2))
    if given.json:
        record.keep(given.json, figures)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
