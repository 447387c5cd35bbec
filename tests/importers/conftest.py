"""What the tests of all importers share."""

import os

import numpy as np
import pytest

from nengo_dense.importers import forward, read_model

# Keras 3 asks for TensorFlow if nothing is said; Keras 2 does not know the variable.
os.environ.setdefault("KERAS_BACKEND", "torch")


@pytest.fixture
def assert_computes(rng):
    """Assert that a model is read as layers that compute what the framework itself computes."""

    def check(model, predict, shape, source=None):
        x = rng.normal(size=(20, *shape)).astype(np.float32)
        specs = read_model(model if source is None else source)
        assert all(spec.activation == "relu" for spec in specs[:-1])
        ours = forward(specs, x.reshape(20, -1))[-1]
        theirs = np.asarray(predict(x))
        assert theirs.std() > 1e-3, "a constant output would hide a wrong conversion"
        np.testing.assert_allclose(ours, theirs, atol=1e-5, rtol=1e-5)
        for inputs in (None, x):
            specs.compare(inputs)
            is_read_only = source is not None and not str(source).endswith(".onnx")
            expected = "not compared: a file" if is_read_only else "compared on 2"
            assert specs.compared.startswith(expected)
        return specs

    return check
