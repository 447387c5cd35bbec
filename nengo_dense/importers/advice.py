"""What to do about a layer that no dense stack can hold."""

#: (words in the lower-case name of a layer or activation, what to do), most special first.
ADVICE = (
    (("lambda",), "it holds Python code, which is never run: replace it by built-in layers"),
    (
        ("convlstm", "lstm", "gru", "rnn", "recurrent"),
        "a dense stack has no recurrence: retrain with Dense layers on a window of the input",
    ),
    (
        ("layernorm", "layer_norm", "groupnorm", "rmsnorm", "instancenorm", "unitnorm"),
        "it depends on the whole input vector and cannot be folded: retrain with batch "
        "normalization",
    ),
    (("attention", "transformer"), "only dense layers are converted: retrain with Dense layers"),
    (
        ("conv", "pool", "upsampling", "zeropadding", "cropping"),
        "only dense layers are converted: convert the dense part alone, on the features that the "
        "part before it computes on the host",
    ),
    (
        ("relu6", "leaky", "prelu", "elu", "selu", "celu", "gelu", "silu", "swish", "mish"),
        "the neurons here are plain rectifiers: retrain with 'relu'",
    ),
    (
        ("tanh", "sigmoid", "softplus", "softsign", "exponential", "gaussianactivation"),
        "firing rates are not negative and have no ceiling to use: retrain with 'relu'",
    ),
    (
        ("add", "subtract", "multiply", "concat", "average", "maximum", "minimum", "dot", "sum"),
        "a dense stack is one chain, without residual or parallel branches: retrain without it",
    ),
    (("embedding",), "look the vectors up on the host and convert the layers after it"),
    (
        ("permute", "transpose"),
        "reorder the features before they enter, and the weights of the layer after it with them",
    ),
)


def way_out(kind: str) -> str:
    """Return what to do about a layer or activation of this name.

    >>> way_out("LSTM")
    'a dense stack has no recurrence: retrain with Dense layers on a window of the input'
    """
    name = kind.lower()
    for words, advice in ADVICE:
        if any(word in name for word in words):
            return advice
    return (
        "use dense layers with ReLU, or give the weights as a list of (weights, bias, activation)"
    )
