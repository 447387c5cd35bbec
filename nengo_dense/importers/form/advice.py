"""Advice for layers that a dense stack cannot contain."""

import re
from typing import NamedTuple


class Advice(NamedTuple):
    """What to do about layers of certain names.

    Parameters
    ----------
    phrases : str
        Whole words in the name of a layer, a function or an activation, between commas. Where
        several are given they must follow each other; ``^`` stands for the beginning of the name.
    text : str
    at_output : str
        What to do where nothing but the outputs come after it.
    """

    phrases: str
    text: str
    at_output: str = ""


ON_HOST = "leave it out of the model, and apply it to the stack's outputs on the host"

#: Most special first.
ADVICE = (
    Advice("lambda", "it holds Python code, which is never run: replace it by built-in layers"),
    Advice(
        "^ q dense, ^ q activation, ^ q batch, ^ q conv",
        "QKeras rounds its weights when it runs: call qkeras.utils.model_save_quantized_weights "
        "on the model, and set the rounded weights in the same model of Keras's own layers",
    ),
    Advice(
        "quantize linear, dequantize linear, q linear, mat mul integer",
        "give the model as it was before its quantization, the chip's own is done here",
    ),
    Advice(
        "lstm, gru, rnn, recurrent, bidirectional",
        "a dense stack has no recurrence: retrain with Dense layers on a window of the input",
    ),
    Advice(
        "layer norm, layer normalization, group norm, group normalization, rms norm, "
        "rms normalization, instance norm, instance normalization, unit normalization, "
        "lp normalization, normalizer, mean variance normalization",
        "it depends on the whole input vector and cannot be folded: retrain with batch "
        "normalization",
    ),
    Advice(
        "attention, ^ transformer", "only dense layers are converted: retrain with Dense layers"
    ),
    Advice(
        "conv, pool, pooling, up sampling, upsample, zero padding, cropping",
        "only dense layers are converted: convert the dense part alone, on the features that the "
        "part before it computes on the host",
    ),
    Advice(
        "time distributed, einsum, repeat vector",
        "it works along one axis of several: put Dense layers, which work along the last axis, in "
        "its place",
    ),
    Advice(
        "spectral normalization",
        "after training it only runs the layer in it: put that, its .layer, in its place",
    ),
    Advice("^ lazy", "its weights do not exist yet: call the model once on a sample"),
    Advice(
        "hard shrink, hardshrink, ^ threshold, ^ thresholded, ^ step",
        "it jumps, and sums of rectifiers are continuous: retrain with 'soft_shrink' or 'relu'",
    ),
    Advice(
        "sparsemax",
        "it depends on the whole vector: retrain with a softmax as the last operation, or 'relu'",
    ),
    Advice(
        "relu 6, leaky, p relu, prelu, r relu, rrelu, elu, selu, celu, gelu, silu, swish, mish, "
        "hard swish, hardswish, clip, clamp",
        "the neurons here are plain rectifiers: retrain with 'relu'",
        ON_HOST,
    ),
    Advice(
        "tanh, sigmoid, softplus, softsign, exponential, gaussian activation, hardtanh, "
        "hardsigmoid, logsigmoid, tanhshrink",
        "firing rates are not negative and have no ceiling to use: retrain with 'relu'",
        ON_HOST,
    ),
    Advice(
        "^ if, ^ loop, ^ scan",
        "it chooses or repeats parts of the graph when it runs: export the model with the choice "
        "made and the repetition written out",
    ),
    Advice(
        "cum sum, cumsum, cumulative sum",
        "it is a layer whose weights are a triangle of ones: put that in its place",
    ),
    Advice("argmax, arg max, topk, top k", ON_HOST),
    Advice(
        "pow, power, sqrt, rsqrt, square, exp, log, abs, sin, cos, where, truediv, div, floordiv, "
        "true divide, divide, reciprocal, norm, mean, prod, l 1, l 2",
        "only sums and products with constants are folded: apply it to the data before they enter",
        ON_HOST,
    ),
    Advice(
        "add, subtract, sub, multiply, mul, concat, concatenate, cat, average, maximum, minimum, "
        "max, min, dot, sum, matmul, stack",
        "so merged they are no sum of rectifiers: merge by addition, concatenation, maximum or "
        "minimum, and train again",
    ),
    Advice(
        "glu, gated, bilinear",
        "it multiplies two values of the model, which no sum of rectifiers does: retrain with "
        "'relu'",
    ),
    Advice(
        "discretization, category encoding, lookup, hashing, hashed crossing, text vectorization, "
        "feature space, resizing, center crop, imputer, binarizer, ^ random",
        "it prepares data: apply it to them on the host, and convert the layers after it",
    ),
    Advice(
        "masking",
        "what it masks depends on the values: leave it out, and say where sequences end with "
        "mask=",
    ),
    Advice("embedding", "look the vectors up on the host and convert the layers after it"),
    Advice(
        "permute, transpose, getitem, gather, slice, split, chunk, flip, roll",
        "reorder or choose the features before they enter, and the weights of the layer after it "
        "with them",
    ),
    Advice(
        "squeeze, unsqueeze, expand, reshape, view, flatten, pad, repeat, tile",
        "give the data the shape of one vector a sample before they enter the model",
    ),
    Advice(
        "to, type, cast, int, long, bool, round, floor, ceil, sign",
        "it cuts values off: leave it out of the model",
    ),
)

#: What to do about everything else.
OTHERWISE = (
    "use dense layers with ReLU, or give the weights as a list of (weights, bias, activation)"
)

#: Names that are one word though they have capitals inside.
COMPOUNDS = {"ReLU": "Relu", "SiLU": "Silu"}

#: An abbreviation in capitals, a word, or a number.
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def way_out(kind: str, otherwise: str = OTHERWISE, at_output: bool = False) -> str:
    """Return what to do about a layer or activation of this name.

    Parameters
    ----------
    kind : str
        In any writing, ``LeakyReLU`` or ``leaky_relu``.
    otherwise : str, optional
        What to do if nothing is known of the name.
    at_output : bool, optional
        Whether nothing but the outputs come after it.

    Examples
    --------
    >>> way_out("LSTM")
    'a dense stack has no recurrence: retrain with Dense layers on a window of the input'
    """
    name = f" ^ {' '.join(words_of(kind))} "
    for advice in ADVICE:
        if any(f" {phrase} " in name for phrase in advice.phrases.split(", ")):
            return advice.at_output if at_output and advice.at_output else advice.text
    return otherwise


def words_of(name: str) -> list[str]:
    """Take a name apart into its words, in lower case.

    >>> words_of("ConvLSTM2D"), words_of("leaky_relu"), words_of("PReLU")
    (['conv', 'lstm', '2', 'd'], ['leaky', 'relu'], ['p', 'relu'])
    """
    for compound, word in COMPOUNDS.items():
        name = name.replace(compound, word)
    return [word.lower() for word in WORD.findall(name.replace("_", " "))]
