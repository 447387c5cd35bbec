"""Read damaged and twisted ONNX and Keras models: each ends in a result or a named error.

    python benchmarks/fuzz_models.py --onnx 8000 --keras 4000 --json fuzz.json

Whole models are mutated in their nodes, attributes, shapes, constants and configuration, and byte
by byte. Whatever is read is compared with onnx's reference evaluator, as ``convert`` does. Counted
are results, named errors by their kind, and what must not be: bare errors, and models that take
more than 30 s or more than 2 GiB. The exit code is 1 if there is any of these.
"""

import argparse
import json
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import record
from nengo.exceptions import NengoException
from onnx import numpy_helper, parser

from nengo_dense.exceptions import PluginError
from nengo_dense.importers import read_model

SECONDS = 30
BYTES = 2 * 2**30

#: Graphs whose constants are drawn for the names that they use, by the name's first letter.
GRAPHS = (
    "a = MatMul(x, W) b = Add(a, v) h = Relu(b) y = MatMul(h, W1)",
    "a = Gemm<transB = 1, alpha = 0.5>(x, W, v) r = Relu(a) s = Add(r, x) y = MatMul(s, W1)",
    "p, q = Split<axis = 1>(x, i33) c = Concat<axis = 1>(q, p) a = MatMul(c, W) y = Tanh(a)",
    "p = Reshape(x, im123) t = Transpose<perm = [0, 2, 1]>(p) f = Flatten(t) y = MatMul(f, W)",
    "k = Shape(x) g = Gather(k, i0) m = Concat<axis = 0>(g, im1) p = Reshape(x, m) "
    "y = MatMul(p, W)",
    "a = MatMul(x, W) s = Sigmoid(a) m = Mul(a, s) b = Max(m, x) y = Softmax(b)",
    "a = MatMul(x, W) n = BatchNormalization(a, v, v1, v2, u) c = Clip(n) y = ReduceSum(c, i1)",
    "l = Slice(x, i0, i4, i1) e = Tile(l, i12) g = Gather<axis = 1>(x, i35) "
    "y = Concat<axis = 1>(e, g)",
    "a = MatMul(x, W) q = Abs(a) r = Add(q, u) d = Div(a, r) p = Pow(d, s2) y = Mul(p, d)",
    "w = qonnx.custom_op.general.Quant(W, s, z, b4) a = MatMul(x, w) h = Relu(a) "
    "y = qonnx.custom_op.general.Quant(h, s, z, b4)",
)

#: Kinds of nodes that take the place of others.
KINDS = (
    *("Add", "Sub", "Mul", "Div", "MatMul", "Gemm", "Relu", "Tanh", "Softmax", "Concat", "Split"),
    *("Slice", "Gather", "Reshape", "Transpose", "Tile", "Expand", "Squeeze", "Unsqueeze", "Cast"),
    *("Max", "Min", "Sum", "Mean", "ReduceMax", "ReduceMean", "Clip", "PRelu", "Shape", "Pow"),
    *(
        "ConstantOfShape",
        "Range",
        "Conv",
        "Loop",
        "If",
        "LSTM",
        "Where",
        "Erf",
        "BatchNormalization",
    ),
    *("ArgMax", "QuantizeLinear", "DequantizeLinear", "Flatten", "Dropout", "Quant", ""),
)

NUMBERS = (0, 1, -1, 2, 3, 6, 7, -2, 37, 2**31, -(2**63), 2**62, 10**6, 10**9)


def constant(name, rng):
    """Draw what a name stands for: numbers after i, m for minus; matrices W, vectors v, u."""
    if name[0] == "i":
        values, sign = [], 1
        for letter in name[1:]:
            sign = -1 if letter == "m" else sign
            if letter != "m":
                values.append(sign * int(letter))
                sign = 1
        return np.array(values, np.int64)
    shapes = {"W": (6, 6), "v": (6,), "u": (6,)}
    if name[0] in shapes:
        drawn = rng.uniform(0.5, 1.5, shapes[name[0]])
        return drawn.astype(np.float32)
    return np.float32(
        {"s": 0.25, "z": 0.0, "b": 4.0, "s2": 2.0}[name if name == "s2" else name[0]]
    )


