"""Models of QKeras from their files, against what its documentation says that they compute."""

import json
import warnings

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward
from nengo_dense.importers.from_keras.keras_model import read_architecture
from nengo_dense.importers.from_keras.keras_quantizer import quantized


def layer(class_name, name, **config):
    return {"class_name": class_name, "config": {"name": name, **config}}


def q_dense(name, units, **config):
    return layer("QDense", name, **{"units": units, "activation": "linear", **config})


def read(layers, arrays):
    """Read a Sequential of these layers, whose weights are given by name."""
    first = layer("InputLayer", "in", batch_input_shape=[None, 6])
    config = {"name": "m", "layers": [first, *layers]}
    architecture = {"class_name": "Sequential", "config": config, "keras_version": "2.12.0"}
    architecture = json.loads(json.dumps(architecture))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*activations are not")
        return read_architecture("a model", architecture, lambda each: arrays[each.label])


@pytest.fixture
def arrays(rng):
    def uniform(*shape):
        return rng.uniform(-1.5, 1.5, size=shape).astype(np.float32)

    return {"a": [uniform(6, 5), uniform(5)], "b": [uniform(5, 3), uniform(3)]}


BITS = {"bits": 4, "integer": 0, "symmetric": 0, "keep_negative": True, "alpha": 1.0}


@pytest.mark.parametrize(
    "declared",
    ["quantized_bits(4,0,alpha=1)", {"class_name": "quantized_bits", "config": BITS}],
)
def test_kernels_and_biases_are_rounded_as_deployed(declared, arrays):
    layers = [
        q_dense("a", 5, kernel_quantizer=declared, bias_quantizer="quantized_bits(6,2)"),
        layer("QActivation", "r", activation="quantized_relu(4,1)"),
        q_dense("b", 3, kernel_quantizer=declared, bias_quantizer=None),
    ]
    source = read(layers, arrays)
    kernel, bias = arrays["a"]
    np.testing.assert_array_equal(source[0].weights, (np.clip(np.round(kernel * 8), -8, 7) / 8).T)
    np.testing.assert_array_equal(source[0].bias, np.clip(np.round(bias * 8), -32, 31) / 8)
    assert [each.n_out for each in source] == [5, 3]
    assert source[0].function.limits == (0.0, 2.0 * 15 / 16)


def test_a_rounded_rectifier_is_off_by_half_a_step_at_most(arrays, rng):
    layers = [
        q_dense("a", 5, activation="quantized_relu(3,1)"),
        q_dense("b", 3, kernel_quantizer="quantized_bits(4,0,alpha=1)"),
    ]
    x = rng.normal(size=(50, 6))
    hidden = forward(read(layers, arrays), x)[0]
    z = x @ arrays["a"][0] + arrays["a"][1]
    assert np.abs(hidden - 2 * np.clip(np.round(z * 4) / 8, 0, 7 / 8)).max() <= 0.125 + 1e-9


def test_what_is_dropped_is_said(arrays):
    layers = [q_dense("a", 5), layer("QActivation", "r", activation="quantized_relu(3,1)")]
    config = {"name": "m", "layers": [*layers, q_dense("b", 3)]}
    architecture = {"class_name": "Sequential", "config": config}
    with pytest.warns(UserWarning, match=r"up to half a step: r 0\.125"):
        read_architecture("a model", architecture, lambda each: arrays[each.label])


def test_the_quantizer_of_the_inputs_is_left_out(arrays):
    layers = [layer("QActivation", "q", activation="quantized_bits(8,2)")]
    with pytest.warns(
        UserWarning, match=r"quantizer of its inputs \(q\) is left out: .*cuts them"
    ):
        source = read([*layers, q_dense("a", 5, activation="relu"), q_dense("b", 3)], arrays)
    assert [each.activation for each in source] == ["relu", "linear"]
    assert source.compared == "not compared: the quantizer of its inputs is left out"


