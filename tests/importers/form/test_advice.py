import pytest

from nengo_dense.importers.form.advice import OTHERWISE, way_out, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("EinsumDense", ["einsum", "dense"]),
        ("QuantileTransformer", ["quantile", "transformer"]),
        ("ReLU6", ["relu", "6"]),
        ("RReLU", ["r", "relu"]),
        ("SiLU", ["silu"]),
        ("log_sigmoid", ["log", "sigmoid"]),
        ("LSTMCell", ["lstm", "cell"]),
        ("Conv2d", ["conv", "2", "d"]),
        ("MaxPool2d", ["max", "pool", "2", "d"]),
        ("", []),
    ],
)
def test_names_are_taken_apart_as_people_read_them(name, words):
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("names", "part"),
    [
        (["LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "LSTMCell", "Bidirectional"], "no recurrence"),
        (["Conv2D", "conv1d", "DepthwiseConv2D", "MaxPool2d", "UpSampling2D"], "dense part alone"),
        (["GlobalAveragePooling1D", "ZeroPadding2D", "SumPool2d"], "dense part alone"),
        (["LayerNorm", "LayerNormalization", "layer_norm", "GroupNorm"], "cannot be folded"),
        (["MultiHeadAttention", "TransformerEncoder"], "retrain with Dense layers"),
        (["EinsumDense", "TimeDistributed"], "along one axis"),
        (["LeakyReLU", "leaky_relu", "PReLU", "ELU", "gelu", "ReLU6", "Hardswish"], "rectifiers"),
        (["Tanh", "hard_sigmoid", "Softplus", "logsigmoid"], "not negative and have no ceiling"),
        (["Add", "add", "Concatenate", "cat", "Maximum", "Sum", "Concat"], "no sum of rectifiers"),
        (["Permute", "transpose", "getitem"], "reorder or choose the features"),
        (["squeeze", "Unsqueeze", "expand_dims"], "the shape of one vector a sample"),
        (["pow", "sqrt", "truediv", "Exp"], "only sums and products with constants"),
        (["to", "Cast", "round"], "it cuts values off"),
        (["Discretization", "StringLookup", "CategoryEncoding", "RandomFlip"], "prepares data"),
        (["SpectralNormalization"], "put that, its .layer, in its place"),
        (["Masking"], "where sequences end"),
        (["LazyLinear"], "call the model once on a sample"),
        (["QDense", "QActivation"], "qkeras"),
        (["ThresholdedRelu", "Threshold", "HardShrink"], "it jumps"),
        (["Lambda"], "never run"),
    ],
)
def test_whole_words_find_their_advice(names, part):
    for name in names:
        assert part in way_out(name), name


@pytest.mark.parametrize(
    "name", ["PCA", "QuantileTransformer", "Summary", "Addressing", "Relu", "dotted", "Constants"]
)
def test_parts_of_words_find_none(name):
    assert way_out(name) == OTHERWISE
    assert way_out(name, "otherwise") == "otherwise"


def test_nothing_is_retrained_for_the_sake_of_the_outputs():
    for name in ("tanh", "LeakyReLU", "softplus", "clip", "sqrt"):
        assert "apply it to the stack's outputs on the host" in way_out(name, at_output=True)
    assert way_out("LSTM", at_output=True) == way_out("LSTM")