def graphs(seed):
    """Return the graphs, before they are mutated."""
    rng = np.random.RandomState(seed)
    found = []
    for body in GRAPHS:
        head = '<ir_version: 8, opset_import: ["" : 17, "qonnx.custom_op.general" : 1]>'
        model = parser.parse_model(f"{head} g (float[n, 6] x) => (float[n, 6] y) {{{body}}}")
        made = {name for node in model.graph.node for name in node.output} | {"x"}
        for name in sorted({n for node in model.graph.node for n in node.input} - made):
            array = np.asarray(constant(name, rng))
            model.graph.initializer.append(numpy_helper.from_array(array, name))
        found.append(model)
    return found


def twist_node(model, draw):
    """Change one node: its kind, what it takes or gives, a setting; or drop or repeat it."""
    nodes = model.graph.node
    if not nodes:
        return
    node = draw.choice(nodes)
    names = [n for each in nodes for n in (*each.input, *each.output)] + ["x", "y", "", "none"]
    what = draw.randrange(7)
    if what == 0:
        node.op_type = draw.choice(KINDS)
    elif what == 1 and node.input:
        node.input[draw.randrange(len(node.input))] = draw.choice(names)
    elif what == 2 and node.output:
        node.output[draw.randrange(len(node.output))] = draw.choice(names)
    elif what == 3:
        node.input.append(draw.choice(names))
    elif what == 4:
        name = draw.choice(("axis", "axes", "perm", "alpha", "to", "keepdims", "transA", "value"))
        value = draw.choice((*NUMBERS[:9], [0, 1], [5, 5], [-1], 0.5, "text", [], float("nan")))
        if value != []:
            node.attribute.append(onnx.helper.make_attribute(name, value))
    elif what == 5:
        nodes.remove(node)
    else:
        nodes.add().CopyFrom(node)


def twist_constant(model, draw):
    """Change a constant: its shape, its type, a number in it."""
    if not model.graph.initializer:
        return
    tensor = draw.choice(model.graph.initializer)
    what = draw.randrange(4)
    if what == 0 and tensor.dims:
        tensor.dims[draw.randrange(len(tensor.dims))] = draw.choice(NUMBERS)
    elif what == 1:
        tensor.data_type = draw.randrange(25)
    elif what == 2 and tensor.raw_data:
        data = bytearray(tensor.raw_data)
        data[draw.randrange(len(data))] = draw.choice((0, 127, 128, 255))
        tensor.raw_data = bytes(data)
    elif what == 3:
        values = [draw.choice(NUMBERS) for _ in range(draw.randrange(4))]
        tensor.CopyFrom(numpy_helper.from_array(np.array(values, np.int64), tensor.name))


def twist_frame(model, draw):
    """Change what the model says of its inputs, outputs and versions."""
    what = draw.randrange(4)
    if what == 0 and model.graph.input:
        shape = draw.choice(model.graph.input).type.tensor_type.shape
        if shape.dim:
            draw.choice(shape.dim).dim_value = draw.choice(NUMBERS)
        else:
            shape.dim.add()
    elif what == 1 and model.opset_import:
        model.opset_import[0].version = draw.choice((0, 1, 6, 9, 11, 13, 18, 21, 25, 99, -1))
    elif what == 2:
        model.graph.output.add().name = draw.choice(("a", "h", "x", "none", ""))
    elif what == 3 and model.graph.input:
        draw.choice(model.graph.input).type.tensor_type.elem_type = draw.randrange(20)


def mutated_graph(models, number):
    """Return the bytes of a mutated graph."""
    draw = random.Random(number)
    model = onnx.ModelProto()
    model.CopyFrom(draw.choice(models))
    for _ in range(draw.randint(1, 4)):
        draw.choice((twist_node, twist_node, twist_constant, twist_frame))(model, draw)
    content = bytearray(model.SerializeToString())
    if number % 5 == 0 and content:
        for _ in range(draw.randint(1, 8)):
            content[draw.randrange(len(content))] = draw.randrange(256)
    return bytes(content)