def test_scales_of_powers_of_two_are_found_as_qkeras_does(rng):
    kernel = rng.normal(size=(50, 4)).astype(np.float32) * [0.1, 0.5, 2.0, 10.0]
    result = quantized(kernel, "quantized_bits(4,0,1)", is_kernel=True)
    for ours, theirs in zip(result.T, kernel.T, strict=True):
        steps = [ours / 2.0**power for power in range(-12, 8)]
        fitting = [s for s in steps if np.array_equal(s, np.round(s)) and np.abs(s).max() <= 7]
        assert fitting, "each unit has a power of two as its step, and seven steps at most"
        assert np.corrcoef(ours, theirs)[0, 1] > 0.98


def test_binary_and_ternary_kernels_have_one_magnitude_a_unit(rng):
    kernel = rng.normal(size=(50, 4)).astype(np.float32)
    binary = quantized(kernel, "binary()", is_kernel=True)
    np.testing.assert_array_equal(np.sign(binary), np.where(kernel >= 0, 1, -1))
    assert all(len(np.unique(np.abs(column))) == 1 for column in binary.T)
    assert np.array_equal(np.log2(np.abs(binary)) % 1, np.zeros_like(binary))
    ternary = quantized(kernel, {"class_name": "ternary", "config": {"alpha": "auto"}}, True)
    assert all(len(np.unique(column)) == 3 for column in ternary.T)
    plain = quantized(kernel, "ternary(alpha=1,threshold=0.5)", is_kernel=True)
    np.testing.assert_array_equal(plain, np.sign(kernel) * (np.abs(kernel) >= 0.5))


@pytest.mark.parametrize(
    ("declared", "match"),
    [
        ("binary()", "'r' is binary, so that it jumps like a sign"),
        ({"class_name": "ternary", "config": {"alpha": 1.0}}, "'r' is ternary, so that it jumps"),
        ("bernoulli()", "'r' is bernoulli, so that it jumps"),
        ("binary_tanh", "'r' is binary_tanh, so that it jumps"),
        ("quantized_po2(4)", "'r' rounds its values to powers of two by quantized_po2"),
        ("quantized_relu(2,0,0,0.5)", "rounds to fewer than four levels"),
        ("quantized_hswish(1)", "rounds to fewer than four levels"),
        ("quantized_hswish(4,alpha='auto')", "scales its values by the batch; give it alpha=1"),
        ("quantized_hswish(4,relu_shift=0)", "relu_shift and relu_upper_bound must be above 0"),
        ("quantized_bits(4,0,alpha='auto')", "scales its values by the batch; give it alpha=1"),
        ("quantized_relu(1)", "rounds to fewer than four levels"),
        ("quantized_relu(400)", "its bits must be at most 24, got 400"),
        ("quantized_relu(4, bits=__import__('os'))", "'r' is malformed"),
        ("quantized_relu(4", "is no quantizer"),
        (
            {"class_name": "quantized_relu", "config": {"bits": 4, "qnoise_factor": 0.5}},
            "saved while its quantization noise was being raised",
        ),
    ],
)
def test_what_has_no_rectifier_form_is_named(declared, match, arrays):
    layers = [q_dense("a", 5), layer("QActivation", "r", activation=declared), q_dense("b", 3)]
    with pytest.raises(ConversionError, match=match):
        read(layers, arrays)


@pytest.mark.parametrize(
    ("declared", "match"),
    [
        ("quantized_linear(4)", "quantized by quantized_linear, which is not known"),
        ("bernoulli()", "drawn at random whenever it runs"),
        ("quantized_bits(4,0,alpha='auto')", "which QKeras does if symmetric"),
        ("quantized_bits(4,0,1,scale_axis=0)", "along axis 0, must be of each unit"),
        ("quantized_po2(12)", "powers of two have 12 bits"),
        ("quantized_relu_po2(4,negative_slope=0.5)", "4 bits, or a negative slope"),
        ("qkeras.quantized_bits(4)", "'qkeras.quantized_bits.4.' is no quantizer"),
    ],
)
def test_a_kernel_quantizer_that_is_not_known_is_named(declared, match, arrays):
    layers = [q_dense("a", 5, kernel_quantizer=declared), q_dense("b", 3)]
    with pytest.raises(ConversionError, match=match):
        read(layers, arrays)


