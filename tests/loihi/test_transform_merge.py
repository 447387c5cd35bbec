"""Merged transforms are nengo-loihi's, to the last bit."""

import nengo
import numpy as np
import pytest
from nengo.transforms import Dense, NoTransform
from nengo_loihi.passthrough import Cluster
from numpy.testing import assert_array_equal

from nengo_dense.layers.loihi_builder import install
from nengo_dense.loihi import transform_merge

ALL = slice(None)
MATRIX = Dense((3, 4), init=np.random.default_rng(0).normal(size=(3, 4)) * [[1], [0], [-1]])
TALL = Dense((4, 3), init=np.asfortranarray(MATRIX.init.T).astype("float32"))
SPREAD = Dense((3, 4), init=np.where(MATRIX.init > 1, np.inf, MATRIX.init))


@pytest.fixture(autouse=True)
def node():
    install()
    with nengo.Network():
        return nengo.Node(size_in=4)


def merged(node, first, second, slices=(ALL, ALL)):
    """Merge with our function and nengo-loihi's, and return both results."""
    cluster = Cluster(node)
    sizes = [4, 3 if second is MATRIX or second is SPREAD else 4]
    if first is TALL:
        sizes = [4, 4]
    arguments = cluster, node, sizes, [first, second], list(slices)
    original = Cluster.merge_transforms.__wrapped__
    return Cluster.merge_transforms(*arguments).init, original(*arguments).init


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (NoTransform(4), MATRIX),
        (Dense((4, 4), init=-0.3), MATRIX),
        (TALL, NoTransform(4)),
        (TALL, Dense((4, 4), init=np.array(1 / 3))),
        (TALL, MATRIX),
        (NoTransform(4), Dense((4, 4), init=2.0)),
    ],
)
def test_same_numbers(first, second, node):
    ours, theirs = merged(node, first, second)
    assert ours.dtype == theirs.dtype
    assert ours.flags.c_contiguous == theirs.flags.c_contiguous
    assert_array_equal(ours, theirs)
    assert_array_equal(np.signbit(ours), np.signbit(theirs))


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_numbers_that_are_not_finite_spread_as_in_products(node):
    ours, theirs = merged(node, NoTransform(4), SPREAD)
    assert_array_equal(ours, theirs)


def test_parts_of_a_node_are_left_to_nengo_loihi(node, monkeypatch):
    monkeypatch.setattr(transform_merge, "_scaled", None)
    ours = Cluster.merge_transforms(
        Cluster(node), node, [4, 3], [NoTransform(4), MATRIX], [slice(None, None, -1), ALL]
    )
    assert_array_equal(ours.init, MATRIX.init[:, ::-1])
