"""Each name gives its own kernel; the numbers are the same, so nothing else would tell."""

import importlib.util
import sys

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.exceptions import MissingDependencyError
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.kernel import choice, numpy_host, numpy_product, numpy_slope
from nengo_dense.loihi.kernel.numpy_kernel import NumpyKernel
from nengo_dense.loihi.program import Program


@pytest.fixture(scope="module")
def program():
    import nengo

    relu = nengo.SpikingRectifiedLinear(initial_state={"voltage": nengo.dists.Choice([0])})
    with nengo.Network(seed=0) as network:
        nengo.Ensemble(3, 1, gain=np.ones(3), bias=np.ones(3), neuron_type=relu)
    return Program.from_model(build_model(network, 0.001, discretize=True))


def test_each_name_gives_its_own_kernel(program):
    numba_kernel = pytest.importorskip(
        "nengo_dense.loihi.kernel.numba_kernel", reason="the compiled kernel is the extra 'fast'"
    )
    assert type(choice.make_kernel("numpy", program)) is NumpyKernel
    assert type(choice.make_kernel("numba", program)) is numba_kernel.NumbaKernel
    assert type(choice.make_kernel("auto", program)) is numba_kernel.NumbaKernel


def test_each_name_gives_its_own_functions():
    pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    from nengo_dense.loihi.kernel import (
        compiled_host,
        compiled_product,
        compiled_readout,
        compiled_slope,
    )

    assert choice.make_fire_from_start("numpy") is numpy_host.fire_from_start
    assert choice.make_sum_spiking("numpy") is None
    assert choice.make_slopes("numpy") == (
        numpy_slope.slopes,
        numpy_product.correlate,
        numpy_product.send_back,
    )
    for name in ("auto", "numba"):
        assert choice.make_fire_from_start(name) is compiled_host.fire_from_start
        assert choice.make_sum_spiking(name) is compiled_readout.sum_spiking
        assert choice.make_slopes(name) == (
            compiled_slope.slopes,
            compiled_product.correlate,
            compiled_product.send_back,
        )


def test_without_numba_numpy_does_all_and_nothing_waits_for_a_compiler(program, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "numba", None)  # importing it fails
    assert type(choice.make_kernel("auto", program)) is NumpyKernel
    assert choice.make_fire_from_start() is numpy_host.fire_from_start
    assert choice.make_sum_spiking() is None
    assert choice.is_compiled()
    with pytest.raises(MissingDependencyError, match=r"compiled kernel.*pip install.*numba"):
        choice.make_kernel("numba", program)


@pytest.mark.parametrize("missing", [None, "advance", "back"])
def test_tuning_is_compiled_once_its_large_functions_are(missing, monkeypatch):
    pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    from nengo_dense.loihi.kernel import compilation

    monkeypatch.setattr(compilation, "is_ready", lambda function: function.__name__ != missing)
    assert choice.is_compiled() == (missing is None)


def test_any_other_name_is_refused(program):
    with pytest.raises(
        ValidationError, match=r"must be one of .auto., .numpy., .numba., got .cuda."
    ):
        choice.make_kernel("cuda", program)


def test_numpy_goes_on_where_numba_is_switched_off(program, monkeypatch):
    numba = pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    assert type(choice.make_kernel("auto", program)) is NumpyKernel
    assert choice.make_fire_from_start() is numpy_host.fire_from_start
    assert choice.is_compiled()
    with pytest.raises(ValidationError, match=r"kernel: numba is switched off \(NUMBA_DISABLE"):
        choice.make_kernel("numba", program)