@pytest.mark.parametrize(
    ("declared", "low", "high"),
    [
        ("quantized_tanh(4)", -1.0, 7 / 8),
        ("quantized_tanh(4,0,1)", -7 / 8, 7 / 8),
        ("quantized_bits(4,1)", -2.0, 1.75),
    ],
)
def test_other_activations_keep_their_limits(declared, low, high, arrays):
    layers = [q_dense("a", 5), layer("QActivation", "r", activation=declared), q_dense("b", 3)]
    assert read(layers, arrays)[0].function.limits == (low, high)


def test_the_hard_sigmoid_of_qkeras_has_the_slope_of_a_half(arrays, rng):
    declared = "quantized_sigmoid(8)"
    layers = [q_dense("a", 5), layer("QActivation", "r", activation=declared), q_dense("b", 3)]
    x = rng.normal(size=(20, 6))
    z = x @ arrays["a"][0] + arrays["a"][1]
    wanted = np.clip(np.round(np.clip(0.5 * z + 0.5, 0, 1) * 256) / 256, 0, 255 / 256)
    hidden = forward(read(layers, arrays), x)[0]
    assert np.abs(hidden - wanted).max() <= 1 / 512 + 1e-9


#: A kernel, and what QKeras 0.9.0 itself makes of it and, as a vector, of its first row.
KERNEL = [[0.11, -0.9, 2.3], [-0.43, 0.05, -1.1], [0.27, 0.61, 0.02], [-0.08, -0.33, 3.7]]
TINY = 2.0**-32
OF_QKERAS = {
    "quantized_bits(4,0)": [
        *([0.125, -0.875, 2.5], [-0.4375, 0.0, -1.0], [0.25, 0.625, 0.0], [-0.0625, -0.375, 3.5]),
        [0.109375, -1.0, 1.75],
    ],
    "quantized_bits(3,1)": [
        *([0.125, -0.75, 2.0], [-0.375, 0.0, -1.0], [0.25, 0.5, 0.0], [-0.125, -0.25, 3.0]),
        [0.09375, -1.0, 2.0],
    ],
    "quantized_bits(5,1,1,alpha='auto')": [
        *([0.1146666706, -0.9, 2.22], [-0.43, 0.06, -0.9866666794], [0.258, 0.6, 0.0]),
        [-0.086, -0.36, 3.7],
        [0.1533333361, -0.92, 2.3],
    ],
    "quantized_po2(4)": [
        *([0.125, -1.0, 2.0], [-0.5, 0.0625, -1.0], [0.25, 0.5, 0.0625], [-0.0625, -0.25, 4.0]),
        [0.125, -1.0, 2.0],
    ],
    "quantized_po2(3,max_value=1)": [
        *([0.125, -1.0, 1.0], [-0.5, 0.0625, -1.0], [0.25, 0.5, 0.0625], [-0.0625, -0.25, 1.0]),
        [0.125, -1.0, 1.0],
    ],
    "quantized_relu_po2(6,quadratic_approximation=True)": [
        *([0.0625, TINY, 4.0], [TINY, 0.0625, TINY], [0.25, 1.0, 0.015625], [TINY, TINY, 4.0]),
        [0.0625, TINY, 4.0],
    ],
    "ternary()": [
        *([0.0, -0.5, 2.0], [-0.25, 0.0, -2.0], [0.25, 0.5, 0.0], [0.0, -0.5, 2.0]),
        [0.125, -1.0, 2.0],
    ],
    "binary()": [
        *([0.25, -0.5, 2.0], [-0.25, 0.5, -2.0], [0.25, 0.5, 2.0], [-0.25, -0.5, 2.0]),
        [0.125, -1.0, 2.0],
    ],
}


@pytest.mark.parametrize("declared", OF_QKERAS)
def test_weights_are_what_qkeras_itself_computes(declared):
    kernel = np.array(KERNEL, dtype=np.float32)
    wanted = np.array(OF_QKERAS[declared])
    found = [*quantized(kernel, declared, is_kernel=True)]
    found.append(quantized(kernel[0], declared, is_kernel=True))
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=0)


