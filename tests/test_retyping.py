"""nengo-loihi's discretization without a change of dtypes in place gives the same integers."""

import copy
import types
import warnings

import numpy as np
import pytest

from nengo_dense import compat
from nengo_dense.retyping import Retyping

compat.nengo_loihi()

from nengo_loihi.block import LoihiBlock, Synapse  # noqa: E402
from nengo_loihi.builder import discretize  # noqa: E402


def fresh():
    """Load nengo-loihi's module anew, as it is before anything is mended."""
    module = types.ModuleType("discretize")
    with open(discretize.__file__, encoding="utf-8") as file:
        exec(compile(file.read(), discretize.__file__, "exec"), vars(module))
    return module


def some_block(seed, learning=False):
    rng = np.random.RandomState(seed)
    block = LoihiBlock(7)
    block.compartment.configure_relu()
    block.compartment.configure_filter(0.005)
    block.compartment.bias[:] = rng.randn(7)
    synapse = Synapse(5)
    synapse.set_weights(rng.randn(5, 7).astype(np.float32))
    if learning:
        synapse.set_learning(learning_rate=1.0, tracing_mag=1e-4)
    block.add_synapse(synapse)
    return block


def arrays(block):
    parts = {k: v for k, v in vars(block.compartment).items() if isinstance(v, np.ndarray)}
    for i, w in enumerate(block.synapses[0].weights):
        parts[f"weights {i}"] = w
    return parts


@pytest.mark.parametrize("learning", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_integers_are_those_of_nengo_loihi(seed, learning):
    mended, original = fresh(), fresh()
    Retyping.into(mended)
    ours = some_block(seed, learning)
    theirs = copy.deepcopy(ours)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting the dtype", DeprecationWarning)
        expected = original.discretize_block(theirs)
    scale = mended.discretize_block(ours)  # without a warning
    assert scale == expected
    assert ours.compartment.discretize_info["w_exp"] == theirs.compartment.discretize_info["w_exp"]
    for (name, got), (_, wanted) in zip(arrays(ours).items(), arrays(theirs).items(), strict=True):
        np.testing.assert_array_equal(got, wanted, err_msg=name)
        assert got.dtype == wanted.dtype, name


def test_weights_stay_the_same_list():
    module = fresh()
    Retyping.into(module)
    block = some_block(0)
    weights = block.synapses[0].weights
    module.discretize_block(block)
    assert block.synapses[0].weights is weights
    assert {w.dtype for w in weights} == {np.dtype(np.int32)}


def test_arrays_are_forgotten_after_the_call_and_after_an_error():
    module = fresh()
    Retyping.into(module)
    block = some_block(0)
    module.discretize_block(block)
    stand_in = module.array_to_int.__self__
    assert stand_in.local.places == {}
    with pytest.raises(AssertionError, match="float32"):
        module.discretize_compartment(block.compartment, 1.0)  # integers already
    assert stand_in.local.places == {}


def test_a_module_is_mended_once():
    module = fresh()
    Retyping.into(module)
    first = module.array_to_int
    Retyping.into(module)
    assert module.array_to_int.__self__ is first.__self__


@pytest.mark.skipif(np.__version__ < "2", reason="NumPy 1 needs no mending")
def test_nengo_loihis_own_module_is_mended():
    assert isinstance(discretize.array_to_int.__self__, Retyping)