def keras_files(folder):
    """Write the Keras models that are mutated: a chain, a graph, one with functions."""
    import keras

    layers = keras.layers
    x, z = keras.Input((6,)), keras.Input((4,))
    h = layers.Add()([layers.Dense(6, "relu")(x), x])
    branches = [layers.Dense(3, "softmax")(h[:, :4]), layers.Maximum()([h, layers.Dense(6)(z)])]
    chain = [keras.Input((2, 3)), layers.Flatten(), layers.BatchNormalization()]
    models = [
        keras.Sequential([*chain, layers.Dense(5, "tanh"), layers.ReLU(6.0), layers.Dense(1)]),
        keras.Model([x, z], branches),
        keras.Model(x, layers.Dense(2)(layers.Multiply()([h, layers.Activation("tanh")(h)]))),
        keras.Model(x, layers.Dense(2)(layers.Permute((2, 1))(layers.Reshape((2, 3))(x))[:, 1])),
    ]
    paths = []
    for number, model in enumerate(models):
        paths.append(folder / f"seed{number}.keras")
        model.save(paths[-1])
    return paths


def places_in(value, found):
    """List the places of a JSON value that may be changed, each as its container and its key."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        found.append((value, key))
        if isinstance(value[key], dict | list):
            places_in(value[key], found)
    return found


def mutated_file(contents, number, path):
    """Write a mutated Keras file."""
    draw = random.Random(number)
    parts = dict(draw.choice(contents))
    if number % 4:
        config = json.loads(parts["config.json"])
        for _ in range(draw.randint(1, 3)):
            container, key = draw.choice(places_in(config, []))
            other = draw.choice(places_in(config, []))
            values = (*NUMBERS, None, [], {}, "", "Dense", "relu", True, 1e308, [[]], [None, 3])
            values += (json.loads(json.dumps(other[0][other[1]])),)
            if draw.random() < 0.2:
                del container[key]
            else:
                container[key] = draw.choice(values)
        parts["config.json"] = json.dumps(config).encode()
    else:
        data = bytearray(parts["model.weights.h5"])
        for _ in range(draw.randint(1, 30)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        parts["model.weights.h5"] = bytes(data)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def outcome(path, read=read_model, named=NengoException):
    """Read and compare a model; return what came of it, and the text of what must not be."""
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(SECONDS)
    try:
        source = read(path)
        if str(path).endswith(".onnx"):
            source.compare()
    except PluginError as err:  # the importer itself failed
        return "bare", f"{err}\n{traceback.format_exc(limit=-3)}"
    except named as err:
        lost = "the process that read it did not survive" in str(err)
        return "its process ended" if lost else type(err).__name__, ""
    except TimeoutError as err:
        return "hang", traceback.format_exc(limit=-3) + str(err)
    except BaseException as err:  # whatever else is bare
        return "bare", f"{type(err).__name__}: {err}\n{traceback.format_exc(limit=-3)}"
    finally:
        signal.alarm(0)
    return "result", ""


def _stop(signum, frame):
    raise TimeoutError(f"more than {SECONDS} s")


def main(argv=None):
    """Count what comes of mutated models."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--onnx", type=int, default=8000, help="number of ONNX graphs")
    arguments.add_argument("--keras", type=int, default=4000, help="number of Keras files")
    arguments.add_argument("--first", type=int, default=0, help="number of the first mutation")
    arguments.add_argument("--json", help="file for the counts")
    given = arguments.parse_args(argv)
    warnings.simplefilter("ignore")
    counts, faults, slowest = {"onnx": Counter(), "keras": Counter()}, [], 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = graphs(0)
        contents = []
        for path in keras_files(folder) if given.keras else ():
            with zipfile.ZipFile(path) as archive:
                contents.append([(n, archive.read(n)) for n in archive.namelist()])
        for kind, n in (("onnx", given.onnx), ("keras", given.keras)):
            path = folder / f"mutated.{kind}"
            for number in range(given.first, given.first + n):
                if kind == "onnx":
                    path.write_bytes(mutated_graph(models, number))
                else:
                    mutated_file(contents, number, path)
                start = time.perf_counter()
                found, text = outcome(path)
                slowest = max(slowest, time.perf_counter() - start)
                counts[kind][found] += 1
                if text:
                    faults.append({"kind": kind, "number": number, "text": text})
                    print(kind, number, text, file=sys.stderr)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    figures = {
        **{kind: dict(found) for kind, found in counts.items()},
        "slowest_s": round(slowest, 2),
        "peak_bytes": peak,
        "faults": faults,
    }
    return record.finish(given.json, figures) or int(peak > BYTES)


if __name__ == "__main__":
    sys.exit(main())