def hard(z):
    return np.clip(0.5 * z + 0.5, 0, 1)


def levels(z, m):
    return np.round(z * m) / m


#: Quantizers between layers, as QKeras's code has them, and half of their steps.
BETWEEN = {
    "quantized_relu(4,1,negative_slope=0.25)": (
        lambda z: np.where(
            z > 0, 2 * np.clip(levels(z / 2, 8), 0, 7 / 8),
            0.5 * np.clip(np.round(z * 8 / 2 * 0.25) / 2, -1, 0),
        ),
        1 / 8,
    ),
    "quantized_relu(5,0,1)": (lambda z: np.clip(2 * levels(hard(z), 32) - 1, 0, 31 / 32), 1 / 32),
    "quantized_relu(6,2,relu_upper_bound=2.0,is_quantized_clip=False)": (
        lambda z: np.minimum(4 * np.clip(levels(z / 4, 64), 0, 63 / 64), 2.0),
        1 / 32,
    ),
    "quantized_tanh(5)": (lambda z: np.clip(levels(2 * hard(z) - 1, 16), -1, 15 / 16), 1 / 32),
    "quantized_tanh(5,use_real_tanh=True)": (
        lambda z: np.clip(levels(np.tanh(z), 16), -1, 15 / 16),
        1 / 16,
    ),
    "quantized_sigmoid(5,1)": (
        lambda z: np.clip(levels(hard(z), 32), 1 / 32, 31 / 32),
        1 / 64,
    ),
    "quantized_sigmoid(5,use_real_sigmoid=True)": (
        lambda z: np.clip(levels(1 / (1 + np.exp(-z)), 32), 0, 31 / 32),
        1 / 32,
    ),
    "quantized_hswish(6,2)": (
        lambda z: 4 * np.clip(np.round(z * np.clip(z + 3, 0, 6) / 6 * 8), -32, 31) / 32,
        1 / 16,
    ),
    "hard_sigmoid": (hard, 0.0),
    "smooth_tanh": (lambda z: 2 * np.clip(0.1875 * z + 0.5, 0, 1) - 1, 0.0),
}  # fmt: skip


@pytest.mark.parametrize("declared", BETWEEN)
def test_quantizers_between_layers_are_off_by_half_a_step_at_most(declared, arrays, rng):
    compute, error = BETWEEN[declared]
    last = [np.eye(5, dtype=np.float32), np.zeros(5, dtype=np.float32)]
    layers = [
        q_dense("a", 5),
        layer("QActivation", "r", activation=declared),
        q_dense("b", 5),
    ]
    x = rng.normal(size=(200, 6))
    source = read(layers, {"a": arrays["a"], "b": last})
    wanted = compute(x @ arrays["a"][0] + arrays["a"][1])
    assert np.abs(forward(source, x)[-1] - wanted).max() <= error + 1e-6
    assert np.max(source[0].function.rounding) == pytest.approx(error)


def test_a_quantized_batch_normalization_takes_its_rounded_arrays(arrays, rng):
    values = [rng.uniform(0.5, 2, size=5).astype(np.float32) for _ in range(4)]
    names = ("gamma", "beta", "mean", "variance")
    declared = ("quantized_relu_po2(6,2048)", "quantized_po2(5)", "quantized_po2(5)", None)
    config = {f"{name}_quantizer": text for name, text in zip(names, declared, strict=True)}
    norm = layer("QBatchNormalization", "n", epsilon=1e-3, axis=[1], **config)
    norm = {**norm, "module": "qkeras.qnormalization"}
    source = read([q_dense("a", 5), norm], {**arrays, "n": values})
    gamma, beta, mean = 2.0 ** np.round(np.log2(values[:3]))
    x = rng.normal(size=(20, 6))
    z = x @ arrays["a"][0] + arrays["a"][1]
    wanted = gamma * (z - mean) / np.sqrt(values[3] + 1e-3) + beta
    np.testing.assert_allclose(forward(source, x)[-1], wanted, rtol=1e-6, atol=1e-6)
